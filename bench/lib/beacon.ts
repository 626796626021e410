import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Scope } from './scope.js';

/** What a program under a sidecar says when it has printed everything, past the output that is being measured. */
export interface Printed {
  /** When its first line went out and when the last had, µs of the machine's clock. */
  readonly began: number;
  readonly ended: number;
  readonly lines: number;
  readonly bytes: number;
}

/** A program under a sidecar that waits for a word from the harness. */
export interface Program {
  /** Lets it print, and waits until it has; for ever where it ends before, which its sidecar's end tells. */
  readonly print: () => Promise<Printed>;
  /** Lets it end; until then its sidecar lives, and can be looked at. */
  readonly release: () => void;
}

/** Where the programs of a scenario report to. */
export interface Beacon {
  /** For the program's environment. */
  readonly port: number;
  /** The next program that has started. */
  next(): Promise<Program>;
}

export async function startBeacon(scope: Scope): Promise<Beacon> {
  const programs: Program[] = [];
  const waiting: ((program: Program) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    const take = waiting.shift();
    if (take === undefined) programs.push(programAt(socket));
    else take(programAt(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  scope.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    next: () =>
      new Promise((resolve) => {
        const program = programs.shift();
        if (program === undefined) waiting.push(resolve);
        else resolve(program);
      }),
  };
}

function programAt(socket: Socket): Program {
  return {
    print: () =>
      new Promise((resolve) => {
        createInterface({ input: socket }).once('line', (line) => resolve(JSON.parse(line) as Printed));
        socket.write('go\n');
      }),
    release: () => void socket.destroy(),
  };
}
