import type { DrainMethods } from '../workers/drain.js';
import { startBeacon } from './beacon.js';
import type { PartOptions } from './parts.js';
import type { Scope } from './scope.js';
import { startSidecar, TOPIC, type Output } from './sidecars.js';
import { startWorker } from './worker.js';

/**
 * Who stands where the consolidator would: one that reads everything, one that reads nothing, or nobody at all, so that
 * the sidecar cannot know and must hold what it can.
 */
export type Peer = 'reading' | 'unread' | 'absent';

/** A port that nothing listens on: the discard service's. */
const NOBODY = 'tcp://127.0.0.1:9';

/** A sidecar with nothing behind it but what counts its records. */
export async function startSidecarAlone(scope: Scope, peer: Peer, part: PartOptions) {
  const drain = startWorker<DrainMethods>(scope, 'drain');
  const to = peer === 'absent' ? NOBODY : await drain.call('start', peer === 'reading' ? TOPIC : undefined);
  const beacon = await startBeacon(scope);
  return {
    to,
    drain,
    run: (output: Output, args: readonly string[]) => startSidecar(scope, to, beacon, { output, args, part }),
  };
}
