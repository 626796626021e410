// Question: how long until it works: until a part is ready, a command runs under a sidecar, its first line is at a reader?
//
// Timed: from the moment at which a process is asked for to its record of being ready, as a supervisor would see it; from
// asking for a sidecar over a command to the moment that the command itself takes and prints, Node's own start included; and
// from the same to the arrival of that line at a reader that waits. The parts are fresh processes each time; the first round
// fills the page cache and does not count.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Audience } from '../lib/audience.js';
import { nowMicros } from '../lib/clock.js';
import { BenchError } from '../lib/errors.js';
import { untilHeardOf } from '../lib/heard-of.js';
import { BIN, startConsolidator, startRelay } from '../lib/parts.js';
import { figureOf, runRounds } from '../lib/rounds.js';
import { defineScenario } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { CONTAINER, LOGS_PATH, TENANT } from '../lib/sidecars.js';
import { Watch, type Use } from '../lib/usage.js';

export const startup = defineScenario({
  name: 'startup',
  summary: 'until each part is ready, a command runs, and its first line is read',
  question: 'How long does it take from nothing to the first line at a reader?',
  options: {
    rounds: {
      type: 'integer',
      default: 10,
      min: 1,
      help: 'measured starts of everything, after one that does not count',
    },
  },
  async run({ rounds }, bench) {
    let use: Record<string, Use> = {};
    const samples = await runRounds(rounds, (round) =>
      withScope(async (scope) => {
        bench.progress(`start ${round} of ${rounds}`);
        const part = { profile: bench.profile };
        const began = nowMicros();
        const consolidator = await startConsolidator(scope, part);
        const consolidatorReady = nowMicros();
        const relay = await startRelay(scope, consolidator.from, [], part);
        const relayReady = nowMicros();
        const audience = new Audience(scope);
        await audience.join({ port: relay.port, path: LOGS_PATH }, 1);
        await untilHeardOf(relay.url, 1);
        const watch = new Watch<string>({ consolidator: consolidator.pid, relay: relay.pid }).start();
        const asked = nowMicros();
        const ranAt = await runCommand(consolidator.publish);
        const { complete, lastAt } = await audience.arrival(1);
        use = watch.stop();
        if (!complete) throw new BenchError('law', 'The one line that was printed did not come.');
        await audience.check('one line', 1);
        return {
          consolidator: (consolidatorReady - began) / 1e3,
          relay: (relayReady - consolidatorReady) / 1e3,
          command: ranAt - asked / 1e3,
          line: (lastAt - asked) / 1e3,
          all: (relayReady - began + lastAt - asked) / 1e3,
        };
      }),
    );
    return {
      setup: [
        'consolidator, relay, one reader, then a Node program under a sidecar: all of it fresh processes each time',
      ],
      figures: [
        figureOf(samples, 'consolidator', 'ms', { what: 'until the consolidator is ready' }),
        figureOf(samples, 'relay', 'ms', { what: 'until the relay is ready and has its consolidator' }),
        figureOf(samples, 'command', 'ms', { what: 'until a command runs under the sidecar' }),
        figureOf(samples, 'line', 'ms', { what: "until the command's first line is at a reader" }),
        figureOf(samples, 'all', 'ms', { what: 'all of it, one after the other' }),
      ],
      processes: use,
    };
  },
});

/** Runs a command under a sidecar; answers when the command itself ran, ms of the machine's monotonic clock. */
async function runCommand(to: string): Promise<number> {
  const who = ['--tenant', TENANT, '--container', CONTAINER, '--to', to];
  const command = [process.execPath, '-p', 'String(process.hrtime.bigint())'];
  const child = spawn(process.execPath, [BIN, 'sidecar', ...who, '--', ...command], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (data: string) => (text += data));
  await once(child, 'close');
  const at = Number(text) / 1e6;
  if (!(at > 0)) throw new BenchError('part', `the command under the sidecar printed ${text}`);
  return at;
}
