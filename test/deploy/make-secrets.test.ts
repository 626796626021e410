import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SCRIPT = path('../../deploy/kubernetes/make-secrets.sh');
const SPILLWAY = `${process.execPath} ${path('../../dist/cli/bin.js')}`;

function makeSecrets(issuer: string, spillway: string) {
  const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, issuer], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', SPILLWAY: spillway },
  });
  return { status, stdout, stderr };
}

void t.test('the secrets of a production overlay are whole, and nothing else is said', async (t) => {
  const issuer = join(t.testdir({ 'issuer.pem': 'the public key' }), 'issuer.pem');
  const { status, stdout, stderr } = makeSecrets(issuer, SPILLWAY);
  t.match({ status, stderr }, { status: 0, stderr: '' });
  const data = stdout.split('\n').filter((line) => /^ {2}[a-z.]+: /.test(line));
  t.equal(data.length, 9);
  for (const line of data) t.match(line, /^ {2}[a-z.]+: [A-Za-z0-9+/]+=*$/);
  t.match(stdout, `issuer.pem: ${Buffer.from('the public key').toString('base64')}`);
});

void t.test('what is missing is said, and no manifest is half made', async (t) => {
  const folder = t.testdir({ 'issuer.pem': 'the public key', empty: '' });
  const issuer = join(folder, 'issuer.pem');
  const none = { status: 2, stdout: '', stderr: /cannot be read, or is empty/ };
  t.match(makeSecrets(join(folder, 'nosuch.pem'), SPILLWAY), none);
  t.match(makeSecrets(join(folder, 'empty'), SPILLWAY), none);
  t.match(makeSecrets(issuer, 'no-such-program'), {
    status: 127,
    stdout: '',
    stderr: /no no-such-program on the PATH; in a checkout: SPILLWAY=/,
  });
  const refused = makeSecrets(issuer, `${SPILLWAY} nosuch`);
  t.match(refused, { status: 1, stdout: '', stderr: /nosuch/ });
});
