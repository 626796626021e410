import { formatLedger, isNodeLedger, parseLedger } from './ledger.js';
import { parseStream } from './topic.js';

/**
 * What a consolidator says to whoever has subscribed to a stream, once it has taken notice: from here on, at this offset,
 * everything of the stream is on its way to you. A source whose account began later is due from its first record.
 */
export interface Mark {
  /** The stream as it was subscribed to. */
  readonly prefix: string;
  readonly node: string;
  /** Taken by the mark: no record has it. */
  readonly offset: number;
  /** When it was made, ms since the epoch, by the VM's clock. */
  readonly at: number;
  /** Whether the consolidator knows of anything of the stream that came before. */
  readonly holds: boolean;
  /** How long its run has let messages through, ms; undefined where it does not say. */
  readonly up?: number;
}

/** On the wire it is a heartbeat and `fin` of a source that has the consolidator's own id. */
export function formatMark({ prefix, node, offset, at, holds, up }: Mark): [Buffer, Buffer, Buffer] {
  const numbers = { first: 0, count: 0, lost: 0, transit: 0 };
  const ledger = formatLedger({
    v: 1,
    src: node,
    ...numbers,
    at,
    fin: true,
    node,
    offset,
    ...(holds && { holds }),
    ...(up !== undefined && { up }),
  });
  return [Buffer.from(prefix, 'latin1'), Buffer.alloc(0), ledger];
}

/** Undefined for any other message. Cheap for those with a body. */
export function parseMark([head, body, tail]: readonly Buffer[]): Mark | undefined {
  if (head === undefined || body?.length !== 0 || tail === undefined) return undefined;
  const ledger = parseLedger(tail);
  if (ledger === undefined || !isNodeLedger(ledger) || ledger.src !== ledger.node) return undefined;
  const prefix = head.toString('latin1');
  if (parseStream(prefix) === undefined) return undefined;
  const { node, offset, at, holds = false, up } = ledger;
  return { prefix, node, offset, at, holds, ...(up !== undefined && { up }) };
}
