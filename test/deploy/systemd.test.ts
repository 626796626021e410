import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { needs } from '../support/programs.js';

const UNITS = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const units = readdirSync(UNITS).filter((file) => file.endsWith('.service'));

/** systemd's own scale goes from 0 (nothing is exposed) to 10. */
const MOST_EXPOSED = 2;

void t.test('The units', { skip: needs('systemd', ['systemd-analyze', '--version']) }, async (t) => {
  for (const unit of units) {
    await t.test(`${unit} is one that systemd takes, and exposes little.`, (t) => {
      // It also checks that the program is there, which is not so before an installation.
      const text = readFileSync(join(UNITS, unit), 'utf8').replaceAll('/usr/bin/spillway', '/bin/true');
      const copy = join(t.testdir(), unit);
      writeFileSync(copy, text);
      const verify = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
      t.strictSame([verify.status, verify.stderr], [0, '']);
      const security = spawnSync('systemd-analyze', ['security', '--offline=true', copy], {
        encoding: 'utf8',
      });
      const [, exposure = ''] = /Overall exposure level for \S+: ([\d.]+)/.exec(security.stdout) ?? [];
      t.comment(`figure: ${unit} exposure ${exposure} of 10`);
      t.ok(exposure !== '' && Number(exposure) <= MOST_EXPOSED, exposure);
      t.end();
    });
  }
});
