import t, { type Test } from 'tap';
import { finderOf, type Finder } from '../../relay/viewer/finder.js';
import { markEntry } from '../../relay/viewer/entry.js';
import { Matcher, type MatchWorker } from '../../relay/viewer/matcher.js';
import type { MatchReport, MatchRequest } from '../../relay/viewer/matcher-worker.js';
import { rangesOf } from '../../relay/viewer/query.js';

/** A worker that answers, unless the pattern is the one that takes for ever; the real one is in expression.test.ts. */
class Twin extends EventTarget implements MatchWorker {
  readonly #log: string[];

  constructor(log: string[], isThere = true) {
    super();
    this.#log = log;
    log.push('started');
    if (isThere) this.#report('ready');
    else queueMicrotask(() => this.dispatchEvent(new Event('error')));
  }

  postMessage({ pattern, texts }: MatchRequest): void {
    this.#log.push(`${pattern.source} on ${texts.length}`);
    if (pattern.source !== 'slow') this.#report(texts.map((text) => rangesOf(pattern, text)));
  }

  terminate(): void {
    this.#log.push('ended');
  }

  #report(data: MatchReport): void {
    queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data })));
  }
}

function expression(t: Test, text: string, matcher: Matcher): Finder {
  const finder = finderOf(text, matcher);
  if (finder === undefined || typeof finder === 'string') return t.bailout(`${text} is ${finder}`) as never;
  return finder;
}

void t.test(
  'an expression is asked of the worker, in portions, and what it said is remembered',
  async (t) => {
    const log: string[] = [];
    const finder = expression(t, '/b+/', new Matcher(() => new Twin(log)));
    const entries = Array.from({ length: 1_500 }, (_, i) => markEntry(i % 2 === 0 ? 'abba' : 'aa'));
    await finder.examine(entries);
    t.same(log, ['started', 'b+ on 1000', 'b+ on 500']);
    t.equal(entries.filter((entry) => finder.finds(entry)).length, 750);
    t.same(finder.rangesOf(entries[0] as never), [[1, 3]]);
    t.equal(finder.rangesOf(entries[1] as never), undefined);
  },
);

void t.test('text is found without it', async (t) => {
  const log: string[] = [];
  const finder = expression(t, '(b+)+', new Matcher(() => new Twin(log)));
  const entry = markEntry('a (B+)+ b');
  await finder.examine([entry]);
  t.same(finder.rangesOf(entry), [[2, 7]]);
  t.same(log, []);
});

void t.test('one that takes too long is given up with its worker, and the next gets another', async (t) => {
  const log: string[] = [];
  const matcher = new Matcher(() => new Twin(log), 20);
  const late = matcher.find(/slow/g, ['x']);
  const next = matcher.find(/x/g, ['x']);
  await t.rejects(late, { code: 'too-slow' });
  t.same(await next, [[[0, 1]]]);
  t.same(log, ['started', 'slow on 1', 'ended', 'started', 'x on 1']);
});

void t.test('a worker that cannot be started says so, and is started again for the next', async (t) => {
  let isThere = false;
  const matcher = new Matcher(() => new Twin([], isThere));
  await t.rejects(matcher.find(/x/g, ['x']), { code: 'no-worker' });
  isThere = true;
  t.same(await matcher.find(/x/g, ['x']), [[[0, 1]]]);
});

void t.test('what is no longer asked for examines no further portion', async (t) => {
  const log: string[] = [];
  const finder = expression(t, '/b/', new Matcher(() => new Twin(log)));
  const examined = finder.examine(Array.from({ length: 5_000 }, () => markEntry('b')));
  finder.end();
  await examined;
  t.same(log, ['started', 'b on 1000']);
});
