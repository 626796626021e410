import t from 'tap';
import { defineCommand } from '../../cli/command.js';
import { envName, longName, parseCommand } from '../../cli/options.js';

const spec = defineCommand({
  name: 'test',
  summary: 'a command for this test',
  usage: ['spillway test'],
  positionals: { name: '<stream>', help: 'what to read', min: 0, max: 1 },
  rest: { name: 'the command', help: 'what to run' },
  options: {
    url: { type: 'string', default: 'http://a', help: 'where' },
    token: { type: 'string', short: 't', help: 'who' },
    tail: { type: 'integer', short: 'n', min: 1, max: 100, unit: 'records', help: 'how many' },
    recentBytes: { type: 'bytes', default: '64MiB', help: 'how much' },
    flushTimeout: { type: 'duration', default: '2s', help: 'how long' },
    from: { type: 'list', help: 'whence' },
    output: { type: 'choice', choices: ['short', 'long'], default: 'short', short: 'o', help: 'what form' },
    verbose: { type: 'flag', short: 'v', help: 'whether' },
    passThrough: { type: 'flag', default: true, help: 'whether too' },
    system: { type: 'flag', env: false, help: 'not from the environment' },
  },
});

const parse = (argv: readonly string[], env: Record<string, string> = {}) => parseCommand(spec, argv, env);

void t.test('Names follow from the key.', (t) => {
  t.equal(longName('recentBytes'), 'recent-bytes');
  t.equal(envName('recentBytes'), 'SPILLWAY_RECENT_BYTES');
  t.end();
});

void t.test('Nothing given is the defaults, each as its type.', (t) => {
  t.strictSame(parse([]).values, {
    url: 'http://a',
    token: undefined,
    tail: undefined,
    recentBytes: 67_108_864,
    flushTimeout: 2000,
    from: [],
    output: 'short',
    verbose: false,
    passThrough: true,
    system: false,
  });
  t.end();
});

void t.test('Options are read in every form that getopt has.', (t) => {
  const { values, positionals } = parse([
    '--url=http://b',
    '-n5',
    'acme',
    '-v',
    '-o',
    'long',
    '--recent-bytes',
    '1KiB',
    '--no-pass-through',
    '--from=a,b',
    '--from',
    ' c ,',
  ]);
  t.match(values, {
    url: 'http://b',
    tail: 5,
    verbose: true,
    output: 'long',
    recentBytes: 1024,
    passThrough: false,
  });
  t.strictSame(values.from, ['a', 'b', 'c']);
  t.strictSame(positionals, ['acme']);
  t.end();
});

void t.test('The words win over the environment, and that over the default.', (t) => {
  const env = {
    SPILLWAY_URL: 'http://env',
    SPILLWAY_TAIL: '7',
    SPILLWAY_VERBOSE: 'yes',
    SPILLWAY_PASS_THROUGH: '0',
  };
  const { values, sources } = parse(['--url', 'http://argv', '--no-verbose'], env);
  t.match(values, { url: 'http://argv', tail: 7, verbose: false, passThrough: false, output: 'short' });
  t.match(sources, { url: 'argv', tail: 'env', verbose: 'argv', output: 'default', token: 'none' });
  t.equal(parse([], { SPILLWAY_URL: '' }).values.url, 'http://a', 'an empty variable says nothing');
  t.equal(parse([], { SPILLWAY_SYSTEM: 'scheduler' }).values.system, false, 'env: false');
  t.end();
});

void t.test('Of an option given twice the last counts.', (t) => {
  t.equal(parse(['-n', '1', '--tail=2']).values.tail, 2);
  t.equal(parse(['-v', '--no-verbose']).values.verbose, false);
  t.end();
});

void t.test('What follows -- belongs to the user, options included.', (t) => {
  const { rest, positionals, values, help } = parse(['-v', '--', 'node', '--help', '-x', '--', '--url=z']);
  t.strictSame(rest, ['node', '--help', '-x', '--', '--url=z']);
  t.strictSame(positionals, []);
  t.match({ ...values, help }, { verbose: true, url: 'http://a', help: false });
  const plain = parseCommand(defineCommand({ ...spec, rest: undefined as never }), ['--', '-odd'], {});
  t.strictSame(plain.positionals, ['-odd'], 'a command without a rest takes it for arguments');
  t.end();
});

void t.test('--help is answered whatever else is wrong with values.', (t) => {
  t.equal(parse(['-n', 'x', '--help', 'a', 'b']).help, true);
  t.equal(parse(['-h'], { SPILLWAY_TAIL: 'x' }).help, true);
  t.end();
});

const mistakes: readonly [string, readonly string[], Record<string, string>, string, string][] = [
  [
    'an option that is not there',
    ['--tial', '5'],
    {},
    'unknown-option',
    'unknown option --tial (did you mean --tail?)',
  ],
  ['one that is like none', ['--xyzzy'], {}, 'unknown-option', 'unknown option --xyzzy'],
  ['a letter that is not there', ['-x'], {}, 'unknown-option', 'unknown option -x'],
  ['no- before what is no flag', ['--no-url'], {}, 'unknown-option', 'unknown option --no-url'],
  ['a value at the end', ['--url'], {}, 'missing-value', '--url needs a value'],
  [
    'a value that is an option',
    ['-t', '--tail'],
    {},
    'missing-value',
    '-t needs a value, and --tail looks like an option (if not, write -t=--tail)',
  ],
  [
    'a word for a number',
    ['--tail', 'x'],
    {},
    'bad-value',
    '--tail must be a whole number of records from 1 to 100, not "x"',
  ],
  [
    'a number out of range',
    ['-n101'],
    {},
    'bad-value',
    '-n must be a whole number of records from 1 to 100, not "101"',
  ],
  [
    'no size',
    ['--recent-bytes=64M'],
    {},
    'bad-value',
    '--recent-bytes must be a size such as 64MiB or 65536, 0 or more, not "64M"',
  ],
  [
    'no time',
    ['--flush-timeout=soon'],
    {},
    'bad-value',
    '--flush-timeout must be a time such as 2s or 500ms, 0 or more, not "soon"',
  ],
  ['no choice', ['-o', 'shrot'], {}, 'bad-value', '-o must be one of short, long, not "shrot"'],
  [
    'a flag that is neither',
    ['--verbose=maybe'],
    {},
    'bad-value',
    '--verbose must be true or false, not "maybe"',
  ],
  [
    'a variable',
    [],
    { SPILLWAY_TAIL: 'x' },
    'bad-value',
    'SPILLWAY_TAIL must be a whole number of records from 1 to 100, not "x"',
  ],
  [
    'a word too many',
    ['a', 'b'],
    {},
    'unexpected-argument',
    'unexpected argument b (put the command after --)',
  ],
];

for (const [title, argv, env, code, message] of mistakes) {
  void t.test(`A mistake is one sentence: ${title}.`, (t) => {
    t.throws(() => parse(argv, env), { name: 'UsageError', message, code });
    t.end();
  });
}

void t.test('What is required is asked for by both its names.', (t) => {
  const strict = defineCommand({
    name: 'test',
    summary: '',
    usage: [],
    positionals: { name: '<stream>', help: '', min: 1, max: 1 },
    options: { tenantName: { type: 'string', required: true, help: '' } },
  });
  t.throws(() => parseCommand(strict, ['x'], {}), {
    message: '--tenant-name is required (or SPILLWAY_TENANT_NAME in the environment)',
    code: 'missing-option',
  });
  t.throws(() => parseCommand(strict, ['--tenant-name=a'], {}), {
    message: 'spillway test needs <stream>',
    code: 'missing-argument',
  });
  t.equal(parseCommand(strict, ['x'], { SPILLWAY_TENANT_NAME: 'b' }).values.tenantName, 'b');
  t.equal(parseCommand(strict, ['--help'], {}).help, true);
  t.end();
});

void t.test('An option may stand without a value; one with a value then has its =.', (t) => {
  const spec = defineCommand({
    name: 'test',
    summary: '',
    usage: [],
    positionals: { name: 'word', help: '', min: 0, max: 9 },
    options: { sort: { type: 'duration', bare: '100ms', help: '' } },
  });
  const sortOf = (...argv: string[]) => parseCommand(spec, argv, {}).values.sort;
  t.equal(sortOf(), undefined);
  t.equal(sortOf('--sort'), 100);
  t.equal(sortOf('--sort=2s'), 2000);
  t.strictSame(parseCommand(spec, ['--sort', '2s'], {}).positionals, ['2s']);
  t.throws(() => sortOf('--sort=soon'), { code: 'bad-value' });
  t.end();
});

void t.test('Patterns gather; commas are part of them, and case counts where there is a capital.', (t) => {
  const spec = defineCommand({
    name: 'test',
    summary: '',
    usage: [],
    options: { include: { type: 'patterns', short: 'i', help: '' } },
  });
  const patternsOf = (...argv: string[]) => parseCommand(spec, argv, {}).values.include.map(String);
  t.strictSame(patternsOf(), []);
  t.strictSame(patternsOf('-i', 'a{1,2}', '--include=Error', '-i', '\\S\\D'), [
    '/a{1,2}/i',
    '/Error/',
    '/\\S\\D/i',
  ]);
  t.throws(() => patternsOf('-i', '('), { code: 'bad-value', message: /must be a regular expression/ });
  t.end();
});

void t.test('A profile stands between the environment and the default.', (t) => {
  const profile = { url: 'http://p', tail: '7', 'of-another-command': 'x' };
  const { values, sources } = parseCommand(spec, ['-n', '9'], {}, profile);
  t.match(values, { url: 'http://p', tail: 9 });
  t.match(sources, { url: 'profile', tail: 'argv' });
  t.equal(parseCommand(spec, [], { SPILLWAY_URL: 'http://e' }, profile).values.url, 'http://e');
  t.throws(() => parseCommand(spec, [], {}, { tail: 'x' }), { message: /tail of the profile must be/ });
  t.end();
});
