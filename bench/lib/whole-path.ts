import { Audience } from './audience.js';
import { startBeacon } from './beacon.js';
import { untilHeardOf } from './heard-of.js';
import { startConsolidator, startRelay, type PartOptions } from './parts.js';
import type { Scope } from './scope.js';
import { LOGS_PATH, startSidecar, type Output, type WatchedProgram } from './sidecars.js';

/** All three parts and one consumer, each a process of its own. */
export interface WholePath {
  readonly audience: Audience;
  readonly processes: Readonly<Record<string, number>>;
  run(output: Output, args?: readonly string[]): Promise<WatchedProgram>;
}

/** The consumer's buffer: what is measured is the path, not how much of a burst is dropped. */
const HWM = 1_000_000;

export async function startWholePath(scope: Scope, part: PartOptions): Promise<WholePath> {
  // Nor how much of it the limit for one topic takes.
  const consolidator = await startConsolidator(scope, part, ['--max-topic-rate', '0']);
  const relay = await startRelay(scope, consolidator.from, [], part);
  const audience = new Audience(scope);
  await audience.join({ port: relay.port, path: `${LOGS_PATH}?hwm=${HWM}` }, 1, { sampleEvery: 1 });
  await untilHeardOf(relay.url, 1);
  const beacon = await startBeacon(scope);
  return {
    audience,
    processes: { consolidator: consolidator.pid, relay: relay.pid, readers: audience.pid },
    run: (output, args = []) => startSidecar(scope, consolidator.publish, beacon, { output, args, part }),
  };
}
