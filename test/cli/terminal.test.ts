import t from 'tap';
import { needsTmux, openTerminal, SPILLWAY } from '../support/terminal.js';
import { recordOf, startServer } from './sse-server.js';

const skip = needsTmux();

/** Runs the program under a shell, which says how it ended. */
const shell = (args: string) => [
  'sh',
  '-c',
  `trap : INT; ${SPILLWAY} ${args}; echo "ended with $?"; exec sleep 600`,
];

void t.test(
  'A terminal gets colours and the state of the connection; NO_COLOR gets no colours.',
  { skip },
  async (t) => {
    const server = await startServer(t);
    const args = `logs acme/web-1 --url ${server.url} --max-retries 0`;
    for (const env of [{}, { NO_COLOR: '1' }]) {
      const terminal = await openTerminal(t, shell(args), { env });
      const exchange = (await server.next()).open();
      exchange
        .event('status', { stream: 'tenant/acme/web-1/', consolidators: 2 })
        .record(recordOf('hello'))
        .end(0);
      const screen = await terminal.until(/ended with 1/);
      t.match(
        screen,
        `spillway: connected to ${server.url}\nspillway: reading tenant/acme/web-1/ from 2 consolidators\n`,
      );
      t.match(screen, '06:41:13.980Z  INFO web-1: hello\n');
      const drawn = await terminal.screen({ escapes: true });
      if ('NO_COLOR' in env) t.notMatch(drawn, '\u001b[', 'no colour');
      else t.match(drawn, /06:41:13.980Z \u001b\[36m INFO\u001b\[39m web-1: \u001b\[36mhello/);
    }
  },
);

void t.test('Ctrl-C ends it with 130 while it waits to connect again.', { skip }, async (t) => {
  const server = await startServer(t);
  const terminal = await openTerminal(t, shell(`logs acme --url ${server.url}`));
  (await server.next()).open().end(60_000);
  await terminal.until(/trying again in 60\.0 s/);
  await terminal.press('C-c');
  t.match(await terminal.until(/ended with/), 'ended with 130');
});

void t.test('It goes on by itself when the relay is back, where it was.', { skip }, async (t) => {
  const server = await startServer(t);
  const terminal = await openTerminal(t, shell(`logs acme --url ${server.url}`), { columns: 120 });
  (await server.next()).open().record(recordOf('before'), 'c1').end(0);
  const second = await server.next();
  t.equal(second.asked.cursor, 'c1');
  second.open().record(recordOf('after'));
  const screen = await terminal.until(/after/);
  t.match(
    screen,
    /before\nspillway: lost the connection to .*: closed by the server; trying again in 0\.0 s\n/,
  );
  t.match(screen, /spillway: connected to .* again\n.*after/);
});

void t.test('Waiting, idle and dead look different.', { skip }, async (t) => {
  const server = await startServer(t);
  const terminal = await openTerminal(t, shell(`logs acme --url ${server.url}`), { columns: 120 });
  const first = (await server.next()).open().event('status', { consolidators: 1, keepalive: 1_000 });
  const heart = setInterval(() => first.response.write(':\n\n'), 500);
  t.teardown(() => clearInterval(heart));
  await terminal.until(/waiting: the stream is alive, nothing has been printed yet/);
  clearInterval(heart);
  t.match(await terminal.until(/lost the connection/), /no heartbeat for 2 s/);
});

void t.test(
  'A hostile line neither moves the cursor, nor clears the screen, nor sets the title.',
  { skip },
  async (t) => {
    const server = await startServer(t);
    const terminal = await openTerminal(t, shell(`logs acme --url ${server.url} --max-retries 0`));
    const hostile = '\u001b[2J\u001b[H\u001b]0;owned\u0007\u001b[8m\u202eevil\r\u009b1A';
    const exchange = (await server.next()).open().record(recordOf('before'));
    exchange.record(recordOf(hostile)).record({ ...recordOf('field'), [hostile]: hostile });
    exchange.event('dropped', { count: 1, hop: hostile, reason: hostile }).end(0);
    const screen = await terminal.until(/ended with 1/);
    t.match(screen, /before\n.*␛\[2J␛\[H␛\]0;owned␇␛\[8m<U\+202E>evil␍<U\+009B>1A\n/);
    t.match(screen, 'spillway: 1 record dropped at ␛[2J');
  },
);

void t.test('Each of several streams has its colour, and a match stands out.', { skip }, async (t) => {
  const server = await startServer(t);
  const terminal = await openTerminal(t, shell(`logs a b -H 'hel+o' --url ${server.url} --max-retries 0`));
  for (const exchange of [await server.next(), await server.next()])
    exchange.open().record(recordOf('hello')).end(0);
  await terminal.until(/ended with 1/);
  // tmux writes the codes in an order of its own.
  const drawn = await terminal.screen({ escapes: true });
  const colors = [...drawn.matchAll(/38;5;(\d+)m(?:\u001b\[\d+m)*([ab])\u001b/g)].map(([, color]) => color);
  t.equal(new Set(colors).size, 2, drawn);
  t.match(drawn, /\u001b\[7m(?:\u001b\[\d+m)*hello/);
});
