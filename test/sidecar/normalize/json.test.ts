import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import t from 'tap';
import { createNormalizer } from '../../../sidecar/normalize/index.js';
import { CAPTURED, OPTIONS, parse, record } from './helpers.js';

/** bunyan comes without types; these are the parts in use. */
interface Bunyan {
  readonly stdSerializers: object;
  createLogger(options: { name: string; stream: Writable; serializers: object }): {
    error(fields: object, msg: string): void;
  };
}

const bunyan = createRequire(import.meta.url)('bunyan') as Bunyan;

/** What a logger writes, line by line. */
function written(use: (out: Writable) => void): string[] {
  let text = '';
  use(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    }),
  );
  return text.trimEnd().split('\n');
}

const BUNYAN =
  '{"name":"shop","hostname":"h","pid":7,"level":35,"msg":"hi","time":"2024-01-02T03:04:05.678Z","v":0,"id":12345678901234567890,"x":1.0}';

void t.test('a bunyan record passes byte for byte, with what it lacks added at its end', async (t) => {
  const made = createNormalizer(OPTIONS).record(BUNYAN, 'stderr', CAPTURED);
  t.equal(made, `${BUNYAN.slice(0, -1)},"tenant":"acme","container":"web-1","stream":"stderr"}\n`);
});

void t.test('what bunyan itself writes passes, whatever its fields are', async (t) => {
  const [line = ''] = written((stream) => {
    const log = bunyan.createLogger({ name: 'shop', stream, serializers: bunyan.stdSerializers });
    log.error({ err: new TypeError('bad'), component: 'db' }, 'failed');
  });
  const made = createNormalizer({ ...OPTIONS, component: 'web' }).record(line, 'stdout', CAPTURED);
  t.ok(made.startsWith(line.slice(0, -1)));
  t.match(parse(made), { component: 'db', err: { name: 'TypeError', message: 'bad' } });
});

void t.test('a bunyan record that already says what the sidecar says passes as it is', async (t) => {
  const line = `${BUNYAN.slice(0, -1)},"stream":"stdout","tenant":"acme","container":"web-1"}`;
  t.equal(createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED), `${line}\n`);
});

void t.test('what pino writes gets bunyan’s words, and keeps its own fields', async (t) => {
  const [line = ''] = written((out) => {
    pino({ name: 'shop', base: { pid: 7, hostname: 'h' } }, out).error(new RangeError('too far'), 'failed');
  });
  const made = record(line);
  t.match(made, { name: 'shop', hostname: 'h', pid: 7, level: 50, msg: 'failed', v: 0 });
  t.match(made.err, { name: 'RangeError', message: 'too far', stack: /^RangeError: too far\n {4}at / });
  t.equal(Date.parse(made.time), (JSON.parse(line) as { time: number }).time);
  t.notOk('orig' in made);
});

void t.test('each logger’s error becomes bunyan’s err', async (t) => {
  const stack = 'Error: bad\\n    at x';
  const python = 'Traceback (most recent call last):\\n  File \\"a.py\\", line 1\\nValueError: bad';
  const table: [logger: string, line: string, err: object][] = [
    [
      'winston',
      `{"level":"error","message":"bad","stack":"TypeError: bad\\n  at x"}`,
      { name: 'TypeError', message: 'bad' },
    ],
    [
      'zap',
      `{"level":"error","ts":1700000000,"msg":"m","error":"bad","stacktrace":"main.f\\n\\t/a.go:1"}`,
      { message: 'bad', stack: 'main.f\n\t/a.go:1' },
    ],
    [
      'zap, no error given',
      `{"level":"error","ts":1700000000,"msg":"m","stacktrace":"main.f\\n\\t/a.go:1"}`,
      { message: 'm', name: 'Error' },
    ],
    [
      'ecs',
      `{"@timestamp":"2024-01-02T03:04:05.678Z","log.level":"ERROR","message":"m","error.type":"E","error.message":"bad","error.stack_trace":"${stack}"}`,
      { name: 'E', message: 'bad' },
    ],
    [
      'ecs, nested',
      `{"@timestamp":"2024-01-02T03:04:05.678Z","log":{"level":"error"},"message":"m","error":{"type":"E","message":"bad","stack_trace":"${stack}"}}`,
      { name: 'E', message: 'bad' },
    ],
    [
      'log4j2',
      `{"instant":{"epochSecond":1700000000,"nanoOfSecond":0},"level":"ERROR","loggerName":"l","message":"m","thrown":{"name":"E","message":"bad","extendedStackTrace":"${stack}"}}`,
      { name: 'E', message: 'bad' },
    ],
    [
      'python',
      `{"levelname":"ERROR","message":"m","exc_info":"${python}"}`,
      { name: 'ValueError', message: 'bad' },
    ],
    [
      'pino, only the error',
      `{"level":50,"time":1700000000000,"pid":1,"hostname":"h","err":{"type":"E","message":"bad","stack":"${stack}","code":"X"}}`,
      { name: 'E', message: 'bad', code: 'X' },
    ],
  ];
  for (const [logger, line, err] of table) {
    const made = record(line);
    t.match(made.err, err, logger);
    t.type((made.err as { stack: unknown }).stack, 'string');
    t.notOk('orig' in made, `${logger}: nothing moved`);
    t.equal(made.level, 50);
  }
});

void t.test('an error without a stack stays where it is', async (t) => {
  const made = record('{"level":"error","msg":"m","error":"bad","err":"also"}');
  t.match(made, { error: 'bad', err: 'also', level: 50 });
});

void t.test('other JSON keeps its fields as they were written', async (t) => {
  const line =
    '{"severity":"WARNING","message":"m","n":12345678901234567890,"f":1.0,"e":1e400,"s":"\\u0041","a":[1,{"b":"}"}]}';
  const made = createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED);
  t.ok(made.includes('"n":12345678901234567890,"f":1.0,"e":1e400,"s":"\\u0041","a":[1,{"b":"}"}]'));
  t.match(parse(made), { level: 40, msg: 'm', time: CAPTURED, name: 'web-1', hostname: 'vm-7', pid: 42 });
});

void t.test('a core field of the wrong type moves under orig', async (t) => {
  const made = record(
    '{"name":1,"hostname":null,"pid":"7","level":"chatty","msg":{"a":1},"time":12,"v":2,"orig":true}',
  );
  t.match(made, {
    name: 'web-1',
    hostname: 'vm-7',
    pid: 42,
    level: 30,
    msg: '{"a":1}',
    time: CAPTURED,
    v: 0,
  });
  t.strictSame(made.orig, {
    name: 1,
    hostname: null,
    pid: '7',
    level: 'chatty',
    msg: { a: 1 },
    time: 12,
    v: 2,
    orig: true,
  });
});

void t.test('a line’s own orig stays when nothing else has to move', async (t) => {
  t.strictSame(record('{"msg":"m","orig":[1]}').orig, [1]);
});

void t.test('what a level or a time says beyond bunyan’s is kept', async (t) => {
  const made = record('{"time":"2024-01-02T05:04:05.678901+02:00","level":"INFO+2","msg":"m"}');
  t.match(made, { level: 30, time: '2024-01-02T03:04:05.678Z' });
  t.strictSame(made.orig, { time: '2024-01-02T05:04:05.678901+02:00', level: 'INFO+2' });
});

void t.test(
  'a time is told in seconds, milliseconds, microseconds or nanoseconds, or not at all',
  async (t) => {
    for (const ts of ['1704164645.678', '1704164645678', '1704164645678000', '1704164645678000000']) {
      t.equal(record(`{"ts":${ts},"msg":"m"}`).time, '2024-01-02T03:04:05.678Z', ts);
    }
    const without = [
      '0',
      '-1',
      '12.5',
      '1e99',
      '"yesterday"',
      '"2024-02-30T00:00:00Z"',
      '"2024-13-01T00:00:00Z"',
    ];
    for (const time of [...without, '"0001-01-01T00:00:00Z"', '"2024-01-02 03:04:05,678"', '{}', 'null']) {
      t.equal(record(`{"time":${time},"msg":"m"}`).time, CAPTURED, time);
    }
  },
);

void t.test('a component is added where the name does not say it, and never replaced', async (t) => {
  const options = { name: 'scheduler', component: 'scheduler' };
  t.equal(record('plain', options).component, undefined);
  t.equal(record('{"name":"lib","msg":"m"}', options).component, 'scheduler');
  t.equal(record('{"name":"lib","msg":"m","component":"own"}', options).component, 'own');
  t.equal(record(BUNYAN, options).component, 'scheduler');
});

void t.test('fields are added to every record, and a line cannot say otherwise', async (t) => {
  const fields = { env: 'prod', shard: 3 };
  for (const line of ['plain', '{"msg":"m"}', BUNYAN, 'level=info msg=m', '{"msg":"m","shard":3}']) {
    t.match(record(line, { fields }), fields, line);
  }
  t.match(record('{"msg":"m","env":"dev"}', { fields }), { env: 'prod', orig: { env: 'dev' } });
});

void t.test('a field that would overwrite what a record has is refused', async (t) => {
  for (const name of ['level', 'tenant', 'orig', 'err', '__proto__', '']) {
    t.throws(() => createNormalizer({ ...OPTIONS, fields: { [name]: 'x' } }), { code: 'field' }, name);
  }
  t.throws(() => createNormalizer({ ...OPTIONS, fields: { n: Number.NaN } }), { code: 'field' });
});
