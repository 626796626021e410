import t from 'tap';
import { spillway as run } from '../cli/spawn.js';
import { bearer, Issuer, nowInSeconds } from '../support/issuer.js';
import { sidecar, startParts } from '../support/processes.js';

const PATH = '/v1/logs/tenant/acme/web-1';

void t.test('a relay of the command line asks for tokens, and `spillway logs` has one', async (t) => {
  const issuer = await Issuer.start(t);
  const parts = await startParts(t, ['--jwks', issuer.url, '--metrics', '127.0.0.1:0', '--jwt-leeway', '0']);
  const { metrics } = JSON.parse(await parts.relay.line(/"ready:/)) as { metrics: string };
  t.match(
    await parts.relay.line(/ticket-secret-file/),
    /"level":40/,
    'it says what its tickets are good for',
  );
  sidecar(t, parts.publish, 'web-1', [process.execPath, '-e', 'setInterval(() => console.log("tick"), 50)']);

  const exp = nowInSeconds() + 6;
  const reader = run(t, ['logs', 'acme/web-1', '--url', parts.url, '-o', 'raw'], {
    SPILLWAY_TOKEN: await issuer.token({ exp }),
  });
  await reader.out.until('tick');
  const { code, stderr } = await reader.ended;
  t.ok(Date.now() >= exp * 1000, 'it reads as long as its token is good');
  t.equal(code, 1);
  t.match(stderr, /The token has expired: get a new one/);

  const stranger = run(t, ['logs', 'acme', '--url', parts.url], { SPILLWAY_TOKEN: 'a.b.c' });
  t.match(await stranger.ended, { code: 1, stderr: /not signed with a key that this relay trusts/ });
  const other = await issuer.token({ logs: ['tenant/other/'] });
  t.equal((await fetch(`${parts.url}${PATH}`, { headers: bearer(other) })).status, 403);
  t.equal((await fetch(`${parts.url}/metrics`)).status, 404, 'metrics are elsewhere');
  const text = await (await fetch(`${metrics}/metrics`)).text();
  t.match(text, /spillway_requests_refused_total\{hop="relay",reason="credentials"\} 2\n/);
  t.match(text, /spillway_requests_refused_total\{hop="relay",reason="scope"\} 1\n/);
  t.match(text, /spillway_requests_refused_total\{hop="relay",reason="relay-full"\} 0\n/);
  t.notMatch(text, /acme|tenant="/);
});

void t.test('metrics that share the address of the streams are for operators', async (t) => {
  const issuer = await Issuer.start(t);
  const { url } = await startParts(t, ['--jwks', issuer.url]);
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${url}/metrics`, { headers })).status;
  t.equal(await status({}), 401);
  t.equal(await status(bearer(await issuer.token({ logs: [''] }))), 403);
  t.equal(await status(bearer(await issuer.token({ scope: 'spillway:admin' }))), 200);
});
