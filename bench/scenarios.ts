import type { Scenario } from './lib/scenario.js';
import { churn } from './scenarios/churn.js';
import { fanout } from './scenarios/fanout.js';
import { hwm } from './scenarios/hwm.js';
import { idle } from './scenarios/idle.js';
import { isolation } from './scenarios/isolation.js';
import { latency } from './scenarios/latency.js';
import { neighbours } from './scenarios/neighbours.js';
import { peers } from './scenarios/peers.js';
import { recycle } from './scenarios/recycle.js';
import { scale } from './scenarios/scale.js';
import { seed } from './scenarios/seed.js';
import { sidecar } from './scenarios/sidecar.js';
import { stampede } from './scenarios/stampede.js';
import { startup } from './scenarios/startup.js';
import { throughput } from './scenarios/throughput.js';
import { vms } from './scenarios/vms.js';

/** In the order in which `npm run bench` runs them. */
export const SCENARIOS: readonly Scenario[] = [
  sidecar,
  startup,
  latency,
  throughput,
  fanout,
  peers,
  isolation,
  neighbours,
  stampede,
  idle,
  churn,
  seed,
  recycle,
  vms,
  hwm,
  scale,
];
