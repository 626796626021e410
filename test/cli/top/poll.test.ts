import t from 'tap';
import { poll } from '../../../cli/top/poll.js';
import { startServer } from '../sse-server.js';

void t.test('A relay gets the token, and a consolidator, which asks for none, does not.', async (t) => {
  const server = await startServer(t);
  const asked = async (kind: 'relay' | 'consolidator', pages: number) => {
    const reading = poll({ kind, url: server.url }, { token: () => 'secret', timeout: 30_000 });
    const seen: Record<string, unknown> = {};
    for (let page = 0; page < pages; page += 1) {
      const exchange = await server.next();
      seen[exchange.asked.url] = exchange.asked.token;
      exchange.problem(404, 'Nothing is here.');
    }
    t.match(await reading, { problem: 'Nothing is here.' });
    return seen;
  };
  t.strictSame(await asked('consolidator', 1), { '/metrics': undefined });
  t.strictSame(await asked('relay', 2), {
    '/metrics': 'Bearer secret',
    '/v1/consumers?limit=1000': 'Bearer secret',
  });
});
