import t from 'tap';
import {
  createNormalizer,
  DEFAULT_REDACT,
  REDACTED,
  type RedactOptions,
} from '../../../sidecar/normalize/index.js';
import { CAPTURED, OPTIONS, parse } from './helpers.js';

function redacted(line: string, redact: RedactOptions = DEFAULT_REDACT): { text: string; count: number } {
  const normalizer = createNormalizer({ ...OPTIONS, redact });
  return { text: normalizer.record(line, 'stdout', CAPTURED), count: normalizer.redacted };
}

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig-nature_0123';
const SECRET = 'hunter2hunter2';

void t.test('nothing is taken out unless it is asked for', async (t) => {
  const normalizer = createNormalizer(OPTIONS);
  t.match(parse(normalizer.record(`{"password":"${SECRET}","msg":"m"}`, 'stdout', CAPTURED)), {
    password: SECRET,
  });
  t.equal(normalizer.redacted, 0);
});

void t.test('a secret field loses its value at any depth, and each is counted', async (t) => {
  const line = `{"msg":"m","password":"${SECRET}","user":{"apiKey":12345678901,"x":[{"Set-Cookie":["${SECRET}"]}]},"n":12345678901234567890}`;
  const { text, count } = redacted(line);
  t.notMatch(text, SECRET);
  t.equal(count, 3);
  t.match(parse(text), { password: REDACTED, user: { apiKey: REDACTED, x: [{ 'Set-Cookie': REDACTED }] } });
  t.ok(text.includes('"n":12345678901234567890'), 'the rest stays as it was written');
});

void t.test('a name is found however its words are joined, and inside a longer one', async (t) => {
  for (const key of [
    'api_key',
    'apiKey',
    'API-KEY',
    'x-api-key',
    'shop.api.key',
    'ApiKey',
    'api\\u005fkey',
  ]) {
    t.equal(redacted(`{"${key}":"${SECRET}"}`).count, 1, key);
  }
  for (const key of ['keyboard', 'apikeys_seen', 'tokens', 'authorized']) {
    t.equal(redacted(`{"${key}":"value"}`).count, 0, key);
  }
});

void t.test('what holds no secret is not taken for one', async (t) => {
  const { text, count } = redacted('{"password":null,"token":"","cookie":true,"secret":false,"msg":"m"}');
  t.equal(count, 0);
  t.match(parse(text), { password: null, token: '', cookie: true, secret: false });
});

void t.test('a text loses its secrets and keeps the rest', async (t) => {
  const table: [line: string, kept: string][] = [
    [`login password=${SECRET} ok`, `login password=${REDACTED} ok`],
    [`login password: "${SECRET}", ok`, `login password: ${REDACTED}, ok`],
    [`POST {"db_password": '${SECRET}'}`, `POST {"db_password": ${REDACTED}}`],
    [`Authorization: Bearer ${SECRET}`, `Authorization: ${REDACTED}`],
    [`sent Bearer ${SECRET}, got 401`, `sent Bearer ${REDACTED}, got 401`],
    [`jwt of ${TOKEN} expired`, `jwt of ${REDACTED} expired`],
    ['key AKIAABCDEFGHIJKLMNOP used', `key ${REDACTED} used`],
    [`postgres://shop:${SECRET}@db:5432/x`, `postgres://shop:${REDACTED}@db:5432/x`],
    [`push with ghp_${'a1'.repeat(18)} failed`, `push with ${REDACTED} failed`],
    [`-----BEGIN RSA PRIVATE KEY----- MIIE -----END RSA PRIVATE KEY----- x`, `${REDACTED} x`],
    [`Cookie: a=1; b=${SECRET}`, `Cookie: ${REDACTED}`],
    [`cookie:a="1"; b=${SECRET}`, `cookie:${REDACTED}`],
    [`Authorization: Digest username="a", response="${SECRET}"`, `Authorization: ${REDACTED}`],
    [`x {"credentials": {"a":"}","b":["${SECRET}",""]}} y`, `x {"credentials": ${REDACTED}} y`],
    [
      `x {:password=>"${SECRET}", "token" => '${SECRET.slice(1)}'}`,
      `x {:password=>${REDACTED}, "token" => ${REDACTED}}`,
    ],
  ];
  for (const [line, kept] of table) {
    const { text, count } = redacted(line);
    t.equal(parse(text).msg, kept);
    t.equal(count, kept.split(REDACTED).length - 1, line);
    const inJson = parse(redacted(JSON.stringify({ msg: line })).text);
    t.equal(inJson.msg, kept, 'also as a value of JSON');
  }
});

void t.test(
  'threat: a value is written so that it ends, or seems to end, before its secret does',
  async (t) => {
    const table: [line: string, kept: string][] = [
      [String.raw`password="\$ecret99" ok`, 'password=* ok'],
      [String.raw`x {"password":"\u0041bc123"} y`, 'x {"password":*} y'],
      [String.raw`password="a\\" b="c"`, 'password=* b="c"'],
      [String.raw`password="\"a\" \"b" c`, 'password=* c'],
      [String.raw`password='it\'s' ok`, 'password=* ok'],
      ['password=(abc', 'password=*'],
      ['password=p(ass)word1 ok', 'password=* ok'],
      ['password={a}b ok', 'password=* ok'],
      ['password=[a b', 'password=*'],
      ['(password=[a], b)', '(password=*, b)'],
      ['password := abc', 'password := *'],
      ['password==abc', 'password=*'],
      [
        String.raw`said "{\"password\": \"a\\\"b\", \"c\":1}" ok`,
        String.raw`said "{\"password\": *, \"c\":1}" ok`,
      ],
      [String.raw`said "password=abc\" d"`, String.raw`said "password=*\" d"`],
      [String.raw`said "password=\"abc" d`, 'said "password=*" d'],
      ['token: Bearer "a b" c', 'token: * c'],
    ];
    for (const [line, kept] of table) {
      const { text, count } = redacted(line, { fields: DEFAULT_REDACT.fields ?? [] });
      t.equal(parse(text).msg, kept.replace('*', REDACTED), line);
      t.equal(count, 1, line);
    }
  },
);

void t.test('threat: the limit of a line cuts a value before its end', async (t) => {
  const whole = String.raw`x {"credentials":{"a":"b\"${SECRET}\\","c":["${SECRET}"]}}`;
  const start = whole.indexOf('{"a"');
  for (let end = start + 1; end < whole.length; end += 1) {
    const { text, count } = redacted(whole.slice(0, end));
    t.equal(parse(text).msg, whole.slice(0, start) + REDACTED, whole.slice(0, end));
    t.equal(count, 1);
  }
});

void t.test('a name without a value takes nothing', async (t) => {
  for (const line of [
    'password="" x',
    String.raw`"password=\"\"" x`,
    'password=',
    'token: ;',
    "a '{token:''}'",
  ]) {
    const { text, count } = redacted(line);
    t.equal(parse(text).msg, line);
    t.equal(count, 0, line);
  }
});

void t.test('logfmt and bunyan’s records lose theirs too', async (t) => {
  t.match(parse(redacted(`level=info msg=m token=${SECRET}`).text), { token: REDACTED, msg: 'm' });
  const line = `{"name":"a","hostname":"h","pid":1,"level":30,"msg":"m","time":"2024-01-02T03:04:05.678Z","v":0,"x":1.0,"token":"${SECRET}"}`;
  const { text } = redacted(line);
  t.ok(text.startsWith(line.slice(0, line.indexOf(`"${SECRET}`))));
  t.match(parse(text), { token: REDACTED });
});

void t.test(
  'lines without secrets are not touched, and what was taken out is not counted again',
  async (t) => {
    for (const line of ['plain', '{"msg":"m","n":1.0}', `password=${REDACTED}`, '{"a":"\\u0041"}']) {
      const { text, count } = redacted(line);
      t.equal(text, createNormalizer(OPTIONS).record(line, 'stdout', CAPTURED));
      t.equal(count, 0, line);
    }
  },
);

void t.test('own names and patterns are taken as they are given', async (t) => {
  const redact = { fields: ['iban'], patterns: [/\b\d{4}-\d{4}\b/gi] };
  const { text, count } = redacted('{"iban":"DE1","password":"p","msg":"1234-5678 and 8765-4321"}', redact);
  t.match(parse(text), { iban: REDACTED, password: 'p', msg: `${REDACTED} and ${REDACTED}` });
  t.equal(count, 3);
});

void t.test('what would match anything is refused', async (t) => {
  t.throws(() => createNormalizer({ ...OPTIONS, redact: { fields: ['--'] } }), { code: 'pattern' });
  t.throws(() => createNormalizer({ ...OPTIONS, redact: { patterns: [/x*/] } }), { code: 'pattern' });
});
