import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startConsolidator } from '../../consolidator/index.js';
import { resolveSidecarOptions } from '../../sidecar/options.js';
import { Publisher } from '../../sidecar/publisher.js';
import { needs } from '../support/programs.js';
import { Inbox, linesOf, Reader } from '../support/zmq.js';

/** Debian's own, whatever else is in the path. */
const PYTHON = '/usr/bin/python3';

const skip = needs('python3-zmq', [PYTHON, '-c', 'import zmq']);

interface Test {
  teardown(handler: () => unknown): void;
}

/** Starts one of the scripts beside this file. Answers its lines; the test's end ends it. */
function python(t: Test, script: string, ...args: string[]): Inbox<string> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(PYTHON, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.stdin.end();
    await exited;
  });
  const lines = new Inbox<string>();
  createInterface({ input: child.stdout }).on('line', (line) => lines.put(line));
  return lines;
}

async function consolidate(t: Test) {
  const consolidator = await startConsolidator({
    publish: 'tcp://127.0.0.1:*',
    subscribe: 'tcp://127.0.0.1:*',
    // With a memory senders are asked for everything, and would not wait for the reader.
    recentBytes: 0,
  });
  t.teardown(() => consolidator.close());
  return consolidator;
}

void t.test('a SUB in Python reads what a sidecar sends', { skip }, async (t) => {
  const { publish, subscribe } = await consolidate(t);
  const lines = python(t, 'reader.py', subscribe, 'tenant/acme/');
  const publisher = new Publisher(
    resolveSidecarOptions({
      topic: { class: 'tenant', tenant: 'acme', container: 'web-1' },
      to: publish,
    }),
    { onInterest: (state) => state === 'read' && push() },
  );
  const push = () => {
    const records = ['one', 'two', 'drei – 三'].map((msg) => JSON.stringify({ msg }) + '\n');
    publisher.queue.push(Buffer.from(records.join('')), records.length, Date.now());
    publisher.kick();
  };
  t.teardown(() => publisher.close());
  await lines.until(({ length }) => length === 3);
  t.strictSame(lines.items, [
    'tenant/acme/web-1/ one',
    'tenant/acme/web-1/ two',
    'tenant/acme/web-1/ drei – 三',
  ]);
});

void t.test(
  'a PUB in Python is read like any source, with an account from the consolidator on',
  { skip },
  async (t) => {
    const consolidator = await consolidate(t);
    const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
    python(t, 'publisher.py', consolidator.publish, 'tenant/acme/backup/');
    const messages = await reader.inbox.until(({ length }) => length >= 20);
    const records = linesOf(messages).map((line) => JSON.parse(line) as Record<string, unknown>);
    const first = Number(records[0]?.['msg']);
    // The mark that answered the reader's subscription took an offset of its own.
    const offset = messages[0]?.ledger.offset ?? 0;
    t.equal(offset, 1 + (reader.marks.items[0]?.offset ?? Number.NaN));
    for (const [i, record] of records.entries()) {
      t.equal(record['msg'], `${first + i}`, 'none is missing and none comes twice');
      const name = (first + i) % 2 === 0 ? 'python' : 'backup';
      const level = (first + i) % 2 === 0 ? 40 : 30;
      t.match(record, { name, level, v: 0, pid: Number, hostname: String, time: /^\d{4}-.*Z$/ });
      t.match(messages[i], {
        topic: 'tenant/acme/backup/',
        ledger: { first: i, count: 1, offset: offset + i, lost: 0 },
      });
    }
  },
);

void t.test('a PUB in Python under a name outside the grammar is refused', { skip }, async (t) => {
  const consolidator = await consolidate(t);
  const reader = new Reader(t, consolidator.subscribe, ['']);
  python(t, 'publisher.py', consolidator.publish, 'tenant/../backup/');
  python(t, 'publisher.py', consolidator.publish, 'system/backup/');
  const refusedSome = () => consolidator.stats.refused.topic > 3;
  await reader.inbox.until(({ length }) => length > 3 && refusedSome());
  t.strictSame([...new Set(reader.inbox.items.map(({ topic }) => topic))], ['system/backup/']);
});
