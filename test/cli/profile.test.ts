import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { profilesPath, readProfile } from '../../cli/profile.js';
import { spillway } from './spawn.js';
import { recordOf, startServer } from './sse-server.js';

interface Test {
  testdir(): string;
}

/** A configuration folder with these profiles. */
function folder(t: Test, text: string, mode = 0o600): Record<string, string> {
  const XDG_CONFIG_HOME = t.testdir();
  mkdirSync(join(XDG_CONFIG_HOME, 'spillway'));
  const path = join(XDG_CONFIG_HOME, 'spillway', 'profiles.json');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { XDG_CONFIG_HOME };
}

void t.test('Profiles are where the desktop keeps such things.', (t) => {
  t.equal(profilesPath({ XDG_CONFIG_HOME: '/x', HOME: '/h' }), '/x/spillway/profiles.json');
  t.equal(profilesPath({ XDG_CONFIG_HOME: 'relative', HOME: '/h' }), '/h/.config/spillway/profiles.json');
  t.equal(profilesPath({ HOME: '/h' }), '/h/.config/spillway/profiles.json');
  t.end();
});

void t.test('A profile is options as somebody would type them.', (t) => {
  const env = folder(
    t,
    '{"default":{"url":"http://a"},"dev":{"tail":5,"verbose":true,"container":["a","b"]}}',
  );
  t.strictSame(readProfile(undefined, env), { url: 'http://a' });
  t.strictSame(readProfile('dev', env), { tail: '5', verbose: 'true', container: 'a,b' });
  t.throws(() => readProfile('dve', env), { code: 'bad-profile', message: /did you mean dev/ });
  t.throws(() => readProfile('constructor', env), { code: 'bad-profile' });
  t.strictSame(readProfile(undefined, { XDG_CONFIG_HOME: '/nonexistent' }), {});
  t.end();
});

void t.test('A file that is none is refused, with what it should be.', (t) => {
  for (const text of ['', '[]', '{"a":1}', '{"default":{"url":{}}}', '{"default":{"url":null}}']) {
    t.throws(
      () => readProfile(undefined, folder(t, text)),
      { name: 'UsageError', code: 'bad-profile' },
      text,
    );
  }
  t.end();
});

void t.test('A token that others may read is refused; a file without one may be read by all.', (t) => {
  const text = '{"default":{},"prod":{"token":"secret"}}';
  for (const mode of [0o640, 0o604, 0o666]) {
    t.throws(() => readProfile(undefined, folder(t, text, mode)), { message: /chmod 600/ }, mode.toString(8));
  }
  t.strictSame(readProfile('prod', folder(t, text)), { token: 'secret' });
  t.strictSame(readProfile(undefined, folder(t, '{"default":{}}', 0o644)), {});
  t.end();
});

void t.test(
  'Words win over the environment, that over the profile, and that over the default.',
  async (t) => {
    const server = await startServer(t);
    const profiles = {
      default: { url: server.url, level: 'warn', tail: 7, 'max-retries': 0, interval: '2s' },
    };
    const env = folder(t, JSON.stringify(profiles));
    const { ended } = spillway(t, ['logs', 'acme', '-l', 'error'], { ...env, SPILLWAY_TAIL: '8' });
    const exchange = await server.next();
    t.equal(exchange.asked.url, '/v1/logs/tenant/acme?tail=8&level=error');
    exchange.open().record(recordOf('one')).end(0);
    t.match((await ended).stdout, 'one');
  },
);

void t.test('What a profile says badly is a mistake in the words.', async (t) => {
  const env = folder(t, '{"default":{"output":"nice"}}');
  t.match(await spillway(t, ['logs', 'acme'], env).ended, {
    code: 2,
    stderr: /output of the profile must be one of short/,
  });
  t.match(await spillway(t, ['logs', 'acme', '-p', 'no'], env).ended, { code: 2, stderr: /no profile "no"/ });
});

void t.test('threat: a token of a profile that is sent to whatever address the words name', async (t) => {
  const own = await startServer(t);
  const other = await startServer(t);
  const profile = { url: own.url, token: 'SECRET', 'max-retries': 0 };
  const env = folder(t, JSON.stringify({ default: profile }));
  const tokenAt = async (server: typeof own, words: readonly string[], more: Record<string, string> = {}) => {
    const { ended } = spillway(t, ['logs', 'acme', ...words], { ...env, ...more });
    const exchange = await server.next();
    exchange.problem(403, 'No.');
    await ended;
    return exchange.asked.token;
  };
  t.equal(await tokenAt(own, []), 'Bearer SECRET');
  t.equal(await tokenAt(other, ['--url', other.url]), undefined);
  t.equal(await tokenAt(other, [], { SPILLWAY_URL: other.url }), undefined);
  t.equal(await tokenAt(other, ['--url', other.url, '-t', 'given']), 'Bearer given');
  t.equal(await tokenAt(own, [], { SPILLWAY_TOKEN: 'set' }), 'Bearer set', 'over that of the profile');
});
