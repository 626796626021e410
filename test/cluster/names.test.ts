import t from 'tap';
import { parseEntryText, type ConsolidatorEntry } from '../../cluster/index.js';
import { Names } from '../../cluster/names.js';
import { until } from '../support/relay.js';

interface Test {
  teardown(handler: () => unknown): void;
}

function setUp(t: Test) {
  const addresses = new Map<string, readonly string[]>();
  const problems: string[] = [];
  let changes = 0;
  const names = new Names(
    { onChange: () => (changes += 1), onProblem: ({ message }) => problems.push(message) },
    async (name) => {
      const found = addresses.get(name);
      if (found === undefined) throw new Error('ENOTFOUND');
      return found;
    },
  );
  t.teardown(() => names.close());
  return { names, addresses, problems, changes: () => changes };
}

void t.test('an entry waits for its name, and follows it', async (t) => {
  const { names, addresses, changes } = setUp(t);
  const entries = [parseEntryText('tcp://vm-1:5556'), parseEntryText('tcp://10.0.0.2:5556')];
  addresses.set('vm-1', ['10.0.0.1', '10.0.0.9']);
  t.strictSame(names.resolve(entries), [entries[1]]);
  await until(() => changes() === 1, 'it is known');
  const [first] = names.resolve(entries);
  t.strictSame(first, { ...entries[0], subscribe: 'tcp://10.0.0.1:5556', replay: 'tcp://10.0.0.1:5557' });
  addresses.set('vm-1', ['10.0.0.9', '10.0.0.1']);
  addresses.set('vm-2', ['fd00::2']);
  entries.push(parseEntryText('tcp://vm-2:5556'));
  names.resolve(entries);
  await until(() => changes() === 2, 'the second is known');
  t.strictSame(
    names.resolve(entries).map(({ subscribe }) => subscribe),
    ['tcp://10.0.0.1:5556', 'tcp://10.0.0.2:5556', 'tcp://[fd00::2]:5556'],
    'the order of an answer is no change',
  );
  addresses.set('vm-1', ['10.0.0.7']);
  await until(() => changes() === 3, 'it has moved');
  t.equal(names.resolve(entries)[0]?.subscribe, 'tcp://10.0.0.7:5556');
});

void t.test('a replay endpoint has a name of its own, and is left out until that is known', async (t) => {
  const { names, addresses, changes } = setUp(t);
  const entries = [
    parseEntryText('tcp://10.0.0.1:5556 replay=tcp://vm-1:6000'),
    parseEntryText('tcp://vm-2:5556 replay=tcp://vm-3:6000'),
    parseEntryText('tcp://vm-2:5558 replay=tcp://10.0.0.4:6000'),
  ];
  addresses.set('vm-2', ['10.0.0.2']);
  const { replay: _, ...first } = entries[0] as ConsolidatorEntry;
  t.strictSame(names.resolve(entries), [first], 'the stream does not wait for it');
  await until(() => changes() === 1, 'one is known');
  const placesOf = () => names.resolve(entries).map(({ subscribe, replay }) => [subscribe, replay]);
  t.strictSame(placesOf(), [
    ['tcp://10.0.0.1:5556', undefined],
    ['tcp://10.0.0.2:5556', undefined],
    ['tcp://10.0.0.2:5558', 'tcp://10.0.0.4:6000'],
  ]);
  addresses.set('vm-1', ['10.0.0.7']);
  addresses.set('vm-3', ['10.0.0.3']);
  await until(() => changes() === 2, 'the others are too');
  t.strictSame(placesOf(), [
    ['tcp://10.0.0.1:5556', 'tcp://10.0.0.7:6000'],
    ['tcp://10.0.0.2:5556', 'tcp://10.0.0.3:6000'],
    ['tcp://10.0.0.2:5558', 'tcp://10.0.0.4:6000'],
  ]);
});

void t.test('a name that can no longer be looked up keeps its address', async (t) => {
  const { names, addresses, problems, changes } = setUp(t);
  const entries = [parseEntryText('tcp://vm-1:5556')];
  addresses.set('vm-1', ['10.0.0.1']);
  names.resolve(entries);
  await until(() => changes() === 1, 'it is known');
  addresses.delete('vm-1');
  await until(() => problems.length > 0, 'a problem');
  t.match(problems[0], /vm-1 leads nowhere \(ENOTFOUND\); an address known before stays/);
  t.equal(names.resolve(entries)[0]?.subscribe, 'tcp://10.0.0.1:5556');
  names.resolve([]);
  t.strictSame(names.resolve(entries), [], 'and is forgotten with its entry');
});
