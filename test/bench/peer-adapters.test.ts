// Each peer of the benchmarks that is installed delivers to several consumers all that was published. Those that Debian has
// are there where test/install-tools.sh has run; the others are optional, so their absence is said and is no skipped test.
import { writeFileSync } from 'node:fs';
import t from 'tap';
import type * as collectorModule from '../../bench/collectors/syslog-ng.js';
import type * as audienceModule from '../../bench/lib/audience.js';
import type * as scopeModule from '../../bench/lib/scope.js';
import type * as peersModule from '../../bench/peers.js';
import { needs } from '../support/programs.js';

// Their workers are processes of their own, which run what is compiled.
const load = (name: string) => import(new URL(`../../dist/bench/${name}.js`, import.meta.url).href);
const { PEERS } = (await load('peers')) as typeof peersModule;
const { Audience } = (await load('lib/audience')) as typeof audienceModule;
const { withScope } = (await load('lib/scope')) as typeof scopeModule;

const { SYSLOG_NG, startSyslogNg } = (await load('collectors/syslog-ng')) as typeof collectorModule;

const OPTIONAL = ['kafka', 'mercure'];
const CONSUMERS = 3;
const LOAD = { rate: 200, seconds: 1, batch: 5, bytes: 220 };

for (const peer of PEERS) {
  const { name, install } = peer;
  if (!peer.isHere() && OPTIONAL.includes(name)) {
    t.comment(`${name} is not installed, so its adapter is not tested: ${install}`);
    continue;
  }
  const skip = !peer.isHere() && needs(name, ['false']);
  void t.test(`${name} delivers what was published to each consumer`, { skip }, (t) =>
    withScope(async (scope) => {
      const running = await peer.start(scope, {});
      const audience = new Audience(scope);
      await audience.join(running, CONSUMERS, { sampleEvery: 1 });
      await running.greet();
      const { total } = await running.publish(LOAD);
      t.match(await audience.arrival(total), { complete: true });
      t.match(await audience.totals(), { records: LOAD.rate * CONSUMERS, dropped: 0 });
      t.equal((await audience.takeLatencies()).count, LOAD.rate * CONSUMERS, 'each record keeps its stamp');
    }),
  );
}

const RECORD = { name: 'web-1', hostname: 'vm-1', pid: 1, v: 0 };
const MADE = {
  plain: { line: 'one "line"', record: { ...RECORD, level: 30, msg: 'one "line"' } },
  json: { line: '{"level":40,"msg":"it","ms":7}', record: { ...RECORD, level: 40, msg: 'it', ms: 7 } },
} as const;

for (const kind of ['plain', 'json'] as const) {
  const skip = !SYSLOG_NG.isHere() && needs(SYSLOG_NG.name, ['false']);
  void t.test(`syslog-ng makes a record of each ${kind} line, as a sidecar does`, { skip }, (t) =>
    withScope(async (scope) => {
      const { drain, pipe } = await startSyslogNg(scope, kind);
      writeFileSync(pipe, `${MADE[kind].line}\n`.repeat(3));
      const { lines, sample } = await drain.call('until', { total: 3, timeout: 10_000 });
      t.equal(lines, 3);
      t.match(JSON.parse(sample), MADE[kind].record);
    }),
  );
}
