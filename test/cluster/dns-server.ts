import { createSocket } from 'node:dgram';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

export type Answer =
  | { readonly type: 'A'; readonly address: string; readonly ttl?: number }
  | { readonly type: 'AAAA'; readonly address: readonly number[]; readonly ttl?: number }
  | { readonly type: 'SRV'; readonly target: string; readonly port: number; readonly ttl?: number };

const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** A name server on loopback (RFC 1035, RFC 2782): what it has no records for does not exist. */
export async function startDns(t: Test) {
  const records = new Map<string, Answer[]>();
  const state = { failing: false, questions: 0 };
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    state.questions += 1;
    const { name, type, end } = readQuestion(query);
    const known = records.get(name);
    const found = state.failing ? [] : (known ?? []).filter((answer) => TYPES[answer.type] === type);
    const code = state.failing ? SERVFAIL : known === undefined ? NXDOMAIN : 0;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(found.length, 6);
    socket.send(Buffer.concat([head, query.subarray(12, end), ...found.map(encode)]), port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  t.teardown(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, records, state };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encode(answer: Answer): Buffer {
  const data = dataOf(answer);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(TYPES[answer.type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(answer.ttl ?? 60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(answer: Answer): Buffer {
  switch (answer.type) {
    case 'A':
      return Buffer.from(answer.address.split('.').map(Number));
    case 'AAAA':
      return Buffer.from(answer.address);
    case 'SRV': {
      const labels = answer.target
        .split('.')
        .map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
      const head = Buffer.alloc(6);
      head.writeUInt16BE(answer.port, 4);
      return Buffer.concat([head, ...labels, Buffer.from([0])]);
    }
  }
}
