import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import { frame } from '../../relay/chunk.js';
import { HttpConnection } from '../../relay/http-connection.js';
import { until } from '../support/relay.js';

/** A client's socket, and the other end as a relay has it. */
async function setUp(t: { teardown: (fn: () => unknown) => void }, ...heads: readonly string[]) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const requests: { incoming: IncomingMessage; connection: HttpConnection }[] = [];
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    requests.push({
      incoming,
      connection: new HttpConnection(outgoing, 200, { 'Content-Type': 'text/plain' }),
    });
  });
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  t.teardown(() => client.destroy());
  for (const head of heads) client.write(`${head}\r\nHost: localhost\r\n\r\n`);
  await until(() => requests.length === heads.length, 'all requests came');
  return { client, requests };
}

const GET = 'GET / HTTP/1.1';

/** Reads to the end of the connection. */
async function readAll(client: Socket): Promise<string> {
  let text = '';
  client.setEncoding('latin1');
  for await (const part of client) text += part as string;
  return text;
}

void t.test(
  'chunks go to the socket as they are framed, and the end of the response behind them',
  async (t) => {
    const { client, requests } = await setUp(t, GET);
    const [{ connection } = {}] = requests;
    t.equal(connection?.chunked, true);
    await new Promise<void>((resolve) => connection?.write(frame('one\n').framed, resolve));
    connection?.write(frame('two\n').framed, () => {});
    connection?.end();
    let text = '';
    client.setEncoding('latin1').on('data', (part: string) => (text += part));
    await until(() => text.endsWith('0\r\n\r\n'), 'the end');
    t.match(text, /Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n$/);
  },
);

void t.test('a client of HTTP/1.0 gets what is written, and the end of the connection', async (t) => {
  const { client, requests } = await setUp(t, 'GET / HTTP/1.0');
  const [{ connection } = {}] = requests;
  t.equal(connection?.chunked, false);
  connection?.write(Buffer.from('one\n'), () => connection.end());
  t.match(await readAll(client), /\r\n\r\none\n$/);
});

void t.test('a response behind another is written when its turn has come, framed by Node', async (t) => {
  const { client, requests } = await setUp(t, GET, GET);
  const [first, second] = requests;
  t.equal(second?.connection.chunked, false);
  let written = false;
  second?.connection.write(Buffer.from('two\n'), () => (written = true));
  second?.connection.end();
  first?.connection.write(frame('one\n').framed, () => {});
  t.equal(written, false);
  first?.connection.end();
  let text = '';
  client.setEncoding('latin1').on('data', (part: string) => (text += part));
  await until(() => text.split('0\r\n\r\n').length === 3, 'both ends');
  t.match(text, /4\r\none\n\r\n0\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*\r\n\r\n4\r\ntwo\n\r\n0\r\n\r\n$/);
  t.equal(written, true);
});

void t.test('a write is done only when the kernel has taken it', async (t) => {
  const { client, requests } = await setUp(t, GET);
  const [{ connection } = {}] = requests;
  client.pause();
  const { framed } = frame('x'.repeat(64 * 1024));
  let done = 0;
  let stalled = false;
  while (!stalled) {
    const before = done;
    connection?.write(framed, () => (done += 1));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    stalled = done === before;
  }
  const last = done;
  client.resume();
  await until(() => done === last + 1, 'the last is taken');
});

void t.test('threat: a client that reads no more is cut, not waited for', async (t) => {
  const { client, requests } = await setUp(t, GET);
  const [{ connection, incoming } = {}] = requests;
  client.pause();
  connection?.write(frame('x'.repeat(64 * 1024 * 1024)).framed, () => {});
  connection?.end();
  const socket = incoming?.socket as Socket;
  t.equal(socket.destroyed, false);
  await until(() => socket.destroyed, 'the connection is cut');
});

void t.test(
  'the end of a connection is told once for each response on it, whatever their state',
  async (t) => {
    const { client, requests } = await setUp(t, GET, GET, GET);
    const closed = [0, 0, 0];
    requests.forEach(({ connection, incoming }, i) =>
      connection.onClose(incoming.socket, () => {
        closed[i] = (closed[i] as number) + 1;
      }),
    );
    const [first] = requests;
    first?.connection.end();
    await until(() => closed[0] === 1, 'the first is over');
    t.strictSame(closed, [1, 0, 0]);
    client.destroy();
    await until(() => closed[1] === 1 && closed[2] === 1, 'all are');
    t.strictSame(closed, [1, 1, 1]);
  },
);

void t.test('a connection that is destroyed is gone at once', async (t) => {
  const { client, requests } = await setUp(t, GET);
  const [{ connection } = {}] = requests;
  connection?.write(frame('one\n').framed, () => {});
  connection?.destroy();
  t.notMatch(await readAll(client).catch(() => ''), '0\r\n\r\n');
});
