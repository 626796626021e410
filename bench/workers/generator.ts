// Publishes prebuilt batches at an even rate. It either stands where a consolidator stands, so that a relay alone is what
// is loaded, or where a sidecar stands, so that a consolidator is on the way.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { XPublisher } from 'zeromq';
import { formatLedger, parseSubscription, type Ledger } from '../../wire/index.js';
import { nowMicros } from '../lib/clock.js';
import { prepareBody } from '../lib/records.js';
import { serve } from '../lib/serve.js';

export interface GeneratorStart {
  readonly topic: string;
  /** A consolidator's publish endpoint; without it, the generator binds one of its own and plays the consolidator. */
  readonly connect?: string;
}

export interface Load {
  /** Records a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Records in a message. */
  readonly batch: number;
  /** Bytes of a record. */
  readonly bytes: number;
}

export interface Published {
  /** Records in this load, and since the start. */
  readonly records: number;
  readonly total: number;
  /** First and last publish, µs of the machine's clock. */
  readonly began: number;
  readonly ended: number;
}

const HWM = 1_000;
const TICK_MS = 1;
const RETRY_MS = 1;

const src = randomUUID();
let topic = '';
let socket: XPublisher;
let playsConsolidator = false;
let next = 0;
let subscribed: Promise<void>;

async function readSubscription(): Promise<void> {
  for (;;) {
    const [frame] = await socket.receive();
    const subscription = frame && parseSubscription(frame);
    if (subscription?.subscribe && topic.startsWith(subscription.prefix)) return;
  }
}

async function publish(body: Buffer, count: number): Promise<void> {
  const ledger: Ledger = {
    v: 1,
    src,
    first: next,
    count,
    lost: 0,
    at: Date.now(),
    ...(playsConsolidator && { node: 'bench', offset: next, transit: 0 }),
  };
  const frames = [topic, body, formatLedger(ledger)];
  while (!(await isTaken(frames))) await sleep(RETRY_MS);
  next += count;
}

/** As a sidecar it waits where the pipe is full; as a consolidator it never finds it full, since XPUB drops instead. */
async function isTaken(frames: (string | Buffer)[]): Promise<boolean> {
  try {
    await socket.send(frames);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}

export const methods = {
  /** Answers the endpoint that it bound; empty where it connected. */
  async start({ topic: name, connect }: GeneratorStart): Promise<string> {
    topic = name;
    playsConsolidator = connect === undefined;
    socket = new XPublisher({
      sendHighWaterMark: HWM,
      sendTimeout: 0,
      linger: 0,
      noDrop: !playsConsolidator,
    });
    if (connect === undefined) await socket.bind('tcp://127.0.0.1:*');
    else socket.connect(connect);
    subscribed = readSubscription();
    return connect === undefined ? (socket.lastEndpoint ?? '') : '';
  },
  /** Waits for a reader, and opens its account with a heartbeat: from here on each loss is seen. */
  async greet(): Promise<void> {
    await subscribed;
    await publish(EMPTY, 0);
  },
  /** A heartbeat: whoever missed the last records learns of it, as by a sidecar's. */
  beat: (): Promise<void> => publish(EMPTY, 0),
  async run({ rate, seconds, batch, bytes }: Load): Promise<Published> {
    const prepared = prepareBody(batch, bytes);
    const batches = Math.max(1, Math.round((rate * seconds) / batch));
    const began = nowMicros();
    for (let sent = 0; sent < batches;) {
      const due = Math.min(batches, Math.floor(((nowMicros() - began) / 1e6) * (rate / batch)) + 1);
      for (; sent < due; sent += 1) {
        prepared.stamp(nowMicros());
        // The socket copies nothing before its I/O thread has written it, so the next stamp needs a body of its own.
        await publish(Buffer.from(prepared.body), batch);
      }
      await sleep(TICK_MS);
    }
    const ended = nowMicros();
    await publish(EMPTY, 0);
    return { records: batches * batch, total: next, began, ended };
  },
  /** As much as the socket takes. */
  async flood({ seconds, batch, bytes }: Omit<Load, 'rate'>): Promise<Published> {
    const { body } = prepareBody(batch, bytes);
    const before = next;
    const began = nowMicros();
    while (nowMicros() - began < seconds * 1e6) await publish(body, batch);
    const ended = nowMicros();
    await publish(EMPTY, 0);
    return { records: next - before, total: next, began, ended };
  },
};

const EMPTY = Buffer.alloc(0);

export type GeneratorMethods = typeof methods;

serve(methods);
