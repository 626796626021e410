import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

export interface NdjsonReader {
  /** All records so far, notices included. */
  readonly records: Record<string, unknown>[];
  /** Records and told drops so far: what has been accounted for. */
  readonly accounted: number;
  /** Resolves when `done` says so of what has come; checks after each record. */
  until(done: (records: readonly Record<string, unknown>[]) => boolean): Promise<void>;
  close(): void;
}

interface Test {
  teardown(handler: () => unknown): void;
}

/** Reads a stream as NDJSON; resolves when the response has begun, so that the consumer is there. */
export async function readNdjson(t: Test, url: string): Promise<NdjsonReader> {
  const { request, response } = await open(url);
  t.teardown(() => request.destroy());
  const records: Record<string, unknown>[] = [];
  let accounted = 0;
  const waiting = new Set<() => void>();
  const lines = createInterface({ input: response });
  lines.on('line', (line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    records.push(record);
    accounted += record['dropped'] === undefined ? 1 : droppedOf([record]);
    waiting.forEach((check) => check());
  });
  response.on('error', () => {});
  lines.on('error', () => {});
  return {
    records,
    get accounted() {
      return accounted;
    },
    close: () => request.destroy(),
    until: (done) =>
      new Promise((resolve) => {
        const check = () => {
          if (!done(records)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

function open(url: string): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { Accept: 'application/x-ndjson' }, agent: false }, (response) => {
      if (response.statusCode === 200) resolve({ request, response });
      else reject(new Error(`${url} answered ${response.statusCode}`));
    });
    request.on('error', reject);
  });
}

/** What a reader was told is missing, in all. */
export function droppedOf(records: readonly Record<string, unknown>[]): number {
  let sum = 0;
  for (const { name, dropped } of records) {
    if (name === 'spillway' && dropped !== undefined) sum += (dropped as { count: number }).count;
  }
  return sum;
}

/** The records that are no notices. */
export function linesOf(records: readonly Record<string, unknown>[]): string[] {
  return records.filter(({ dropped }) => dropped === undefined).map(({ msg }) => msg as string);
}
