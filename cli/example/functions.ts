import { setImmediate as turn } from 'node:timers/promises';
import { bunyanWarn, pinoInfo } from './loggers.js';

/** What a function is told of its request. */
export interface Request {
  readonly id: number;
  readonly query: URLSearchParams;
}

/** A function that the host runs: it prints what it likes, and its answer is the response's body. */
export interface WebFunction {
  /** How to call it, and what it prints. */
  readonly usage: string;
  readonly run: (request: Request) => string | Promise<string>;
}

/** A query that a function cannot work with; the host answers 400 with its message. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

const MAX_BURST = 100_000;
/** The host answers others between two slices of a burst. */
const BURST_SLICE = 500;

/** By path. */
export const FUNCTIONS: ReadonlyMap<string, WebFunction> = new Map<string, WebFunction>([
  ['/hello', { usage: '/hello?name=Ada   a line on standard output', run: hello }],
  [
    '/error',
    { usage: '/error            a line on standard error, then the stack of a thrown error', run: fail },
  ],
  ['/pino', { usage: '/pino             a line as pino prints it', run: pino }],
  ['/bunyan', { usage: '/bunyan           a line as bunyan prints it', run: bunyan }],
  ['/burst', { usage: `/burst?n=1000     n lines at once, up to ${MAX_BURST}`, run: burst }],
]);

function hello({ query }: Request): string {
  const name = query.get('name') ?? 'world';
  console.log('saying hello to', name);
  return `Hello, ${name}!`;
}

function fail({ id }: Request): string {
  console.error(`request ${id}: about to look up an order that is not there`);
  const orders = new Map<number, { total: number }>();
  const order = orders.get(id);
  if (order === undefined) throw new Error(`order ${id} not found`);
  return String(order.total);
}

function pino({ id }: Request): string {
  pinoInfo({ req: { id, method: 'GET' }, responseTime: 3 }, 'request completed');
  return 'printed a line as pino does';
}

function bunyan({ id }: Request): string {
  bunyanWarn('webtask', { req_id: id, attempt: 2 }, 'upstream is slow, trying again');
  return 'printed a line as bunyan does';
}

async function burst({ query }: Request): Promise<string> {
  const n = Number(query.get('n') ?? 1000);
  if (!Number.isInteger(n) || n < 1 || n > MAX_BURST) {
    throw new QueryError(`n must be a whole number from 1 to ${MAX_BURST}, as in /burst?n=1000`);
  }
  for (let i = 1; i <= n; i++) {
    console.log(`burst line ${i} of ${n}`);
    if (i % BURST_SLICE === 0) await turn();
  }
  return `printed ${n} lines`;
}
