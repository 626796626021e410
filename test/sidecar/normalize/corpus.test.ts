import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import t from 'tap';
import { LineSplitter } from '../../../sidecar/lines.js';
import { createNormalizer } from '../../../sidecar/normalize/index.js';
import { NASTY } from '../nasty.js';
import { CAPTURED, flaw, OPTIONS, parse } from './helpers.js';

const CORPUS = fileURLToPath(new URL('../../corpus', import.meta.url));
const require = createRequire(import.meta.url);

/** What each logger's lines are to be recognised as. */
const FORMATS: Readonly<Record<string, string>> = {
  'access-combined': 'access',
  'access-common': 'access',
  'access-python': 'access',
  bunyan: 'bunyan',
  klog: 'klog',
  'log4j2-ecs': 'ecs',
  'log4j2-json': 'log4j2',
  'log4j2-pattern': 'plain',
  log4js: 'plain',
  logback: 'plain',
  'logging-asctime': 'plain',
  'logging-basic': 'plain',
  'logging-bracket': 'plain',
  'logrus-color': 'plain',
  'logrus-json': 'json',
  'logrus-text': 'logfmt',
  loguru: 'plain',
  pino: 'pino',
  'python-json': 'python',
  'slog-json': 'slog',
  'slog-text': 'logfmt',
  'structlog-json': 'json',
  'syslog-3164': 'syslog',
  'syslog-5424': 'syslog',
  winston: 'winston',
  'winston-simple': 'plain',
  zap: 'zap',
  'zap-console': 'plain',
  zerolog: 'json',
};

const loggers = readdirSync(CORPUS)
  .filter((file) => file.endsWith('.log'))
  .toSorted((a, b) => (basename(a, '.log') < basename(b, '.log') ? -1 : 1))
  .map((file) => ({ name: basename(file, '.log'), bytes: readFileSync(join(CORPUS, file)) }));

/** The records of an output that comes in `chunks`. */
function recordsOf(chunks: readonly Buffer[], maxLine = 4096): string {
  const normalizer = createNormalizer(OPTIONS);
  const splitter = new LineSplitter({ maxLine });
  let records = '';
  const emit: Parameters<LineSplitter['push']>[1] = (line, mark) => {
    records += normalizer.record(line, 'stdout', CAPTURED, mark);
  };
  for (const chunk of chunks) splitter.push(chunk, emit);
  splitter.end(emit);
  return records;
}

void t.test('the level that each logger gave a line is its record’s', async (t) => {
  t.strictSame(
    loggers.map(({ name }) => name),
    Object.keys(FORMATS),
  );
  t.comment(`${'logger'.padEnd(18)} form      lines right wrong`);
  for (const { name, bytes } of loggers) {
    const normalizer = createNormalizer(OPTIONS);
    const lines = bytes.toString().split('\n').slice(0, -1);
    const wrong: string[] = [];
    for (const line of lines) {
      const expected = Number(/expects[ =](\d\d)/.exec(line)?.[1]);
      const record = parse(normalizer.record(line, 'stdout', CAPTURED));
      if (record.level !== expected) wrong.push(`${record.level} for ${line}`);
    }
    const counts = [lines.length, lines.length - wrong.length, wrong.length];
    t.comment(
      `${name.padEnd(18)} ${(FORMATS[name] ?? '').padEnd(8)} ${counts.map((n) => String(n).padStart(5)).join(' ')}`,
    );
    t.strictSame(wrong, [], `${name}: levels`);
    t.equal(
      (normalizer.formats as Readonly<Record<string, number>>)[FORMATS[name] ?? ''],
      lines.length,
      `${name}: recognised as ${FORMATS[name]}`,
    );
  }
});

void t.test('nothing that a line of JSON said is missing from its record', async (t) => {
  for (const { name, bytes } of loggers) {
    for (const line of bytes.toString().split('\n')) {
      if (!line.startsWith('{')) continue;
      const record = createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED);
      const said = leaves(JSON.parse(line));
      const kept = leaves(JSON.parse(record));
      const { time } = parse(record);
      for (const value of said) {
        // A core field says the same in its own words.
        const asLevel =
          typeof value === 'string' && /^(?:trace|debug|info|warn|warning|error|fatal)$/i.test(value);
        const asTime =
          value === Date.parse(time) ||
          (typeof value === 'string' && value.replace(/(?:\.0+)?Z$/, '.000Z') === time);
        t.ok(kept.includes(value) || asLevel || asTime, `${name}: ${JSON.stringify(value)}`);
      }
    }
  }
});

void t.test(
  'any cut of what the loggers wrote gives the same records, one byte at a time included',
  async (t) => {
    const bytes = Buffer.concat([
      ...loggers.map(({ bytes }) => bytes),
      ...NASTY.flatMap((line) => [line, Buffer.from('\n')]),
    ]);
    for (const maxLine of [4096, 100]) {
      const whole = recordsOf([bytes], maxLine);
      t.equal(
        recordsOf(
          Array.from(bytes, (byte) => Buffer.from([byte])),
          maxLine,
        ),
        whole,
      );
      const places = fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 });
      const same = fc.property(places, (cuts) => {
        const sorted = cuts.toSorted((a, b) => a - b);
        const chunks = [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
        return recordsOf(chunks, maxLine) === whole;
      });
      t.equal(fc.check(same, { numRuns: 60 }).failed, false);
    }
  },
);

void t.test('bunyan’s own program takes every record, also when it is strict', async (t) => {
  const bytes = Buffer.concat([
    ...loggers.map(({ bytes }) => bytes),
    ...NASTY.flatMap((l) => [l, Buffer.from('\n')]),
  ]);
  const records = recordsOf([bytes], 4096) + recordsOf([bytes], 100);
  const lines = records.split('\n').slice(0, -1);
  for (const line of lines) t.equal(flaw(JSON.parse(line)), undefined);
  const program = join(dirname(require.resolve('bunyan')), '..', 'bin', 'bunyan');
  const run = (...args: string[]): string => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, '--strict', ...args], {
      input: records,
      encoding: 'utf8',
    });
    t.equal(status, 0, stderr);
    return stdout;
  };
  t.equal(run('-o', 'bunyan').trimEnd().split('\n').length, lines.length, `all of ${lines.length} records`);
  const heads = run('-o', 'short').match(/^\d\d:\d\d:\d\d\.\d{3}Z +[A-Z]{4,5} /gm);
  t.equal(heads?.length, lines.length, 'and prints each');
});

function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}
