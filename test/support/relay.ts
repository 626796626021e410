import type { Connection } from '../../relay/connection.js';
import type { Consumer, ConsumerHost, ConsumerOptions } from '../../relay/consumer.js';
import type { Upstream, UpstreamOptions } from '../../relay/upstream.js';
import { RecordBatch } from '../../relay/record-batch.js';
import { formatLedger, parseTopic, type Ledger, type Topic } from '../../wire/index.js';

/**
 * A {@link Connection} in memory. It holds a write until {@link take} hands it on, as a kernel whose buffer is full
 * does, or hands all on at once while `flowing`.
 */
export class TwinConnection implements Connection {
  readonly chunked: boolean;
  readonly #parts: Buffer[] = [];
  #waiting: (() => void) | undefined;
  flowing = false;
  ended = false;
  destroyed = false;
  writes = 0;

  constructor(chunked = true) {
    this.chunked = chunked;
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.ended) throw new Error('written to after its end');
    if (this.chunked && bytes.length === 0) throw new Error('an empty write');
    this.writes += 1;
    this.#parts.push(bytes);
    if (this.#waiting !== undefined) {
      // Only a farewell may come while another write is under way: the end follows it in the same turn.
      queueMicrotask(() => {
        if (!this.ended) throw new Error('two writes under way at a time');
      });
    }
    this.#waiting = done;
    if (this.flowing) queueMicrotask(() => this.take());
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  get stalled(): boolean {
    return this.#waiting !== undefined;
  }

  /** The kernel takes what was written; answers whether there was anything. */
  take(): boolean {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
    return done !== undefined;
  }

  /** The payload as the client has it. */
  get text(): string {
    const bytes = Buffer.concat(this.#parts);
    return (this.chunked ? unchunk(bytes) : bytes).toString('utf8');
  }
}

/** Undoes the framing of RFC 9112, 7.1; throws where it is broken, or says that the stream has ended. */
export function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf('\r\n', at);
    const word = bytes.toString('latin1', at, line);
    const size = /^[0-9a-f]+$/.test(word) ? Number.parseInt(word, 16) : 0;
    if (line === -1 || size === 0) throw new Error(`no chunk begins at ${at}: ${JSON.stringify(word)}`);
    const start = line + 2;
    parts.push(bytes.subarray(start, start + size));
    if (bytes.toString('latin1', start + size, start + size + 2) !== '\r\n') {
      throw new Error(`the chunk at ${at} does not end with CRLF`);
    }
    at = start + size + 2;
  }
  return Buffer.concat(parts);
}

/** An {@link Upstream} in memory: hand it messages and states, and see what it was asked for. */
export class TwinUpstream implements Upstream {
  connected = 0;
  closed = false;
  /** What was asked, in order: `+` and `-` with the prefix. */
  readonly asked: string[] = [];
  #handlers: Pick<UpstreamOptions, 'onMessage' | 'onStatus'> | undefined;

  readonly connect = (handlers: Pick<UpstreamOptions, 'onMessage' | 'onStatus'>): Upstream => {
    this.#handlers = handlers;
    return this;
  };

  subscribe(prefix: string): void {
    this.asked.push(`+${prefix}`);
  }

  unsubscribe(prefix: string): void {
    this.asked.push(`-${prefix}`);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  message(frames: readonly Buffer[]): void {
    this.#handlers?.onMessage(frames);
  }

  status(connected: number): void {
    this.connected = connected;
    this.#handlers?.onStatus(connected);
  }
}

/** A clock that stands still until it is stepped; it begins at a real date, since notices print it. */
export class TwinHost implements ConsumerHost {
  time = Date.parse('2026-01-02T06:41:13.980Z');
  readonly ended: Consumer[] = [];
  held = 0;

  readonly now = (): number => this.time;

  onEnd(consumer: Consumer): void {
    this.ended.push(consumer);
  }

  onHeld(): void {
    this.held += 1;
  }
}

export const CONSUMER_OPTIONS: ConsumerOptions = {
  hwm: 100,
  hwmBytes: 1_000_000,
  overflow: 'drop-oldest',
  noticeInterval: 1_000,
};

export const WEB = topicOf('tenant/acme/web-1/');

export function topicOf(name: string): Topic {
  const topic = parseTopic(name);
  if (topic === undefined) throw new Error(`${name} is no topic`);
  return topic;
}

/** A record that says its own number. */
export function numbered(n: number, fields: object = {}): string {
  return JSON.stringify({
    name: 'web-1',
    hostname: 'vm-1',
    pid: 7,
    level: 30,
    msg: `line ${n}`,
    time: '2026-01-02T06:41:13.980Z',
    v: 0,
    n,
    ...fields,
  });
}

/** The lines of `count` records from number `first` on. */
export function numberedLines(first: number, count: number, fields: object = {}): string[] {
  return Array.from({ length: count }, (_, i) => numbered(first + i, fields));
}

export function batchOf(
  lines: readonly string[],
  origin: Partial<{ topic: Topic; node: string; offset: number; at: number }> = {},
): RecordBatch {
  const { topic = WEB, node = '', offset = 0, at = 0 } = origin;
  return new RecordBatch(topic, lines, { node, offset, at });
}

/** A message as it comes from a consolidator; with `ledger` null, of two frames. */
export function framesOf(
  topic: string,
  lines: readonly string[],
  ledger: Partial<Ledger> | null = null,
): Buffer[] {
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const head = Buffer.from(topic, 'latin1');
  if (ledger === null) return [head, body];
  return [
    head,
    body,
    formatLedger({ v: 1, src: 's', first: 0, count: lines.length, lost: 0, at: 0, ...ledger }),
  ];
}

/** What stands in a stream, in order. */
export type Item =
  | { readonly record: number; readonly id?: string }
  | { readonly event: string; readonly data: unknown }
  | { readonly notice: NoticeData };

export interface NoticeData {
  readonly count: number;
  readonly reason: string;
  readonly hop: string;
  readonly since: string;
  readonly until: string;
  readonly total: number;
  readonly of?: 'stream';
}

/** Parses NDJSON whose records are {@link numbered}. */
export function readNdjson(text: string): Item[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line is cut');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const record = JSON.parse(line) as { n: number; name: string; dropped?: NoticeData };
    return record.name === 'spillway' && record.dropped ? { notice: record.dropped } : { record: record.n };
  });
}

/** Parses server-sent events whose records are {@link numbered}; comments and `retry` are left out. */
export function readSse(text: string): Item[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('the last event is cut');
  const items: Item[] = [];
  for (const block of text.split('\n\n').slice(0, -1)) {
    const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
    const data = fields.get('data');
    if (data === undefined) continue;
    const event = fields.get('event');
    const value = JSON.parse(data) as unknown;
    if (event === 'dropped') items.push({ notice: value as NoticeData });
    else if (event !== undefined) items.push({ event, data: value });
    else {
      const id = fields.get('id');
      items.push({ record: (value as { n: number }).n, ...(id !== undefined && { id }) });
    }
  }
  return items;
}

/** Resolves as soon as `condition` holds; looks at each turn, and gives up after `ms`. */
export async function until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
