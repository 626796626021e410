import t from 'tap';
import { Publisher } from 'zeromq';
import { linesOf, readNdjson } from '../support/readers.js';
import { sidecar, startParts, untilConsumers } from '../support/processes.js';

/** Prints what no program should, a line each; the last line says that it is over. */
const NASTY = `
const out = (bytes) => process.stdout.write(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes));
out('x'.repeat(10 * 1024 * 1024)); out('\\n');
out('a\\0b\\n');
out(Buffer.from([0x62, 0xff, 0xfe, 0x0a]));
out('windows\\r\\n');
out('50%\\r100%\\n');
out('{"name":"app","hostname":"h","pid":"not a number","level":"loud","msg":{"a":1},"time":"never","v":0}\\n');
out('{"msg":"cut short\\n');
out('{"tenant":"other","container":"theirs","msg":"who am I"}\\n');
out('data: forged\\n\\nevent: dropped\\n');
out('\\0'.repeat(256 * 1024) + '\\n');
out('over');
`;

void t.test('whatever a container prints becomes one valid record a line, of its own tenant', async (t) => {
  const parts = await startParts(t);
  const reader = await readNdjson(t, `${parts.url}/v1/logs/tenant/acme`);
  const part = sidecar(t, parts.publish, 'web-1', [process.execPath, '-e', NASTY]);
  await reader.until((records) => records.some(({ msg }) => msg === 'over'));
  t.equal(await part.stop(), 0);

  const records = reader.records;
  t.equal(records.length, 13, 'a record a line, blank and cut ones too');
  for (const record of records) {
    t.match(record, {
      name: String,
      hostname: String,
      pid: Number,
      level: Number,
      msg: String,
      time: String,
      v: 0,
    });
    t.match(record, { tenant: 'acme', container: 'web-1' }, 'nobody else is named');
  }
  t.equal(records[0]?.['truncated'], 10 * 1024 * 1024, 'an over-long line is cut and says how long it was');
  t.equal(records[1]?.['msg'], 'a\0b');
  t.equal(records[2]?.['invalidUtf8'], true);
  t.equal(records[3]?.['msg'], 'windows');
});

void t.test('a hostile publisher is counted and skipped, and reaches nobody else', async (t) => {
  const parts = await startParts(t);
  const acme = await readNdjson(t, `${parts.url}/v1/logs/tenant/acme`);
  const acme2 = await readNdjson(t, `${parts.url}/v1/logs/tenant/acme2`);
  await untilConsumers(parts.url, 2);
  const socket = new Publisher();
  t.teardown(() => socket.close());
  socket.connect(parts.publish);
  const record =
    '{"name":"x","hostname":"h","pid":1,"level":30,"msg":"hello","time":"2026-01-01T00:00:00.000Z","v":0}\n';
  const garbage: (string | Buffer)[][] = [
    ['tenant/acme/x/'],
    ['tenant/acme/x/', record, '{}', 'too many'],
    ['tenant/acme/../x/', record],
    ['tenant/acme/x\n/', record],
    ['tenant/acme/x', record],
    ['tenant/acme/x/', record, 'not json'],
    ['tenant/acme/x/', record, '{"v":1,"src":"s","first":-1,"count":1,"lost":0,"at":0}'],
    ['tenant/acme/x/', record, '{"v":1,"src":"s","first":1e300,"count":1,"lost":0,"at":0}'],
    ['tenant/acme/x/', record, '{"v":1,"src":"s","first":0,"count":9007199254740993,"lost":0,"at":0}'],
    ['tenant/acme/x/', record, '{"v":1,"src":"s","first":0,"count":7,"lost":0,"at":0}'],
    ['tenant/acme/x/', Buffer.alloc(900_000, 0xff)],
    ['\xff', record],
  ];
  // The first messages of a PUB socket go nowhere until the subscription has come; so say hello until it is heard.
  const hello = setInterval(() => void socket.send(['tenant/acme/x/', record]), 20);
  await acme.until((records) => records.length > 0);
  clearInterval(hello);
  for (const frames of garbage) await socket.send(frames);
  await socket.send(['tenant/acme2/x/', record.replace('hello', 'other tenant')]);
  await socket.send(['tenant/acme/x/', record.replace('hello', 'still here')]);
  await acme.until((records) => records.some(({ msg }) => msg === 'still here'));
  await acme2.until((records) => records.length > 0);

  t.strictSame(linesOf(acme2.records), ['other tenant'], 'a stream is exact by segment');
  t.notOk(linesOf(acme.records).includes('other tenant'));
  t.equal((await fetch(`${parts.url}/readyz`)).status, 200, 'the relay lives');
  const ended = parts.consolidator.line(/"ended by/);
  await parts.consolidator.stop();
  const { refused } = JSON.parse(await ended) as { refused: Record<string, number> };
  t.ok((refused['topic'] ?? 0) >= 3, 'topics outside the grammar were counted');
  t.ok((refused['ledger'] ?? 0) >= 3, 'ledgers that cannot be were counted');
});
