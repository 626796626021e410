import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { spillway } from '../support/processes.js';
import { readNdjson } from '../support/readers.js';

const ANY = 'tcp://127.0.0.1:*';

/** The words of these lines. */
function words(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}

/** Makes a key pair as a user does; answers its path and its public key. */
async function keygen(t: Test, path: string): Promise<string> {
  t.equal(await spillway(t, ['keygen', path]).ended, 0);
  return readFileSync(`${path}.pub`, 'utf8').trim();
}

void t.test('records cross both links encrypted, between parts that know each other', async (t) => {
  const folder = t.testdir();
  const [vm, relay, web] = await Promise.all(
    ['vm', 'relay', 'web'].map((name) => keygen(t, `${folder}/${name}`)),
  );
  const sidecars = `${folder}/sidecars`;
  writeFileSync(`${folder}/relays`, `${relay} relay-1\n`);
  writeFileSync(sidecars, '# nobody yet\n');
  const consolidator = spillway(
    t,
    words(
      `consolidator --publish tcp://0.0.0.0:* --subscribe ${ANY} --http off --curve-secret-key ${folder}/vm`,
      `--curve-allow-publish ${sidecars} --curve-allow-subscribe ${folder}/relays`,
    ),
  );
  const ready = JSON.parse(await consolidator.line(/"ready:/)) as Record<string, string>;
  t.equal(ready['curveKey'], vm, 'it says by which key it is known');
  const entry = `${ready['subscribe']} replay=${ready['replay']} key=${vm}`;
  const part = spillway(t, [
    ...words(`relay --listen 127.0.0.1:0 --curve-secret-key ${folder}/relay --from`),
    entry,
  ]);
  const { url } = JSON.parse(await part.line(/"ready:/)) as { url: string };
  const reader = await readNdjson(t, `${url}/v1/logs/tenant/acme`);

  const publish = (ready['publish'] as string).replace('0.0.0.0', '127.0.0.1');
  const sidecar = spillway(
    t,
    [
      ...words(
        `sidecar --tenant acme --container web-1 --to ${publish} --no-passthrough`,
        `--curve-server-key ${folder}/vm.pub --curve-secret-key ${folder}/web`,
      ),
      '--',
      'sh',
      '-c',
      'echo first; read wait',
    ],
    'pipe',
  );
  t.match(await sidecar.line(/not let in/), /is not on its allow-list; trying again/);
  t.match(await consolidator.line(/was not let in/), /its key is not on the allow-list/);
  t.equal(reader.records.length, 0);
  appendFileSync(sidecars, `${web} web-1\n`);
  await reader.until((records) => records.length > 0);
  t.match(reader.records[0], { msg: 'first', tenant: 'acme', container: 'web-1' });
  const late = await readNdjson(t, `${url}/v1/logs/tenant/acme?tail=5`);
  await late.until((records) => records.length > 0);
  t.match(late.records[0], { msg: 'first' }, 'the recent past comes over CURVE too');
  sidecar.child.stdin?.end('\n');
  t.equal(await sidecar.ended, 0);
});

void t.test('keys that cannot be used are told of in a sentence, before anything is started', async (t) => {
  const folder = t.testdir({ open: 'x' });
  await keygen(t, `${folder}/key`);
  for (const [args, says, code] of [
    [['keygen', `${folder}/key`], /is there already and is not overwritten/, 1],
    [
      ['consolidator', '--curve-secret-key', `${folder}/open`],
      /is open to others than its owner .*: chmod 600 /,
      1,
    ],
    [['relay', '--curve-secret-key', `${folder}/none`], /make one with spillway keygen/, 1],
    [['consolidator', '--curve-allow-publish', `${folder}/key.pub`], /give --curve-secret-key too/, 1],
    [
      ['sidecar', '--system', 'x', '--curve-secret-key', `${folder}/key`, '--', 'touch', `${folder}/ran`],
      /needs the consolidator's --curve-server-key/,
      2,
    ],
    [
      ['sidecar', '--system', 'x', '--curve-server-key', 'nonsense', '--', 'touch', `${folder}/ran`],
      /Cannot read the key nonsense/,
      1,
    ],
  ] as const) {
    const part = spillway(t, args);
    t.match(await part.line(/^spillway: /), says);
    t.equal(await part.ended, code);
  }
  t.throws(() => readFileSync(`${folder}/ran`), { code: 'ENOENT' });
});
