import * as fc from 'fast-check';
import t from 'tap';
import { FORMATS, type Format } from '../../relay/encode/index.js';
import { resolveRelayOptions } from '../../relay/options.js';
import { Problem } from '../../relay/problem.js';
import { formatOf, parseRequest, segment } from '../../relay/request.js';

const OPTIONS = resolveRelayOptions({ hwm: 100, hwmBytes: 200_000, maxHwm: 5_000, maxHwmBytes: 1_000_000 });

function parse(query: string, accept?: string) {
  return parseRequest({ class: 'system' }, new URLSearchParams(query), { accept }, OPTIONS);
}

/** The problem that a request is refused with. */
function refusal(act: () => unknown): Problem {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

void t.test('a request that says nothing gets text and the buffer of the server', async (t) => {
  t.strictSame(parse(''), {
    stream: { class: 'system' },
    format: 'text',
    filter: {},
    buffer: { hwm: 100, hwmBytes: 200_000, overflow: 'drop-oldest' },
  });
});

void t.test('a request that says all is taken at its word', async (t) => {
  t.strictSame(parse('format=sse&level=warn&q=a%2Cb&container=a,b&container=c&hwm=1&overflow=disconnect'), {
    stream: { class: 'system' },
    format: 'sse',
    filter: { level: 40, q: 'a,b', containers: ['a', 'b', 'c'] },
    buffer: { hwm: 1, hwmBytes: 200_000, overflow: 'disconnect' },
  });
  t.strictSame(parse('level=35&q=').filter, { level: 35 });
});

void t.test('who asks for more records gets the bytes for them, up to the limit', async (t) => {
  t.equal(parse('hwm=500').buffer.hwmBytes, 512_000);
  t.equal(parse('hwm=5000').buffer.hwmBytes, 1_000_000);
});

const ACCEPTED: readonly [string | undefined, Format][] = [
  [undefined, 'text'],
  ['', 'text'],
  ['  ', 'text'],
  ['*/*', 'text'],
  ['text/*', 'text'],
  ['application/*', 'ndjson'],
  ['text/event-stream', 'sse'],
  ['TEXT/Event-Stream', 'sse'],
  ['text/event-stream; charset=utf-8', 'sse'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  ['text/plain;q=0.5, text/event-stream', 'sse'],
  ['text/plain;q=0.5, text/event-stream;q=0.499', 'text'],
  ['text/event-stream, */*', 'sse'],
  ['*/*, text/event-stream', 'sse'],
  ['text/event-stream, application/x-ndjson', 'sse'],
  ['application/x-ndjson, text/event-stream', 'ndjson'],
  ['text/plain;q=0, */*', 'sse'],
  ['text/*;q=0, */*', 'ndjson'],
  ['text/event-stream;q=0.2, */*;q=0.1', 'sse'],
  ['text/event-stream;q=0.1, */*;q=0.2', 'text'],
  ['text/event-stream;q=x, text/plain;q=0.1', 'text'],
  ['text/event-stream;q=0.0, text/plain;Q=0.1', 'text'],
];

void t.test('the format is the one that the client likes best', async (t) => {
  for (const [accept, format] of ACCEPTED) t.equal(formatOf(null, accept), format, accept ?? 'no header');
});

void t.test('the format in the query beats the header', async (t) => {
  for (const format of FORMATS) t.equal(formatOf(format, 'image/png'), format);
});

void t.test('a client that takes none of the formats is told what there is', async (t) => {
  for (const accept of [
    'image/png',
    'text/html',
    'text/plain;q=0',
    '*/*;q=0',
    ',',
    'text/event-stream;q=7',
    '*',
  ]) {
    const { status, detail } = refusal(() => formatOf(null, accept));
    t.equal(status, 406, accept);
    t.match(detail, /application\/x-ndjson/);
  }
});

void t.test('no header whatever makes the parser throw anything but a problem', async () => {
  const words = fc.constantFrom(
    'text/plain',
    'text/*',
    '*/*',
    ';',
    ',',
    'q=',
    '=',
    '0.5',
    '1',
    ' ',
    'é',
    '/',
    '*',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((parts) => parts.join('')),
      ),
      (accept) => {
        try {
          return FORMATS.includes(formatOf(null, accept));
        } catch (error) {
          return error instanceof Problem && error.status === 406;
        }
      },
    ),
  );
});

void t.test('what makes no sense is refused with what would', async (t) => {
  for (const [query, hint] of [
    ['format=xml', /sse, ndjson, text/],
    ['format=', /sse, ndjson, text/],
    ['level=loud', /warn/],
    ['level=0', /1 to 99/],
    ['level=100', /1 to 99/],
    ['hwm=0', /1 to 5000/],
    ['hwm=5001', /1 to 5000/],
    ['hwm=-1', /1 to 5000/],
    ['hwm=1e3', /1 to 5000/],
    ['hwm=', /1 to 5000/],
    ['hwm=99999999999999999999', /1 to 5000/],
    ['overflow=block', /disconnect/],
    ['container=', /container/],
    ['container=a,,b', /container/],
    ['container=..', /container/],
    ['container=a%2Fb', /container/],
    ['container=a%00', /container/],
    [`container=${'a,'.repeat(100)}a`, /fewer/],
    [`q=${'x'.repeat(257)}`, /256/],
    ['levle=warn', /level/],
  ] as const) {
    const { status, detail } = refusal(() => parse(query));
    t.equal(status, 400, query);
    t.match(detail, hint, query);
  }
});

void t.test(
  'a name is taken if it is one segment of a topic, and refused in any other spelling',
  async (t) => {
    for (const name of ['a', 'web-1', 'A.b_c-9', '...', 'x'.repeat(128)])
      t.equal(segment('tenant', name), name);
    for (const name of [
      '',
      '.',
      '..',
      'a/b',
      'a\\b',
      'a b',
      'a\n',
      '\u0000',
      'é',
      'a%2Fb',
      'x'.repeat(129),
    ]) {
      const { status, detail } = refusal(() => segment('tenant', name));
      t.equal(status, 400, JSON.stringify(name));
      t.match(detail, 'cannot name a tenant');
    }
  },
);
