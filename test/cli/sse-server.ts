import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the server has it, with the words of the protocol. */
export class Exchange {
  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {}

  /** Answers with a stream of events. */
  open(): this {
    this.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    this.response.write(':\n\n');
    return this;
  }

  record(record: object, id?: string): this {
    this.response.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(record)}\n\n`);
    return this;
  }

  event(name: string, data: object): this {
    this.response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    return this;
  }

  /** Names the wait before the reconnect and ends the stream cleanly. */
  end(retry: number): void {
    this.response.end(`retry: ${retry}\n\n`);
  }

  problem(status: number, detail: string, headers: Record<string, string> = {}): void {
    this.response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
    this.response.end(JSON.stringify({ type: 'about:blank', title: 'A problem', status, detail }));
  }

  /** The path, the query and the headers that a relay looks at. */
  get asked() {
    const { url = '', headers } = this.request;
    return { url, accept: headers.accept, cursor: headers['last-event-id'], token: headers.authorization };
  }
}

/** A relay that does what the test says, request by request. */
export async function startServer(t: { teardown(fn: () => void): void }) {
  const waiting: Exchange[] = [];
  const takers: ((exchange: Exchange) => void)[] = [];
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response);
    const taker = takers.shift();
    if (taker === undefined) waiting.push(exchange);
    else taker(exchange);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The next request, as soon as it is there. */
    next: (): Promise<Exchange> => {
      const exchange = waiting.shift();
      return exchange === undefined
        ? new Promise((resolve) => takers.push(resolve))
        : Promise.resolve(exchange);
    },
    /** Refuses connections from now on. */
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A record with a message of its own. */
export function recordOf(msg: string): object {
  return { name: 'web-1', hostname: 'vm', pid: 7, level: 30, msg, time: '2026-01-02T06:41:13.980Z', v: 0 };
}
