import t from 'tap';
import { markEntry, recordEntry, type Entry } from '../../relay/viewer/entry.js';
import { Journal, MAX_KEPT } from '../../relay/viewer/journal.js';

function record(msg: string, level = 30): Entry {
  return recordEntry(JSON.stringify({ name: 'x', level, msg, time: '2026-01-01T00:00:00.000Z', v: 0 }));
}

const texts = (journal: Journal) => [...journal.entries()].map(({ text }) => text);

void t.test('paused, what is shown stands still, and what comes follows on resume', async (t) => {
  const journal = new Journal();
  journal.append([record('a')]);
  journal.pause();
  journal.append([record('b'), record('c')]);
  t.same(texts(journal), ['a']);
  t.equal(journal.fresh, 2);
  journal.resume();
  t.same(texts(journal), ['a', 'b', 'c']);
  t.equal(journal.fresh, 0);
});

void t.test('it keeps the newest and says how many it let go', async (t) => {
  const journal = new Journal();
  journal.append(Array.from({ length: MAX_KEPT + 5 }, (_, i) => record(`line ${i}`, i < 5 ? 50 : 30)));
  t.equal(journal.kept, MAX_KEPT);
  t.equal(journal.letGo, 5);
  t.equal(journal.length, MAX_KEPT);
  t.equal(journal.get(journal.numberAt(0))?.text, 'line 5');
  t.match(journal.counts, { error: 0, info: MAX_KEPT }, 'the counts are of what is kept');
});

void t.test('what came while paused and was let go is said in its place', async (t) => {
  const journal = new Journal();
  journal.append([record('before')]);
  journal.pause();
  journal.append(Array.from({ length: MAX_KEPT + 7 }, (_, i) => record(`line ${i}`)));
  journal.resume();
  const said = [...journal.entries()].find(({ kind }) => kind === 'mark');
  // The line before and the mark have made room for the newest.
  t.equal(said, undefined);
  t.equal(journal.kept, MAX_KEPT);
  t.equal(journal.letGo, 2);

  const short = new Journal();
  short.pause();
  const long = 'x'.repeat(1024 * 1024);
  short.append(Array.from({ length: 40 }, () => record(long)));
  short.append([record('newest')]);
  short.resume();
  t.ok(short.kept < 40, 'by characters too');
});

void t.test('a filter is of the past too, and places follow numbers', async (t) => {
  const journal = new Journal();
  journal.append(['apple', 'bread', 'avocado', 'butter'].map((text) => record(text)));
  journal.filter((entry) => entry.text.startsWith('a'));
  t.same(texts(journal), ['apple', 'avocado']);
  t.equal(journal.numberAt(1), 2);
  t.equal(journal.placeOf(1), 1, 'of what is hidden, the place of the next that is shown');
  journal.pause();
  journal.append([record('almond'), record('cheese')]);
  t.equal(journal.fresh, 1, 'new are only those that pass');
  journal.filter(() => true);
  t.equal(journal.fresh, 2);
  journal.resume();
  t.equal(journal.length, 6);
});

void t.test('cleared, nothing is left of a stream', async (t) => {
  const journal = new Journal();
  journal.append([record('a', 50), markEntry('connection lost')]);
  journal.pause();
  journal.clear();
  t.same(
    [journal.length, journal.kept, journal.letGo, journal.paused, journal.counts.error],
    [0, 0, 0, false, 0],
  );
});
