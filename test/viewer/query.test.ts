import t from 'tap';
import { matches, parseQuery, rangesOf } from '../../relay/viewer/query.js';

/** The pattern of what is typed. */
function patternOf(text: string): RegExp {
  const query = parseQuery(text);
  if (query.kind === 'text' || query.kind === 'expression') return query.pattern;
  throw new Error(`${text} is ${query.kind}`);
}

void t.test('text is found in whatever case, and its signs are only signs', async (t) => {
  t.ok(matches(patternOf('a.b(c'), 'xA.B(Cx'));
  t.notOk(matches(patternOf('a.b'), 'axb'));
  t.ok(matches(patternOf('/var/log'), 'in /var/log/x'), 'a slash begins no expression that no slash ends');
});

void t.test('between slashes stands a regular expression with its flags', async (t) => {
  t.ok(matches(patternOf('/^a.c$/'), 'abc'));
  t.notOk(matches(patternOf('/^a.c$/'), 'ABC'));
  t.ok(matches(patternOf('/^a.c$/gi'), 'ABC'));
  t.ok(matches(patternOf('/^a.c$/gi'), 'ABC'), 'and it keeps no state');
});

void t.test('what may take for ever is told from what cannot', async (t) => {
  t.equal(parseQuery('(a+)+$').kind, 'text');
  t.equal(parseQuery('/(a+)+$/').kind, 'expression');
});

void t.test('what is no regular expression says why', async (t) => {
  t.match(parseQuery('/a(/'), { kind: 'error', message: /Unterminated group/ });
  t.match(parseQuery('/a/uv'), { kind: 'error' });
});

void t.test('nothing finds all', async (t) => {
  t.match(parseQuery('  '), { kind: 'all' });
});

void t.test('what was tested before changes nothing of where it matches', async (t) => {
  const query = patternOf('ab');
  matches(query, 'xxxab');
  t.same(rangesOf(query, 'ab'), [[0, 2]]);
});

void t.test('ranges are where it matches; of nothing there are none', async (t) => {
  t.same(rangesOf(patternOf('ab'), 'abxAB'), [
    [0, 2],
    [3, 5],
  ]);
  t.same(rangesOf(patternOf('/x*/'), 'aaa'), []);
  t.equal(rangesOf(patternOf('/x+/'), 'aaa'), undefined);
  t.equal(rangesOf(patternOf('a'), 'a'.repeat(1000), 10)?.length, 10);
});
