import t from 'tap';
import { createFilter, type FilterSpec } from '../../relay/filter.js';
import { batchOf, numbered, topicOf } from '../support/relay.js';

function passes(spec: FilterSpec, line: string): boolean {
  const { matches } = createFilter(spec);
  return matches === undefined || matches(batchOf([Buffer.from(line).toString('latin1')]), 0);
}

void t.test('a filter that wants everything parses nothing', async (t) => {
  t.equal(createFilter({}).matches, undefined);
  t.equal(createFilter({ containers: ['web-1'] }).matches, undefined, 'nor one that goes by topic alone');
});

void t.test('a level lets through what is as high, and nothing that has none', async (t) => {
  for (const [level, passed] of [
    [30, false],
    [39, false],
    [40, true],
    [50, true],
    [undefined, false],
    ['warn', false],
    [null, false],
  ] as const) {
    t.equal(passes({ level: 40 }, numbered(0, { level })), passed, `level ${level}`);
  }
});

void t.test('text is found in any string of a record, whatever its case', async (t) => {
  const line = numbered(0, {
    msg: 'Straße GEÖFFNET',
    err: { causes: [{ name: 'ECONNREFUSED' }] },
    port: 8080,
  });
  for (const q of ['straße', 'geöffnet', 'Geö', 'econnref', 'WEB-1']) t.equal(passes({ q }, line), true, q);
  for (const q of ['strasse', 'causes', '8080', '"']) t.equal(passes({ q }, line), false, q);
});

void t.test('text and level must both match', async (t) => {
  const line = numbered(0, { level: 50, msg: 'boom' });
  t.equal(passes({ q: 'boom', level: 50 }, line), true);
  t.equal(passes({ q: 'boom', level: 60 }, line), false);
  t.equal(passes({ q: 'bang', level: 50 }, line), false);
});

void t.test('a line that is no record has no level to be filtered by, but has text', async (t) => {
  t.equal(passes({ level: 60 }, '{almost}'), true);
  t.equal(passes({ q: 'most' }, '{almost}'), true);
  t.equal(passes({ q: 'least' }, '{almost}'), false);
});

void t.test('threat: a line of 100,000 brackets overflows no stack', async (t) => {
  const depth = 100_000;
  const line = `{"a":${'['.repeat(depth)}"needle"${']'.repeat(depth)}}`;
  t.equal(passes({ q: 'needle' }, line), true);
  t.equal(passes({ q: 'hay' }, line), false);
});

void t.test('containers are compared whole, by the last segment of the topic', async (t) => {
  const filter = createFilter({ containers: ['web', 'db'] });
  const wanted = (name: string) => filter.wants(batchOf([], { topic: topicOf(name) }));
  t.equal(wanted('tenant/acme/web/'), true);
  t.equal(wanted('system/db/'), true);
  t.equal(wanted('tenant/acme/web-1/'), false);
  t.equal(wanted('tenant/web/acme/'), false);
});

function key(spec: FilterSpec): string {
  return createFilter(spec).key;
}

void t.test('filters that mean the same have the same key, others do not', async (t) => {
  t.equal(key({ containers: ['a', 'b'] }), key({ containers: ['b', 'a', 'b'] }));
  t.equal(key({ q: 'Boom' }), key({ q: 'boom' }));
  const different: FilterSpec[] = [
    {},
    { level: 40 },
    { q: '40' },
    { containers: ['40'] },
    { containers: [] },
    { containers: ['a,b'] },
    { containers: ['a', 'b'] },
    { level: 40, q: 'a' },
  ];
  t.equal(new Set(different.map(key)).size, different.length);
});
