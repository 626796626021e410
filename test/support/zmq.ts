import { Subscriber, XPublisher, XSubscriber } from 'zeromq';
import { Dialer, type CurveClient } from '../../cluster/curve/index.js';
import {
  formatLedger,
  formatSubscription,
  parseLedger,
  parseMark,
  parseSubscription,
  PRESENCE_PREFIX,
  type Ledger,
  type Mark,
  type NodeLedger,
} from '../../wire/index.js';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

/** A message as a test looks at it. */
export interface Received<L extends Ledger = Ledger> {
  readonly topic: string;
  /** The body's lines. */
  readonly lines: readonly string[];
  readonly ledger: L;
}

/** Things in the order in which they came, and promises that resolve when enough of them have. */
export class Inbox<T> {
  readonly items: T[] = [];
  readonly #waiting = new Set<() => void>();

  put(item: T): void {
    this.items.push(item);
    for (const check of this.#waiting) check();
  }

  /** Resolves with all items as soon as `done` says so; tap's own timeout is the limit. */
  until(done: (items: readonly T[]) => boolean): Promise<readonly T[]> {
    return new Promise((resolve) => {
      // What is tested must not keep a process alive; who waits for it does.
      const alive = setInterval(() => undefined, 60_000);
      const check = () => {
        if (!done(this.items)) return;
        clearInterval(alive);
        this.#waiting.delete(check);
        resolve(this.items);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** All records of these messages, in order. */
export function linesOf(messages: readonly Received[]): string[] {
  return messages.flatMap(({ lines }) => lines);
}

export interface PeerOptions {
  readonly endpoint?: string;
  /** Subscribed to before anything can connect. */
  readonly streams?: readonly string[];
  /** Whether it shows a consolidator's presence mark; default true. */
  readonly presence?: boolean;
  readonly receiveHwm?: number;
}

/** What a sidecar connects to: an XSUB that does as the test says. */
export class Peer {
  readonly inbox = new Inbox<Received>();
  readonly endpoint: string;
  readonly #socket: XSubscriber;
  #reading: Promise<void> | undefined;
  #paused = false;
  #closed = false;

  private constructor(socket: XSubscriber) {
    this.#socket = socket;
    this.endpoint = socket.lastEndpoint as string;
    this.resume();
  }

  static async bind(t: Test, options: PeerOptions = {}): Promise<Peer> {
    const socket = new XSubscriber({ linger: 0, receiveHighWaterMark: options.receiveHwm ?? 1_000 });
    for (const prefix of options.streams ?? [])
      await socket.send(formatSubscription({ subscribe: true, prefix }));
    if (options.presence !== false)
      await socket.send(formatSubscription({ subscribe: true, prefix: PRESENCE_PREFIX }));
    await socket.bind(options.endpoint ?? 'tcp://127.0.0.1:*');
    const peer = new Peer(socket);
    t.teardown(() => peer.close());
    return peer;
  }

  async subscribe(prefix: string): Promise<void> {
    await this.#socket.send(formatSubscription({ subscribe: true, prefix }));
  }

  async unsubscribe(prefix: string): Promise<void> {
    await this.#socket.send(formatSubscription({ subscribe: false, prefix }));
  }

  /** Reads no further; one message that is waited for may still come. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
  }

  /** Is gone as a killed process is: what it had not read is lost. Its port is free again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const freed = new Promise((resolve) => this.#socket.events.on('close', resolve));
    this.#socket.close();
    await freed;
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (!this.#paused) {
      try {
        this.inbox.put(received(await this.#socket.receive()));
      } catch (error) {
        if (this.#closed) return;
        throw error;
      }
    }
  }
}

const RECONNECT = { reconnectMin: 100, reconnectMax: 100 } as const;

/** What a relay is to a consolidator: a SUB that keeps all it gets. */
export class Reader {
  readonly inbox = new Inbox<Received<NodeLedger>>();
  readonly marks = new Inbox<Mark>();
  readonly #socket: Subscriber;
  readonly #reading: Promise<void>;
  #paused: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  constructor(
    t: Test,
    endpoint: string,
    streams: readonly string[],
    options: { receiveHwm?: number; curve?: CurveClient } = {},
  ) {
    this.#socket = new Subscriber({ linger: 0, receiveHighWaterMark: options.receiveHwm ?? 10_000 });
    for (const stream of streams) this.#socket.subscribe(stream);
    new Dialer(this.#socket, RECONNECT).connect(endpoint, options.curve);
    this.#reading = this.#read();
    t.teardown(() => this.close());
  }

  subscribe(stream: string): void {
    this.#socket.subscribe(stream);
  }

  unsubscribe(stream: string): void {
    this.#socket.unsubscribe(stream);
  }

  pause(): void {
    this.#paused ??= new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.#paused = undefined;
    this.#resume?.();
  }

  async close(): Promise<void> {
    this.#socket.close();
    this.resume();
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (!this.#socket.closed) {
      await this.#paused;
      try {
        const frames = await this.#socket.receive();
        const mark = parseMark(frames);
        if (mark === undefined) this.inbox.put(received(frames) as Received<NodeLedger>);
        else this.marks.put(mark);
      } catch (error) {
        if (this.#socket.closed) return;
        throw error;
      }
    }
  }
}

function received([topic, body, ledger]: readonly Buffer[]): Received {
  return {
    topic: String(topic),
    lines: String(body).split('\n').slice(0, -1),
    ledger: parseLedger(ledger as Buffer) as Ledger,
  };
}

/** What a sidecar is to a consolidator: an XPUB that sends any frames, and tells what it is asked for. */
export class Sender {
  /** `+prefix` and `-prefix`, in the order in which they came. */
  readonly asked = new Inbox<string>();
  readonly #socket = new XPublisher({
    verbosity: 'allSubsUnsubs',
    noDrop: true,
    sendTimeout: 5_000,
    linger: 0,
  });
  readonly #reading: Promise<void>;

  constructor(t: Test, endpoint: string, curve?: CurveClient) {
    new Dialer(this.#socket, RECONNECT).connect(endpoint, curve);
    this.#reading = this.#read();
    t.teardown(() => this.close());
  }

  /** Resolves once its consolidator asks for `prefix`. */
  async isAskedFor(prefix: string): Promise<void> {
    await this.asked.until((asked) => asked.lastIndexOf(`+${prefix}`) > asked.lastIndexOf(`-${prefix}`));
  }

  send(...frames: (string | Buffer)[]): Promise<void> {
    return this.#socket.send(frames);
  }

  /** A batch of records that say their numbers; a heartbeat where `count` is 0. */
  batch(topic: string, first: number, count: number, ledger: Partial<Ledger> = {}): Promise<void> {
    const body = Array.from({ length: count }, (_, i) => `{"n":${first + i}}\n`).join('');
    return this.send(
      topic,
      body,
      formatLedger({ v: 1, src: 'src', first, count, lost: 0, at: 0, ...ledger }),
    );
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      for await (const [frame] of this.#socket) {
        const subscription = parseSubscription(frame as Buffer);
        if (subscription) this.asked.put(`${subscription.subscribe ? '+' : '-'}${subscription.prefix}`);
      }
    } catch (error) {
      if (!this.#socket.closed) throw error;
    }
  }
}
