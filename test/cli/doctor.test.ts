import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { XPublisher } from 'zeromq';
import t from 'tap';
import { formatLedger } from '../../wire/index.js';
import { freePorts } from '../support/ports.js';
import { spillway as start, startRelayProcess, untilReady } from '../support/processes.js';
import { needsTmux, openTerminal, SPILLWAY } from '../support/terminal.js';
import { spillway } from './spawn.js';

interface Test {
  teardown(handler: () => unknown): void;
}

interface Report {
  readonly findings: readonly { level: string; check: string; about: string; text: string; fix?: string }[];
  readonly latencies: readonly { consolidator?: number; relayed?: number; total?: number }[];
}

async function startVm(t: Test, args: readonly string[] = []) {
  const any = 'tcp://127.0.0.1:*';
  const part = start(t, [
    'consolidator',
    '--publish',
    any,
    '--subscribe',
    any,
    '--http',
    '127.0.0.1:0',
    ...args,
  ]);
  const ready = JSON.parse(await part.line(/"ready:/)) as {
    publish: string;
    subscribe: string;
    http: string;
  };
  return { ...ready, entry: `${ready.subscribe} publish=${ready.publish}` };
}

async function startCluster(t: Test, args: readonly string[] = []) {
  const vm = await startVm(t);
  const { url } = await startRelayProcess(t, vm.subscribe, args);
  await untilReady(url);
  return { vm, url };
}

/** As few canaries as show a lump, and no longer a wait than a busy machine needs. */
const QUICK = ['--count', '6', '--spacing', '60ms', '--timeout', '2s'];

/** The report, and the troubles in it as `level check`. */
async function examine(t: Test, url: string, entries: readonly string[], ...args: string[]) {
  const words = ['doctor', '--json', '--url', url, '--from', entries.join(','), ...QUICK, ...args];
  const { code, stdout, stderr } = await spillway(t, words).ended;
  const report = JSON.parse(
    stdout || `{"findings":[{"level":"fail","check":${JSON.stringify(stderr)}}]}`,
  ) as Report;
  const troubles = report.findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check }) => `${level} ${check}`);
  return { code, report, troubles };
}

/** A proxy in front of a relay that does as it is told with what comes back. */
async function startProxy(
  t: Test,
  target: string,
  respond: (answer: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    get(new URL(url, target), { headers, agent: false }, (answer) => respond(answer, response)).on(
      'error',
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Nothing below does anything to it. */
const { vm, url } = await startCluster(t);

void t.test('A deployment that is well has no faults, and the way of the canaries is printed.', async (t) => {
  const { code, report, troubles } = await examine(t, url, [vm.entry], '--consolidator', vm.http);
  t.strictSame([code, troubles], [0, []], JSON.stringify(report.findings));
  const [latency] = report.latencies;
  t.ok((latency?.consolidator as number) >= 0 && (latency?.total as number) > 0, JSON.stringify(latency));
  t.ok(report.findings.some(({ check, text }) => check === 'version' && /they are of version/.test(text)));
  const { stdout } = await spillway(t, ['doctor', '--url', url, '--from', vm.entry]).ended;
  t.match(
    stdout,
    /^CANARY +to consolidator +to reader +total +worst\n127\.0\.0\.1:\d+ → 127\.0\.0\.1:\d+ +[\d.]+ms/m,
  );
  t.match(stdout, 'all is well\n');
});

void t.test('What cannot be reached is a fault, with what to do.', async (t) => {
  const [http, publish, subscribe] = await freePorts(3);
  const entry = `tcp://127.0.0.1:${subscribe} publish=tcp://127.0.0.1:${publish}`;
  const { code, report, troubles } = await examine(
    t,
    `http://127.0.0.1:${http}`,
    [entry],
    '--timeout',
    '500ms',
  );
  t.strictSame([code, troubles], [1, ['fail reach', 'fail canary']]);
  t.ok(report.findings.every(({ fix }) => fix));
});

void t.test('A VM that the relay does not know of is found.', async (t) => {
  const other = await startVm(t);
  const { code, report, troubles } = await examine(t, url, [vm.entry, other.entry], '--timeout', '1s');
  t.strictSame([code, troubles], [1, ['fail canary']]);
  t.match(
    report.findings.find(({ check, level }) => check === 'canary' && level === 'fail'),
    {
      about: other.publish,
      text: `0 of 6 canaries came to ${url}`,
      fix: /stale discovery/,
    },
  );
});

const isStream = ({ headers }: IncomingMessage) =>
  headers['content-type']?.startsWith('text/event-stream') === true;

void t.test(
  'A proxy that gathers what it passes on is found, and so is one that passes nothing on.',
  async (t) => {
    const gathering = await startProxy(t, url, (answer, response) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (!isStream(answer)) return void answer.pipe(response);
      const gathered: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => gathered.push(chunk));
      const timer = setInterval(() => response.write(Buffer.concat(gathered.splice(0))), 700);
      response.on('close', () => {
        clearInterval(timer);
        answer.destroy();
      });
    });
    const lumps = await examine(t, gathering, [vm.entry]);
    t.strictSame(
      [lumps.code, lumps.troubles],
      [1, ['fail buffering']],
      JSON.stringify(lumps.report.findings),
    );
    t.match(lumps.report.findings.find(({ check }) => check === 'buffering')?.fix, 'proxy_buffering off');

    const holding = await startProxy(t, url, (answer, response) => {
      if (!isStream(answer))
        return void answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
      response.writeHead(200, answer.headers).flushHeaders();
      response.on('close', () => answer.destroy());
      answer.resume();
    });
    const nothing = await examine(t, holding, [vm.entry], '--timeout', '700ms');
    t.strictSame([nothing.code, nothing.troubles], [1, ['fail buffering', 'fail canary']]);
  },
);

void t.test('Clocks that are apart are found: that of a relay and that of a sender.', async (t) => {
  const ahead = await startProxy(t, url, (answer, response) => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    answer.pipe(response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date }));
  });
  const sender = new XPublisher({ linger: 0 });
  t.teardown(() => sender.close());
  sender.connect(vm.publish);
  const ledger = { v: 1, src: '6f1c2b8e-3a4d-4e5f-8a9b-0c1d2e3f4a5b', first: 0, count: 0, lost: 0 } as const;
  const timer = setInterval(() => {
    const at = Date.now() - 90_000;
    void sender.send(['system/late/', '', formatLedger({ ...ledger, at })]).catch(() => {});
  }, 100);
  t.teardown(() => clearInterval(timer));
  const { code, report, troubles } = await examine(t, ahead, [vm.entry]);
  t.strictSame([code, troubles], [0, ['warn clock', 'warn clock']], JSON.stringify(report.findings));
  const told = report.findings.filter(({ check, level }) => check === 'clock' && level === 'warn');
  t.match(told, [
    { text: /its clock is (3599|3600)\.\d s ahead/ },
    { text: /stamps records (89|90)\.\d s behind/ },
  ]);
});

void t.test('Behind a gate it needs a token, and says so.', async (t) => {
  const secret = 'x'.repeat(64);
  const token = await new SignJWT({ logs: ['system/'], scope: 'spillway:admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(secret));
  const folder = t.testdir({ secret, token });
  chmodSync(`${folder}/secret`, 0o600);
  const guarded = await startCluster(t, ['--jwt-secret-file', `${folder}/secret`]);
  const stranger = await examine(t, guarded.url, [guarded.vm.entry], '--timeout', '700ms');
  t.strictSame([stranger.code, stranger.troubles], [1, ['warn discovery', 'fail stream']]);
  const admitted = await examine(t, guarded.url, [guarded.vm.entry], '--token-file', `${folder}/token`);
  t.strictSame([admitted.code, admitted.troubles], [0, []], JSON.stringify(admitted.report.findings));
  t.ok(admitted.report.findings.some(({ text }) => text === 'it asks for a token'));
});

void t.test('Where ZeroMQ speaks CURVE it needs a key that is on the lists.', async (t) => {
  const folder = t.testdir();
  const keygen = async (name: string) => {
    const { stdout } = await spillway(t, ['keygen', `${folder}/${name}`]).ended;
    return stdout.trim();
  };
  const [vmKey, relayKey, doctorKey] = [await keygen('vm'), await keygen('relay'), await keygen('doctor')];
  writeFileSync(`${folder}/sidecars`, `${doctorKey} doctor\n`);
  writeFileSync(`${folder}/relays`, `${relayKey} relay\n${doctorKey} doctor\n`);
  const lists = [
    '--curve-allow-publish',
    `${folder}/sidecars`,
    '--curve-allow-subscribe',
    `${folder}/relays`,
  ];
  const secured = await startVm(t, ['--curve-secret-key', `${folder}/vm`, ...lists]);
  const from = `${secured.subscribe} key=${vmKey}`;
  const reader = await startRelayProcess(t, from, ['--curve-secret-key', `${folder}/relay`]);
  await untilReady(reader.url);
  const entry = `${secured.entry} key=${vmKey}`;
  const stranger = await examine(t, reader.url, [entry], '--timeout', '700ms');
  t.strictSame([stranger.code, stranger.troubles], [1, ['fail canary']]);
  const known = await examine(t, reader.url, [entry], '--curve-secret-key', `${folder}/doctor`);
  t.strictSame([known.code, known.troubles], [0, []], JSON.stringify(known.report.findings));
});

void t.test('On a terminal it says at once that it is asking.', { skip: needsTmux() }, async (t) => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const words = `doctor --url http://127.0.0.1:${port} --from ${vm.entry.split(' ')[0]} --timeout 1h`;
  const terminal = await openTerminal(t, ['sh', '-c', `${SPILLWAY} ${words}`]);
  t.match(await terminal.until(/\S/), /^spillway doctor: asking …/);
});
