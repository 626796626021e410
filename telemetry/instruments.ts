/**
 * Every instrument of Spillway, named once. Names, units and attributes follow the OpenTelemetry semantic conventions;
 * in Prometheus text `spillway.records.in` is `spillway_records_in_total`.
 *
 * The attributes are `hop` (`sidecar`, `consolidator`, `relay`), `by` (the hop that tells of another's loss), `reason`,
 * `format`, `outcome` and `cpu.mode`, each of them one of a few fixed words. Never a tenant, a topic or a consumer: their number is
 * the users' affair, and a label for each is how a metrics store dies. Who reads what, and with what lag, is answered by
 * `GET /v1/consumers`.
 *
 * What stands together in one process is read in one go, so the sums hold within each scrape:
 *
 *     sidecar   captured = unread + out + dropped + queue
 *     relay     matched = out + dropped(consumer-overflow, shutdown) + queue + abandoned
 *
 * `counter` only grows, `updown` may be summed over processes, `gauge` may not.
 */
export const INSTRUMENTS = {
  captured: {
    kind: 'counter',
    name: 'spillway.records.captured',
    unit: '{record}',
    description: 'Lines that sidecars captured',
  },
  unread: {
    kind: 'counter',
    name: 'spillway.records.unread',
    unit: '{record}',
    description: 'Lines captured while nobody asked for them, which is no loss',
  },
  recordsIn: {
    kind: 'counter',
    name: 'spillway.records.in',
    unit: '{record}',
    description: 'Records received in messages that were accepted, without those seen before',
  },
  recordsOut: {
    kind: 'counter',
    name: 'spillway.records.out',
    unit: '{record}',
    description:
      'Records handed on: by a sidecar to its consolidator, by a relay to consumers, once for each of them',
  },
  bytesIn: {
    kind: 'counter',
    name: 'spillway.bytes.in',
    unit: 'By',
    description: 'Bytes received: what a sidecar captured, the bodies of the messages that others accepted',
  },
  bytesOut: {
    kind: 'counter',
    name: 'spillway.bytes.out',
    unit: 'By',
    description:
      "Bytes handed on: bodies of a sidecar's messages, all that a relay wrote to its HTTP clients",
  },
  messagesIn: {
    kind: 'counter',
    name: 'spillway.messages.in',
    unit: '{message}',
    description: 'ZeroMQ messages accepted, heartbeats included',
  },
  messagesOut: {
    kind: 'counter',
    name: 'spillway.messages.out',
    unit: '{message}',
    description: 'ZeroMQ messages sent with records in them',
  },
  refused: {
    kind: 'counter',
    name: 'spillway.messages.refused',
    unit: '{message}',
    description: 'ZeroMQ messages refused, by what was wrong with them',
  },
  handshakesRefused: {
    kind: 'counter',
    name: 'spillway.handshakes.refused',
    unit: '{handshake}',
    description: 'ZeroMQ handshakes that came to nothing, by reason',
  },
  subscriptionsRefused: {
    kind: 'counter',
    name: 'spillway.subscriptions.refused',
    unit: '{subscription}',
    description: 'Streams that relays asked for beyond the most that a consolidator passes on',
  },
  duplicates: {
    kind: 'counter',
    name: 'spillway.records.duplicate',
    unit: '{record}',
    description: 'Records that were seen before and trimmed',
  },
  wrapped: {
    kind: 'counter',
    name: 'spillway.records.wrapped',
    unit: '{record}',
    description: 'Records that were no JSON object and were wrapped into one',
  },
  dropped: {
    kind: 'counter',
    name: 'spillway.records.dropped',
    unit: '{record}',
    description:
      'Records that this process lost, or found lost on the link to it; consumer-overflow and shutdown of a relay count once for each consumer',
  },
  droppedUpstream: {
    kind: 'counter',
    name: 'spillway.records.dropped.upstream',
    unit: '{record}',
    description:
      'Records that an earlier hop lost, as the ledgers told it; every process behind that hop tells it again, so do not add them up',
  },
  matched: {
    kind: 'counter',
    name: 'spillway.records.matched',
    unit: '{record}',
    description: "Records that passed a consumer's filter, once for each consumer",
  },
  abandoned: {
    kind: 'counter',
    name: 'spillway.records.abandoned',
    unit: '{record}',
    description: 'Records that waited for a consumer when it went away',
  },
  stallTime: {
    kind: 'counter',
    name: 'spillway.stall.time',
    unit: 's',
    description: 'Time for which a full queue with policy block kept an application waiting',
  },
  queueRecords: {
    kind: 'updown',
    name: 'spillway.queue.records',
    unit: '{record}',
    description:
      "Records that wait: in a sidecar's queue, in a relay for its consumers, once for each of them",
  },
  queueBytes: {
    kind: 'updown',
    name: 'spillway.queue.bytes',
    unit: 'By',
    description:
      "Bytes that wait: in a sidecar's queue, in all buffers of a relay together, what consumers share counted once",
  },
  lag: {
    kind: 'gauge',
    name: 'spillway.consumer.lag',
    unit: 's',
    description: 'Age of the oldest record that waits for the consumer that is furthest behind',
  },
  consumers: {
    kind: 'updown',
    name: 'spillway.consumers',
    unit: '{consumer}',
    description: 'Consumers connected, by format',
  },
  requestsRefused: {
    kind: 'counter',
    name: 'spillway.requests.refused',
    unit: '{request}',
    description: 'HTTP requests and connections turned away, by why',
  },
  consumersLimit: {
    kind: 'updown',
    name: 'spillway.consumers.limit',
    unit: '{consumer}',
    description: 'The most consumers that the relay takes (--max-consumers)',
  },
  hubs: {
    kind: 'updown',
    name: 'spillway.hubs',
    unit: '{hub}',
    description: 'Streams that somebody reads, or read a moment ago',
  },
  sources: {
    kind: 'updown',
    name: 'spillway.sources',
    unit: '{source}',
    description: 'Sources followed',
  },
  recentBytes: {
    kind: 'updown',
    name: 'spillway.recent.bytes',
    unit: 'By',
    description: 'Memory that the recent past of a consolidator takes (--recent-bytes at most)',
  },
  recentTopics: {
    kind: 'updown',
    name: 'spillway.recent.topics',
    unit: '{topic}',
    description: 'Topics of which a consolidator remembers something',
  },
  replayPages: {
    kind: 'counter',
    name: 'spillway.replay.pages',
    unit: '{page}',
    description: 'Pages of the recent past that were sent to relays',
  },
  replayRecords: {
    kind: 'counter',
    name: 'spillway.replay.records',
    unit: '{record}',
    description: 'Records in those pages',
  },
  replayBytes: {
    kind: 'counter',
    name: 'spillway.replay.bytes',
    unit: 'By',
    description: 'Bytes of those pages',
  },
  replayRefused: {
    kind: 'counter',
    name: 'spillway.replay.refused',
    unit: '{request}',
    description: 'Messages at the replay socket that were no request',
  },
  replayUnsent: {
    kind: 'counter',
    name: 'spillway.replay.unsent',
    unit: '{page}',
    description: 'Answers for which a relay had no room, or that had no relay to go to; it asks again',
  },
  consolidators: {
    kind: 'updown',
    name: 'spillway.consolidators',
    unit: '{consolidator}',
    description: 'Consolidators that the relay is connected to',
  },
  discoveryEntries: {
    kind: 'updown',
    name: 'spillway.discovery.entries',
    unit: '{consolidator}',
    description: 'Consolidators that discovery knows of, those included that have just left',
  },
  discoveryChanges: {
    kind: 'counter',
    name: 'spillway.discovery.changes',
    unit: '{change}',
    description: 'Changes of what discovery knows',
  },
  discoveryProblems: {
    kind: 'counter',
    name: 'spillway.discovery.problems',
    unit: '{problem}',
    description: 'Sources that did not answer, and entries that were left out',
  },
  discoveryAge: {
    kind: 'gauge',
    name: 'spillway.discovery.age',
    unit: 's',
    description: 'Since the source that has been silent longest last answered',
  },
  reviews: {
    kind: 'counter',
    name: 'spillway.inject.reviews',
    unit: '{review}',
    description:
      'Pods that the webhook was asked about, by outcome: injected, left, refused (no review), failed',
  },
  memory: {
    kind: 'updown',
    name: 'process.memory.usage',
    unit: 'By',
    description: 'Resident memory',
  },
  cpuTime: {
    kind: 'counter',
    name: 'process.cpu.time',
    unit: 's',
    description: 'CPU time, by mode',
  },
  loopDelayP50: {
    kind: 'gauge',
    name: 'nodejs.eventloop.delay.p50',
    unit: 's',
    description: 'Median delay of the event loop since the last collection',
  },
  loopDelayP99: {
    kind: 'gauge',
    name: 'nodejs.eventloop.delay.p99',
    unit: 's',
    description: 'Delay of the event loop that one turn in a hundred exceeded since the last collection',
  },
  loopDelayMax: {
    kind: 'gauge',
    name: 'nodejs.eventloop.delay.max',
    unit: 's',
    description: 'Longest delay of the event loop since the last collection',
  },
  loopUtilization: {
    kind: 'gauge',
    name: 'nodejs.eventloop.utilization',
    unit: '1',
    description: 'Share of the time for which the event loop was busy since the last collection',
  },
} as const satisfies Record<string, InstrumentSpec>;

/**
 * From a record's capture to its write, as far as a relay makes readers wait: recorded once a stream and flush, however
 * many records and consumers, with the age of the oldest record that the flush wrote. So it tells of the worst record
 * of each write, to readers that keep up; how far behind the others are is `spillway.consumer.lag`. The capture was
 * stamped by another machine's clock, in whole milliseconds; a negative age is 0.
 */
export const WRITE_LATENCY = {
  name: 'spillway.capture_to_write.duration',
  unit: 's',
  description: 'From the capture of the oldest record of a write to the write, once a stream and flush',
  boundaries: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
} as const;

export interface InstrumentSpec {
  readonly kind: 'counter' | 'updown' | 'gauge';
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
}

export type InstrumentKey = keyof typeof INSTRUMENTS;
