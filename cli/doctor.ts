import { DEFAULT_FROM } from '../relay/options.js';
import { isColored } from './color.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { baseUrl, CONNECT_OPTIONS, tokenSource } from './connect.js';
import { examine } from './doctor/examine.js';
import { judge } from './doctor/judge.js';
import { latenciesOf, reportLines } from './doctor/report.js';
import { findVms } from './doctor/vms.js';

export const command = defineCommand({
  name: 'doctor',
  summary: 'check a deployment, with a canary through every VM',
  usage: ['spillway doctor [--url <address>,…] [--from <endpoint>,… | --discover <url>] [--json]'],
  options: {
    url: {
      type: 'list',
      default: 'http://127.0.0.1:8080',
      value: 'address',
      help: 'the addresses of the relays, as readers reach them: through the proxies that are in front',
    },
    from: {
      type: 'list',
      default: DEFAULT_FROM.join(','),
      value: 'endpoint',
      help: 'subscribe endpoints of the VMs, as a relay has them; where sidecars connect is the port before, unless the entry says publish=…',
    },
    discover: { type: 'list', value: 'url', help: 'where to find the VMs instead, as a relay does' },
    curveSecretKey: {
      type: 'string',
      value: 'file',
      help: 'its secret CURVE key, from spillway keygen; its public one must stand in the lists of both sidecars and relays',
    },
    curveServerKey: {
      type: 'string',
      value: 'key|file',
      help: 'public key of the consolidators whose entry names none',
    },
    consolidator: {
      type: 'list',
      value: 'address',
      help: 'where consolidators serve /metrics: their clocks and versions are looked at too',
    },
    count: {
      type: 'integer',
      default: 10,
      min: 3,
      max: 1000,
      unit: 'canaries',
      env: false,
      help: 'how many go through each VM',
    },
    spacing: { type: 'duration', default: '100ms', min: 1, env: false, help: 'how far apart' },
    timeout: { type: 'duration', default: '3s', min: 100, help: 'how long any one thing may take' },
    json: { type: 'flag', env: false, help: 'print one JSON object' },
    ...CONNECT_OPTIONS,
  },
  notes: [
    'A canary is a record of the stream system/doctor: it is published where sidecars publish, and read at the consolidator itself and at each relay. The token must allow system/; with the admin scope it looks at discovery and versions too.',
    'It looks for parts that cannot be reached, missing authentication, proxies that hold records back, stale discovery, clocks and versions that are apart; and says what to do.',
    'It ends with 0 where nothing failed, and with 1 where something did.',
  ],
});

export async function run({ values, sources }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const { discover, timeout, count, spacing, json, curveSecretKey, curveServerKey } = values;
  const relays = values.url.map((url) => baseUrl('url', url));
  const consolidators = values.consolidator.map((url) => baseUrl('consolidator', url));
  // What is to be found replaces the default, and joins what was named.
  const from = discover.length > 0 && sources.from === 'default' ? [] : values.from;
  const token = tokenSource({ values, sources }, sources.url)();
  // Parts that do not answer are waited for, one after the other.
  if (io.stderr.isTTY) io.stderr.write('spillway doctor: asking …\n');
  const found = await findVms({ from, discover, curveSecretKey, curveServerKey }, timeout);
  const evidence = await examine({ relays, consolidators, found, token, timeout, count, spacing });
  const findings = judge(evidence);
  const latencies = latenciesOf(evidence);
  if (json) {
    io.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), findings, latencies })}\n`);
  } else {
    const { isTTY, columns } = io.stdout;
    const view = { columns: isTTY ? columns : 80, color: isColored('auto', isTTY, io.env) };
    io.stdout.write(`${reportLines(findings, latencies, view).join('\n')}\n`);
  }
  return findings.some(({ level }) => level === 'fail') ? 1 : 0;
}
