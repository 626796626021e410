import { formatStamp } from './clock.js';

/** Kinds of output that a program may have. */
export const LINE_KINDS = ['plain', 'json'] as const;

export type LineKind = (typeof LINE_KINDS)[number];

const VARIETY = 64;

/** A block of output that can be written again and again. */
export interface Block {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** Lines of one kind, each different from its neighbours, some 64 KiB of them. */
export function blockOf(kind: LineKind): Block {
  const lines: string[] = [];
  for (let i = 0, length = 0; length < 64 * 1024; i += 1) {
    const line = LINES[kind](i % VARIETY);
    lines.push(line);
    length += line.length + 1;
  }
  return { bytes: Buffer.from(`${lines.join('\n')}\n`, 'latin1'), lines: lines.length };
}

/** A line that carries the moment of its writing. */
export function stampedLine(micros: number): string {
  return `GET /api/v1/items ${formatStamp(micros)} took 12 ms and was answered with status 200\n`;
}

const WORDS = ['cart', 'order', 'invoice', 'session', 'profile', 'search', 'login', 'stock'];

const LINES: Readonly<Record<LineKind, (i: number) => string>> = {
  /** 100 bytes or so, as a web server prints them. */
  plain: (i) =>
    `GET /api/v1/${WORDS[i % WORDS.length]}/${i * 7919} from 10.0.${i}.17 answered 200 in ${i % 40} ms, ${i * 131} bytes, cache miss`,
  /** What pino prints: 170 bytes or so. */
  json: (i) =>
    JSON.stringify({
      level: i % 16 === 0 ? 40 : 30,
      time: 1_790_000_000_000 + i,
      pid: 4242,
      hostname: 'web-1',
      reqId: `req-${i * 7919}`,
      route: `/api/v1/${WORDS[i % WORDS.length]}`,
      responseTime: i % 40,
      msg: `request ${i} completed with status 200`,
    }),
};
