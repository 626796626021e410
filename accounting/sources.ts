import { wideStreamOf, type Ledger, type RememberedSource } from '../wire/index.js';
import { SourceAccount } from './source.js';

/** A followed source and when it was last heard of, in the owner's clock (ms). */
export interface FollowedSource {
  readonly account: SourceAccount;
  readonly src: string;
  /** When the account was opened. */
  readonly since: number;
  /** What its owner tells those behind it of where it begins; for the owner to set. */
  sight: RememberedSource | undefined;
  heardAt: number;
  /** It has been told of as silent, and not been heard of since. */
  isSilent: boolean;
  /** The sender's promise: the next message comes within so many ms; 0 where it made none. */
  beat: number;
}

export interface SourcesOptions {
  /** Most sources followed at a time; a further one is refused until some have ended. Default 100,000. */
  readonly maxSources?: number;
  /** Most sources of one topic; beyond it the one longest unheard of is forgotten. Default 64. */
  readonly maxSourcesPerTopic?: number;
}

export const DEFAULT_MAX_SOURCES = 100_000;
export const DEFAULT_MAX_SOURCES_PER_TOPIC = 64;

/**
 * The sources that a receiver follows, by topic and source id. A source is identified by both: a sender that names
 * another's source id under its own topic opens an account of its own and cannot touch the other's.
 */
export class Sources {
  readonly #topics = new Map<string, Map<string, FollowedSource>>();
  /** The followed topics by their wider stream: thousands of streams may be left at the same moment. */
  readonly #byStream = new Map<string, Set<string>>();
  readonly #maxSources: number;
  readonly #maxSourcesPerTopic: number;
  #size = 0;
  #forgotten = 0;

  constructor(options: SourcesOptions = {}) {
    this.#maxSources = options.maxSources ?? DEFAULT_MAX_SOURCES;
    this.#maxSourcesPerTopic = options.maxSourcesPerTopic ?? DEFAULT_MAX_SOURCES_PER_TOPIC;
  }

  get size(): number {
    return this.#size;
  }

  /** Accounts given up so far although their sources may go on: those would be taken for new ones. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /**
   * The account of the ledger's source, opened if it is new; undefined where there is no room for another. `now` in
   * ms of any monotonic clock.
   */
  follow(topic: string, ledger: Ledger, now: number): FollowedSource | undefined {
    const known = this.#topics.get(topic);
    const source = known?.get(ledger.src) ?? this.#open(topic, known, ledger.src, now);
    if (source === undefined) return undefined;
    source.heardAt = now;
    source.isSilent = false;
    source.beat = ledger.beat ?? 0;
    return source;
  }

  #open(topic: string, known: Map<string, FollowedSource> | undefined, src: string, now: number) {
    if (known !== undefined && known.size >= this.#maxSourcesPerTopic) {
      // One sender that makes up source ids pushes out its own, and no other topic's.
      known.delete(stalest(known.values()).src);
      this.#size -= 1;
      this.#forgotten += 1;
    } else if (this.#size >= this.#maxSources) {
      return undefined;
    }
    const source: FollowedSource = {
      account: new SourceAccount(),
      src,
      since: now,
      sight: undefined,
      heardAt: now,
      isSilent: false,
      beat: 0,
    };
    if (known === undefined) this.#addTopic(topic).set(src, source);
    else known.set(src, source);
    this.#size += 1;
    return source;
  }

  /** Ends an account: the source said `fin`. */
  close(topic: string, src: string): void {
    const sources = this.#topics.get(topic);
    if (sources?.delete(src)) {
      this.#size -= 1;
      if (sources.size === 0) this.#deleteTopic(topic);
    }
  }

  /**
   * A stream is not asked for any more: forgets the sources of its topics, but for those that are `still` asked for by
   * another one. `''` is the stream of everything.
   */
  leave(stream: string, still: (topic: string) => boolean): void {
    for (const topic of this.#topicsOf(stream)) {
      if (still(topic)) continue;
      this.#size -= this.#topics.get(topic)?.size ?? 0;
      this.#deleteTopic(topic);
    }
  }

  #topicsOf(stream: string): string[] {
    if (stream === '') return [...this.#topics.keys()];
    return this.#topics.has(stream) ? [stream] : [...(this.#byStream.get(stream) ?? [])];
  }

  #addTopic(topic: string): Map<string, FollowedSource> {
    const sources = new Map<string, FollowedSource>();
    this.#topics.set(topic, sources);
    const stream = wideStreamOf(topic);
    const topics = this.#byStream.get(stream);
    if (topics === undefined) this.#byStream.set(stream, new Set([topic]));
    else topics.add(topic);
    return sources;
  }

  #deleteTopic(topic: string): void {
    this.#topics.delete(topic);
    const stream = wideStreamOf(topic);
    const topics = this.#byStream.get(stream);
    if (topics?.delete(topic) && topics.size === 0) this.#byStream.delete(stream);
  }

  /** Marks and returns the sources that have newly been silent for longer than `silence` answers for them (ms). */
  silent(
    now: number,
    silence: (source: FollowedSource) => number,
  ): { topic: string; source: FollowedSource }[] {
    const found: { topic: string; source: FollowedSource }[] = [];
    for (const [topic, sources] of this.#topics) {
      for (const source of sources.values()) {
        if (source.isSilent || now - source.heardAt <= silence(source)) continue;
        source.isSilent = true;
        found.push({ topic, source });
      }
    }
    return found;
  }

  /** Forgets and returns the sources that were silent for longer than `silence` answers for them (ms). */
  sweep(
    now: number,
    silence: (source: FollowedSource) => number,
  ): { topic: string; source: FollowedSource }[] {
    const gone: { topic: string; source: FollowedSource }[] = [];
    for (const [topic, sources] of this.#topics) {
      for (const source of sources.values()) {
        if (now - source.heardAt > silence(source)) gone.push({ topic, source });
      }
    }
    for (const { topic, source } of gone) this.close(topic, source.src);
    this.#forgotten += gone.length;
    return gone;
  }
}

function stalest(sources: Iterable<FollowedSource>): FollowedSource {
  let found: FollowedSource | undefined;
  for (const source of sources) {
    if (found === undefined || source.heardAt < found.heardAt) found = source;
  }
  return found as FollowedSource;
}
