import type { Beginning, Ledger, Origin } from '../wire/index.js';

/** Records that never came, by the hop that lost them; together exactly the gap in the numbers. */
export interface Missing {
  /** Lost before they left the sidecar. */
  readonly sidecar: number;
  /** Lost on the way to the consolidator that forwarded the batch, or with one that died; 0 in a consolidator. */
  readonly consolidator: number;
  /** Lost on the last link, between the sender of this message and its receiver. */
  readonly here: number;
}

/** What one batch told its receiver: how many of its records were seen before, and what is missing before it. */
export interface Observation extends Missing {
  /** Records at the start of the batch that were received before and are to be trimmed. */
  readonly seen: number;
  /**
   * On the first sight of a source whose beginning the sender tells: what is missing since then. A loss only for who was
   * there at that time.
   */
  readonly before?: Missing & { readonly begin: Beginning };
}

/** What never came to the consolidator that a beginning is of, of a source that says where it began itself. */
export function missingSince(
  [first, lost]: Origin,
  begin: readonly [first: number, lost: number, ...unknown[]],
): Missing {
  const gap = Math.max(0, begin[0] - first);
  const sidecar = clamp(begin[1] - lost, gap);
  return { sidecar, consolidator: gap - sidecar, here: 0 };
}

const NOTHING_LOST: Observation = { seen: 0, sidecar: 0, consolidator: 0, here: 0 };

/**
 * One receiver's account of one source. A source numbers its records from 0 before anything can drop one; so a gap
 * between the number expected and the number that came is a loss, all of it, and the ledger's cumulative `lost` says
 * which part of it happened upstream.
 *
 * The first ledger sets the baseline: what passed before is no loss. Ledgers that contradict themselves cannot make
 * the sum differ from the gap: the parts are clamped, the gap is what counts.
 */
export class SourceAccount {
  #expected = 0;
  /** Of the ledger's `lost`, what the sidecar lost. */
  #sidecarLost = 0;
  /** Of the ledger's `lost`, what the consolidator `#node` found missing. */
  #transit = 0;
  #node: string | undefined;
  #known = false;
  #lostHere = 0;

  /** Whether it has seen a message. */
  get known(): boolean {
    return this.#known;
  }

  /** The number that the next record should have. */
  get expected(): number {
    return this.#expected;
  }

  /** All that was lost on the last link so far; a consolidator adds it to the `lost` that it forwards. */
  get lostHere(): number {
    return this.#lostHere;
  }

  /** Takes in one ledger and says what is missing before its batch. */
  observe(ledger: Ledger): Observation {
    const transit = ledger.transit ?? 0;
    const sidecarLost = ledger.lost - transit;
    const { first, count, node } = ledger;
    if (!this.#known) {
      this.#known = true;
      this.#expected = first + count;
      this.#sidecarLost = sidecarLost;
      this.#transit = transit;
      this.#node = node;
      return ledger.begin === undefined ? NOTHING_LOST : sinceBegin(ledger, ledger.begin);
    }
    const gap = first - this.#expected;
    let result = NOTHING_LOST;
    if (gap > 0) {
      // A consolidator that was started anew, or that opened its account of the source anew, counts its own losses from
      // zero again. What its predecessor had received and not forwarded died with it, so an unexplained gap across the
      // change is that hop's and not this link's.
      const anew = node !== this.#node || transit < this.#transit;
      const sidecar = clamp(sidecarLost - this.#sidecarLost, gap);
      const onTheWay = anew ? gap - sidecar : clamp(transit - this.#transit, gap - sidecar);
      result = { seen: 0, sidecar, consolidator: onTheWay, here: gap - sidecar - onTheWay };
      this.#lostHere += result.here;
    } else if (gap < 0) {
      result = { seen: Math.min(count, -gap), sidecar: 0, consolidator: 0, here: 0 };
    }
    // What a message from the same consolidator that ends before the expected number says is old news.
    if (node !== this.#node || first + count >= this.#expected) {
      this.#transit = transit;
      this.#node = node;
    }
    this.#expected = Math.max(this.#expected, first + count);
    this.#sidecarLost = Math.max(this.#sidecarLost, sidecarLost);
    return result;
  }
}

/** What passed between the sender's first sight of a source and the receiver's. */
function sinceBegin({ first, lost, transit = 0 }: Ledger, begin: Beginning): Observation {
  const gap = first - begin[0];
  if (gap === 0) return NOTHING_LOST;
  const sidecar = clamp(lost - transit - begin[1], gap);
  const consolidator = clamp(transit, gap - sidecar);
  return { ...NOTHING_LOST, before: { sidecar, consolidator, here: gap - sidecar - consolidator, begin } };
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}
