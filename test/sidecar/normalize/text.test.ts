import t from 'tap';
import { createNormalizer } from '../../../sidecar/normalize/index.js';
import { CAPTURED, OPTIONS, parse, record } from './helpers.js';

void t.test('a level word counts where a logger puts it', async (t) => {
  const table: [level: number, line: string][] = [
    [50, 'ERROR: no connection'],
    [40, '[warn] slow'],
    [30, 'INFO ready'],
    [30, 'info: ready'],
    [30, 'info: Microsoft.Hosting.Lifetime[14]'],
    [50, 'fail: Shop.Orders[0]'],
    [60, 'crit: Shop.Orders[0]'],
    [20, 'dbug: Shop.Orders[0]'],
    [10, '[TRACE] every byte'],
    [50, 'Error: Cannot find module'],
    [60, 'panic: runtime error: index out of range'],
    [60, 'FATAL ERROR: Reached heap limit'],
    [60, 'CRITICAL:root:disk gone'],
    [40, 'WARN[0000] slow'],
    [40, ' WARN hyper::proto: slow'],
    [40, '\x1b[33mWARN\x1b[0m slow'],
    [50, '\x1b[1m\x1b[31m[error]\x1b[0m bad'],
    [40, '2024-01-02T03:04:05.678901Z  WARN hyper: slow'],
    [40, '[2024-01-02T03:04:05Z WARN  hyper] slow'],
    [30, '[03:04:05 INF] ready'],
    [50, '2024/01/02 03:04:05 [error] 31#31: *1 open() failed'],
    [40, '2024-01-02T03:04:05.678901Z 0 [Warning] [MY-010068] CA certificate'],
    [60, '2024-01-02 03:04:05.678 UTC [31] FATAL:  role "x" does not exist'],
    [30, '2024-01-02 03:04:05.678 UTC [31] LOG:  ready'],
    [40, '2024-01-02T03:04:05.678+01:00  WARN 1 --- [main] c.e.App : slow'],
    [50, '03:04:05.678 [main] ERROR c.e.App - bad'],
    [20, '2024-01-02 03:04:05,678 - shop.orders - DEBUG - miss'],
    [40, '[main] WARN c.e.App - slow'],
  ];
  for (const [level, line] of table) t.match(record(line), { level, msg: line }, line);
});

void t.test('a level word inside a sentence decides nothing', async (t) => {
  for (const line of [
    'Error handling is hard',
    'Info about the server',
    'Warning lights are on',
    'the ERROR: was here',
    'no error',
    'error',
    'informal: yes',
    'ERROR_CODE=5',
    'DEBUG=1 set',
    'INFORMATION_SCHEMA is missing',
    'http://example.com/error: x',
    'alert://x',
    'Critical Path Method',
    '2024-01-02 03:04:05 the error: x',
    '[section] of ERROR',
    '(warning lights)',
    '',
    ' ',
    '\x1b[0m',
  ]) {
    t.match(record(line), { level: 30, msg: line }, line);
  }
});

void t.test('what says no level gets that of its output', async (t) => {
  const usual = createNormalizer(OPTIONS);
  t.equal(parse(usual.record('x', 'stdout', CAPTURED)).level, 30);
  t.equal(parse(usual.record('x', 'stderr', CAPTURED)).level, 50);
  const other = createNormalizer({ ...OPTIONS, levelForStdout: 20, levelForStderr: 30 });
  t.equal(parse(other.record('{"msg":"x"}', 'stdout', CAPTURED)).level, 20);
  t.match(parse(other.record('x', 'stderr', CAPTURED)), { level: 30, stream: 'stderr' });
});

void t.test('each line has the time of its own capture', async (t) => {
  const normalizer = createNormalizer(OPTIONS);
  for (const time of [CAPTURED, '2030-01-02T03:04:05.679Z', CAPTURED]) {
    t.equal(parse(normalizer.record('x', 'stdout', time)).time, time);
  }
});

void t.test('klog says level, process and source', async (t) => {
  const made = record('E0102 03:04:05.678901       1 reflector.go:178] "Failed" err="gone"');
  t.match(made, { level: 50, pid: 1, src: { file: 'reflector.go', line: 178 }, msg: '"Failed" err="gone"' });
  t.match(
    made,
    { time: CAPTURED, orig: { time: '0102 03:04:05.678901' } },
    'its time has no year and no zone',
  );
});

void t.test('a priority as systemd reads it is taken off the message', async (t) => {
  t.match(record('<3>down'), { level: 50, msg: 'down', priority: 3 });
  t.match(record('<191>x'), { level: 20, msg: 'x' });
  for (const line of ['<192>x', '<3', '<>x', '<b>3</b>'])
    t.match(record(line), { level: 30, msg: line }, line);
});

void t.test('syslog by RFC 5424 says who, when and where', async (t) => {
  const line =
    '<165>1 2003-10-11T22:14:15.003Z box evntslog 31 ID47 [a@1 x="1 \\"]\\""][b y="2"] \ufeffAn application event';
  t.match(record(line), {
    level: 30,
    priority: 165,
    time: '2003-10-11T22:14:15.003Z',
    hostname: 'box',
    name: 'evntslog',
    pid: 31,
    msgid: 'ID47',
    structuredData: '[a@1 x="1 \\"]\\""][b y="2"]',
    msg: 'An application event',
  });
  t.match(record('<34>1 - - - - - -'), { level: 60, msg: '', hostname: 'vm-7', time: CAPTURED });
});

void t.test('syslog by RFC 3164 too, but for the year', async (t) => {
  t.match(record('<34>Oct 11 22:14:15 box su[31]: failed for root'), {
    level: 60,
    hostname: 'box',
    name: 'su',
    pid: 31,
    msg: 'failed for root',
    time: CAPTURED,
    orig: { time: 'Oct 11 22:14:15' },
  });
});

const combined = (status: number): string =>
  `10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a?b=%20 HTTP/1.1" ${status} 2326 "-" "curl \\"x\\""`;

void t.test('an access log’s level is that of its status, and its message the whole line', async (t) => {
  for (const [status, level] of [
    [200, 30],
    [304, 30],
    [404, 40],
    [503, 50],
  ] as const) {
    t.match(record(combined(status)), {
      level,
      status,
      method: 'GET',
      url: '/a?b=%20',
      msg: combined(status),
    });
  }
  const other = '10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] said "hello"';
  t.match(record(other), { msg: other, status: undefined });
});

void t.test('logfmt becomes fields, which stay text', async (t) => {
  const made = record(
    'time=2024-01-02T03:04:05.678Z level=warn msg="a \\"b\\"\\n=" n=007 empty= path=/x?a=1 q="\\x00"',
  );
  t.match(made, {
    time: '2024-01-02T03:04:05.678Z',
    level: 40,
    msg: 'a "b"\n=',
    n: '007',
    empty: '',
    path: '/x?a=1',
    q: '\\x00',
  });
  t.notOk('orig' in made);
});

void t.test('a line is logfmt only when all of it is, with a level and a message', async (t) => {
  for (const line of [
    'a=1 b=2',
    'level=info',
    'msg=x',
    'level=info msg=x and more',
    'set level=info msg=x',
    'level=info msg="x',
  ]) {
    t.match(record(line), { msg: line, level: 30 }, line);
  }
});

void t.test('every line is counted by its form', async (t) => {
  const normalizer = createNormalizer(OPTIONS);
  for (const line of ['a', 'b', '{"msg":"c"}', '<3>d', 'level=info msg=e'])
    normalizer.record(line, 'stdout', CAPTURED);
  t.match(normalizer.formats, { plain: 2, json: 1, syslog: 1, logfmt: 1, bunyan: 0 });
});
