import { spawn } from 'node:child_process';
import { text as readAll } from 'node:stream/consumers';
import * as fc from 'fast-check';
import t from 'tap';
import { formatRecord, type TextOptions } from '../../../relay/encode/text.js';

const RESET = '\u001b[0m';

/** Everything that bunyan's own program prints for these records, in one run of it. */
async function bunyan(records: readonly object[], flags: readonly string[], env = {}): Promise<string> {
  const child = spawn(process.execPath, ['node_modules/bunyan/bin/bunyan', ...flags], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  child.stdin.end(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const printed = await readAll(child.stdout);
  // Colours are switched off at the end of a run, which is no part of a record: those end in a line feed.
  return printed.endsWith(RESET) ? printed.slice(0, -RESET.length) : printed;
}

/** The first record that is printed otherwise, with both texts; undefined if all are alike. */
function firstDifference(records: readonly object[], printed: string, options: TextOptions) {
  let at = 0;
  for (const record of records) {
    // Through UTF-8, as the program's output has come: a lone surrogate is U+FFFD on both sides.
    const wanted = Buffer.from(formatRecord(structuredClone(record), options)).toString();
    if (!printed.startsWith(wanted, at)) {
      return {
        record: JSON.stringify(record),
        ours: wanted,
        theirs: printed.slice(at, at + wanted.length + 80),
      };
    }
    at += wanted.length;
  }
  return at === printed.length ? undefined : { left: printed.slice(at) };
}

const core = {
  name: 'wt',
  hostname: 'vm-1',
  pid: 4711,
  level: 30,
  msg: 'A new request received',
  time: '2026-01-02T06:41:13.980Z',
  v: 0,
};

const req = {
  method: 'POST',
  url: '/run/x?y=1',
  headers: { host: 'a.example', accept: '*/*', list: ['a', 'b'] },
  remoteAddress: '::1',
  remotePort: 1,
};

const table: readonly object[] = [
  core,
  ...[10, 20, 30, 40, 50, 60, 35, 0, 5, 100, '30', 'info'].map((level) => ({ ...core, level })),
  ...[
    '',
    ' ',
    'a\nb',
    'a\r\nb',
    '\n',
    'a\n',
    '100% %s %d',
    '\u001b[31mred',
    'é 🎉 \u2028',
    'x'.repeat(300),
  ].map((msg) => ({
    ...core,
    msg,
  })),
  ...[
    '2026-01-02T06:41:13Z',
    '2026-01-02T06:41:13.98+02:00',
    '2026-01-02T06:41:13.980123Z',
    1_790_000_000_000,
    'soon',
  ].map((time) => ({ ...core, time })),
  ...[
    '2026-02-30T06:41:13.980Z',
    '2028-02-29T06:41:13.980Z',
    '2026-01-02T25:41:13.980Z',
    '2026-01-02',
    '0000-01-01T00:00:00.000Z',
  ].map((time) => ({ ...core, time })),
  { ...core, tenant: 'acme', container: 'web-1', stream: 'stdout' },
  { ...core, component: 'db', sub: 'pool' },
  { ...core, component: '', src: null, req_id: 0 },
  { ...core, name: 5, hostname: '', pid: 'x' },
  { ...core, name: { a: [1, { b: 2 }] }, hostname: ['h'], pid: { a: 1 } },
  { ...core, src: { file: 'a.js', line: 12, func: 'main' } },
  { ...core, src: { file: 'a.js', line: 12 } },
  { ...core, src: { file: 'a.js' } },
  { ...core, src: { line: 1 } },
  { ...core, src: 'a.js:1' },
  { ...core, req_id: 'abc', a: 1, b: 'two words', c: '', d: null, e: true, f: 1.5, g: [], h: {}, i: 'plain' },
  {
    ...core,
    z: { nested: { deep: 1 } },
    list: [1, 2],
    long: 'x'.repeat(51),
    fits: 'x'.repeat(50),
    quote: 'a "b" c',
  },
  { ...core, msg: 'a\nb', text: 'one\ntwo', crlf: 'one\r\ntwo\r', tab: 'a\tb', nul: '\u0000' },
  { ...core, 2: 'two', 1: 'one', k: 'v' },
  { ...core, req },
  {
    ...core,
    req: { ...req, headers: 'host: a\r\nx: y', body: 'raw', httpVersion: '2.0', trailers: { a: 'b' } },
  },
  { ...core, req: { ...req, headers: '', body: { a: [1] }, trailers: { 5: 'odd' } } },
  { ...core, req: { headers: 5, body: '' }, 'req.body': 'stomped', after: 1 },
  { ...core, req: [], res: [], client_req: [], client_res: [] },
  { ...core, req: 'text', res: 5, client_req: true, client_res: '', err: 'boom' },
  { ...core, client_req: req },
  { ...core, client_req: { ...req, headers: 'ab', body: { a: 1 }, httpVersion: '1.0', address: '::1' } },
  { ...core, res: { statusCode: 200, headers: { a: 'b', c: 1 } } },
  { ...core, res: { statusCode: 200, header: 'HTTP/1.1 200 OK\r\na: b\r\n\r\n' } },
  {
    ...core,
    res: { statusCode: 404, header: 'a: b', headers: { c: 'd' }, body: 'not found', trailer: 'x: y' },
  },
  { ...core, res: { statusCode: 799, body: '' } },
  { ...core, res: { statusCode: 200, body: 5, time: 3 } },
  { ...core, res: { statusCode: '500', body: null } },
  { ...core, res: {}, client_res: { statusCode: 204, x: 1 } },
  {
    ...core,
    err: { message: 'boom', name: 'Error', stack: 'Error: boom\n    at a.js:1:2', code: 'E1', signal: null },
  },
  { ...core, err: { message: 'boom' } },
  { ...core, err: { stack: 5 } },
  {
    ...core,
    msg: 'x\ny',
    req,
    res: { statusCode: 200 },
    err: { stack: 'Error: a\n  at b' },
    extra: 'long '.repeat(20),
  },
  { ...core, msg: undefined },
  { ...core, v: null, x: [1] },
  { ...core, hostname: null },
  { hello: 'world' },
];

const MODES: readonly [string, readonly string[], TextOptions][] = [
  ['short', ['-o', 'short', '--no-color'], { mode: 'short' }],
  ['long', ['-o', 'long', '--no-color'], { mode: 'long' }],
  ['short in colour', ['-o', 'short', '--color'], { mode: 'short', color: true }],
  ['long in colour', ['-o', 'long', '--color'], { mode: 'long', color: true }],
];

for (const [title, flags, options] of MODES) {
  void t.test(`Each record of the table reads as bunyan prints it, ${title}.`, async (t) => {
    const printed = await bunyan(table, flags);
    t.equal(firstDifference(table, printed, options), undefined);
  });
}

const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\r', '"', '%s', '\u001b', '\\'), maxLength: 60 }),
);
const value = fc.oneof(word, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>);
const headers = fc.oneof(word, fc.dictionary(word, word, { maxKeys: 3 }));
const part = fc.record(
  {
    method: word,
    url: word,
    httpVersion: word,
    headers,
    header: headers,
    body: value,
    // bunyan looks a status up in an object with a prototype, and prints a function for `toString`.
    statusCode: fc.oneof(
      fc.integer({ min: 100, max: 599 }),
      word.filter((word) => !(word in {})),
    ),
    trailer: word,
    trailers: fc.dictionary(word, word, { maxKeys: 2 }),
    other: value,
  },
  { requiredKeys: [] },
);
const time = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const record = fc
  .tuple(
    fc.record({
      name: word,
      hostname: word,
      pid: fc.nat(),
      level: fc.integer({ min: 0, max: 70 }),
      msg: word,
      time,
      v: fc.constant(0),
    }),
    fc.record(
      {
        component: fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), fc.array(word)),
        req_id: word,
        src: fc.record({ file: word, line: fc.nat(), func: word }, { requiredKeys: [] }),
        req: part,
        client_req: part,
        res: part,
        client_res: part,
        err: fc.record({ message: word, name: word, stack: word, code: value }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(word, value, { maxKeys: 4 }),
  )
  .map(([core, special, extras]) => JSON.parse(JSON.stringify({ ...extras, ...core, ...special })) as object);

for (const [title, flags, options] of MODES) {
  void t.test(`Any record reads as bunyan prints it, ${title}.`, async (t) => {
    const seed = Date.now() % 2 ** 31;
    // One run of the program for all: a run a record would be a minute of starting node.
    const records = fc.sample(record, { numRuns: 1500, seed });
    const printed = await bunyan(records, flags);
    const difference = firstDifference(records, printed, options);
    t.equal(difference, undefined, `seed ${seed}`);
  });
}

void t.test('Local time is that of the process, as bunyan -L has it.', async (t) => {
  const zone = process.env['TZ'];
  t.teardown(() => (zone === undefined ? delete process.env['TZ'] : (process.env['TZ'] = zone)));
  for (const TZ of ['Asia/Kolkata', 'America/St_Johns', 'UTC']) {
    process.env['TZ'] = TZ;
    const records = ['2026-01-02T06:41:13.980Z', '2026-07-02T23:59:59.999Z', 'soon'].map((time) => ({
      ...core,
      time,
    }));
    for (const mode of ['short', 'long'] as const) {
      const printed = await bunyan(records, ['-L', '-o', mode, '--no-color'], { TZ });
      t.equal(firstDifference(records, printed, { mode, localTime: true }), undefined, `${mode} in ${TZ}`);
    }
  }
});

void t.test('What makes the bunyan program crash is printed as JSON.', (t) => {
  const short = (fields: object) => formatRecord({ ...core, ...fields }, { mode: 'short' });
  t.equal(short({ msg: 5 }), '06:41:13.980Z  INFO wt: 5\n');
  t.equal(short({ msg: { a: 'x\ny' } }), '06:41:13.980Z  INFO wt: {"a":"x\\ny"}\n');
  t.equal(short({ msg: ['a'] }), '06:41:13.980Z  INFO wt: ["a"]\n');
  const hostile = { toString: 1, valueOf: 1 };
  t.equal(
    short({ name: hostile, level: hostile }),
    '06:41:13.980Z LVL{"toString":1,"valueOf":1} { toString: 1, valueOf: 1 }: A new request received\n',
  );
  t.match(short({ err: { stack: hostile } }), '    {"toString":1,"valueOf":1}\n');
  t.match(short({ req: { headers: { a: hostile }, body: hostile } }), 'a: {"toString":1,"valueOf":1}\n');
  t.match(formatRecord({ ...core, src: { file: 'a', line: hostile } }, { mode: 'long' }), '(a:NaN)');
  t.end();
});

void t.test('Brackets in brackets neither crash the printer nor multiply: n bytes do not become n².', (t) => {
  for (const depth of [19, 21, 5_000, 100_000]) {
    const deep = JSON.parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`) as object;
    for (const fields of [
      deep,
      { req: { body: deep } },
      { res: { body: deep } },
      { msg: deep },
      { name: deep },
    ]) {
      const printed = formatRecord({ ...core, ...fields }, { mode: 'short' });
      t.ok(printed.length < 4 * depth + 2_000, `${printed.length} of depth ${depth}`);
    }
    t.ok(formatRecord(deep, { mode: 'short' }).length < 4 * depth + 2_000);
  }
  t.end();
});

void t.test('A record is read, never changed.', (t) => {
  fc.assert(
    fc.property(record, fc.constantFrom('short', 'long'), (record, mode) => {
      const before = JSON.stringify(record);
      formatRecord(record, { mode });
      return JSON.stringify(record) === before;
    }),
  );
  t.end();
});
