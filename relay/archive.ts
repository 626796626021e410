import type { PageStart, ReplayPage } from '../wire/index.js';

/** What a page is asked for with, apart from its number. */
export interface PageAsked {
  readonly stream: string;
  readonly until: number;
  readonly start: PageStart;
  readonly ledgers?: true;
}

/** The consolidators' memory as a relay sees it: the real one is in replay-client.ts, tests have one in memory. */
export interface Archive {
  /** Runs of consolidators that answer now, and whether they remember anything. */
  readonly nodes: ReadonlyMap<string, { readonly remembers: boolean }>;
  /** Whether each consolidator that is known has answered, or has had its time to. */
  readonly isSettled: boolean;
  /** Resolves when that is so. */
  settled(): Promise<void>;
  /** Resolves when this run answers, or after so many ms. */
  met(node: string, ms: number): Promise<void>;
  /** @throws where there is no answer, or a refusal */
  page(node: string, asked: PageAsked): Promise<ReplayPage>;
}

/** That of a relay whose upstream has none. */
export const NO_ARCHIVE: Archive = {
  nodes: new Map(),
  isSettled: true,
  settled: async () => {},
  met: async () => {},
  page: async (node) => {
    throw new Error(`${node} cannot be asked`);
  },
};
