// Question: one VM of three is lost and comes back: how long until every reader has everything again, what is lost and who is
// told of it, and what must somebody do? It is what made the authors of the first design look for another one: Kafka in three
// brokers, one a VM, against three consolidators.
//
// Timed: from SIGKILL to all that is on one VM (its container, and its broker or its consolidator) and from asking for its
// start, to the arrivals at readers; every line is numbered, so each reader's account is exact. Each VM is lost once.
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../lib/errors.js';
import { figureOf } from '../lib/rounds.js';
import { defineScenario, type Bench, type Figure } from '../lib/scenario.js';
import { withScope, type Scope } from '../lib/scope.js';
import { Watch, type Use } from '../lib/usage.js';
import { hasKafka } from '../peers/kafka-server.js';
import { kafka } from '../peers/kafka.js';
import { VMS, type Fleet } from '../seed/fleet.js';
import { startKafkaFleet } from '../seed/kafka.js';
import { loseVm, type Recovery } from '../seed/loss.js';
import { startSpillwayFleet } from '../seed/spillway.js';
import { Witness, type Account } from '../seed/witness.js';

/** The account is closed when nothing has come for so long, once nothing is printed any more; or after all of it, ms. */
const REST_MS = { quiet: 2_000, most: 15_000, look: 100 } as const;
/** For how long processes are watched under the load, before anything is lost, ms. */
const WATCH_MS = 2_000;

interface Setting {
  readonly readers: number;
  readonly away: number;
  readonly losses: number;
}

interface Result {
  readonly setup: readonly string[];
  readonly figures: readonly Figure[];
  readonly use: Readonly<Record<string, Use>>;
  readonly commands: string;
}

export const seed = defineScenario({
  name: 'seed',
  summary: 'one VM of three is lost and comes back: three Kafka brokers against three consolidators',
  question:
    'One VM of three is lost and comes back: when do readers have everything again, and what is lost?',
  options: {
    losses: { type: 'integer', default: VMS, min: 1, help: 'VMs lost, one after the other' },
    readers: { type: 'integer', default: 5, min: 1, help: 'SSE consumers, each of all containers' },
    rate: { type: 'integer', default: 300, min: 1, unit: 'lines/s', help: 'of each container' },
    away: { type: 'integer', default: 2, min: 0, unit: 's', help: 'until somebody starts the VM again' },
    disk: {
      type: 'choice',
      choices: ['kept', 'lost'],
      default: 'kept',
      help: "whether the VM's disk is there when it comes back",
    },
    sessionTimeout: {
      type: 'integer',
      default: 3000,
      min: 600,
      unit: 'ms',
      help: "Kafka's broker.session.timeout.ms; its own default, 9000, makes all of it slower",
    },
    only: { type: 'choice', choices: ['both', 'spillway'], default: 'both', help: 'which of them' },
  },
  inAll: ['--losses', '1'],
  async run({ losses, readers, rate, away, disk, sessionTimeout, only }, bench) {
    const setting = { readers, away: away * 1000, losses };
    const results = [
      await measure((scope) => startSpillwayFleet(scope, rate, { profile: bench.profile }), setting, bench),
    ];
    const notes: string[] = [];
    if (only === 'both' && hasKafka()) {
      const options = { rate, sessionTimeout, losesDisk: disk === 'lost' };
      try {
        results.push(await measure((scope) => startKafkaFleet(scope, options), setting, bench));
      } catch (error) {
        // That it does not come back is a result.
        if (!(error instanceof BenchError)) throw error;
        notes.push(`kafka: ${error.message}`);
      }
    } else if (only === 'both') {
      notes.push(`kafka is not here; install it with: ${kafka.install}`);
    }
    return {
      setup: [
        `${VMS} VMs with a container on each that prints ${rate} lines/s; ${readers} readers of all of them at one server apart from the VMs; all on this machine`,
        `SIGKILL to all that is on a VM, ${away} s until it is started again with the same address and its disk ${disk}; ${losses} times`,
        ...results.flatMap(({ setup }) => setup),
      ],
      figures: results.flatMap(({ figures }) => figures),
      processes: Object.assign({}, ...results.map(({ use }) => use)) as Record<string, Use>,
      notes: [...results.map(({ commands }) => commands), ...notes],
    };
  },
});

function measure(
  start: (scope: Scope) => Promise<Fleet>,
  { readers, away, losses }: Setting,
  bench: Bench,
): Promise<Result> {
  return withScope(async (scope) => {
    bench.progress('starting three VMs');
    const fleet = await start(scope);
    const { name } = fleet;
    const vmOf = (run: number) => fleet.runs[run]?.vm ?? 0;
    const witnesses = Array.from({ length: readers }, () => new Witness(scope, fleet.url, vmOf));
    await Promise.all(witnesses.map((witness) => witness.connected()));
    await fleet.open();
    await Promise.all(witnesses.flatMap((witness) => fleet.runs.map(({ id }) => witness.firstLine(id))));

    bench.progress(`${name}: at work`);
    const watch = new Watch(fleet.processes()).start();
    await sleep(WATCH_MS);
    const use = watch.stop();

    const recoveries: Recovery[] = [];
    for (let i = 0; i < losses; i += 1) {
      bench.progress(`${name}: VM ${(i % VMS) + 1} is lost, ${i + 1} of ${losses}`);
      recoveries.push(await loseVm(fleet, witnesses, i % VMS, away));
    }
    bench.progress(`${name}: the account`);
    await fleet.rest();
    const accounts = await restOf(fleet, witnesses);
    if (name === 'spillway') checkAccounts(accounts);
    const at = { system: name };
    const per = (what: string, of: keyof Account) => figureOf(accounts, of, 'lines a reader', { what, at });
    return {
      setup: fleet.setup,
      figures: [
        figureOf(recoveries, 'live', 'ms', { what: 'from the loss until every reader has all again', at }),
        figureOf(recoveries, 'othersSilent', 'ms', {
          what: "longest silence of the other VMs' containers",
          at,
        }),
        figureOf(recoveries, 'read', 'ms', { what: 'from the start until its container is read', at }),
        figureOf(recoveries, 'whole', 'ms', { what: 'from the start until another VM may be lost', at }),
        per('received', 'received'),
        per('received twice', 'repeated'),
        per('lost, and told how many', 'told'),
        per('lost with a killed container, and told that it fell silent', 'toldOfSilence'),
        per('lost before its VM had been found again, and nobody told', 'early'),
        per('lost otherwise, and nobody told', 'untold'),
        {
          what: 'commands to have the VM back',
          unit: '',
          at,
          samples: recoveries.map(({ commands }) => commands.length),
        },
      ],
      use: Object.fromEntries(Object.entries(use).map(([part, of]) => [`${name}: ${part}`, of])),
      commands: `${name}: to have the VM back, ${recoveries[0]?.commands.join(', then ')}.`,
    };
  });
}

/** What each reader has once all has come. */
async function restOf(fleet: Fleet, witnesses: readonly Witness[]): Promise<readonly Account[]> {
  const take = () => witnesses.map((witness) => witness.accountOf(fleet.runs));
  const began = performance.now();
  let accounts = take();
  for (let changedAt = began; ;) {
    await sleep(REST_MS.look);
    const now = performance.now();
    const next = take();
    if (JSON.stringify(next) !== JSON.stringify(accounts)) changedAt = now;
    accounts = next;
    if (now - changedAt > REST_MS.quiet || now - began > REST_MS.most) return accounts;
  }
}

/** @throws {BenchError} `law` where a reader of Spillway's misses what it was not told of, or has a line twice */
function checkAccounts(accounts: readonly Account[]): void {
  const wrong = accounts.find(({ untold, repeated }) => untold !== 0 || repeated > 0);
  if (wrong !== undefined)
    throw new BenchError('law', `A reader's account does not add up: ${JSON.stringify(wrong)}`);
}
