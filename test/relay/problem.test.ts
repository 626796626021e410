import t from 'tap';
import { Problem } from '../../relay/problem.js';

void t.test('a problem is an answer of problem details that nobody keeps', async (t) => {
  const response = new Problem(406, 'Not acceptable', 'Accept text/plain.', {
    'Retry-After': '1',
  }).toResponse();
  t.equal(response.status, 406);
  t.strictSame(Object.fromEntries(response.headers), {
    'cache-control': 'no-store',
    'content-type': 'application/problem+json; charset=utf-8',
    'retry-after': '1',
  });
  t.strictSame(await response.json(), {
    type: 'about:blank',
    title: 'Not acceptable',
    status: 406,
    detail: 'Accept text/plain.',
  });
});

void t.test('a problem is an error that says what it is', async (t) => {
  const problem = new Problem(400, 'Bad request', 'Do better.');
  t.ok(problem instanceof Error);
  t.match(problem, { name: 'Problem', message: 'Bad request: Do better.' });
});
