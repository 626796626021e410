// What stands beside a container where Kafka carries its lines: runs the program, makes a record of each line and publishes
// what is due as one message. It waits where Kafka does, up to a bound, and then drops the oldest and counts them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../lib/serve.js';
import { connectKafka } from '../peers/kafka-bus.js';

export interface ShipperStart {
  readonly ports: readonly number[];
  readonly partition: number;
  readonly container: string;
  /** The program and its words. */
  readonly command: readonly string[];
}

/** As many lines wait as in a sidecar of the other side, at most. */
export const SHIPPER_HWM = 50_000;
/** How long lines are gathered before they are sent, ms, as a producer lingers. */
export const LINGER_MS = 5;

let child: ChildProcess;
let waiting: string[] = [];
let dropped = 0;
let shipped: Promise<void>;

async function ship({ ports, partition }: ShipperStart): Promise<void> {
  let ended = false;
  void once(child, 'close').then(() => (ended = true));
  const bus = await connectKafka({ ports, partition });
  for (;;) {
    // What it printed last has been read by then.
    const last = ended;
    const records = waiting;
    waiting = [];
    if (records.length > 0) await bus.publish([Buffer.from(`${records.join('\n')}\n`)]);
    if (last) return;
    await sleep(LINGER_MS);
  }
}

function take(container: string, line: string): void {
  const record = {
    name: container,
    hostname: 'vm',
    pid: child.pid,
    level: 30,
    time: new Date(),
    msg: line,
    v: 0,
  };
  waiting.push(JSON.stringify(record));
  if (waiting.length > SHIPPER_HWM) {
    waiting.shift();
    dropped += 1;
  }
}

export const methods = {
  start(options: ShipperStart): void {
    const [file = '', ...words] = options.command;
    child = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) take(options.container, line);
    });
    shipped = ship(options);
  },
  /** Ends the program, and waits until all that it printed is with Kafka. Answers what was dropped here. */
  async stop(): Promise<number> {
    child.kill('SIGTERM');
    await shipped;
    return dropped;
  },
};

export type ShipperMethods = typeof methods;

serve(methods);
