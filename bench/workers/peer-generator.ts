// Publishes the same prebuilt batches as `generator` to somebody else's server, at an even rate.
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMicros } from '../lib/clock.js';
import { prepareBody } from '../lib/records.js';
import { serve } from '../lib/serve.js';
import { connectBus, type Bus, type BusAddress } from '../peers/bus.js';
import type { Load, Published } from './generator.js';

const TICK_MS = 1;

let bus: Bus;
let total = 0;

export const methods = {
  async start(address: BusAddress): Promise<void> {
    bus = await connectBus(address);
    await bus.publish([]);
  },
  async run({ rate, seconds, batch, bytes }: Load): Promise<Published> {
    const prepared = prepareBody(batch, bytes);
    const batches = Math.max(1, Math.round((rate * seconds) / batch));
    const began = nowMicros();
    for (let sent = 0; sent < batches;) {
      const due = Math.min(batches, Math.floor(((nowMicros() - began) / 1e6) * (rate / batch)) + 1);
      const bodies: Buffer[] = [];
      for (; sent < due; sent += 1) {
        prepared.stamp(nowMicros());
        bodies.push(Buffer.from(prepared.body));
      }
      // One request at a time: what is due meanwhile goes with the next, as with a producer that lingers.
      if (bodies.length > 0) await bus.publish(bodies);
      total += bodies.length * batch;
      await sleep(TICK_MS);
    }
    return { records: batches * batch, total, began, ended: nowMicros() };
  },
};

export type PeerGeneratorMethods = typeof methods;

serve(methods);
