import { writeFileSync } from 'node:fs';
import t from 'tap';
import { tokenSource } from '../../cli/connect.js';
import type { ValueSource } from '../../cli/command.js';

type Word = readonly [value: string | undefined, source: ValueSource];

const NONE: Word = [undefined, 'none'];

function tokenOf(token: Word, file: Word, address: ValueSource = 'argv') {
  return tokenSource(
    { values: { token: token[0], tokenFile: file[0] }, sources: { token: token[1], tokenFile: file[1] } },
    address,
  )();
}

const path = `${t.testdir()}/token`;
writeFileSync(path, 'in the file\n');

void t.test('The nearest word says what the token is, whether as itself or as a file.', (t) => {
  t.equal(tokenOf(NONE, NONE), undefined);
  t.equal(tokenOf(['a', 'argv'], NONE), 'a');
  t.equal(tokenOf(NONE, [path, 'env']), 'in the file');
  t.equal(tokenOf(['a', 'argv'], [path, 'env']), 'a');
  t.equal(tokenOf(['a', 'env'], [path, 'argv']), 'in the file');
  t.equal(tokenOf(['a', 'env'], [path, 'profile'], 'profile'), 'a');
  t.equal(
    tokenOf(['a', 'argv'], ['/absent', 'profile']),
    'a',
    'a file that does not count need not be there',
  );
  t.throws(() => tokenOf(NONE, ['/absent', 'env']), { name: 'UsageError', message: /cannot be read/ });
  t.end();
});

void t.test('Two tokens of one source are a mistake.', (t) => {
  for (const source of ['argv', 'env', 'profile'] as const) {
    t.throws(
      () => tokenOf(['a', source], [path, source], 'profile'),
      { name: 'UsageError', message: /both say what the token is/ },
      source,
    );
  }
  t.end();
});

void t.test('threat: the token of a profile goes to another address than its own', (t) => {
  for (const address of ['argv', 'env', 'default'] as const) {
    t.equal(tokenOf(['a', 'profile'], NONE, address), undefined, address);
    t.equal(tokenOf(NONE, [path, 'profile'], address), undefined, address);
  }
  t.equal(tokenOf(['a', 'profile'], NONE, 'profile'), 'a');
  t.equal(tokenOf(NONE, [path, 'profile'], 'profile'), 'in the file');
  t.end();
});
