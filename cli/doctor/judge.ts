import { isLoopbackHost } from '../../cluster/loopback.js';
import { sumOf } from '../probe/exposition.js';
import type { Evidence, PageEvidence, RelayEvidence, VmEvidence } from './evidence.js';
import { fail, ok, warn, type Finding } from './finding.js';
import { trailOf } from './trail.js';

/** A Date header has whole seconds, and the way there and back takes a part of one. */
const CLOCK_MS = 2_000;
/** A source of discovery that was not heard of for so long, s: a lease and its grace have passed. */
const STALE_S = 60;
/** A greeting that takes longer was held back, ms: a relay writes it with the head. */
const GREETING_MS = 1_000;

/** What the evidence says, part by part. */
export function judge(evidence: Evidence): Finding[] {
  const { relays, consolidators, vms, discoveryProblems } = evidence;
  return [
    ...discoveryProblems.map(({ source, problem }) =>
      fail(
        'discovery',
        source,
        problem,
        'mend the address, the directory or the entry; relays that are told the same see the same',
      ),
    ),
    ...relays.flatMap((relay) => judgeRelay(relay, evidence)),
    ...consolidators.flatMap(judgeConsolidator),
    ...vms.flatMap((vm, i) => judgeVm(vm, i, relays)),
    ...judgeAgreement(relays),
    ...judgeVersions(evidence),
  ];
}

function judgeRelay(relay: RelayEvidence, { vms }: Evidence): Finding[] {
  const { url, health } = relay;
  if (!health.ok) {
    const fix = 'start it, or name the address at which readers reach it with --url';
    return [fail('reach', url, health.why, fix)];
  }
  return [
    ok('reach', url, `it answers in ${health.took.toFixed(0)} ms`),
    ...judgeAccess(relay),
    ...judgeClock(relay),
    ...judgeDiscovery(relay),
    ...judgeStream(relay, vms),
  ];
}

/** Whether the relay asks for a token; undefined where what it answers does not tell. */
function isGuarded({ stranger, withToken, stream }: RelayEvidence): boolean | undefined {
  // A proxy may guard the list and not the streams: what came without a token is the better witness.
  if (stranger.ok || (!withToken && stream.opened !== undefined)) return false;
  return stranger.status === 401 || stranger.status === 403 ? true : undefined;
}

function judgeAccess(relay: RelayEvidence): Finding[] {
  const { url, stranger, withToken } = relay;
  const { protocol, hostname } = new URL(url);
  const isLocal = isLoopbackHost(hostname.replaceAll(/[[\]]/g, ''));
  const guarded = isGuarded(relay);
  const findings: Finding[] = [];
  if (guarded === true) findings.push(ok('access', url, 'it asks for a token'));
  else if (guarded === undefined) {
    const why = stranger.ok ? '' : `: ${stranger.why}`;
    findings.push(
      warn(
        'access',
        url,
        `whether it asks for a token could not be told from /v1/consumers${why}`,
        withToken
          ? 'run this without a token too: where the canaries come all the same, it asks for none'
          : 'name the relay itself with --url, past whatever is in front of it, and ask again',
      ),
    );
  } else if (isLocal)
    findings.push(ok('access', url, 'it asks for no token, and is reached from this machine only'));
  else {
    findings.push(
      fail(
        'access',
        url,
        "it asks for no token: whoever reaches it reads every tenant's logs",
        'start the relay with --jwks, --jwt-key-file or --jwt-secret-file',
      ),
    );
  }
  if (withToken && protocol === 'http:' && !isLocal) {
    findings.push(
      fail(
        'access',
        url,
        'the token goes over the network in clear',
        'put TLS in front of the relay and use https://',
      ),
    );
  }
  return findings;
}

function judgeClock({ url, skew }: PageEvidence): Finding[] {
  if (skew === undefined) return [];
  if (Math.abs(skew) < CLOCK_MS) return [ok('clock', url, 'its clock agrees with this one')];
  const way = skew > 0 ? 'ahead of' : 'behind';
  return [
    warn(
      'clock',
      url,
      `its clock is ${seconds(Math.abs(skew))} ${way} this one`,
      'run NTP on both machines: times in records, since= and lags are off by as much',
    ),
  ];
}

function judgeDiscovery({ url, ready, samples, problem, status }: RelayEvidence): Finding[] {
  const findings: Finding[] = [];
  if (!ready.ok) {
    findings.push(
      fail(
        'discovery',
        url,
        'it is connected to no consolidator',
        'look at its --from or --discover, and whether the consolidators run where that says',
      ),
    );
  }
  if (status === 404) {
    findings.push(ok('discovery', url, 'it serves no metrics: discovery and versions were not looked at'));
    return findings;
  }
  if (problem !== undefined) {
    findings.push(
      warn(
        'discovery',
        url,
        `what it knows of the VMs cannot be read: ${problem}`,
        'give a token with the admin scope',
      ),
    );
    return findings;
  }
  const known = sumOf(samples, 'spillway_discovery_entries');
  const connected = sumOf(samples, 'spillway_consolidators');
  const age = sumOf(samples, 'spillway_discovery_age_seconds');
  if (known !== undefined && connected !== undefined) {
    if (connected >= known) findings.push(ok('discovery', url, `it reads all ${known} VMs that it knows of`));
    else {
      findings.push(
        fail(
          'discovery',
          url,
          `it reads ${connected} of the ${known} VMs that it knows of`,
          'the others are down, cut off or stale entries: see its log, and remove what is gone from the directory',
        ),
      );
    }
  }
  if (age !== undefined && age > STALE_S) {
    findings.push(
      warn(
        'discovery',
        url,
        `its discovery was last heard of ${Math.round(age)} s ago`,
        'it goes on with what it knew; bring the directory back, or VMs that come will not be read',
      ),
    );
  }
  return findings;
}

function judgeStream({ url, stream }: RelayEvidence, vms: readonly VmEvidence[]): Finding[] {
  const { opened, greeted, failure, arrivals } = stream;
  if (failure !== undefined) {
    const fix = 'the token must allow system/ (claim logs) for this check';
    return [fail('stream', url, `system/doctor cannot be read: ${failure}`, fix)];
  }
  const isHeld = opened === undefined || greeted === undefined || greeted > GREETING_MS;
  const isClumped = vms.some(({ sent }, i) => trailOf(sent, arrivals[i] ?? []).isClumped);
  if (!isHeld && !isClumped) return [ok('buffering', url, 'records come one by one, as they were sent')];
  const what =
    opened === undefined
      ? 'a stream gets no answer while other pages do'
      : greeted === undefined
        ? 'a stream opens, and then nothing comes'
        : isHeld
          ? `the first bytes of a stream took ${seconds(greeted)}`
          : 'records come in lumps, late';
  return [
    fail(
      'buffering',
      url,
      `${what}: something on the way holds them back`,
      'turn buffering and compression of this path off in the proxy (nginx: proxy_buffering off, gzip off; the relay says X-Accel-Buffering: no), and see that it speaks HTTP/1.1 to the relay',
    ),
  ];
}

function judgeConsolidator(page: PageEvidence): Finding[] {
  if (page.problem !== undefined) {
    return [fail('reach', page.url, page.problem, 'see that it runs, and that its --http is this address')];
  }
  return [ok('reach', page.url, 'it answers'), ...judgeClock(page)];
}

function judgeVm(vm: VmEvidence, place: number, relays: readonly RelayEvidence[]): Finding[] {
  const { publish, subscribe, sent, tapped, skews } = vm;
  const findings: Finding[] = [];
  const tap = trailOf(sent, tapped);
  const reached = relays.map(({ stream }) => trailOf(sent, stream.arrivals[place] ?? []));
  if (tap.came === 0 && reached.every(({ came }) => came === 0)) {
    findings.push(
      fail(
        'canary',
        publish,
        'no canary came out of this VM',
        `see that its consolidator runs, that sidecars reach ${publish}, relays ${subscribe}, and that the CURVE keys fit`,
      ),
    );
    return findings;
  }
  if (tap.came === 0) {
    findings.push(
      warn(
        'canary',
        subscribe,
        'it could not be asked itself',
        'relays reach it; from here a firewall or a key is in the way',
      ),
    );
  }
  for (const [i, { url, health, stream }] of relays.entries()) {
    if (!health.ok || stream.failure !== undefined) continue;
    const trail = reached[i];
    if (trail === undefined || trail.came === trail.sent) continue;
    const fix =
      trail.came === 0
        ? 'the relay does not know of this VM (stale discovery), cannot reach it, or a proxy holds its records back'
        : 'look at spillway top for where they were dropped';
    findings.push(fail('canary', publish, `${trail.came} of ${trail.sent} canaries came to ${url}`, fix));
  }
  if (findings.length === 0)
    findings.push(ok('canary', publish, `all ${sent.length} canaries came everywhere`));
  const skew = skews.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0];
  if (skew !== undefined && Math.abs(skew) >= CLOCK_MS) {
    const way = skew > 0 ? 'ahead of' : 'behind';
    findings.push(
      warn(
        'clock',
        publish,
        `a sender on this VM stamps records ${seconds(Math.abs(skew))} ${way} this clock`,
        'run NTP on that VM',
      ),
    );
  }
  return findings;
}

/** Relays that read one cluster know the same VMs. */
function judgeAgreement(relays: readonly RelayEvidence[]): Finding[] {
  const known = relays.flatMap(({ url, samples }) => {
    const count = sumOf(samples, 'spillway_discovery_entries');
    return count === undefined ? [] : [{ url, count }];
  });
  if (new Set(known.map(({ count }) => count)).size < 2) return [];
  const all = known.map(({ url, count }) => `${url} ${count}`).join(', ');
  return [
    fail(
      'discovery',
      'relays',
      `they know of different numbers of VMs: ${all}`,
      'give all relays the same --from or --discover',
    ),
  ];
}

function judgeVersions({ relays, consolidators, version }: Evidence): Finding[] {
  const versions = [...relays, ...consolidators].flatMap(({ url, samples }) => {
    const found = samples.find(({ name }) => name === 'target_info')?.labels['service_version'];
    return found === undefined ? [] : [{ url, version: found }];
  });
  const different = new Set([version, ...versions.map((part) => part.version)]);
  if (versions.length === 0) return [];
  if (different.size === 1) return [ok('version', 'all parts', `they are of version ${version}`)];
  const all = versions.map((part) => `${part.url} ${part.version}`).join(', ');
  return [
    warn(
      'version',
      'all parts',
      `versions are apart: ${all}; this is ${version}`,
      'upgrade the older, consolidators first',
    ),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
