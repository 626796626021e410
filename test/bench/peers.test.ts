// What is ours of the comparison with peers; none of them is needed.
import t from 'tap';
import { PEERS } from '../../bench/peers.js';
import { recordsOf } from '../../bench/peers/http-bus.js';
import { findProgram, freePort, startServer } from '../../bench/peers/peer.js';
import { Scope } from '../../bench/lib/scope.js';

void t.test('each peer says how it is installed and configured', (t) => {
  for (const { install, configuration } of PEERS) {
    t.match(install, /^bench\/peers\/install\.sh [a-z]+$/);
    t.ok(configuration.length > 0);
  }
  t.end();
});

function cut(text: string): string[] {
  return recordsOf(Buffer.from(text)).map(String);
}

void t.test('a body is cut into its records', (t) => {
  t.same(cut('a\nbc\n'), ['a', 'bc']);
  t.same(cut('a\nb'), ['a', 'b'], 'the last may lack its newline');
  t.same(cut(''), []);
  t.end();
});

void t.test('a program that is not there, or ends, is an error that says so', async (t) => {
  const scope = new Scope();
  t.equal(findProgram('no-such-program'), undefined);
  await t.rejects(startServer(scope, 'no-such-program', [], 1), { code: 'machine' });
  const words = ['-c', 'echo it cannot; exit 1'];
  await t.rejects(
    startServer(scope, 'sh', words, await freePort()),
    /sh does not listen at port \d+:\nit cannot/,
  );
  await scope.end();
});
