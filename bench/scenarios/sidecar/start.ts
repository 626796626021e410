import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BenchError } from '../../lib/errors.js';
import { BIN } from '../../lib/parts.js';
import type { Bench, Figure } from '../../lib/scenario.js';
import { withScope } from '../../lib/scope.js';
import { startSidecarAlone } from '../../lib/sidecar-alone.js';

/** Prints the moment at which it runs, ns since the epoch: a command that is there at once. */
const COMMAND = ['date', '+%s%N'] as const;

/** How much later a command starts under the sidecar than without it. Pairs of both, one after the other. */
export function measureStart(pairs: number, bench: Bench): Promise<Figure[]> {
  return withScope(async (scope) => {
    const { to } = await startSidecarAlone(scope, 'unread', {});
    const sidecar = [
      process.execPath,
      BIN,
      'sidecar',
      '--tenant',
      'acme',
      '--container',
      'web-1',
      '--to',
      to,
      '--',
    ];
    const later: number[] = [];
    const longer: number[] = [];
    for (let pair = 0; pair <= pairs; pair += 1) {
      bench.progress(`starts with and without a sidecar, pair ${pair} of ${pairs}`);
      const without = await time(COMMAND);
      const under = await time([...sidecar, ...COMMAND]);
      // The first pair fills the page cache.
      if (pair === 0) continue;
      later.push(under.started - without.started);
      longer.push(under.ended - without.ended);
    }
    return [
      {
        what: 'a command starts later by',
        unit: 'ms',
        samples: later,
        target: { atMost: 60 },
      },
      { what: 'and is over later by', unit: 'ms', samples: longer },
    ];
  });
}

/** Runs a command; answers when it ran and when all was over, ms after its start was asked for. */
async function time([file, ...args]: readonly string[]): Promise<{ started: number; ended: number }> {
  const asked = performance.timeOrigin + performance.now();
  const child = spawn(file as string, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (data: string) => (text += data));
  await once(child, 'close');
  const ended = performance.timeOrigin + performance.now() - asked;
  const at = Number(text) / 1e6;
  if (!(at > 0)) {
    throw new BenchError(
      'machine',
      `\`${COMMAND.join(' ')}\` should print nanoseconds and printed ${text}: use GNU date.`,
    );
  }
  return { started: at - asked, ended };
}
