import { watch, type FSWatcher } from 'node:fs';
import {
  DEFAULT_DRAIN_TIMEOUT_MS,
  type CaptureEnd,
  type CaptureSink,
  type Following,
  type Pausable,
} from './capture.js';
import { findLogs, namesMany, type FoundLog } from './cri/find.js';
import { CriFollower } from './cri/follower.js';
import { labelsOf, type CriLabels } from './cri/labels.js';
import type { OnLife } from './lifecycle.js';
import { DEFAULT_HISTORY_MS, DEFAULT_MAX_CONTAINERS } from './source.js';

/** A container whose log was found. */
export interface CriContainer extends Pausable {
  readonly file: string;
  /** Undefined where the path is not laid out as a kubelet does. */
  readonly labels: CriLabels | undefined;
}

/** Where its output goes. */
export interface CriOutput {
  readonly sink: CaptureSink;
  readonly onLife: OnLife;
  /** Its log is gone, or nobody follows it any more. */
  close(): void;
}

export interface CriOptions {
  /** Called once a container; undefined if it is not to be followed. */
  readonly open: (container: CriContainer) => CriOutput | undefined;
  /** Told what concerns no single container. */
  readonly onLife?: OnLife;
  /** Most containers at a time. */
  readonly maxContainers?: number;
  /** Of what is there already, the lines of so long before are handed over, ms; of what comes later, all. */
  readonly historyMs?: number;
  /** How often each file is looked at where no watch wakes us, ms. */
  readonly pollMs?: number;
  /** How often new logs are looked for, ms. */
  readonly scanMs?: number;
  /** A log is gone when nothing was at its path, and nothing was written to it, for so long, ms. Default 5 s. */
  readonly goneMs?: number;
  /** After `stop`, how long what is there may take to be handed over, ms. */
  readonly drainTimeoutMs?: number;
}

const POLL_MS = 250;
const SCAN_MS = 1_000;

/** Follows the logs that a container runtime writes for Kubernetes: a file, or all that a folder or a pattern names. */
export function attachCri(path: string, options: CriOptions): Following {
  return new CriSource(path, options);
}

interface Followed {
  readonly follower: CriFollower;
  readonly output: CriOutput;
}

class CriSource implements Following {
  readonly ended: Promise<CaptureEnd>;
  readonly #path: string;
  readonly #options: CriOptions;
  readonly #followed = new Map<string, Followed>();
  /** Keys that the owner declined or that cannot be read, as long as their logs are there. */
  readonly #declined = new Set<string>();
  /** The newest file of each log that the first scan found and nobody was asked about yet. */
  readonly #before = new Map<string, string>();
  readonly #timers: NodeJS.Timeout[];
  readonly #since: number;
  #watcher: FSWatcher | undefined;
  #isFirstScan = true;
  #isFull = false;
  #stopped = false;
  #over: (end: CaptureEnd) => void = () => undefined;

  constructor(path: string, options: CriOptions) {
    this.#path = path;
    this.#options = options;
    this.#since = Date.now() - (options.historyMs ?? DEFAULT_HISTORY_MS);
    this.ended = new Promise((resolve) => (this.#over = resolve));
    const first = setTimeout(() => this.#scan(), 0);
    const scan = setInterval(() => this.#scan(), options.scanMs ?? SCAN_MS);
    const poll = setInterval(() => this.#poll(), options.pollMs ?? POLL_MS);
    this.#timers = [first, scan, poll];
    this.#watch();
  }

  pause(): void {
    for (const { follower } of this.#followed.values()) follower.pause();
  }

  resume(): void {
    for (const { follower } of this.#followed.values()) follower.resume();
  }

  /** What came since the last scan is handed over as well: a container may have run and ended meanwhile. */
  stop(): void {
    if (this.#stopped) return;
    this.#scan();
    this.#stopLooking();
    const deadline = this.#options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS;
    const stopped = [...this.#followed].map(([key, { follower }]) =>
      follower.stop(deadline).then(() => this.#letGo(key)),
    );
    void Promise.all(stopped).then(() => this.close());
  }

  close(): void {
    this.#stopLooking();
    for (const key of this.#followed.keys()) this.#letGo(key);
    this.#over({ code: 0, held: [] });
  }

  #stopLooking(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#watcher?.close();
  }

  #scan(): void {
    const found = findLogs(this.#path);
    const keys = new Set(found.map(({ key }) => key));
    for (const key of this.#declined) {
      if (!keys.has(key)) this.#declined.delete(key);
    }
    const max = this.#options.maxContainers ?? DEFAULT_MAX_CONTAINERS;
    if (found.length === 0 && this.#isFirstScan)
      this.#tell(`there is nothing to follow at ${this.#path} yet, or it may not be read`);
    if (this.#isFirstScan) for (const { key, files } of found) this.#before.set(key, files.at(-1) as string);
    this.#isFirstScan = false;
    let left = 0;
    for (const log of found) {
      if (this.#followed.has(log.key) || this.#declined.has(log.key)) continue;
      if (this.#followed.size < max) this.#follow(log);
      else left += 1;
    }
    if (left > 0 && !this.#isFull)
      this.#tell(`${left} containers are not followed: ${max} are, which is the most (--max-containers)`);
    this.#isFull = left > 0;
  }

  #follow({ key, files }: FoundLog): void {
    // A log that came to be under our eyes is read from its beginning; of what was there before, only what is recent,
    // also if it had to wait for a place.
    const before = this.#before.get(key);
    this.#before.delete(key);
    const file = before !== undefined && files.includes(before) ? before : (files[0] as string);
    let follower: CriFollower | undefined;
    const output = this.#options.open({
      file,
      labels: labelsOf(file),
      pause: () => follower?.pause(),
      resume: () => follower?.resume(),
    });
    if (output === undefined) {
      this.#declined.add(key);
      return;
    }
    const since = before === undefined ? 0 : this.#since;
    const { goneMs } = this.#options;
    const { sink, onLife } = output;
    follower = new CriFollower(file, { sink, onLife, since, ...(goneMs !== undefined && { goneMs }) });
    this.#followed.set(key, { follower, output });
    follower.poll();
  }

  #poll(): void {
    for (const [key, { follower }] of this.#followed) {
      follower.poll();
      if (follower.failed) this.#declined.add(key);
      if (follower.gone || follower.failed) this.#letGo(key);
    }
  }

  #letGo(key: string): void {
    const followed = this.#followed.get(key);
    this.#followed.delete(key);
    followed?.follower.close();
    followed?.output.close();
  }

  #tell(msg: string): void {
    this.#options.onLife?.({ kind: 'lost', msg });
  }

  /** A new pod's folder is seen at once; what comes to be further down, by the clock. */
  #watch(): void {
    if (!namesMany(this.#path) || /[*?]/.test(this.#path)) return;
    try {
      this.#watcher = watch(this.#path, { persistent: false }, (event) => {
        if (event === 'rename' && !this.#stopped) this.#scan();
      });
      this.#watcher.on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }
}
