import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { makeCertificate } from '../support/certificate.js';
import { freePorts } from '../support/ports.js';
import { needs } from '../support/programs.js';
import { spillway, untilReady } from '../support/processes.js';
import { linesOf, readNdjson } from '../support/readers.js';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const OPERATIONS = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      alert?: string;
      record?: string;
      expr: string;
      annotations?: { runbook_url: string };
    }[];
  }[];
}

const rules = (parse(readFileSync(join(DEPLOY, 'prometheus/rules.yaml'), 'utf8')) as Rules).groups.flatMap(
  ({ rules }) => rules,
);

void t.test('Every alert has a runbook, and every runbook is of an alert.', (t) => {
  const alerts = rules.flatMap(({ alert, annotations }) =>
    alert === undefined ? [] : [{ alert, annotations }],
  );
  for (const { alert, annotations } of alerts)
    t.equal(annotations?.runbook_url, `docs/operations.md#${alert.toLowerCase()}`);
  const headings = [...readFileSync(OPERATIONS, 'utf8').matchAll(/^#+ (Spillway[A-Z]\w+)$/gm)].map(
    ([, name]) => String(name),
  );
  t.strictSame(headings.toSorted(), alerts.map(({ alert }) => alert).toSorted());
  t.end();
});

/** What a query asks for, without the labels, functions and names of recorded series. */
function metricsIn(query: string): string[] {
  return [...query.matchAll(/\b((?:spillway|process|nodejs|target)_\w+)/g)].map(([, name = '']) => name);
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const skip = needs('prometheus', [
  'sh',
  '-c',
  'command -v prometheus && command -v promtool && command -v openssl',
]);

function promtool(input: string | undefined, ...args: string[]) {
  const options = { encoding: 'utf8', cwd: join(DEPLOY, 'prometheus') } as const;
  return spawnSync('promtool', args, { ...options, ...(input !== undefined && { input }) });
}

void t.test('With Prometheus', { skip }, async (t) => {
  await t.test('the rules are well formed, and fire when they should and at no other time.', (t) => {
    for (const words of [
      ['check', 'rules', 'rules.yaml'],
      ['test', 'rules', 'rules.test.yaml'],
      ['check', 'config', 'prometheus.yaml'],
    ]) {
      const { status, stdout, stderr } = promtool(undefined, ...words);
      t.equal(status, 0, `promtool ${words.join(' ')}: ${status === 0 ? '' : stdout + stderr}`);
    }
    t.end();
  });

  await t.test('all parts are scraped, and what alerts and dashboard ask for is there.', async (t) => {
    const fleet = await startFleet(t);
    const texts = await Promise.all(fleet.targets.map(({ url }) => metricsOf(url, fleet.cert)));
    for (const [i, text] of texts.entries()) {
      const { status, stdout, stderr } = promtool(text, 'check', 'metrics');
      t.strictSame([status, stdout, stderr], [0, '', ''], `promtool check metrics: ${fleet.targets[i]?.job}`);
    }
    const known = new Set([...texts.join('\n').matchAll(/^(\w+)(?:\{.*\})? /gm)].map(([, name]) => name));
    const dashboard = JSON.parse(readFileSync(join(DEPLOY, 'grafana/spillway.json'), 'utf8')) as Dashboard;
    const queries = [
      ...rules.map(({ expr }) => expr),
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ];
    t.strictSame(
      [...new Set(queries.flatMap(metricsIn))].filter((name) => !known.has(name)),
      [],
    );

    const prometheus = await startPrometheus(t, fleet);
    const up = await prometheus.until(
      'up',
      (series) => series.length === 4 && series.every(({ value }) => value[1] === '1'),
    );
    t.strictSame(
      up.map(({ metric }) => String(metric['job'])).toSorted(),
      fleet.targets.map(({ job }) => job).toSorted(),
    );
    const [read] = await prometheus.until(
      'spillway_records_in_total{hop="relay"}',
      (series) => Number(series[0]?.value[1]) > 0,
    );
    t.ok(read, 'what was read is in it');
    // Each panel's query is one that Prometheus understands.
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');
        t.equal(await prometheus.status(query), 'success', title);
      }
    }
  });
});

interface Fleet {
  readonly targets: readonly { readonly job: string; readonly url: string }[];
  /** The webhook's certificate. */
  readonly cert: string;
}

/** Every part as a process of its own, with a line that was read. */
async function startFleet(t: Test): Promise<Fleet> {
  const { cert, key } = makeCertificate(t.testdir());
  const any = 'tcp://127.0.0.1:*';
  const consolidator = spillway(t, [
    'consolidator',
    '--publish',
    any,
    '--subscribe',
    any,
    '--http',
    '127.0.0.1:0',
  ]);
  const ends = JSON.parse(await consolidator.line(/"ready:/)) as {
    publish: string;
    subscribe: string;
    http: string;
  };
  const relay = spillway(t, ['relay', '--from', ends.subscribe, '--listen', '127.0.0.1:0']);
  const { url } = JSON.parse(await relay.line(/"ready:/)) as { url: string };
  await untilReady(url);
  const inject = spillway(t, [
    'inject',
    '--listen',
    '127.0.0.1:0',
    '--cert',
    cert,
    '--key',
    key,
    '--image',
    'x',
  ]);
  const { url: hook } = JSON.parse(await inject.line(/"ready:/)) as { url: string };
  const [port] = await freePorts(1);
  const reader = await readNdjson(t, `${url}/v1/logs/tenant/acme`);
  const whose = [
    '--tenant',
    'acme',
    '--container',
    'web-1',
    '--to',
    ends.publish,
    '--http',
    `127.0.0.1:${port}`,
  ];
  spillway(t, ['sidecar', ...whose, '--', 'sh', '-c', 'echo line; exec sleep 60']);
  await reader.until((records) => linesOf(records).length > 0);
  const targets = [
    { job: 'spillway-consolidator', url: ends.http },
    { job: 'spillway-relay', url },
    { job: 'spillway-sidecar', url: `http://127.0.0.1:${port}` },
    { job: 'spillway-inject', url: hook },
  ];
  return { targets, cert };
}

async function metricsOf(url: string, cert: string): Promise<string> {
  const { stdout } = spawnSync('curl', ['-sf', '--cacert', cert, `${url}/metrics`], { encoding: 'utf8' });
  return stdout;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function startPrometheus(t: Test, { targets, cert }: Fleet) {
  const folder = dirname(cert);
  const jobs = targets.map(({ job, url }) => ({
    job_name: job,
    scheme: new URL(url).protocol.slice(0, -1),
    tls_config: { ca_file: cert },
    static_configs: [{ targets: [new URL(url).host] }],
  }));
  const config = { global: { scrape_interval: '1s' }, scrape_configs: jobs };
  const file = join(folder, 'prometheus.yaml');
  writeFileSync(file, JSON.stringify(config));
  const [port] = await freePorts(1);
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  t.teardown(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  // Read to its end: a Go program whose stderr is closed ends.
  await new Promise<void>((resolve) => {
    const lines = createInterface({ input: child.stderr });
    lines.on('line', (line) => /ready to receive web requests/.test(line) && resolve());
  });
  const ask = async (query: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
    return (await answer.json()) as { status: string; data: { result: Series[] } };
  };
  return {
    status: async (query: string) => (await ask(query)).status,
    /** Asks until the answer is so. */
    async until(query: string, done: (series: readonly Series[]) => boolean): Promise<readonly Series[]> {
      for (;;) {
        const { data } = await ask(query);
        if (done(data.result)) return data.result;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}
