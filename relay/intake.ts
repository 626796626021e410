import { hostname } from 'node:os';
import {
  addLosses,
  isNone,
  lossOf,
  missingSince,
  NO_LOSSES,
  Sources,
  SIDECAR_OVERFLOW,
  CONSOLIDATOR_TRANSIT,
  RELAY_TRANSIT,
  type Losses,
  type Missing,
  type Observation,
} from '../accounting/index.js';
import { plainRecord } from '../wire/foreign.js';
import {
  leafOf,
  parseMessage,
  REFUSALS,
  type Beginning,
  type Ledger,
  type Message,
  type Origin,
  type Refusal,
  type Topic,
} from '../wire/index.js';
import { latin1Of, RecordBatch, splitLines, utf8Of } from './record-batch.js';

/** What a message brought. */
export interface Arrival {
  readonly name: string;
  readonly topic: Topic;
  readonly batch: RecordBatch;
  /** Records at the batch's start that were seen before. */
  readonly seen: number;
  /** What is missing before the batch. */
  readonly losses: Losses;
  /** What is missing since a source began that is seen for the first time; a loss for who was there. */
  readonly before?: Before;
}

/** What may be missing before the first message of a source. */
export interface Before {
  /** Since it came to the consolidator. */
  readonly losses: Losses;
  readonly begin: Beginning;
  /** Before that, since it began by its own word. */
  readonly sinceOrigin: Losses;
  readonly origin: Origin | undefined;
}

export interface RelayIntakeStats {
  messages: number;
  records: number;
  bytes: number;
  duplicates: number;
  /** Records that were no JSON object and were wrapped into one. */
  wrapped: number;
  /** By hop and reason. */
  lost: Losses;
  readonly refused: Record<Refusal, number>;
}

export interface RelayIntakeOptions {
  readonly maxBodyBytes: number;
  readonly maxSources: number;
}

/** A source that promised heartbeats is forgotten after so many were missed; one that did not, after `SILENCE_MS`. */
const BEATS_MISSED = 60;
const SILENCE_MS = 600_000;

/** A source that promised heartbeats is told of as silent after so many were missed. */
const BEATS_SILENT = 3;

/** What a relay does to a message, apart from sockets and hubs: checks it, splits it, keeps the account. */
export class RelayIntake {
  readonly stats: RelayIntakeStats = {
    messages: 0,
    records: 0,
    bytes: 0,
    duplicates: 0,
    wrapped: 0,
    lost: NO_LOSSES,
    refused: Object.fromEntries(REFUSALS.map((word) => [word, 0])) as Record<Refusal, number>,
  };
  readonly #options: RelayIntakeOptions;
  readonly #sources: Sources;
  readonly #hostname = hostname();

  constructor(options: RelayIntakeOptions) {
    this.#options = options;
    this.#sources = new Sources({ maxSources: options.maxSources });
  }

  get sources(): number {
    return this.#sources.size;
  }

  /** See {@link Sources.forgotten}. */
  get forgotten(): number {
    return this.#sources.forgotten;
  }

  /** Checks the frames of a message; undefined where it is refused. Hot: once a message. */
  read(frames: readonly Buffer[]): Message | undefined {
    const message = parseMessage(frames, this.#options.maxBodyBytes);
    return typeof message === 'string' ? this.#refuse(message) : message;
  }

  /** Hot: once a message. `now` in ms, monotonic; undefined where the message is refused. */
  accept({ name, topic, ledger, body }: Message, now: number): Arrival | undefined {
    const lines = this.lines(topic, body);
    let seen = 0;
    let losses = NO_LOSSES;
    let before: Arrival['before'];
    if (ledger !== undefined) {
      // The sender's word and the body disagree: nothing of it can be numbered. Its source stays where it was, so the
      // next good batch shows these records as lost.
      if (lines.length !== ledger.count) return this.#refuse('count');
      const source = this.#sources.follow(name, ledger, now);
      if (source === undefined) return this.#refuse('limit');
      const isNew = !source.account.known;
      const observed = source.account.observe(ledger);
      seen = observed.seen;
      if (observed.sidecar + observed.consolidator + observed.here > 0) {
        losses = lossesOf(observed);
        this.count(losses);
      }
      if (isNew) before = beforeFirst(ledger, observed);
      if (ledger.fin) this.#sources.close(name, ledger.src);
    }
    this.stats.messages += 1;
    this.stats.records += lines.length - seen;
    this.stats.bytes += body.length;
    this.stats.duplicates += seen;
    const origin = { node: ledger?.node ?? '', offset: ledger?.offset ?? 0, at: ledger?.at ?? 0 };
    return {
      name,
      topic,
      batch: new RecordBatch(topic, lines, origin),
      seen,
      losses,
      ...(before && { before }),
    };
  }

  /** Adds what somebody here has to miss. */
  count(losses: Losses): void {
    this.stats.lost = addLosses(this.stats.lost, losses);
  }

  /** Nobody reads a stream any more; of its topics some may `still` be read in another one. */
  leave(stream: string, still: (topic: string) => boolean): void {
    this.#sources.leave(stream, still);
  }

  /** Topics of sources that have newly fallen silent without `fin`, one entry a source. */
  silent(now: number): string[] {
    return this.#sources.silent(now, overdueAfter).map(({ topic }) => topic);
  }

  sweep(now: number): void {
    this.#sources.sweep(now, ({ beat }) => (beat > 0 ? beat * BEATS_MISSED : SILENCE_MS));
  }

  #refuse(word: Refusal): undefined {
    this.stats.refused[word] += 1;
    return undefined;
  }

  /** The body's lines. One that cannot be a JSON object is wrapped into a record: readers rely on objects. */
  lines(topic: Topic, body: Buffer): string[] {
    const lines = splitLines(body);
    for (let i = 0; i < lines.length; i += 1) {
      if (!isBraced(lines[i] as string)) lines[i] = this.#adopt(lines[i] as string, topic);
    }
    return lines;
  }

  #adopt(line: string, topic: Topic): string {
    const trimmed = line.trimEnd();
    if (isBraced(trimmed)) return trimmed;
    this.stats.wrapped += 1;
    const time = new Date().toISOString();
    const record = plainRecord(utf8Of(line), { name: leafOf(topic), hostname: this.#hostname, time });
    return latin1Of(JSON.stringify({ ...record, wrapped: true }));
  }
}

/** Undefined where nothing can be missing. */
function beforeFirst({ begin, origin }: Ledger, { before }: Observation): Before | undefined {
  if (begin === undefined) return undefined;
  const losses = before === undefined ? NO_LOSSES : lossesOf(before);
  const sinceOrigin = origin === undefined ? NO_LOSSES : lossesOf(missingSince(origin, begin));
  return isNone(losses) && isNone(sinceOrigin) ? undefined : { losses, begin, sinceOrigin, origin };
}

function lossesOf({ sidecar, consolidator, here }: Missing): Losses {
  const upstream = addLosses(lossOf(SIDECAR_OVERFLOW, sidecar), lossOf(CONSOLIDATOR_TRANSIT, consolidator));
  return addLosses(upstream, lossOf(RELAY_TRANSIT, here));
}

function isBraced(line: string): boolean {
  return line.charCodeAt(0) === OPEN && line.charCodeAt(line.length - 1) === CLOSE;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;

/** How long a source may say nothing before it is told of, ms; for ever where it promised nothing. */
function overdueAfter({ beat }: { beat: number }): number {
  return beat > 0 ? beat * BEATS_SILENT : Number.POSITIVE_INFINITY;
}
