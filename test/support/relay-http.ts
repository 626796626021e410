import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { XPublisher } from 'zeromq';
import { startRelay, type Relay, type RelayOptions } from '../../relay/index.js';
import { parseSubscription, type Ledger } from '../../wire/index.js';
import { framesOf, numberedLines, until } from './relay.js';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

/** What a relay connects to: an XPUB that sends what a consolidator would, and knows who asked for what. */
export class Publisher {
  readonly endpoint: string;
  readonly #socket: XPublisher;
  readonly #wanted = new Set<string>();
  readonly #reading: Promise<void>;
  readonly #next = new Map<string, number>();
  #offset = 0;
  #peers = 0;
  #closed = false;

  private constructor(socket: XPublisher) {
    this.#socket = socket;
    this.endpoint = socket.lastEndpoint as string;
    this.#reading = this.#read();
    socket.events.on('accept', () => (this.#peers += 1));
    socket.events.on('disconnect', () => (this.#peers -= 1));
  }

  static async bind(t: Test, endpoint = 'tcp://127.0.0.1:*'): Promise<Publisher> {
    const socket = new XPublisher({ linger: 0, sendHighWaterMark: 0 });
    await socket.bind(endpoint);
    const publisher = new Publisher(socket);
    t.teardown(async () => {
      // libzmq 4.3.5 aborts the process (session_base.cpp, clean_pipes) where a peer goes in the very moment in which a
      // socket with half a message on the way to it is closed; so the relay, which is closed before, goes first.
      await until(() => publisher.#closed || publisher.#peers === 0, 'the relay has gone');
      await publisher.close();
    });
    return publisher;
  }

  /** Resolves when a relay has asked for this stream. */
  async wanted(prefix: string): Promise<void> {
    await until(() => this.#wanted.has(prefix), `${prefix} is subscribed`);
  }

  async unwanted(prefix: string): Promise<void> {
    await until(() => !this.#wanted.has(prefix), `${prefix} is no longer subscribed`);
  }

  /** The next `count` records of a topic, numbered from 0, in one message. */
  async send(topic: string, count: number, fields: object = {}): Promise<void> {
    const first = this.#next.get(topic) ?? 0;
    this.#next.set(topic, first + count);
    const ledger: Partial<Ledger> = {
      first,
      src: topic.replaceAll('/', '_'),
      node: 'A',
      offset: this.#offset,
      transit: 0,
    };
    this.#offset += count;
    await this.#socket.send(
      framesOf(topic, numberedLines(first, count, fields), { ...ledger, at: Date.now() }),
    );
  }

  /** Records that are numbered and never sent. */
  skip(topic: string, count: number): void {
    this.#next.set(topic, (this.#next.get(topic) ?? 0) + count);
  }

  async sendRaw(frames: (Buffer | string)[]): Promise<void> {
    await this.#socket.send(frames);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#socket.unbind(this.endpoint);
    this.#socket.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    for (;;) {
      let frame;
      try {
        [frame] = await this.#socket.receive();
      } catch (error) {
        if (this.#closed) return;
        throw error;
      }
      const subscription = parseSubscription(frame as Buffer);
      if (subscription?.subscribe) this.#wanted.add(subscription.prefix);
      else if (subscription) this.#wanted.delete(subscription.prefix);
    }
  }
}

/** A relay that reads from a {@link Publisher}. */
export async function startPair(
  t: Test,
  options: RelayOptions = {},
): Promise<{ relay: Relay; publisher: Publisher }> {
  const publisher = await Publisher.bind(t);
  const relay = await startRelay({
    from: [publisher.endpoint],
    port: 0,
    hubLinger: 1,
    noticeInterval: 50,
    drainTimeout: 200,
    ...options,
  });
  t.teardown(() => relay.close());
  await until(() => relay.core.connected === 1, 'the relay is connected');
  return { relay, publisher };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends large records until `enough`, one batch after the relay has taken in the last; answers how many. */
export async function flood(
  { relay, publisher }: { relay: Relay; publisher: Publisher },
  topic: string,
  enough: () => boolean,
): Promise<number> {
  let sent = 0;
  for (; !enough(); sent += FLOOD_BATCH) {
    const before = relay.core.intake.stats.messages;
    await publisher.send(topic, FLOOD_BATCH, { padding: 'x'.repeat(20_000) });
    await until(() => relay.core.intake.stats.messages > before, 'the batch has come');
  }
  return sent;
}

const FLOOD_BATCH = 20;

/** A whole answer, for requests that end; the path goes out as it stands. */
export async function ask(
  relay: Relay,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const stream = await open(relay, path, { method, headers });
  await stream.ended();
  return { status: stream.status, headers: stream.headers, text: stream.text };
}

/** An answer that goes on. */
export class Stream {
  readonly #response: IncomingMessage;
  #text = '';
  #over = false;

  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => (this.#text += text));
    response.once('close', () => (this.#over = true));
    response.on('error', () => {});
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  get headers(): IncomingMessage['headers'] {
    return this.#response.headers;
  }

  get text(): string {
    return this.#text;
  }

  /** Whether the answer came to its proper end. */
  get complete(): boolean {
    return this.#response.complete;
  }

  async until(condition: (text: string) => boolean, what: string, ms?: number): Promise<string> {
    await until(() => condition(this.#text), `${what} in ${JSON.stringify(this.#text.slice(-2_000))}`, ms);
    return this.#text;
  }

  async ended(): Promise<void> {
    await until(() => this.#over, 'the answer ends');
  }

  /** The client stops reading. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** The client goes away. */
  destroy(): void {
    this.#response.destroy();
  }
}

export async function open(
  relay: Relay,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Stream> {
  const { hostname, port } = new URL(relay.url);
  const sent = request({ hostname, port, path, method, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return new Stream(response);
}

/** A connection on which a test says every byte itself. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.text += text));
    socket.once('close', () => (this.closed = true));
    socket.on('error', () => {});
  }

  static async connect(t: Test, relay: Relay): Promise<RawClient> {
    const { hostname, port } = new URL(relay.url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    t.teardown(() => socket.destroy());
    return new RawClient(socket);
  }

  write(...lines: readonly string[]): void {
    this.socket.write(lines.join('\r\n'), 'latin1');
  }

  async until(condition: (text: string) => boolean, what: string): Promise<string> {
    await until(() => condition(this.text), `${what} in ${JSON.stringify(this.text.slice(-2_000))}`);
    return this.text;
  }
}
