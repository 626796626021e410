/**
 * The ledger: frame 2 of a message, the account that travels with a batch. Normative text and vectors are in
 * PROTOCOL.md and vectors/.
 */
export interface Ledger {
  readonly v: 1;
  /** The source: one topic of one run of one sender. */
  readonly src: string;
  /** Number of the batch's first record; the next number to come where `count` is 0. */
  readonly first: number;
  /** Records in the batch; 0 is a heartbeat with an empty body. */
  readonly count: number;
  /**
   * Records with a number below `first` that this source lost before they left this sender, cumulative. What a
   * consolidator forwards includes its own losses.
   */
  readonly lost: number;
  /** When the oldest record of the batch was captured, ms since the epoch. */
  readonly at: number;
  /** The last message of the source. */
  readonly fin?: true;
  /** The sender promises its next message, if only a heartbeat, within so many ms. */
  readonly beat?: number;
  /** Set by the consolidator: the id of its run. */
  readonly node?: string;
  /** Set by the consolidator: running number, over all its streams, of the batch's first record. */
  readonly offset?: number;
  /** Set by the consolidator: the part of `lost` that was lost on the way to it. */
  readonly transit?: number;
  /** Set by the consolidator while its account of the source is young: where that begins. */
  readonly begin?: Beginning;
  /** Set by the sender while its account is young: from where on what it sends is owed to those who read it. */
  readonly origin?: Origin;
  /** Set by the consolidator, in marks: it knows of something of the stream that came before. */
  readonly holds?: true;
  /** Set by the consolidator, in marks: how long this run has let messages through, ms. */
  readonly up?: number;
}

/** The `first`, `lost` and `offset` of the first message of a source that a consolidator forwarded. */
export type Beginning = readonly [first: number, lost: number, offset: number];

/**
 * Where an account begins by the word of its sender: the `first` and `lost` of its first message, when that was (ms since
 * the epoch, by the VM's clock), and the run of the consolidator that asked for it.
 */
export type Origin = readonly [first: number, lost: number, at: number, node: string];

/** A ledger as a consolidator forwards it. */
export interface NodeLedger extends Ledger {
  readonly node: string;
  readonly offset: number;
  readonly transit: number;
}

/** A ledger longer than this is not one. */
export const MAX_LEDGER_BYTES = 1024;

/**
 * The largest number a ledger may hold. Far beyond any honest count (a record a microsecond for nine years), and
 * low enough that sums of many such numbers stay exact in a double.
 */
export const MAX_NUMBER = 2 ** 48;

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Parses and checks frame 2; undefined for anything that is not a ledger of version 1. */
export function parseLedger(frame: Buffer): Ledger | undefined {
  if (frame.length > MAX_LEDGER_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(frame.toString('latin1'));
  } catch {
    return undefined;
  }
  return isLedger(value) ? value : undefined;
}

/** Unknown fields are allowed, so that a later version may add some. */
function isLedger(value: unknown): value is Ledger {
  if (typeof value !== 'object' || value === null) return false;
  const l = value as Record<string, unknown>;
  return (
    l['v'] === 1 &&
    isId(l['src']) &&
    isCount(l['first']) &&
    isCount(l['count']) &&
    isCount(l['lost']) &&
    l['lost'] <= l['first'] &&
    isTime(l['at']) &&
    (l['fin'] === undefined || l['fin'] === true) &&
    (l['beat'] === undefined || isCount(l['beat'])) &&
    (l['node'] === undefined || isId(l['node'])) &&
    (l['offset'] === undefined || isCount(l['offset'])) &&
    (l['transit'] === undefined || (isCount(l['transit']) && l['transit'] <= l['lost'])) &&
    (l['begin'] === undefined || isBeginning(l['begin'], l['first'])) &&
    (l['origin'] === undefined || isOrigin(l['origin'], l['first'])) &&
    (l['holds'] === undefined || l['holds'] === true) &&
    (l['up'] === undefined || isTime(l['up']))
  );
}

/** Of an account in which the record `first` comes later. */
export function isBeginning(value: unknown, first: number): value is Beginning {
  if (!Array.isArray(value) || value.length !== 3 || !value.every(isCount)) return false;
  const [number, lost] = value as [number, number, number];
  return lost <= number && number <= first;
}

/** Of an account in which the record `first` comes later. */
export function isOrigin(value: unknown, first: number): value is Origin {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [number, lost, at, node] = value as unknown[];
  return isCount(number) && isCount(lost) && lost <= number && number <= first && isTime(at) && isId(node);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMBER;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_NUMBER;
}

/** Whether it may stand as the id of a source or of a consolidator's run. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** The same word of a source where its records are dropped: they show as a gap in front of it. */
export function withoutRecords<L extends Ledger>(ledger: L): L {
  const { first, count, offset } = ledger;
  return {
    ...ledger,
    first: first + count,
    count: 0,
    ...(offset !== undefined && { offset: offset + count }),
  };
}

/** Whether a ledger has been through a consolidator. */
export function isNodeLedger(ledger: Ledger): ledger is NodeLedger {
  return ledger.node !== undefined && ledger.offset !== undefined && ledger.transit !== undefined;
}

/**
 * The bytes of a ledger. Written by hand because it runs once a message: a template is several times as fast as
 * `JSON.stringify`, and every string in it is of the id grammar, so none needs escaping.
 */
export function formatLedger(l: Ledger): Buffer {
  let text = `{"v":1,"src":"${l.src}","first":${l.first},"count":${l.count},"lost":${l.lost},"at":${l.at}`;
  if (l.fin) text += ',"fin":true';
  if (l.beat !== undefined) text += `,"beat":${l.beat}`;
  if (l.node !== undefined) text += `,"node":"${l.node}"`;
  if (l.offset !== undefined) text += `,"offset":${l.offset}`;
  if (l.transit !== undefined) text += `,"transit":${l.transit}`;
  if (l.begin !== undefined) text += `,"begin":[${l.begin.join(',')}]`;
  if (l.origin !== undefined) text += `,"origin":[${l.origin.slice(0, 3).join(',')},"${l.origin[3]}"]`;
  if (l.holds) text += ',"holds":true';
  if (l.up !== undefined) text += `,"up":${l.up}`;
  return Buffer.from(text + '}', 'latin1');
}
