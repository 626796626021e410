import { blockOf } from '../../lib/lines.js';
import type { Bench, Figure } from '../../lib/scenario.js';
import { withScope } from '../../lib/scope.js';
import { startSidecarAlone, type Peer } from '../../lib/sidecar-alone.js';
import { Watch } from '../../lib/usage.js';

const MIB = 2 ** 20;

/** Resident memory of a sidecar whose program prints `bytes` that nobody reads. */
export async function measureMemory(bytes: number, bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const peer of ['unread', 'absent'] as const) figures.push(await measure(peer, bytes, bench));
  return figures;
}

const SAYS: Readonly<Record<Exclude<Peer, 'reading'>, string>> = {
  unread: 'nobody asks',
  absent: 'no consolidator',
};

function measure(peer: Exclude<Peer, 'reading'>, bytes: number, bench: Bench): Promise<Figure> {
  return withScope(async (scope) => {
    bench.progress(`${Math.round(bytes / 1e6)} MB that nobody reads, ${SAYS[peer]}`);
    const alone = await startSidecarAlone(scope, peer, { profile: bench.profile });
    const block = blockOf('plain');
    const lines = Math.ceil((bytes / block.bytes.length) * block.lines);
    const program = await alone.run({ how: 'flood', lines, kind: 'plain' }, ['--flush-timeout', '0s']);
    const watch = new Watch({ sidecar: program.pid }).start();
    await program.print();
    const { sidecar } = watch.stop();
    program.release();
    await program.ended;
    return {
      what: `most resident memory in a burst of ${Math.round(bytes / 1e6)} MB`,
      unit: 'MiB',
      at: { peer: SAYS[peer] },
      samples: [sidecar.rssPeak / MIB],
      ...(peer === 'unread' && { target: { atMost: 70 } }),
    };
  });
}
