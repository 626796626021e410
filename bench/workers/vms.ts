// Many VMs in one process: real consolidators, without sidecars, each on ports of its own.
import { context } from 'zeromq';
import { startConsolidator } from '../../consolidator/index.js';
import { serve } from '../lib/serve.js';

/** A consolidator has three sockets and a watcher of each; libzmq allows 1,023 unless it is told otherwise. */
context.maxSockets = 16_384;

const ANY = 'tcp://127.0.0.1:*';

const methods = {
  /** Answers an entry for `--from` for each. */
  async start(count: number): Promise<readonly string[]> {
    const entries: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const { subscribe, replay } = await startConsolidator({ publish: ANY, subscribe: ANY, replay: ANY });
      entries.push(`${subscribe} replay=${replay}`);
    }
    return entries;
  },
};

export type VmsMethods = typeof methods;

serve(methods);
