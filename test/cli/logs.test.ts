import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import t from 'tap';
import type { CommandIo } from '../../cli/command.js';
import { command, run } from '../../cli/logs.js';
import { parseCommand } from '../../cli/options.js';
import { freePorts } from '../support/ports.js';
import { spillway } from './spawn.js';
import { recordOf, startServer, type Exchange } from './sse-server.js';

const short = (msg: string) => `06:41:13.980Z  INFO web-1: ${msg}\n`;

void t.test(
  'Records go to standard output, drops to standard error, and a refusal ends it with 1.',
  async (t) => {
    const server = await startServer(t);
    const { ended } = spillway(t, [
      'logs',
      'acme/web-1',
      '-n',
      '3',
      '-l',
      'warn',
      '--query',
      'a b',
      '--url',
      server.url,
    ]);
    const first = await server.next();
    t.equal(first.asked.url, '/v1/logs/tenant/acme/web-1?tail=3&level=warn&q=a+b');
    first.open().event('status', { stream: 'tenant/acme/web-1/', consolidators: 1 });
    first.record(recordOf('one'), 'c1');
    first.event('dropped', { count: 12, reason: 'consumer-overflow', hop: 'relay', total: 12 });
    first.record(recordOf('two'), 'c2').end(0);
    const second = await server.next();
    t.equal(second.asked.cursor, 'c2');
    second.problem(404, 'No such stream for this token.');
    t.strictSame(await ended, {
      code: 1,
      signal: null,
      stdout: short('one') + short('two'),
      stderr:
        'spillway: 12 records dropped in the relay: this reader was too slow for its buffer\nspillway: No such stream for this token.\n',
    });
  },
);

void t.test('With -v it tells of its connections, too.', async (t) => {
  const server = await startServer(t);
  const { ended } = spillway(t, ['logs', '--system', 'scheduler', '-v', '--url', server.url]);
  const first = await server.next();
  t.equal(first.asked.url, '/v1/logs/system/scheduler?tail=20');
  const status = { stream: 'system/scheduler/', consolidators: 0 };
  first.open().event('status', status).event('status', status);
  first.event('bye', { reason: 'shutdown', retry: 5 }).end(5);
  (await server.next()).problem(410, 'Gone.');
  const { stdout, stderr } = await ended;
  t.equal(stdout, '');
  t.strictSame(stderr.split('\n'), [
    `spillway: connected to ${server.url}`,
    'spillway: reading system/scheduler/; waiting, for the relay is connected to no consolidator yet',
    'spillway: the relay is shutting down',
    `spillway: lost the connection to ${server.url}: closed by the server; trying again in 0.0 s`,
    'spillway: Gone.',
    '',
  ]);
});

void t.test('Options may come from the environment.', async (t) => {
  const server = await startServer(t);
  const env = {
    SPILLWAY_URL: server.url,
    SPILLWAY_TOKEN: 'jwt',
    SPILLWAY_OUTPUT: 'raw',
    SPILLWAY_MAX_RETRIES: '0',
  };
  const { ended } = spillway(t, ['logs', '--system'], env);
  const first = (await server.next()).open().record(recordOf('one')).record(recordOf('two\nlines'));
  first.end(0);
  t.match(first.asked, { url: '/v1/logs/system?tail=20', token: 'Bearer jwt' });
  t.match(await ended, { code: 1, stdout: 'one\ntwo\nlines\n' });
});

for (const output of ['short', 'long', 'simple'] as const) {
  void t.test(
    `What bunyan -o ${output} prints of the stream is what logs -o ${output} prints.`,
    async (t) => {
      const server = await startServer(t);
      const args = [
        'logs',
        'acme',
        '-o',
        output,
        '--url',
        server.url,
        '--max-retries',
        '0',
        '--color',
        'always',
      ];
      const { ended } = spillway(t, args);
      const records = [
        recordOf('one'),
        { ...recordOf('two\nlines'), extra: 'x y', list: [1, 2] },
        { ...recordOf('é 漢 🎉'), req: { method: 'GET', url: '/', headers: { host: 'a' } }, level: 50 },
        { ...recordOf('failed'), err: { message: 'boom', stack: 'Error: boom\n    at a.js' } },
        { hello: 'no record' },
      ];
      const exchange = (await server.next()).open();
      for (const record of records) exchange.record(record);
      exchange.end(0);
      const bunyan = spawn(process.execPath, ['node_modules/bunyan/bin/bunyan', '-o', output, '--color'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      bunyan.stdin.end(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      const [printed, { stdout }] = await Promise.all([readAll(bunyan.stdout), ended]);
      t.equal(stdout, printed.replace('\u001b[0m', ''));
    },
  );
}

void t.test('-o json passes each record on to the byte.', async (t) => {
  const server = await startServer(t);
  const { ended } = spillway(t, ['logs', 'acme', '-o', 'json', '--url', server.url, '--max-retries', '0']);
  const { response } = (await server.next()).open();
  response.end('data: { "msg" : "\\u00e9\u009b", "odd":1e2 }\n\ndata: not json\n\n');
  t.equal((await ended).stdout, '{ "msg" : "\\u00e9\u009b", "odd":1e2 }\nnot json\n');
});

void t.test('When nobody reads its output any more it ends with 0.', async (t) => {
  const server = await startServer(t);
  const { child, out, ended } = spillway(t, ['logs', 'acme', '--url', server.url]);
  const exchange = (await server.next()).open().record(recordOf('one'));
  await out.until('one');
  child.stdout.destroy();
  const timer = setInterval(() => exchange.record(recordOf('more')), 5);
  t.teardown(() => clearInterval(timer));
  t.match(await ended, { code: 0, stderr: '' });
});

void t.test(
  'Ctrl-C ends it with 130 at once, reading, waiting for an answer or between attempts.',
  async (t) => {
    const server = await startServer(t);
    for (const state of ['reading', 'unanswered', 'between'] as const) {
      const times: number[] = [];
      // The machine may be busy with something else: the best of three is what the program itself takes.
      while (times.length < 3) {
        const { child, err, ended } = spillway(t, ['logs', 'acme', '-v', '--url', server.url]);
        const exchange = await server.next();
        if (state !== 'unanswered') exchange.open();
        if (state === 'between') exchange.end(60_000);
        if (state !== 'unanswered') await err.until(state === 'reading' ? 'connected' : 'again in 60.0 s');
        const before = performance.now();
        child.kill('SIGINT');
        t.match(await ended, { code: 130, signal: null }, state);
        times.push(performance.now() - before);
      }
      // Far less than any wait that it could have sat out; quiet, it takes some 10 ms.
      t.ok(Math.min(...times) < 1_000, state);
      t.comment(`figure: Ctrl-C while ${state}: ${times.map((ms) => ms.toFixed()).join(', ')} ms`);
    }
  },
);

void t.test('Where nobody listens, a program is told so too, once, and the wait goes on.', async (t) => {
  const url = `http://127.0.0.1:${(await freePorts(1))[0] as number}`;
  const { child, err, ended } = spillway(t, ['logs', 'acme', '--url', url, '--max-retries', '2']);
  await err.until('trying again');
  t.equal(child.exitCode, null);
  const { code, stdout, stderr } = await ended;
  t.match({ code, stdout }, { code: 1, stdout: '' });
  const [told, given, ...rest] = stderr.split('\n');
  t.match(told, new RegExp(`^spillway: cannot connect to ${url}: .*; trying again in \\d+\\.\\d s$`));
  t.match(given, /^spillway: /);
  t.strictSame(rest, ['']);
});

void t.test('SIGTERM ends it with 143.', async (t) => {
  const server = await startServer(t);
  const { child, err, ended } = spillway(t, ['logs', 'acme', '-v', '--url', server.url]);
  (await server.next()).open();
  await err.until('connected');
  child.kill('SIGTERM');
  t.match(await ended, { code: 143, signal: null });
});

void t.test(
  'What a reader that pauses has not read waits at the server, and none of it is lost.',
  async (t) => {
    const server = await startServer(t);
    const { child, out, ended } = spillway(t, [
      'logs',
      'acme',
      '-o',
      'raw',
      '--url',
      server.url,
      '--max-retries',
      '0',
    ]);
    const exchange = (await server.next()).open().record(recordOf('first'));
    await out.until('first');
    child.stdout.pause();
    const total = 60_000;
    const filler = 'x'.repeat(1000);
    for (let i = 0; i < total; i++) exchange.record(recordOf(`${i} ${filler}`));
    exchange.end(0);
    // Time enough to read 70 MB, if it did.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    t.ok(
      exchange.response.writableLength > 50e6,
      `${exchange.response.writableLength} bytes wait at the server`,
    );
    child.stdout.resume();
    const lines = (await ended).stdout.trimEnd().split('\n').slice(1);
    t.equal(lines.length, total);
    t.ok(lines.every((line, i) => line.startsWith(`${i} `)));
  },
);

const dim = (text: string) => `\u001b[2mspillway: ${text}\u001b[22m\n`;

const terminal = () => Object.assign(new PassThrough(), { isTTY: true });

/** Runs the command in this process against streams that say they are terminals. */
async function onTerminal(args: readonly string[], env: Record<string, string> = {}) {
  const [stdout, stderr] = [terminal(), terminal()];
  const io = { stdin: process.stdin, stdout, stderr, env } as unknown as CommandIo;
  const code = await run(parseCommand(command, args, env), io);
  stdout.end();
  stderr.end();
  return { code, stdout: await readAll(stdout), stderr: await readAll(stderr) };
}

void t.test(
  'A terminal gets colours and the state of the connection, and is not driven by a line.',
  async (t) => {
    const server = await startServer(t);
    const running = onTerminal(['acme', '--url', server.url, '--max-retries', '0']);
    (await server.next()).open().record(recordOf('\u001b[2J')).event('bye', { reason: '\u001b[2J' }).end(0);
    t.strictSame(await running, {
      code: 1,
      stdout: '06:41:13.980Z \u001b[36m INFO\u001b[39m web-1: \u001b[36m␛[2J\u001b[39m\n',
      stderr: `${dim(`connected to ${server.url}`)}${dim('the relay ended the stream: ␛[2J')}\u001b[1mspillway: closed by the server\u001b[22m\n`,
    });
  },
);

void t.test(
  'NO_COLOR, a dumb terminal and --color never have no colour; --color always has it.',
  async (t) => {
    const server = await startServer(t);
    const plain = short('one');
    const painted = '06:41:13.980Z \u001b[36m INFO\u001b[39m web-1: \u001b[36mone\u001b[39m\n';
    const table: readonly [readonly string[], Record<string, string>, string][] = [
      [[], { NO_COLOR: '1' }, plain],
      [[], { NO_COLOR: '' }, painted],
      [[], { TERM: 'dumb' }, plain],
      [['--color', 'never'], {}, plain],
      [['--color', 'always'], { NO_COLOR: '1' }, painted],
    ];
    for (const [args, env, wanted] of table) {
      const running = onTerminal(['acme', '--url', server.url, '--max-retries', '0', ...args], env);
      (await server.next()).open().record(recordOf('one')).end(0);
      t.equal((await running).stdout, wanted, `${args.join(' ')} ${JSON.stringify(env)}`);
    }
  },
);

void t.test('A name that is none is refused before any request.', async (t) => {
  const server = await startServer(t);
  for (const name of ['..', 'acme/..', 'a/b/c', 'acme%2f..', '']) {
    const { code, stderr } = await spillway(t, ['logs', '--url', server.url, name]).ended;
    t.equal(code, 2, name);
    t.match(stderr, 'is no name of a');
  }
  const { ended } = spillway(t, ['logs', '--url', server.url, 'acme', '--max-retries', '0']);
  const { asked } = await server.next();
  t.equal(asked.url, '/v1/logs/tenant/acme?tail=20', 'the first request of all');
  server.stop();
  await ended;
});

void t.test(
  'A relay that remembers nothing is read from now on, unless the past was asked for.',
  async (t) => {
    const server = await startServer(t);
    const old = 'This version remembers no past: leave ?tail= out, and the stream begins now.';
    const asking = (...args: string[]) =>
      spillway(t, ['logs', 'acme', '-v', '--max-retries', '0', '--url', server.url, ...args]);
    const { ended } = asking();
    (await server.next()).problem(400, old);
    const second = await server.next();
    t.equal(second.asked.url, '/v1/logs/tenant/acme');
    second.open().record(recordOf('one')).end(0);
    const { stdout, stderr } = await ended;
    t.equal(stdout, short('one'));
    t.match(stderr, `beginning with what comes now: ${old}`);
    for (const past of ['--tail=20', '--since=1h']) {
      const { ended } = asking(past);
      (await server.next()).problem(400, old);
      t.match(await ended, { code: 1, stderr: `spillway: ${old}\n` }, past);
    }
  },
);

void t.test('Several streams are read side by side, each line with its stream in front.', async (t) => {
  const server = await startServer(t);
  const names = ['acme/web-1', 'system:scheduler', 'acme'];
  const { ended } = spillway(t, ['logs', ...names, '--max-retries', '0', '--url', server.url]);
  const exchanges = [await server.next(), await server.next(), await server.next()];
  const at = (path: string) => exchanges.find(({ asked }) => asked.url.startsWith(`${path}?`)) as Exchange;
  at('/v1/logs/tenant/acme/web-1').open().record(recordOf('one\ntwo')).end(0);
  at('/v1/logs/system/scheduler').problem(403, 'Not for you.');
  at('/v1/logs/tenant/acme')
    .open()
    .event('dropped', { count: 2, hop: 'sidecar', reason: 'sidecar-overflow' })
    .end(0);
  const { code, stdout, stderr } = await ended;
  t.equal(code, 1);
  t.equal(
    stdout,
    'acme/web-1       06:41:13.980Z  INFO web-1:\nacme/web-1           one\nacme/web-1           two\n',
  );
  t.match(stderr, 'spillway: system:scheduler: Not for you.\n');
  t.match(stderr, 'spillway: acme: 2 records dropped in the sidecar: its queue was full\n');
});

const at = (ms: number) => ({
  ...recordOf(String(ms)),
  time: new Date(1_700_000_000_000 + ms).toISOString(),
});

void t.test(
  'With --sort the lines of several streams are in the order in which they happened.',
  async (t) => {
    const server = await startServer(t);
    const { out, ended } = spillway(t, [
      'logs',
      'a',
      'b',
      '--json',
      '--sort=300ms',
      '--max-retries',
      '0',
      '--url',
      server.url,
    ]);
    const [a, b] = [await server.next(), await server.next()];
    a.open().record(at(1)).record(at(3)).record(at(5));
    b.open().record(at(2)).record(at(4));
    await out.until('"5"');
    b.record(at(3));
    b.end(0);
    a.end(0);
    const records = (await ended).stdout.trimEnd().split('\n');
    t.strictSame(
      records.map((line) => {
        const { msg, 'spillway.late': late } = JSON.parse(line) as Record<string, string>;
        return [msg, late];
      }),
      [
        ['1', undefined],
        ['2', undefined],
        ['3', undefined],
        ['4', undefined],
        ['5', undefined],
        ['3', '2ms'],
      ],
    );
  },
);

void t.test('Records are chosen by patterns here and by level and container at the relay.', async (t) => {
  const server = await startServer(t);
  const { ended } = spillway(t, [
    'logs',
    'acme',
    '-o',
    'raw',
    '--url',
    server.url,
    '--max-retries=0',
    '-c',
    'web-1,web-2',
    '-i',
    'hello|bye',
    '-e',
    'health',
  ]);
  const exchange = await server.next();
  t.equal(exchange.asked.url, '/v1/logs/tenant/acme?tail=20&container=web-1%2Cweb-2');
  exchange.open();
  for (const msg of ['Hello', 'other', 'bye health', 'bye']) exchange.record(recordOf(msg));
  exchange.end(0);
  t.equal((await ended).stdout, 'Hello\nbye\n');
});

void t.test('Quiet tells of losses and failures, and of nothing else.', async (t) => {
  const server = await startServer(t);
  const { ended } = spillway(t, ['logs', 'acme', '-q', '-v', '--url', server.url]);
  (await server.next())
    .open()
    .event('status', {})
    .event('dropped', { count: 1, hop: 'sidecar', reason: 'sidecar-overflow' })
    .end(0);
  (await server.next()).problem(403, 'Not for you.');
  t.equal(
    (await ended).stderr,
    'spillway: 1 record dropped in the sidecar: its queue was full\nspillway: Not for you.\n',
  );
});

void t.test('A missed heartbeat is a lost connection, after as long as the relay says.', async (t) => {
  const server = await startServer(t);
  const { err } = spillway(t, ['logs', 'acme', '-v', '--url', server.url]);
  (await server.next()).open().event('status', { consolidators: 1, keepalive: 500 });
  await err.until(`lost the connection to ${server.url}: no heartbeat for 1 s; trying again in`);
  await server.next();
});

void t.test('A token in a file is read anew for each connection.', async (t) => {
  const server = await startServer(t);
  const path = join(t.testdir({ token: 'first\n' }), 'token');
  spillway(t, ['logs', 'acme', '--token-file', path, '--url', server.url]);
  const first = await server.next();
  t.equal(first.asked.token, 'Bearer first');
  writeFileSync(path, 'second');
  first.open().end(0);
  t.equal((await server.next()).asked.token, 'Bearer second');
  for (const [text, wanted] of [
    ['secret\nsecret', /holds more than a token/],
    ['secret-é', /holds more than a token/],
    [' \n', /is empty/],
  ] as const) {
    writeFileSync(path, text);
    const { code, stderr } = await spillway(t, ['logs', 'acme', '--token-file', path]).ended;
    t.equal(code, 2, text);
    t.match(stderr, wanted);
    t.notMatch(stderr, 'secret', 'and nobody gets to see it');
  }
  const missing = await spillway(t, ['logs', 'acme', '--token-file', `${path}2`]).ended;
  t.match(missing, { code: 2, stderr: /the token cannot be read/ });
});

void t.test('A port that fetch forbids is told as such, and not tried again.', async (t) => {
  const url = 'http://127.0.0.1:9';
  const forbidden = /browsers forbid this port/;
  t.match(await spillway(t, ['logs', 'acme', '--url', url]).ended, { code: 1, stderr: forbidden });
  const words = ['top', '--once', '--json', '--interval', '100ms', '--relay', url];
  t.match(await spillway(t, words).ended, { code: 1, stdout: forbidden });
});
