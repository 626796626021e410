import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BenchError } from './errors.js';
import type { Scope } from './scope.js';

/** What a worker can be asked for: each takes one argument that can be cloned, and answers likewise. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

/** A process of the harness's own that makes load or reads. */
export interface Worker<M extends Methods> {
  readonly pid: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  call<K extends keyof M & string>(
    method: K,
    ...argument: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>>;
}

/** What goes to a worker, and what comes back. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}
export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

/** Starts `bench/workers/<name>`; the scope's end ends it. */
export function startWorker<M extends Methods>(scope: Scope, name: string): Worker<M> {
  const file = fileURLToPath(new URL(`../workers/${name}.js`, import.meta.url));
  const child = fork(file, [], { serialization: 'advanced', execArgv: [], stdio: 'inherit' });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let next = 0;
  const exited = once(child, 'exit').then(([code, signal]) => {
    const error = new BenchError('part', `the ${name} ended early, with ${String(signal ?? code)}`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  child.on('message', (reply: Reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) call?.reject(new BenchError('part', `the ${name} failed: ${reply.error}`));
    else call?.resolve(reply.result as never);
  });
  scope.defer(() => {
    if (child.connected) child.disconnect();
    return exited;
  });
  return {
    pid: child.pid as number,
    kill() {
      child.kill('SIGKILL');
      return exited;
    },
    call: (method, argument?: unknown) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        child.send({ id, method, argument } satisfies Request, (error) => {
          if (error !== null && waiting.delete(id)) reject(error);
        });
      }),
  };
}
