import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import t from 'tap';
import { createNormalizer } from '../../../sidecar/normalize/index.js';
import { CAPTURED, flaw, OPTIONS, parse, record } from './helpers.js';

const CORE =
  '"name":"shop","hostname":"h","pid":7,"level":30,"msg":"hi","time":"2024-01-02T03:04:05.678Z","v":0';

void t.test('a line cannot pretend to be of another tenant, container or stream', async (t) => {
  const claims = { tenant: 'victim', container: 'db', stream: 'stderr' };
  const said = Object.entries(claims).map(([key, value]) => `"${key}":"${value}"`);
  const lines = [
    `{"msg":"m",${said.join(',')}}`,
    `{${CORE},${said.join(',')}}`,
    `{"level":30,"time":1700000000000,"pid":1,"hostname":"h","msg":"m",${said.join(',')}}`,
    `level=info msg=m ${Object.entries(claims)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ')}`,
  ];
  for (const line of lines) {
    const made = record(line);
    t.equal(flaw(made), undefined);
    t.strictSame(made.orig, claims, line);
  }
});

void t.test('a claim that is repeated, or written with escapes, is found', async (t) => {
  for (const first of ['"tenant":"victim"', '"ten\\u0061nt":"victim"']) {
    for (const line of [`{${CORE},${first},"tenant":"acme"}`, `{${CORE},"tenant":"acme",${first}}`]) {
      const made = createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED);
      t.equal(made.match(/"tenant":/g)?.length, 2, 'its own, and the other under orig');
      t.match(parse(made), { tenant: 'acme', orig: { tenant: 'victim' } });
    }
  }
});

void t.test('of a core field that is repeated the last one counts, and the others are kept', async (t) => {
  const made = createNormalizer(OPTIONS).record(
    '{"msg":"a","level":"error","msg":"b","msg":"c"}',
    'stdout',
    CAPTURED,
  );
  t.match(parse(made), { msg: 'c', level: 50, orig: { msg: ['a', 'b'] } });
});

void t.test('__proto__ and its kin are fields like any other', async (t) => {
  const made = record(
    '{"__proto__":{"tenant":"victim","polluted":1},"constructor":2,"toString":3,"msg":"m"}',
  );
  t.ok(Object.hasOwn(made, '__proto__'));
  t.equal(({} as Record<string, unknown>).polluted, undefined);
  t.match(made, { constructor: 2, toString: 3, tenant: 'acme' });
});

void t.test('nesting as deep as a line is long ends neither the stack nor the minute', async (t) => {
  const deep = 100_000;
  const nested = `${'['.repeat(deep)}${']'.repeat(deep)}`;
  for (const line of [
    `{"msg":"m","a":${nested}}`,
    `{"msg":${nested}}`,
    `{"err":${nested}}`,
    `{${CORE},"a":${nested}}`,
  ]) {
    const made = createNormalizer({ ...OPTIONS, redact: { fields: ['secret'], patterns: [/\[]/] } });
    t.equal(flaw(parse(made.record(line, 'stdout', CAPTURED))), undefined);
  }
  const objects = `${'{"a":'.repeat(deep / 10)}1${'}'.repeat(deep / 10)}`;
  t.equal(flaw(record(objects)), undefined);
});

void t.test(
  'a CR between the tokens of JSON does not reach the record, where it would break an event',
  async (t) => {
    for (const line of [`{${CORE},\r"a":{\r"b":1}}`, '{"msg":"m",\r"a":{\r"b":1}}']) {
      const made = createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED);
      t.notOk(made.includes('\r'));
      t.match(parse(made), { a: { b: 1 } });
    }
  },
);

void t.test('lone surrogates and separators stay valid JSON and valid UTF-8', async (t) => {
  for (const line of [
    '\ud800 x',
    '{"msg":"\\ud800"}',
    '{"msg":"\u2028"}',
    '{"a\\ud800":"\ud800"}',
    'nul \0',
  ]) {
    const made = createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED);
    const bytes = Buffer.from(made);
    t.equal(flaw(parse(bytes.toString())), undefined);
    t.equal(bytes.indexOf(0x0a), bytes.length - 1);
  }
});

void t.test('numbers that no core field can be are not taken for one', async (t) => {
  for (const level of ['0', '-10', '30.5', '1e3', '99999', '1e999', '"NaN"', 'null', 'true', '[30]']) {
    t.equal(record(`{"level":${level},"msg":"m"}`).level, 30, level);
  }
  for (const pid of ['1.5', '1e20', '"1"', 'null']) t.equal(record(`{"pid":${pid},"msg":"m"}`).pid, 42, pid);
});

void t.test('what looks like JSON and is none is a line of text', async (t) => {
  for (const line of [
    '{"a":1',
    '{"a":1}}',
    '{a:1}',
    '{"a":NaN}',
    '[1]',
    '"x"',
    '{"a":1}{"b":2}',
    '{',
    '{}x',
  ]) {
    t.equal(record(line).msg, line);
  }
});

void t.test('marks are set by the splitter and cannot be forged', async (t) => {
  const truncated = record('x', {}, { truncatedFrom: 300_000 });
  t.match(truncated, { msg: 'x', truncated: 300_000, invalidUtf8: undefined });
  t.match(record(`{${CORE}}`, {}, { invalid: true }), { invalidUtf8: true });
  const forged = record('{"msg":"m","truncated":1,"invalidUtf8":2}', {}, { invalid: true });
  t.match(forged, { invalidUtf8: true, orig: { truncated: 1, invalidUtf8: 2 } });
  t.equal(record(`{${CORE},"invalidUtf8":2}`, {}, { invalid: true }).invalidUtf8, true);
});

void t.test('lines made to make patterns backtrack take no longer than others of their length', async (t) => {
  const long = 250_000;
  const lines = [
    '[',
    '<1>',
    'a=',
    'a="\\',
    '2024-01-02 12:00:00 ',
    '[a] ',
    'E0102 ',
    '1 ',
    'a.',
    '<1>1 - - - - - [a ',
    'Error',
    '\x1b[',
    'eyJ-',
    'password=',
    '"',
    '://a:',
    'Bearer ',
    "'",
    '-----BEGIN ',
    'cookie: ',
    'cookie: ="',
    'password="\\',
    'password=\\"',
    'password=\\\\" \\" "',
    'password="" ',
    'password={',
    'password=[]',
    'password:\\',
    'password\\',
  ].map((part) => part.repeat(Math.ceil(long / part.length)));
  for (const part of ['"tenant":1,', '"msg":1,', '"orig":1,', '"password":1,'])
    lines.push(`{${part.repeat(long / part.length)}"msg":"m"}`);
  const normalizer = createNormalizer({
    ...OPTIONS,
    redact: (await import('../../../sidecar/normalize/index.js')).DEFAULT_REDACT,
  });
  for (const line of lines) {
    const before = process.cpuUsage();
    normalizer.record(line, 'stdout', CAPTURED);
    const { user } = process.cpuUsage(before);
    t.ok(user < 1_000_000, `${JSON.stringify(line.slice(0, 12))}: ${Math.round(user / 1000)} ms`);
  }
});

void t.test('threat: keys without end, each of a long line, fill the memory', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const normalizer = createNormalizer({ ...OPTIONS, redact: { fields: ['password'] } });
  const padding = 'x'.repeat(100_000);
  const heapAfter = (lines: number): number => {
    for (let i = 0; i < lines; i += 1)
      normalizer.record(
        `{"password":"x","a_key_of_its_own_${lines}_${i}":1,"msg":"${padding}"}`,
        'stdout',
        CAPTURED,
      );
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heapAfter(10);
  const grown = heapAfter(500) - before;
  t.ok(grown < 10_000_000, `${grown} bytes, of 50 MB in the lines`);
});

void t.test('any text, and any JSON, makes a record', async (t) => {
  const key = fc.oneof(
    fc.constantFrom('name', 'level', 'msg', 'time', 'v', 'pid', 'err', 'orig', 'tenant'),
    fc.string(),
  );
  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
    fc.dictionary(key, fc.jsonValue()).map((value) => JSON.stringify(value)),
    fc
      .array(fc.tuple(key, fc.string()))
      .map((pairs) => pairs.map(([a, b]) => `${a}=${JSON.stringify(b)}`).join(' ')),
  );
  const sound = fc.property(line, (text) => flaw(record(text)) === undefined);
  t.equal(fc.check(sound, { numRuns: 2000 }).counterexample, null);
});
