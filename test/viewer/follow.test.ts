import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { Backoff } from '../../cluster/backoff.js';
import { follow, type FollowOptions } from '../../relay/viewer/follow.js';
import type { State } from '../../relay/viewer/messages.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A relay that answers its n-th request with the n-th answer, the last of them for ever. */
async function relay(t: Test, ...answers: readonly Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    answers[Math.min(requests.length, answers.length - 1)]?.(request, response);
    requests.push(request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs/tenant/acme` };
}

function read(t: Test, url: string, options: Partial<FollowOptions> = {}) {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const states: State[] = [];
  const data: string[] = [];
  const waiting = new Set<() => void>();
  const told = () => waiting.forEach((check) => check());
  const following = follow({
    url,
    signal: stop.signal,
    backoff: new Backoff(1, 10),
    onState: (state) => {
      states.push(state);
      told();
    },
    onEvents: async (events) => {
      for (const event of events) if (event.event === undefined) data.push(event.data);
      told();
    },
    ...options,
  });
  const until = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!done()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { states, data, until, following, kinds: () => states.map(({ kind }) => kind) };
}

const EVENTS = { 'Content-Type': 'text/event-stream' };

void t.test('it is live, says with how many consolidators, and delivers', async (t) => {
  const { url, requests } = await relay(t, (_, response) => {
    response.writeHead(200, EVENTS);
    response.write(
      ':\n\nevent: status\ndata: {"stream":"tenant/acme/","consolidators":2}\n\ndata: {"msg":"é"}\n\n',
    );
  });
  const reader = read(t, url, { token: 'abc' });
  await reader.until(() => reader.data.length === 1);
  t.same(reader.data, ['{"msg":"é"}']);
  t.match(reader.states.at(-1), { kind: 'live', consolidators: 2 });
  t.equal(requests[0]?.headers.authorization, 'Bearer abc', 'the token is in a header');
  t.notMatch(requests[0]?.url, /abc/, 'and not in the address');
});

void t.test('after a break it goes on after the last record that it had', async (t) => {
  const { url, requests } = await relay(
    t,
    (_, response) => {
      response.writeHead(200, EVENTS);
      response.end(
        'id: 1~n.5\ndata: {"msg":"a"}\n\nevent: bye\ndata: {"reason":"shutdown","retry":1}\n\nretry: 1\n\n',
      );
    },
    (_, response) => {
      response.writeHead(200, EVENTS);
      response.write('id: 1~n.6\ndata: {"msg":"b"}\n\n');
    },
  );
  const reader = read(t, url);
  await reader.until(() => reader.data.length === 2);
  t.equal(requests[1]?.headers['last-event-id'], '1~n.5');
  t.same(reader.kinds(), ['connecting', 'live', 'waiting', 'connecting', 'live']);
  t.match(reader.states[2], { why: 'the relay is shutting down' });
});

void t.test('idle is not dead: a missed heartbeat is told, and then another connection made', async (t) => {
  let beats = 0;
  const { url } = await relay(
    t,
    (_, response) => {
      response.writeHead(200, EVENTS);
      // Three heartbeats keep it live; then it falls silent.
      const beat = setInterval(() => {
        beats += 1;
        response.write(':\n\n');
        if (beats === 3) clearInterval(beat);
      }, 50);
    },
    (_, response) => {
      response.writeHead(200, EVENTS);
      response.write('data: {"msg":"back"}\n\n');
    },
  );
  const reader = read(t, url, { silentAfter: 400, deadAfter: 800 });
  await reader.until(() => reader.data.length === 1);
  t.equal(beats, 3);
  // On a machine that is held up a heartbeat may have been late before they ended.
  t.same(reader.kinds().slice(0, 2), ['connecting', 'live']);
  t.same(reader.kinds().slice(-4), ['silent', 'waiting', 'connecting', 'live']);
  t.match(reader.states.at(-3), { why: /no heartbeat/ });
});

void t.test('a refusal is final and says what the relay said', async (t) => {
  for (const status of [400, 401, 403, 404]) {
    const { url, requests } = await relay(t, (_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/problem+json' });
      response.end(JSON.stringify({ title: 'No', detail: 'Send a token.' }));
    });
    const reader = read(t, url);
    await reader.until(() => reader.states.at(-1)?.kind === 'refused');
    t.match(reader.states.at(-1), { kind: 'refused', status, why: 'Send a token.' });
    t.equal(requests.length, 1);
  }
});

void t.test('an overloaded relay is asked again when it says so', async (t) => {
  const { url } = await relay(
    t,
    (_, response) => response.writeHead(503, { 'Retry-After': '0' }).end('{"detail":"Draining."}'),
    (_, response) => response.writeHead(200, EVENTS).write('data: {"msg":"a"}\n\n'),
  );
  const reader = read(t, url);
  await reader.until(() => reader.data.length === 1);
  t.match(reader.states[1], { kind: 'waiting', why: 'Draining.' });
});

void t.test('a wait can be cut short', async (t) => {
  const { url } = await relay(
    t,
    (_, response) => response.writeHead(503, { 'Retry-After': '50' }).end(),
    (_, response) => response.writeHead(200, EVENTS).write('data: {"msg":"a"}\n\n'),
  );
  const reader = read(t, url);
  await reader.until(() => reader.states.at(-1)?.kind === 'waiting');
  reader.following.hurry();
  await reader.until(() => reader.data.length === 1);
});

void t.test('nothing more is read while the page has not taken what came', async (t) => {
  const CHUNK = `data: ${'x'.repeat(60_000)}\n\n`;
  let written = 0;
  const { url } = await relay(t, (_, response) => {
    response.writeHead(200, EVENTS);
    const write = (error?: Error | null) => {
      if (error) return;
      written += 1;
      response.write(CHUNK, write);
    };
    write();
  });
  let release: (() => void) | undefined;
  let calls = 0;
  const held = new Promise<void>((resolve) => (release = resolve));
  const reader = read(t, url, {
    silentAfter: 200,
    deadAfter: 300,
    onEvents: async () => {
      calls += 1;
      if (calls === 1) await held;
    },
  });
  await reader.until(() => reader.states.at(-1)?.kind === 'live');
  // Well past the time after which a silent connection is given up: one that is not read is not silent.
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.equal(calls, 1);
  t.same(reader.kinds(), ['connecting', 'live']);
  const before = written;
  release?.();
  await new Promise<void>((resolve) => {
    const check = setInterval(() => {
      if (written <= before) return;
      clearInterval(check);
      resolve();
    }, 10);
  });
});
