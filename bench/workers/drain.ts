// A consolidator's receiving side and nothing else: takes what a sidecar sends as fast as it comes, and counts it.
import { XSubscriber } from 'zeromq';
import { countRecords, formatSubscription, parseLedger, PRESENCE_PREFIX } from '../../wire/index.js';
import { nowMicros } from '../lib/clock.js';
import { serve } from '../lib/serve.js';

export interface Drained {
  readonly records: number;
  /** Records that the ledgers say the sidecar lost. */
  readonly lost: number;
  readonly messages: number;
  readonly bytes: number;
  /** When the last record came, µs of the machine's clock. */
  readonly lastAt: number;
}

const RECEIVE_HWM = 64;
const POLL_MS = 2;

const socket = new XSubscriber({ receiveHighWaterMark: RECEIVE_HWM, linger: 0 });
let records = 0;
let lost = 0;
let messages = 0;
let bytes = 0;
let lastAt = 0;

async function drain(): Promise<void> {
  for await (const [, body, tail] of socket) {
    const ledger = tail && parseLedger(tail);
    if (body === undefined || ledger === undefined)
      throw new Error('the sidecar sent a message without a ledger');
    messages += 1;
    lost = ledger.lost;
    if (body.length === 0) continue;
    records += countRecords(body);
    bytes += body.length;
    lastAt = nowMicros();
  }
}

export const methods = {
  /** Binds, and asks for `prefix`, or for nothing at all. */
  async start(prefix: string | undefined): Promise<string> {
    await socket.send(formatSubscription({ subscribe: true, prefix: PRESENCE_PREFIX }));
    if (prefix !== undefined) await socket.send(formatSubscription({ subscribe: true, prefix }));
    await socket.bind('tcp://127.0.0.1:*');
    void drain();
    return socket.lastEndpoint ?? '';
  },
  counts: (): Drained => ({ records, lost, messages, bytes, lastAt }),
  /** Counts from zero for the next sidecar. */
  reset(): void {
    records = lost = messages = bytes = 0;
  },
  /** Waits until `total` records have come or are known to be lost. */
  async until({ total, timeout }: { total: number; timeout: number }): Promise<Drained> {
    const deadline = performance.now() + timeout;
    while (performance.now() < deadline) {
      if (records + lost >= total) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return methods.counts();
  },
};

export type DrainMethods = typeof methods;

serve(methods);
