import t from 'tap';
import type { Evidence, PageEvidence, RelayEvidence, VmEvidence } from '../../../cli/doctor/evidence.js';
import { judge } from '../../../cli/doctor/judge.js';
import { reportLines } from '../../../cli/doctor/report.js';
import { parseSamples } from '../../../cli/probe/exposition.js';
import type { Answer } from '../../../cli/probe/get.js';

const fine: Answer = { ok: true, status: 200, headers: new Headers(), text: '', took: 3 };
const refused: Answer = { ok: false, why: 'it asks for a token (--token-file)', status: 401 };
const sent = [0, 100, 200, 300];
const soon = sent.map((time) => time + 2);
const metrics = (known: number, connected: number, age = 1, version = '1.0.0') =>
  parseSamples(`spillway_discovery_entries ${known}
spillway_consolidators ${connected}
spillway_discovery_age_seconds ${age}
target_info{service_version="${version}"} 1
`);

const vm = (fields: Partial<VmEvidence> = {}): VmEvidence => ({
  subscribe: 'tcp://10.0.0.1:5556',
  publish: 'tcp://10.0.0.1:5555',
  sent,
  tapped: soon,
  skews: [5],
  ...fields,
});

const stream = (...arrivals: (number | undefined)[]) => ({ opened: 2, greeted: 3, arrivals: [arrivals] });

const relay = (fields: Partial<RelayEvidence> = {}): RelayEvidence => ({
  url: 'https://logs.example.com',
  samples: metrics(1, 1),
  skew: 300,
  health: fine,
  ready: fine,
  stranger: refused,
  withToken: true,
  stream: stream(...soon),
  ...fields,
});

const evidence = (fields: Partial<Evidence> = {}): Evidence => ({
  vms: [vm()],
  relays: [relay()],
  consolidators: [],
  discoveryProblems: [],
  version: '1.0.0',
  ...fields,
});

/** What is not well, as `level check: text`; each must say what to do. */
function troubles(fields: Partial<Evidence>): string[] {
  return judge(evidence(fields))
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, text, fix }) => (fix ? `${level} ${check}: ${text}` : 'no advice'));
}

void t.test('Where all is well there is nothing but that.', (t) => {
  t.strictSame(troubles({}), []);
  t.ok(judge(evidence()).length >= 6, 'and it says what was looked at');
  t.end();
});

const HELD = 'something on the way holds them back';
const NONE_CAME = 'fail canary: 0 of 4 canaries came to https://logs.example.com';

const table: readonly [string, Partial<Evidence>, string | readonly string[]][] = [
  [
    'a relay that is down',
    { relays: [relay({ health: { ok: false, why: 'connect ECONNREFUSED' } })] },
    'fail reach: connect ECONNREFUSED',
  ],
  [
    'no authentication',
    { relays: [relay({ stranger: fine })] },
    "fail access: it asks for no token: whoever reaches it reads every tenant's logs",
  ],
  [
    'a list of consumers that is not there',
    { relays: [relay({ stranger: { ok: false, why: 'it answered 404', status: 404 } })] },
    'warn access: whether it asks for a token could not be told from /v1/consumers: it answered 404',
  ],
  [
    'a list of consumers that does not come',
    { relays: [relay({ stranger: { ok: false, why: 'no answer within 3 s' } })] },
    'warn access: whether it asks for a token could not be told from /v1/consumers: no answer within 3 s',
  ],
  [
    'neither a list nor a stream',
    {
      relays: [
        relay({
          stranger: { ok: false, why: 'it answered 502', status: 502 },
          withToken: false,
          stream: { failure: 'Bad gateway.', arrivals: [[]] },
        }),
      ],
    },
    [
      'warn access: whether it asks for a token could not be told from /v1/consumers: it answered 502',
      'fail stream: system/doctor cannot be read: Bad gateway.',
    ],
  ],
  [
    'a list of consumers that is guarded where streams are not',
    { relays: [relay({ stranger: refused, withToken: false })] },
    "fail access: it asks for no token: whoever reaches it reads every tenant's logs",
  ],
  [
    'a stream that came without a token, and no list',
    {
      relays: [relay({ stranger: { ok: false, why: 'it answered 404', status: 404 }, withToken: false })],
    },
    "fail access: it asks for no token: whoever reaches it reads every tenant's logs",
  ],
  [
    'a token in clear',
    { relays: [relay({ url: 'http://logs.example.com' })] },
    'fail access: the token goes over the network in clear',
  ],
  [
    'a clock ahead',
    { relays: [relay({ skew: 61_000 })] },
    'warn clock: its clock is 61.0 s ahead of this one',
  ],
  [
    'a clock behind',
    { consolidators: [{ url: 'http://c:9090', samples: [], skew: -3_000 }] },
    'warn clock: its clock is 3.0 s behind this one',
  ],
  [
    "a sender's clock",
    { vms: [vm({ skews: [10, -90_000] })] },
    'warn clock: a sender on this VM stamps records 90.0 s behind this clock',
  ],
  [
    'no consolidator',
    { relays: [relay({ ready: { ok: false, why: 'no' }, samples: metrics(0, 0) })] },
    'fail discovery: it is connected to no consolidator',
  ],
  [
    'stale entries',
    { relays: [relay({ samples: metrics(3, 1) })] },
    'fail discovery: it reads 1 of the 3 VMs that it knows of',
  ],
  [
    'a directory that is down',
    { relays: [relay({ samples: metrics(1, 1, 600) })] },
    'warn discovery: its discovery was last heard of 600 s ago',
  ],
  [
    'relays that disagree',
    { relays: [relay({ url: 'https://a' }), relay({ url: 'https://b', samples: metrics(2, 2) })] },
    'fail discovery: they know of different numbers of VMs: https://a 1, https://b 2',
  ],
  [
    'an odd entry',
    { discoveryProblems: [{ source: 'etcd://x', problem: 'it names no endpoint' }] },
    'fail discovery: it names no endpoint',
  ],
  [
    'versions apart',
    { relays: [relay({ samples: metrics(1, 1, 1, '0.9.0') })] },
    'warn version: versions are apart: https://logs.example.com 0.9.0; this is 1.0.0',
  ],
  [
    'a proxy that gathers',
    { relays: [relay({ stream: stream(900, 900, 901, 901) })] },
    `fail buffering: records come in lumps, late: ${HELD}`,
  ],
  [
    'a proxy that opens and holds',
    { relays: [relay({ stream: { opened: 2, arrivals: [[]] } })] },
    [`fail buffering: a stream opens, and then nothing comes: ${HELD}`, NONE_CAME],
  ],
  [
    'a proxy that does not even open',
    { relays: [relay({ stream: { arrivals: [[]] } })] },
    [`fail buffering: a stream gets no answer while other pages do: ${HELD}`, NONE_CAME],
  ],
  [
    'a token that may not',
    { relays: [relay({ stream: { failure: 'Not for this token.', arrivals: [[]] } })] },
    'fail stream: system/doctor cannot be read: Not for this token.',
  ],
  [
    'a VM that is down',
    { vms: [vm({ tapped: [] })], relays: [relay({ stream: stream() })] },
    'fail canary: no canary came out of this VM',
  ],
  ['a VM that the relay does not read', { relays: [relay({ stream: stream() })] }, NONE_CAME],
  [
    'losses',
    { relays: [relay({ stream: stream(2, 102, undefined, 302) })] },
    'fail canary: 3 of 4 canaries came to https://logs.example.com',
  ],
  ['a VM behind a firewall', { vms: [vm({ tapped: [] })] }, 'warn canary: it could not be asked itself'],
];

void t.test('Each trouble is told, and what to do.', (t) => {
  for (const [name, fields, wanted] of table) t.strictSame(troubles(fields), [wanted].flat(), name);
  t.end();
});

void t.test('The report fits its columns, and colours only where there are any.', (t) => {
  const page: PageEvidence = { url: 'http://c:9090', samples: [], problem: 'word '.repeat(60).trim() };
  const findings = judge(evidence({ consolidators: [page], relays: [relay({ stranger: fine })] }));
  const lines = reportLines(findings, [], { columns: 60, color: false });
  for (const line of lines) t.ok(line.length <= 60, line);
  t.equal(lines.at(-1), '2 faults, 0 warnings');
  t.match(reportLines(findings, [], { columns: 60, color: true }).join('\n'), '\u001b[31mFAIL');
  t.notMatch(lines.join('\n'), '\u001b');
  t.end();
});
