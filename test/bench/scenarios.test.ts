// Every scenario runs, at a size that ends in seconds: that it ends, adds up and says what it should. No figure is
// asserted, since they are the machine's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunResult } from '../../bench/lib/results.js';

const MAIN = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));

async function bench(t: Test, args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

async function run(t: Test, scenario: string, options: readonly string[]) {
  const results = t.testdir();
  const { code, stdout, stderr } = await bench(t, [scenario, ...options, '--results', results]);
  t.equal(code, 0, `it ends well: ${stdout} ${stderr}`);
  t.match(stdout, 'Every record is accounted for.');
  const file = readdirSync(results).find((name) => name.endsWith('.json')) ?? '';
  const json = JSON.parse(readFileSync(join(results, file), 'utf8')) as RunResult;
  const [result] = json.scenarios;
  t.match(json.machine, { cores: Number, node: process.version });
  t.equal(result?.scenario, scenario);
  t.ok(result?.outcome?.setup.length, 'it says what ran');
  for (const { what, samples } of result?.outcome?.figures ?? []) {
    t.ok(samples.length > 0 && samples.every(Number.isFinite), `${what}: ${samples.join(' ')}`);
  }
  for (const [name, use] of Object.entries(result?.outcome?.processes ?? {})) {
    t.ok(use.rssPeak >= use.rssStart && use.rssPeak > 2 ** 20, `${name} has memory`);
  }
  const figure = (what: string, at?: Readonly<Record<string, unknown>>) => {
    const found = result?.outcome?.figures.find(
      (figure) =>
        figure.what === what && (at === undefined || JSON.stringify(figure.at) === JSON.stringify(at)),
    );
    t.ok(found, `there is a figure for ${what}`);
    return found?.samples ?? [];
  };
  return { result, figure };
}

void t.test('fanout encodes each record once however many read it, and delivers all', async (t) => {
  const options = ['--consumers', '20', '--rate', '200', '--seconds', '1', '--rounds', '2'];
  const { figure } = await run(t, 'fanout', options);
  t.same(figure('encodes a published record', { consumers: 10 }), [1]);
  t.same(figure('encodes a published record', { consumers: 20 }), [1]);
  t.equal(figure('SSE events delivered').length, 2, 'a sample a round');
});

void t.test('fanout goes through a consolidator as well', async (t) => {
  const options = ['--consumers', '3', '--rate', '200', '--seconds', '1', '--rounds', '1'];
  const { result } = await run(t, 'fanout', [...options, '--through', 'consolidator']);
  t.ok(result?.outcome?.processes['consolidator']);
});

void t.test('isolation loses nothing for those that read', async (t) => {
  const sizes = ['--consumers', '10', '--stalled', '2', '--rate', '100', '--fill', '0'];
  const { figure } = await run(t, 'isolation', [...sizes, '--seconds', '1', '--rounds', '1']);
  t.same(figure('lost by those that read'), [0]);
  t.equal(figure('p99 without a stall').length, 2, 'before and after');
});

void t.test('neighbours of a flood have their account, and the flood its own', async (t) => {
  const options = ['--floods', 'container', '--limits', '1MiB', '--seconds', '1', '--rounds', '1'];
  const { figure } = await run(t, 'neighbours', options);
  t.equal(figure('p99 beside the flood', { flood: 'container', limit: '1MiB' }).length, 1);
});

void t.test('in a stampede every reader gets what it had missed', async (t) => {
  const options = ['--consumers', '20', '--rate', '100', '--away', '1', '--seconds', '2', '--rounds', '1'];
  const { figure } = await run(t, 'stampede', options);
  t.same(figure('dropped, and told'), [0]);
});

void t.test('idle consumers all get the batch at the end', async (t) => {
  await run(t, 'idle', ['--consumers', '50', '--settle', '0']);
});

void t.test('readers that come and leave are all answered, and leave nothing behind', async (t) => {
  const options = ['--visits', '60', '--shares', '2', '--at-once', '5', '--streams', '6', '--settle', '0'];
  const { figure } = await run(t, 'churn', options);
  t.equal(figure('readers that came and left').length, 2);
});

void t.test('latency is taken at each rate that was asked for', async (t) => {
  const options = ['--rates', '10,500', '--seconds', '1', '--warm', '0', '--rounds', '1'];
  const { figure } = await run(t, 'latency', options);
  for (const rate of [10, 500]) t.ok((figure('stdout to SSE, p50', { 'lines/s': rate })[0] as number) > 0);
});

void t.test('throughput drops nothing', async (t) => {
  const { figure } = await run(t, 'throughput', ['--lines', '30000', '--rounds', '1']);
  t.same(figure('dropped'), [0]);
});

void t.test('sidecar measures lines, memory and starts', async (t) => {
  const options = ['--lines', '20000', '--burst', '1MB', '--starts', '1', '--rounds', '1'];
  const { result, figure } = await run(t, 'sidecar', options);
  t.equal(figure('a command starts later by').length, 1);
  t.equal(
    result?.outcome?.figures.filter(({ what }) => what.startsWith('most resident memory in')).length,
    2,
  );
});

void t.test('peers measures Spillway where no peer is wanted', async (t) => {
  const sizes = ['--consumers', '5', '--rate', '200', '--seconds', '1', '--rounds', '1'];
  const { figure } = await run(t, 'peers', [...sizes, '--only', 'nobody']);
  t.same(figure('lost, and nobody told', { system: 'spillway' }), [0]);
});

void t.test('seed loses a VM, and says what each reader misses and what it was told', async (t) => {
  const sizes = ['--readers', '2', '--rate', '200', '--losses', '1', '--away', '0'];
  const { figure } = await run(t, 'seed', [...sizes, '--only', 'spillway']);
  const at = { system: 'spillway' };
  t.ok((figure('from the loss until every reader has all again', at)[0] as number) > 0);
  t.same(figure('lost otherwise, and nobody told', at), [0, 0]);
  t.same(figure('commands to have the VM back', at), [1]);
});

void t.test('startup ends with the one line at its reader', async (t) => {
  const { figure } = await run(t, 'startup', ['--rounds', '1']);
  const [line = 0, all = 0] = [
    "until the command's first line is at a reader",
    'all of it, one after the other',
  ].map((what) => figure(what)[0] as number);
  t.ok(line > 0 && all > line);
});

void t.test('hwm drops for a slow reader and for no other, and says what share', async (t) => {
  const sizes = ['--hwms', '10', '--rates', '20000', '--speeds', '10,1000000', '--seconds', '2'];
  const { figure } = await run(t, 'hwm', sizes);
  const lost = (speed: number) =>
    figure('dropped, and told', {
      hwm: 10,
      'records/s printed': 20_000,
      'records/s read': speed,
    })[0] as number;
  t.ok(lost(10) > 0 && lost(10) < 100, `${lost(10)} %`);
  t.ok(lost(1_000_000) < lost(10));
});

void t.test('scale grows one dimension at a time', async (t) => {
  const sizes = ['--sources', '2,20', '--streams', '1,5', '--consumers', '1,3'];
  const { result } = await run(t, 'scale', [...sizes, '--rate', '200', '--seconds', '1']);
  const places = result?.outcome?.figures.map(({ at }) => JSON.stringify(at));
  t.same(
    [...new Set(places)],
    [
      '{"sources":2}',
      '{"sources":20}',
      '{"streams":1}',
      '{"streams":5}',
      '{"consumers":1}',
      '{"consumers":3}',
    ],
  );
});

void t.test('a mistake in the words ends with 2 and a sentence, before anything is started', async (t) => {
  for (const args of [
    ['fan-out'],
    ['compare'],
    ['compare', 'no-such-ref'],
    ['compare', 'HEAD', 'fan-out'],
    ['report', '/nowhere'],
    ['fanout', '--consumers', 'many'],
    ['fanout', '--speed', '9'],
  ]) {
    const { code, stdout, stderr } = await bench(t, args);
    t.equal(code, 2);
    t.equal(stdout, '');
    t.match(stderr, /^bench: .+; see npm run bench -- --help\n$/);
  }
});

void t.test('more consumers than open files is a failure that says what to do', async (t) => {
  const { code, stdout } = await bench(t, ['idle', '--consumers', '90000000', '--results', t.testdir()]);
  t.equal(code, 1);
  t.match(stdout, /FAILED .*ulimit -n 90000100/);
});

void t.test('a relay that is told of many VMs is connected to all, and all send what is read', async (t) => {
  const { figure } = await run(t, 'vms', ['--vms', '20', '--rounds', '1']);
  t.equal(figure('request to sent by all', { vms: 20 }).length, 1);
});

void t.test('the help names every scenario, and each scenario its options', async (t) => {
  const { stdout } = await bench(t, ['--help']);
  for (const name of ['sidecar', 'latency', 'throughput', 'fanout', 'isolation', 'stampede', 'idle'])
    t.match(stdout, name);
  t.match(
    (await bench(t, ['idle', '--help'])).stdout,
    /--consumers <n> +idle SSE consumers \[default: 10000\]/,
  );
});
