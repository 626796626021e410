import { parseLedger, type Ledger } from './ledger.js';
import { MAX_TOPIC_BYTES, parseTopic, type Topic } from './topic.js';

/** A message as its frames stand on the wire, checked. */
export interface Message {
  /** Frame 0 as text. */
  readonly name: string;
  readonly topic: Topic;
  /** Frame 1: records, each ended by `\n`. */
  readonly body: Buffer;
  /** Frame 2; undefined for a two-frame message, which is carried without an account of what came before. */
  readonly ledger: Ledger | undefined;
}

/** Why a message was refused; each is a counter of its own. */
export const REFUSALS = ['frames', 'topic', 'size', 'body', 'ledger', 'count', 'identity', 'limit'] as const;

export type Refusal = (typeof REFUSALS)[number];

/** The largest body in bytes that is accepted by default: well above the 64 KiB of a batch and the 256 KiB of a line. */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/**
 * Checks the frames of one message. Answers the message, or the word for what is wrong with it.
 *
 * The body is not split here: whether it really holds `ledger.count` records is for the receiver that splits it
 * to say (see {@link countRecords}).
 */
export function parseMessage(
  frames: readonly Buffer[],
  maxBodyBytes = DEFAULT_MAX_BODY_BYTES,
): Message | Refusal {
  const [head, body, tail] = frames;
  if (head === undefined || body === undefined || frames.length > 3) return 'frames';
  if (head.length > MAX_TOPIC_BYTES) return 'topic';
  const name = head.toString('latin1');
  const topic = parseTopic(name);
  if (topic === undefined) return 'topic';
  if (body.length > maxBodyBytes) return 'size';
  if (tail === undefined) return body.length === 0 ? 'body' : { name, topic, body, ledger: undefined };
  const ledger = parseLedger(tail);
  if (ledger === undefined) return 'ledger';
  if (!bodyFits(body, ledger.count)) return 'body';
  return { name, topic, body, ledger };
}

/** The checks on a body that cost nothing: `n` records need `n` newlines and something before each. */
function bodyFits(body: Buffer, count: number): boolean {
  if (count === 0) return body.length === 0;
  return body.length >= 2 * count && body[body.length - 1] === NEWLINE;
}

const NEWLINE = 0x0a;

/** How many records stand in a body; a last one without `\n` counts. Some 12 ns a record. */
export function countRecords(body: Buffer): number {
  let count = 0;
  let from = 0;
  for (;;) {
    const end = body.indexOf(NEWLINE, from);
    if (end === -1) return from < body.length ? count + 1 : count;
    count += 1;
    from = end + 1;
  }
}

/** The body without its first `skip` records; shares memory with `body`. */
export function skipRecords(body: Buffer, skip: number): Buffer {
  return body.subarray(endOfRecords(body, skip));
}

/** The first `take` records of the body; shares memory with `body`. */
export function takeRecords(body: Buffer, take: number): Buffer {
  return body.subarray(0, endOfRecords(body, take));
}

function endOfRecords(body: Buffer, count: number): number {
  let from = 0;
  for (let i = 0; i < count; i += 1) {
    const end = body.indexOf(NEWLINE, from);
    if (end === -1) return body.length;
    from = end + 1;
  }
  return from;
}
