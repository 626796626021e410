import { setTimeout as sleep } from 'node:timers/promises';
import { readStream } from '../logs/connection.js';
import { visible } from '../../wire/visible.js';
import { parseSamples } from '../probe/exposition.js';
import { get, type Answer } from '../probe/get.js';
import { version } from '../version.js';
import { Canaries, CANARY_COMPONENT, openCage } from './canary.js';
import type { Evidence, PageEvidence, RelayEvidence, StreamEvidence, VmEvidence } from './evidence.js';
import { openTap } from './tap.js';
import type { FoundVms, Vm } from './vms.js';

export interface ExamineOptions {
  readonly relays: readonly string[];
  readonly consolidators: readonly string[];
  readonly found: FoundVms;
  readonly token: string | undefined;
  /** Longest wait for any one thing, ms. */
  readonly timeout: number;
  /** How many canaries each VM gets, and how far apart, ms. */
  readonly count: number;
  readonly spacing: number;
}

/** Looks at every part and sends canaries through every VM. Nothing that it finds makes it throw. */
export async function examine(options: ExamineOptions): Promise<Evidence> {
  const { relays, consolidators, found, token, timeout } = options;
  const [pages, consolidatorPages] = await Promise.all([
    Promise.all(relays.map((url) => lookAtRelay(url, token, timeout))),
    Promise.all(consolidators.map(async (url) => pageOf(url, await get(`${url}/metrics`, { timeout })))),
  ]);
  const { vms, streams } = await sendCanaries(options);
  return {
    vms,
    relays: pages.map((page, i) => ({ ...page, stream: streams[i] as StreamEvidence })),
    consolidators: consolidatorPages,
    discoveryProblems: found.problems.map(({ source, problem }) => ({ source, problem: visible(problem) })),
    version: version(),
  };
}

async function lookAtRelay(
  url: string,
  token: string | undefined,
  timeout: number,
): Promise<Omit<RelayEvidence, 'stream'>> {
  const [health, ready, stranger, metrics] = await Promise.all([
    get(`${url}/healthz`, { timeout }),
    get(`${url}/readyz`, { timeout }),
    get(`${url}/v1/consumers`, { timeout }),
    get(`${url}/metrics`, { timeout, token }),
  ]);
  const { skew } = pageOf(url, health);
  const page = pageOf(url, metrics);
  return {
    ...page,
    ...(skew !== undefined && { skew }),
    health,
    ready,
    stranger,
    withToken: token !== undefined,
  };
}

function pageOf(url: string, answer: Answer): PageEvidence {
  if (!answer.ok) {
    const { why: problem, status } = answer;
    return { url, samples: [], problem, ...(status !== undefined && { status }) };
  }
  const date = Date.parse(answer.headers.get('date') ?? '');
  // The header was written about half-way, and has lost its fraction of a second.
  const skew = date + 500 - (Date.now() - answer.took / 2);
  return { url, samples: parseSamples(answer.text), ...(!Number.isNaN(skew) && { skew }) };
}

type Arrivals = (number | undefined)[][];

/** Opens all readers, then sends to all VMs at once, one canary at a time. */
async function sendCanaries(
  options: ExamineOptions,
): Promise<{ vms: VmEvidence[]; streams: StreamEvidence[] }> {
  const { relays, found, timeout, count, spacing } = options;
  const canaries = new Canaries();
  const none = (): Arrivals => found.vms.map(() => []);
  const note = (arrivals: Arrivals, text: string) => {
    for (const { vm, number } of canaries.in(text)) {
      const row = arrivals[vm];
      if (row !== undefined) row[number] ??= performance.now();
    }
  };
  const end = new AbortController();
  const readers = relays.map((url) => {
    const arrivals = none();
    return { arrivals, ...openReader(url, options, end.signal, (text) => note(arrivals, text)) };
  });
  const taps = found.vms.map((vm) => openVmTap(vm, note, none()));
  await Promise.race([Promise.all(readers.map(({ greeted }) => greeted)), sleep(timeout)]);
  const cages = found.vms.map(({ publish, curve }) => openCage(publish, curve));
  const sent: number[][] = found.vms.map(() => []);
  const say = (number: number) => {
    for (const [vm, cage] of cages.entries()) {
      (sent[vm] as number[])[number] = performance.now();
      cage.say(canaries.textOf(vm, number));
    }
  };
  const came = (number: number) =>
    [...readers.map(({ arrivals }) => arrivals), ...taps.map(({ arrivals }) => arrivals)].every(
      (arrivals, i) =>
        found.vms.every(
          (_, vm) => (i >= relays.length && i - relays.length !== vm) || arrivals[vm]?.[number] !== undefined,
        ),
    );
  // The first one opens the way and is not timed.
  say(0);
  await until(() => came(0), timeout);
  for (let number = 1; number <= count; number += 1) {
    say(number);
    await sleep(spacing);
  }
  await until(() => came(count), timeout);
  end.abort();
  await Promise.all([...cages, ...taps].map((one) => one.close()));
  const streams = await Promise.all(
    readers.map(async ({ arrivals, ended }) => ({
      ...(await ended),
      arrivals: arrivals.map((row) => row.slice(1)),
    })),
  );
  const vms = found.vms.map(({ subscribe, publish }: Vm, vm) => ({
    subscribe,
    publish,
    sent: (sent[vm] as number[]).slice(1),
    tapped: Array.from({ length: count }, (_, i) => taps[vm]?.arrivals[vm]?.[i + 1]),
    skews: [...(taps[vm]?.skews.values() ?? [])],
  }));
  return { vms, streams };
}

async function until(isSo: () => boolean, timeout: number): Promise<void> {
  const deadline = performance.now() + timeout;
  while (!isSo() && performance.now() < deadline) await sleep(POLL_MS);
}

const POLL_MS = 10;

/** A sender's clock by its own word; the latest counts. */
function openVmTap(
  { subscribe, curve }: Vm,
  note: (arrivals: Arrivals, text: string) => void,
  arrivals: Arrivals,
) {
  const skews = new Map<string, number>();
  const tap = openTap(subscribe, curve, {
    onBody: (body) => note(arrivals, body),
    onHeartbeat: (source, at) => skews.set(source, at - Date.now()),
  });
  return { arrivals, skews, close: () => tap.close() };
}

/** One connection, and no second attempt: what the first one does is what is looked at. */
function openReader(
  url: string,
  { token, timeout }: ExamineOptions,
  signal: AbortSignal,
  onText: (text: string) => void,
) {
  const began = performance.now();
  const seen: { opened?: number; greeted?: number; failure?: string } = {};
  const greeting = new AbortController();
  const ended = readStream({
    url: `${url}/v1/logs/system/${CANARY_COMPONENT}`,
    headers: () => ({
      accept: 'text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }),
    idleTimeout: () => timeout * 10,
    signal,
    onOpen: async () => {
      seen.opened = performance.now() - began;
    },
    onRetry: () => {},
    onEvents: async (events) => {
      seen.greeted ??= performance.now() - began;
      greeting.abort();
      for (const { data } of events) onText(data);
    },
  }).then(({ kind, why }) => {
    if (kind === 'refused' || (!signal.aborted && seen.opened === undefined)) seen.failure = visible(why);
    greeting.abort();
    return seen;
  });
  const greeted = new Promise<void>((resolve) => {
    greeting.signal.addEventListener('abort', () => resolve());
  });
  return { greeted, ended };
}
