import { rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { readNdjson } from '../support/readers.js';
import {
  spillway as start,
  sidecar,
  startRelayProcess,
  untilConsumers,
  untilReady,
} from '../support/processes.js';
import { needsTmux, openTerminal, SPILLWAY } from '../support/terminal.js';
import { freePorts } from '../support/ports.js';
import { spillway } from './spawn.js';

interface Test {
  teardown(handler: () => unknown): void;
}

/** A deployment with one VM, one relay, one container that prints, and one reader. */
async function deploy(t: Test) {
  const any = 'tcp://127.0.0.1:*';
  const part = start(t, ['consolidator', '--publish', any, '--subscribe', any, '--http', '127.0.0.1:0']);
  const ready = JSON.parse(await part.line(/"ready:/)) as {
    publish: string;
    subscribe: string;
    http: string;
  };
  const relay = await startRelayProcess(t, ready.subscribe);
  await untilReady(relay.url);
  const reader = await readNdjson(t, `${relay.url}/v1/logs/tenant/acme/web-1`);
  await untilConsumers(relay.url, 1);
  sidecar(t, ready.publish, 'web-1', ['sh', '-c', 'while :; do echo line; sleep 0.02; done']);
  await reader.until((records) => records.length > 0);
  return { consolidator: ready.http, relay: relay.url, killRelay: () => relay.part.stop('SIGKILL') };
}

/** Nothing below does anything to it, but for the test that has its own. */
const shared = await deploy(t);

const host = (url: string) => url.replace('http://', '');

void t.test(
  'In a pipe it prints parts, streams and readers, and what cannot be reached says so.',
  async (t) => {
    const { consolidator, relay } = shared;
    const args = ['top', '--relay', relay, '--consolidator', consolidator, '--interval', '500ms'];
    const { code, stdout, stderr } = await spillway(t, [...args, '--once']).ended;
    t.match([code, stderr], [0, '']);
    t.match(stdout, 'pressure: none\n');
    t.match(
      stdout,
      new RegExp(`^${host(consolidator)} +[1-9]\\d* +[\\d.]+k? +[1-9] +[1-9]\\S* +0 +0 +0 `, 'm'),
    );
    t.match(stdout, new RegExp(`^${host(relay)} +1/1 +1 +[1-9]\\d* `, 'm'));
    t.match(stdout, /^tenant\/acme\/web-1\/ +1 +[1-9]\d* /m);
    t.match(stdout, /^tenant\/acme\/web-1\/ +127\.0\.0\.1 ndjson +[1-9]\d* /m);
    t.ok(
      stdout.split('\n').every((line) => line.length <= 80),
      stdout,
    );

    const json = await spillway(t, [...args, '--once', '--json']).ended;
    const model = JSON.parse(json.stdout) as Record<string, unknown>;
    t.match(model, { parts: [{ kind: 'consolidator' }, { kind: 'relay', connected: 1 }], totalConsumers: 1 });

    const [closed] = await freePorts(1);
    const wrong = await spillway(t, [...args.slice(0, 2), `${relay},http://127.0.0.1:${closed}`, '--once'])
      .ended;
    t.equal(wrong.code, 1);
    t.match(wrong.stdout, new RegExp(`^127.0.0.1:${closed} {2}connect ECONNREFUSED`, 'm'));
    t.match(wrong.stdout, `pressure: relay 127.0.0.1:${closed}: connect ECONNREFUSED`);
  },
);

void t.test('A page that is none of a part is told of, and an address that is none refused.', async (t) => {
  const { relay } = shared;
  const { stdout } = await spillway(t, ['top', '--once', '--relay', `${relay}/v1`]).ended;
  t.match(stdout, 'There is nothing at /v1/metrics');
  t.match(await spillway(t, ['top', '--relay', 'relay:8080']).ended, {
    code: 2,
    stderr: /must be an address/,
  });
});

void t.test(
  'On a terminal it is live, obeys keys and the size of the window, and leaves no trace.',
  { skip: needsTmux() },
  async (t) => {
    const { consolidator, relay, killRelay } = await deploy(t);
    const command = `${SPILLWAY} top --interval 200ms --relay ${relay} --consolidator ${consolidator}`;
    const terminal = await openTerminal(t, [
      'sh',
      '-c',
      `trap : INT; echo before; ${command}; echo "ended with $?"; exec sleep 600`,
    ]);
    let screen = await terminal.until(/tenant\/acme\/web-1\/ +127\.0\.0\.1/);
    t.match(screen, /^spillway top/, 'the whole screen is its own');
    t.match(screen, /q quit/);
    await terminal.press('d');
    await terminal.press('Down', 'Down', 'Up', 'j', 'k', 'Space', 'g');
    await terminal.resize(100, 30);
    screen = await terminal.until((text) =>
      text.split('\n').some((line) => /^tenant\/acme\/web-1\/ .*%/.test(line) && line.length > 90),
    );
    await terminal.resize(60, 12);
    screen = await terminal.until((text) => text.trimEnd().split('\n').length <= 12 && /q quit/.test(text));
    t.ok(
      screen.split('\n').every((line) => line.length <= 60),
      screen,
    );
    await terminal.resize(80, 24);
    await killRelay();
    await terminal.until(/pressure: relay .*ECONNREFUSED/);
    await terminal.press('q');
    screen = await terminal.until(/ended with/);
    t.match(screen, /^before\nended with 0/, "the user's own screen is back");
  },
);

void t.test(
  'Ctrl-C ends it with 130, also while an answer is waited for.',
  { skip: needsTmux() },
  async (t) => {
    const { relay } = shared;
    for (const url of [relay, 'http://192.0.2.1:8080']) {
      const command = `${SPILLWAY} top --timeout 60s --relay ${url}`;
      const terminal = await openTerminal(t, [
        'sh',
        '-c',
        `trap : INT; ${command}; echo "ended with $?"; exec sleep 600`,
      ]);
      await terminal.until(/spillway top/);
      await terminal.press('C-c');
      t.match(await terminal.until(/ended with/), 'ended with 130', url);
    }
  },
);

void t.test('A token file that is away for a while is a trouble that is shown, and no end.', async (t) => {
  const { relay } = shared;
  const path = `${t.testdir({ token: 'secret' })}/token`;
  const args = ['top', '--json', '--interval', '100ms', '--relay', relay, '--token-file', path];
  const { out } = spillway(t, args);
  await out.until('"parts"');
  rmSync(path);
  await out.until('the token cannot be read');
  out.text = '';
  writeFileSync(path, 'secret');
  await out.until(`"streams":[{`);
});
