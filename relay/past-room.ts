export interface PastRoomOptions {
  /** For all pasts together, bytes. */
  readonly bytes: number;
  /** What one past may need while it is made: kept free for the one that came first. At most `bytes`. */
  readonly most: number;
  /** Who has no more than this leaves nothing free for it, so that a small one need not wait for a large one. */
  readonly small?: number;
  /** Pasts in the making at a time. */
  readonly atATime?: number;
  /** So long one waits for a place among those before it has to do without, ms. */
  readonly enterTimeout?: number;
  /** So long one in the making waits for room before readers of others have to do without, ms. */
  readonly patience?: number;
}

/** More would not come sooner: a consolidator is asked for eight pages at a time. */
const AT_A_TIME = 8;

const ENTER_TIMEOUT_MS = 30_000;

const PATIENCE_MS = 2_000;

/** A past's part of the room. */
export interface Share {
  /** Bytes that it has. */
  readonly held: number;
  /** Resolves when it may be made; false where its time is over first, or it was closed. Asked once. */
  enter(): Promise<boolean>;
  /** Resolves when there is so much more room for it; false where it was closed. */
  take(bytes: number): Promise<boolean>;
  /** What it has no longer; less than nothing for what it has beyond what it took. */
  give(bytes: number): void;
  /** It is made. @param evict closes it at once: others wait for its room */
  made(evict: () => void): void;
  /** No reader has it any more, though one may come: it is the first to go. */
  idle: boolean;
  /** Gives all back. Idempotent. */
  close(): void;
}

/**
 * The room in which pasts are fetched, put together and kept until their readers have them.
 *
 * Nobody knows how large a past is before it is there, so each takes room as it grows. That could end with all of them
 * half made and none with room to go on: so whoever came first may take all, and the others leave it what it may need.
 * When what is made and not read leaves too little for even that one, the past that was made first goes, and its readers
 * are told.
 */
export class PastRoom {
  readonly #options: Required<PastRoomOptions>;
  readonly #entering = new Map<PastShare, (isIn: boolean) => void>();
  /** In the order in which they came. */
  readonly #making = new Set<PastShare>();
  readonly #growing = new Map<PastShare, { bytes: number; resolve: (isHad: boolean) => void }[]>();
  readonly #made = new Map<PastShare, () => void>();
  #held = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PastRoomOptions) {
    this.#options = {
      small: 0,
      atATime: AT_A_TIME,
      enterTimeout: ENTER_TIMEOUT_MS,
      patience: PATIENCE_MS,
      ...options,
    };
  }

  /** Bytes that all have. */
  get held(): number {
    return this.#held;
  }

  /** Pasts that wait to be made. */
  get waiting(): number {
    return this.#entering.size;
  }

  open(): Share {
    return new PastShare({
      enter: (share) => this.#enter(share),
      take: (share, bytes) => this.#take(share, bytes),
      give: (share, bytes) => {
        share.held -= bytes;
        this.#held -= bytes;
        if (bytes > 0) this.#look();
      },
      made: (share, evict) => {
        this.#making.delete(share);
        this.#made.set(share, evict);
        this.#look();
      },
      close: (share) => this.#close(share),
    });
  }

  #enter(share: PastShare): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#entering.delete(share);
        resolve(false);
      }, this.#options.enterTimeout).unref();
      this.#entering.set(share, (isIn) => {
        clearTimeout(timer);
        resolve(isIn);
      });
      this.#look();
    });
  }

  #take(share: PastShare, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = this.#growing.get(share) ?? [];
      this.#growing.set(share, asked);
      asked.push({ bytes, resolve });
      this.#look();
    });
  }

  #close(share: PastShare): void {
    this.#entering.get(share)?.(false);
    this.#entering.delete(share);
    for (const { resolve } of this.#growing.get(share) ?? []) resolve(false);
    this.#growing.delete(share);
    this.#making.delete(share);
    this.#made.delete(share);
    this.#held -= share.held;
    share.held = 0;
    this.#look();
  }

  /** Lets in and grants what can be, in the order of coming. */
  #look(): void {
    for (const [share, enter] of this.#entering) {
      if (this.#making.size >= this.#options.atATime) break;
      this.#entering.delete(share);
      this.#making.add(share);
      enter(true);
    }
    let isShort = false;
    for (const share of this.#making) {
      for (const { bytes } of (this.#growing.get(share) ?? []).slice()) {
        if (!this.#fits(share, bytes)) break;
        this.#grant(share);
      }
      isShort ||= this.#growing.has(share);
    }
    if (!isShort) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    const unread = this.#firstMade(true);
    if (unread !== undefined) return unread();
    this.#timer ??= setTimeout(() => this.#makeRoom(), this.#options.patience).unref();
  }

  #fits(share: PastShare, bytes: number): boolean {
    const { most, small } = this.#options;
    const [first] = this.#making;
    const isFree = share === first || share.held + bytes <= small;
    const reserved = isFree ? 0 : Math.max(0, most - (first as PastShare).held);
    return this.#held + bytes + reserved <= this.#options.bytes;
  }

  #grant(share: PastShare): void {
    const asked = this.#growing.get(share) ?? [];
    const next = asked.shift();
    if (asked.length === 0) this.#growing.delete(share);
    if (next === undefined) return;
    share.held += next.bytes;
    this.#held += next.bytes;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    next.resolve(true);
  }

  /** The one that waits has waited long enough. */
  #makeRoom(): void {
    this.#timer = undefined;
    const [first] = this.#making;
    for (const share of this.#making) {
      const next = this.#growing.get(share)?.[0];
      if (next === undefined) continue;
      const evict = this.#held + next.bytes > this.#options.bytes ? this.#firstMade(false) : undefined;
      if (evict !== undefined) return evict();
      // All the room is its own, or theirs who wait behind it: it is larger than was reckoned with.
      if (share === first) this.#grant(share);
      break;
    }
    this.#look();
  }

  #firstMade(isIdle: boolean): (() => void) | undefined {
    for (const [share, evict] of this.#made) if (share.idle || !isIdle) return evict;
    return undefined;
  }
}

interface ShareHost {
  enter(share: PastShare): Promise<boolean>;
  take(share: PastShare, bytes: number): Promise<boolean>;
  give(share: PastShare, bytes: number): void;
  made(share: PastShare, evict: () => void): void;
  close(share: PastShare): void;
}

class PastShare implements Share {
  held = 0;
  idle = false;
  readonly #host: ShareHost;
  #closed = false;

  constructor(host: ShareHost) {
    this.#host = host;
  }

  async enter(): Promise<boolean> {
    return !this.#closed && this.#host.enter(this);
  }

  async take(bytes: number): Promise<boolean> {
    return !this.#closed && this.#host.take(this, bytes);
  }

  give(bytes: number): void {
    if (!this.#closed && bytes !== 0) this.#host.give(this, bytes);
  }

  made(evict: () => void): void {
    if (!this.#closed) this.#host.made(this, evict);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.close(this);
  }
}
