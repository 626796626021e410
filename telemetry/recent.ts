import { observe } from './registry.js';

/** What a consolidator remembers, and what it has answered out of it. */
export interface ObservedRecent {
  readonly recent: { readonly bytes: number; readonly topics: number };
  readonly replays: {
    readonly pages: number;
    readonly records: number;
    readonly bytes: number;
    /** Requests that were none. */
    readonly refused: number;
    /** Answers that had no room, or nobody to go to. */
    readonly unsent: number;
  };
}

const HOP = { hop: 'consolidator' } as const;

/** Shows the recent past of a consolidator and its replays until stopped. */
export function observeRecent(consolidator: ObservedRecent): () => void {
  return observe((readings) => {
    const { recent, replays } = consolidator;
    readings.add('recentBytes', recent.bytes, HOP);
    readings.add('recentTopics', recent.topics, HOP);
    readings.add('replayPages', replays.pages, HOP);
    readings.add('replayRecords', replays.records, HOP);
    readings.add('replayBytes', replays.bytes, HOP);
    readings.add('replayRefused', replays.refused, HOP);
    readings.add('replayUnsent', replays.unsent, HOP);
  });
}
