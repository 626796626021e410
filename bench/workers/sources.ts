// Plays many sidecars at once, over one socket: each source has a topic and a ledger of its own. A thousand real ones
// would be what is measured.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { XPublisher } from 'zeromq';
import { formatLedger, parseSubscription } from '../../wire/index.js';
import { nowMicros } from '../lib/clock.js';
import { prepareBody } from '../lib/records.js';
import { serve } from '../lib/serve.js';
import { sourceName } from '../lib/sidecars.js';

const HWM = 10_000;
const TICK_MS = 1;

interface Source {
  readonly topic: string;
  readonly src: string;
  next: number;
}

// As in a sidecar, a full pipe is waited for and nothing is dropped here.
const socket = new XPublisher({ sendHighWaterMark: HWM, sendTimeout: 0, linger: 0, noDrop: true });
const prefixes = new Set<string>();
let sources: Source[] = [];

async function readSubscriptions(): Promise<void> {
  for (;;) {
    const [frame] = await socket.receive();
    const subscription = frame && parseSubscription(frame);
    if (subscription?.subscribe) prefixes.add(subscription.prefix);
  }
}

async function publish(source: Source, body: Buffer, count: number): Promise<void> {
  const { topic, src, next } = source;
  const frames = [topic, body, formatLedger({ v: 1, src, first: next, count, lost: 0, at: Date.now() })];
  for (;;) {
    try {
      await socket.send(frames);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(TICK_MS);
    }
  }
  source.next += count;
}

function isRead({ topic }: Source): boolean {
  return [...prefixes].some((prefix) => topic.startsWith(prefix));
}

export const methods = {
  start({ connect, count }: { connect: string; count: number }): void {
    socket.connect(connect);
    sources = Array.from({ length: count }, (_, i) => ({
      topic: `${sourceName(i)}/`,
      src: randomUUID(),
      next: 0,
    }));
    void readSubscriptions();
  },
  /** Waits until all sources are read, and opens the account of each with a heartbeat. */
  async greet(): Promise<void> {
    while (!sources.every(isRead)) await sleep(TICK_MS);
    for (const source of sources) await publish(source, Buffer.alloc(0), 0);
  },
  /** One record a message, from one source after the other; as many from each. */
  async run({ rate, seconds, bytes }: { rate: number; seconds: number; bytes: number }) {
    const { body } = prepareBody(1, bytes);
    const each = Math.max(1, Math.round((rate * seconds) / sources.length));
    const total = each * sources.length;
    const began = nowMicros();
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.floor(((nowMicros() - began) / 1e6) * rate) + 1);
      for (; sent < due; sent += 1) await publish(sources[sent % sources.length] as Source, body, 1);
      await sleep(TICK_MS);
    }
    for (const source of sources) await publish(source, Buffer.alloc(0), 0);
    return { each, total };
  },
};

export type SourcesMethods = typeof methods;

serve(methods);
