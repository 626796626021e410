import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../lib/errors.js';
import type { LineKind } from '../lib/lines.js';
import type { Scope } from '../lib/scope.js';
import { startWorker, type Worker } from '../lib/worker.js';
import { findProgram, temporaryFolder } from '../peers/peer.js';
import type { LineDrainMethods } from '../workers/line-drain.js';

export const SYSLOG_NG = {
  name: 'syslog-ng',
  install: 'apt-get install --no-install-recommends syslog-ng-core',
  isHere: () => findProgram('syslog-ng') !== undefined,
} as const;

const OPTIONS = [
  'threaded(yes)',
  'stats-freq(0)',
  'use-dns(no)',
  'keep-timestamp(yes)',
  'ts-format(iso)',
  'frac-digits(3)',
  'flush-lines(1000)',
  'log-fifo-size(200000)',
];
const SOURCE = ['flags(no-parse)', 'log-iw-size(100000)', 'log-fetch-limit(1000)', 'log-msg-size(65536)'];
const RECORD = 'name=web-1 hostname=vm-1 pid=int(1) time=$ISODATE v=int(0)';

/** By kind of line, what becomes of it: a JSON record as a sidecar makes it, the program's own fields among its fields. */
const PARSER: Readonly<Record<LineKind, string>> = {
  plain: '',
  json: 'parser { json-parser(prefix(".line.")); };',
};
const TEMPLATE: Readonly<Record<LineKind, string>> = {
  plain: `$(format-json ${RECORD} level=int(30) msg=$MSG)`,
  json: `$(format-json --key .line.* --rekey .line.* --shift 6 ${RECORD})`,
};

/** How it is configured, for somebody who wants to check that it was treated fairly. */
export const SYSLOG_NG_SETUP = [
  `syslog-ng: a pipe as its source (${SOURCE.join(' ')}), flow-control, TCP to a process that only counts; ${OPTIONS.join(' ')}`,
  `syslog-ng: plain lines as ${TEMPLATE.plain}; JSON lines by json-parser and ${TEMPLATE.json}`,
];

const START_TIMEOUT_MS = 10_000;

/** A collector between a pipe and something that counts its records. */
export interface Collector {
  readonly pid: number;
  readonly drain: Worker<LineDrainMethods>;
  /** The pipe that a program's output goes to. */
  readonly pipe: string;
}

/** @throws {BenchError} `part` where it does not start */
export async function startSyslogNg(scope: Scope, kind: LineKind): Promise<Collector> {
  const drain = startWorker<LineDrainMethods>(scope, 'line-drain');
  const port = await drain.call('start');
  const folder = temporaryFolder(scope);
  const pipe = join(folder, 'output');
  execFileSync('mkfifo', [pipe]);
  const config = join(folder, 'syslog-ng.conf');
  writeFileSync(
    config,
    `@version: 3.38
options { ${OPTIONS.map((option) => `${option};`).join(' ')} };
source program { pipe("${pipe}" ${SOURCE.join(' ')}); };
destination drain { network("127.0.0.1" port(${port}) template("${TEMPLATE[kind]}\\n")); };
log { source(program); ${PARSER[kind]} destination(drain); flags(flow-control); };
`,
  );
  const at = (name: string) => join(folder, name);
  const words = ['-F', '--no-caps', '-f', config, '-p', at('pid'), '-R', at('persist'), '-c', at('control')];
  const child = spawn(findProgram('syslog-ng') as string, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const closed = once(child, 'close');
  scope.defer(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  if (!(await drain.call('connected', START_TIMEOUT_MS))) {
    throw new BenchError('part', `syslog-ng does not connect:\n${said}`);
  }
  return { pid: child.pid as number, drain, pipe };
}
