import type { Methods, Reply, Request } from './worker.js';

/** The worker's side of {@link startWorker}: answers until the harness disconnects, then ends the process. */
export function serve(methods: Methods): void {
  process.on('message', (request: Request) => void answer(methods, request));
  process.once('disconnect', () => process.exit(0));
}

async function answer(methods: Methods, { id, method, argument }: Request): Promise<void> {
  let reply: Reply;
  try {
    const act = methods[method] as ((argument: unknown) => unknown) | undefined;
    if (act === undefined) throw new Error(`there is no ${method}`);
    reply = { id, result: await act(argument) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(reply);
}
