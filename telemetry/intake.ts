import type { Hop } from '../accounting/index.js';
import type { Readings } from './readings.js';

/** What consolidator and relay both keep of the messages that come in. */
export interface ObservedIntakeStats {
  readonly messages: number;
  readonly records: number;
  /** Of the bodies. */
  readonly bytes: number;
  readonly duplicates: number;
  /** By what was wrong with them. */
  readonly refused: Readonly<Record<string, number>>;
}

export function readIntake(readings: Readings, stats: ObservedIntakeStats, hop: Hop): void {
  readings.add('messagesIn', stats.messages, { hop });
  readings.add('recordsIn', stats.records, { hop });
  readings.add('bytesIn', stats.bytes, { hop });
  readings.add('duplicates', stats.duplicates, { hop });
  for (const [reason, count] of Object.entries(stats.refused))
    readings.add('refused', count, { hop, reason });
}
