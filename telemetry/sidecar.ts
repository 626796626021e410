import { observe } from './registry.js';

/** A sidecar as telemetry sees it; each number since the start, unless it says otherwise. */
export interface ObservedSidecar {
  readonly stats: {
    readonly captured: number;
    readonly unread: number;
    /** Bytes captured. */
    readonly bytes: number;
    readonly sent: number;
    readonly messages: number;
    /** Body bytes sent. */
    readonly sentBytes: number;
    /** Dropped by the full queue. */
    readonly lost: number;
    /** Given up when the flush timeout was over. */
    readonly abandoned: number;
    /** Records that wait now. */
    readonly queued: number;
    /** Bytes that wait now. */
    readonly queuedBytes: number;
    /** Milliseconds. */
    readonly stalled: number;
  };
}

const HOP = { hop: 'sidecar' } as const;

/** Shows a sidecar's numbers until stopped. */
export function observeSidecar(sidecar: ObservedSidecar): () => void {
  return observe((readings) => {
    const { stats } = sidecar;
    readings.add('captured', stats.captured, HOP);
    readings.add('unread', stats.unread, HOP);
    readings.add('bytesIn', stats.bytes, HOP);
    readings.add('recordsOut', stats.sent, HOP);
    readings.add('messagesOut', stats.messages, HOP);
    readings.add('bytesOut', stats.sentBytes, HOP);
    readings.add('dropped', stats.lost, { ...HOP, reason: 'sidecar-overflow' });
    readings.add('dropped', stats.abandoned, { ...HOP, reason: 'shutdown' });
    readings.add('queueRecords', stats.queued, HOP);
    readings.add('queueBytes', stats.queuedBytes, HOP);
    readings.add('stallTime', stats.stalled / 1000, HOP);
  });
}
