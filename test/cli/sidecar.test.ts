import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../support/ports.js';
import { linesOf, Peer, type Received } from '../support/zmq.js';
import { spillway } from './spawn.js';

const WHOSE = ['--tenant', 'acme', '--container', 'web-1'];

interface Said {
  readonly [field: string]: unknown;
}

const records = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Said);

/** What came on one topic. */
const on = (messages: readonly Received[], topic: string) =>
  linesOf(messages.filter((message) => message.topic === topic)).map((line) => JSON.parse(line) as Said);

for (const [why, args, sentence] of [
  ['a source that there is not', ['--source', 'syslog'], /--source: a source is exec, stdin, fifo/],
  ['exec without a command', ['--source', 'exec', ...WHOSE], /--source exec needs a command after --/],
  ['a command that nobody runs', ['--source', 'fifo:x', ...WHOSE, '--', 'ls'], /fifo runs no command/],
  ['nobody whose it is', ['--source', 'docker:web'], /--tenant and --container, or --system/],
  ['two whose it is', ['--system', 'x', ...WHOSE, '--', 'ls'], /--tenant and --container, or --system/],
  ['output that its engine has', ['--source', 'cri:x', '--passthrough'], /--passthrough is not for cri/],
  [
    'a pattern that is none',
    ['--print', '--redact-pattern', '(', ...WHOSE, '--', 'true'],
    /--redact-pattern: /,
  ],
  ['a name that is none', ['--source', 'cri:x', '--tenant', 'a/b'], /cannot name a tenant/],
] as const) {
  void t.test(`A mistake is one sentence and 2: ${why}.`, async (t) => {
    const { code, stderr, stdout } = await spillway(t, ['sidecar', ...args]).ended;
    t.equal(code, 2);
    t.match(stderr, sentence);
    t.equal(stdout, '');
  });
}

void t.test('What nobody took is said to the record, with what the full queue dropped of it.', async (t) => {
  const [port] = await freePorts(1);
  const to = `tcp://127.0.0.1:${port}`;
  for (const [overflow, hwm, said] of [
    ['drop-oldest', '50', '1000 records, 950 of which the full queue had dropped, could not be delivered'],
    ['drop-newest', '50', '1000 records, 950 of which the full queue had dropped, could not be delivered'],
    ['drop-oldest', '5000', '1000 records could not be delivered'],
  ] as const) {
    const options = ['--to', to, '--flush-timeout', '50ms', '--overflow', overflow, '--hwm', hwm];
    const { stderr } = await spillway(t, ['sidecar', ...options, ...WHOSE, '--', 'seq', '1000']).ended;
    t.ok(stderr.includes(said), stderr);
  }
});

void t.test('Whoever prints to nobody is told once, and again when somebody is there.', async (t) => {
  const [port] = await freePorts(1);
  const to = `tcp://127.0.0.1:${port}`;
  const prints = `console.log('one'); setInterval(() => {}, 1000)`;
  const { child, err, ended } = spillway(t, [
    'sidecar',
    '--to',
    to,
    ...WHOSE,
    '--',
    process.execPath,
    '-e',
    prints,
  ]);
  await err.until(`no consolidator answers at ${to} (--to)`);
  const peer = await Peer.bind(t, { endpoint: to, streams: ['tenant/acme/'] });
  await err.until(`connected to the consolidator at ${to}`);
  await peer.inbox.until((messages) => linesOf(messages).length === 1);
  child.kill('SIGTERM');
  t.equal((await ended).stderr.split('no consolidator answers').length, 2);
});

void t.test('--print shows the records that would be sent, and nothing else, on stdout.', async (t) => {
  const script = 'echo one; echo two >&2; printf "{\\"level\\":\\"warn\\",\\"msg\\":\\"three\\"}"; exit 5';
  const { code, stdout, stderr } = await spillway(t, [
    'sidecar',
    '--print',
    ...WHOSE,
    '--',
    'sh',
    '-c',
    script,
  ]).ended;
  t.equal(code, 5);
  t.match(
    records(stdout).toSorted((a, b) => Number(a['level']) - Number(b['level'])),
    [
      { msg: 'one', level: 30, stream: 'stdout', tenant: 'acme', container: 'web-1', v: 0 },
      { msg: 'three', level: 40, stream: 'stdout' },
      { msg: 'two', level: 50, stream: 'stderr' },
    ],
  );
  t.match(records(stderr), [
    { event: 'started', container: 'web-1' },
    { event: 'ended', code: 5 },
  ]);
});

void t.test('Secrets are taken out where it is asked for, and counted.', async (t) => {
  const script = 'echo password=hunter22; echo pin=1234; echo card 4111-1111; echo plain';
  const print = async (...redact: string[]) => {
    const run = spillway(t, ['sidecar', '--print', ...redact, ...WHOSE, '--', 'sh', '-c', script]);
    const { stdout, stderr } = await run.ended;
    return { msgs: records(stdout).map(({ msg }) => msg), end: records(stderr).at(-1) };
  };
  const none = await print();
  t.strictSame(none.msgs, ['password=hunter22', 'pin=1234', 'card 4111-1111', 'plain']);
  t.notOk(Object.hasOwn(none.end ?? {}, 'redacted'));
  const some = await print('--redact', '--redact-field', 'pin', '--redact-pattern', String.raw`\d{4}-\d{4}`);
  t.strictSame(some.msgs, ['password=[redacted]', 'pin=[redacted]', 'card [redacted]', 'plain']);
  t.match(some.end, { event: 'ended', redacted: 3 });
});

void t.test(
  'Stack traces are one record with --multiline, and long lines are cut at --max-line.',
  async (t) => {
    const script = String.raw`printf 'Error: x\n    at a (b.js:1:2)\n'; printf '%0100d\n' 0`;
    const args = ['--print', '--multiline', '--max-line', '64', ...WHOSE];
    const { stdout } = await spillway(t, ['sidecar', ...args, '--', 'sh', '-c', script]).ended;
    t.match(records(stdout), [
      { msg: 'Error: x\n    at a (b.js:1:2)' },
      { msg: '0'.repeat(64), truncated: 100 },
    ]);
  },
);

void t.test('The system stream is told when a command starts and how it ends.', async (t) => {
  const peer = await Peer.bind(t, { streams: ['system/', 'tenant/'] });
  const args = [
    '--to',
    peer.endpoint,
    '--no-passthrough',
    ...WHOSE,
    '--',
    'sh',
    '-c',
    'echo one; kill -9 $$',
  ];
  const { code } = await spillway(t, ['sidecar', ...args]).ended;
  t.equal(code, 137);
  const messages = await peer.inbox.until((all) => on(all, 'system/sidecar/').length >= 2);
  t.match(on(messages, 'system/sidecar/'), [
    {
      name: 'sidecar',
      level: 30,
      event: 'started',
      tenant: 'acme',
      container: 'web-1',
      commandPid: Number,
      v: 0,
    },
    { event: 'ended', tenant: 'acme', container: 'web-1', code: 137, signal: 'SIGKILL' },
  ]);
  t.match(on(messages, 'tenant/acme/web-1/'), [{ msg: 'one' }]);
});

void t.test('A folder of pods is published pod by pod, with the times and names of the files.', async (t) => {
  const peer = await Peer.bind(t, { streams: ['system/', 'tenant/'] });
  const folder = t.testdir();
  const write = (pod: string, text: string) => {
    mkdirSync(join(folder, pod, 'app'), { recursive: true });
    writeFileSync(join(folder, pod, 'app', '0.log'), text);
  };
  const time = new Date(Date.now() - 1000).toISOString();
  write('shop_web_1', `${time} stdout F {"level":"warn","msg":"one"}\n${time} stderr F two\n`);
  write('else_db_2', `${time} stdout F three\n`);
  const sidecar = spillway(t, ['sidecar', '--source', `cri:${folder}`, '--to', peer.endpoint]);
  const messages = await peer.inbox.until((all) => linesOf(all).length >= 5);
  t.match(on(messages, 'tenant/shop/web.app/'), [
    { msg: 'one', level: 40, time, namespace: 'shop', pod: 'web', container: 'web.app', tenant: 'shop' },
    { msg: 'two', level: 50, time, stream: 'stderr' },
  ]);
  t.match(on(messages, 'tenant/else/db.app/'), [{ msg: 'three', time }]);
  t.equal(on(messages, 'system/sidecar/').filter(({ event }) => event === 'started').length, 2);
  sidecar.child.kill('SIGTERM');
  t.match(await sidecar.ended, { code: 0, stdout: '' });
  await peer.inbox.until((all) => all.filter(({ ledger }) => ledger.fin).length === 3);
  t.pass('each source says that it is over');
});

void t.test('A file is read as fast as its records leave: nothing of it is dropped.', async (t) => {
  const LINES = 50_000;
  const peer = await Peer.bind(t, { streams: ['tenant/'] });
  const time = new Date().toISOString();
  const text = Array.from({ length: LINES }, (_, i) => `${time} stdout F line ${i}\n`).join('');
  const file = join(t.testdir({ 'x.log': text }), 'x.log');
  const sidecar = spillway(t, ['sidecar', '--source', `cri:${file}`, '--to', peer.endpoint, ...WHOSE]);
  const messages = await peer.inbox.until(
    (all) => all.reduce((sum, { ledger }) => sum + ledger.count, 0) >= LINES,
  );
  const msgs = on(messages, 'tenant/acme/web-1/').map(({ msg }) => msg);
  t.equal(msgs.length, LINES);
  t.equal(
    msgs.findIndex((msg, i) => msg !== `line ${i}`),
    -1,
  );
  sidecar.child.kill('SIGINT');
  t.equal((await sidecar.ended).code, 130);
  const all = await peer.inbox.until((items) => items.at(-1)?.ledger.fin === true);
  t.equal(all.at(-1)?.ledger.lost, 0);
});

void t.test(
  'The folder of one pod, mounted by itself, is read without the containers that are skipped.',
  async (t) => {
    const peer = await Peer.bind(t, { streams: ['tenant/'] });
    const folder = t.testdir();
    const time = new Date().toISOString();
    for (const container of ['app', 'spillway']) {
      mkdirSync(join(folder, container));
      writeFileSync(join(folder, container, '0.log'), `${time} stdout F of ${container}\n`);
    }
    const whose = ['--pod', 'shop/web-1', '--tenant', 'acme', '--skip', 'spillway'];
    const sidecar = spillway(t, ['sidecar', '--source', `cri:${folder}`, '--to', peer.endpoint, ...whose]);
    const messages = await peer.inbox.until((all) => linesOf(all).length > 0);
    t.match(on(messages, 'tenant/acme/web-1.app/'), [{ msg: 'of app', namespace: 'shop', pod: 'web-1' }]);
    sidecar.child.kill('SIGTERM');
    await sidecar.ended;
    t.equal(linesOf(peer.inbox.items).length, 1);
  },
);
