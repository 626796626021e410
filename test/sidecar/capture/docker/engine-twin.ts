import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { frame } from './frame.js';

interface Logged {
  readonly at: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** A container engine in memory, with one container and as much of the API as a sidecar uses. */
export class EngineTwin {
  readonly socket: string;
  readonly asked: string[] = [];
  terminal = false;
  exists = true;
  /** As with the log driver `none`. */
  unreadable = false;
  readonly #log: Logged[] = [];
  readonly #followers = new Map<ServerResponse, boolean>();
  readonly #listeners = new Set<ServerResponse>();
  #state = {
    Running: false,
    ExitCode: 0,
    StartedAt: '0001-01-01T00:00:00Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  };
  #id = 'a'.repeat(64);

  static async start(t: Test): Promise<EngineTwin> {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-engine-'));
    const twin = new EngineTwin(join(folder, 'engine.sock'));
    const server = createServer((request, response) => twin.#answer(request.url ?? '', response));
    await new Promise<void>((resolve) => server.listen(twin.socket, resolve));
    t.teardown(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    });
    return twin;
  }

  private constructor(socket: string) {
    this.socket = socket;
  }

  run(): void {
    this.#state = { ...this.#state, Running: true, ExitCode: 0, StartedAt: new Date().toISOString() };
    this.#tell({ Action: 'start' });
  }

  /** Its output goes on where the log of the last run ended. */
  exit(code: number): void {
    this.#state = { ...this.#state, Running: false, ExitCode: code, FinishedAt: new Date().toISOString() };
    this.#tell({
      Action: 'die',
      timeNano: Date.now() * 1e6,
      Actor: { Attributes: { exitCode: String(code) } },
    });
    for (const follower of this.#followers.keys()) follower.end();
    this.#followers.clear();
  }

  /** Another container by the same name, with a log of its own. */
  replace(): void {
    this.#id = 'b'.repeat(64);
    this.#log.length = 0;
  }

  print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    const logged = { at: Date.now(), stream, text };
    this.#log.push(logged);
    for (const [follower, stamped] of this.#followers) follower.write(this.#written(logged, stamped));
  }

  /** Sends what no log has. */
  inject(bytes: Buffer): void {
    for (const follower of this.#followers.keys()) follower.write(bytes);
  }

  /** The connections break, as with an engine that is restarted, in the middle of a frame. */
  cut(halfMessage?: string): void {
    const logged = { at: Date.now(), stream: 'stdout', text: halfMessage ?? '' } as const;
    if (halfMessage !== undefined) this.#log.push(logged);
    for (const [follower, stamped] of this.#followers) {
      const bytes = this.#written(logged, stamped);
      if (halfMessage === undefined) follower.destroy();
      else follower.write(bytes.subarray(0, bytes.length - 3), () => setImmediate(() => follower.destroy()));
    }
    this.#followers.clear();
  }

  /** Waits until somebody follows the log. */
  async followed(): Promise<void> {
    while (this.#followers.size === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  #written({ at, stream, text }: Logged, stamped: boolean): Buffer {
    if (this.terminal) return Buffer.from(text);
    const stamp = stamped ? `${new Date(at).toISOString()} ` : '';
    return frame(stream === 'stdout' ? 1 : 2, stamp + text);
  }

  #tell(event: unknown): void {
    for (const listener of this.#listeners) listener.write(`${JSON.stringify(event)}\n`);
  }

  #answer(url: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://engine');
    this.asked.push(url);
    if (pathname === '/events') {
      response.writeHead(200).flushHeaders();
      this.#listeners.add(response);
    } else if (!this.exists) {
      response.writeHead(404).end('{"message":"No such container: web"}');
    } else if (pathname.endsWith('/json')) {
      const Config = { Tty: this.terminal, Image: 'web:1' };
      response.end(JSON.stringify({ Id: this.#id, Config, State: this.#state }));
    } else if (this.unreadable) {
      response.writeHead(501).end('{"message":"configured logging driver does not support reading"}');
    } else {
      const since = Number(searchParams.get('since')) * 1000;
      const stamped = searchParams.get('timestamps') === '1';
      response.writeHead(200).flushHeaders();
      for (const logged of this.#log) {
        if (logged.at >= since) response.write(this.#written(logged, stamped));
      }
      if (searchParams.get('follow') !== '1' || !this.#state.Running) return void response.end();
      this.#followers.set(response, stamped);
      response.on('close', () => this.#followers.delete(response));
    }
  }
}
