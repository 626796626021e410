/** Runs regular expressions where they hold nobody up, and from where they can be taken away. */
import { rangesOf, type Ranges } from './query.js';

/** What {@link Matcher} asks; it asks again when it has the answer. */
export interface MatchRequest {
  readonly pattern: RegExp;
  readonly texts: readonly string[];
}

/** The first message says that the worker is there; each that follows has the ranges in each text. */
export type MatchReport = 'ready' | readonly (Ranges | undefined)[];

interface WorkerScope {
  postMessage(report: MatchReport): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<MatchRequest>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.addEventListener('message', ({ data: { pattern, texts } }) =>
  scope.postMessage(texts.map((text) => rangesOf(pattern, text))),
);
scope.postMessage('ready');
