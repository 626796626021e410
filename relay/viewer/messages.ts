import type { Entry } from './entry.js';

/** What the page asks of its worker. */
export type Request =
  | {
      readonly type: 'open';
      /** Stands in each report of what is opened: those of what was open before may still be on their way. */
      readonly opening: number;
      /** Absolute, with the query. */
      readonly url: string;
      readonly token: string | undefined;
    }
  /** The page is done with the last batch. */
  | { readonly type: 'take' }
  /** Do not wait any longer before the next attempt. */
  | { readonly type: 'hurry' }
  | { readonly type: 'close' };

/** What the worker tells its page. */
export type Report =
  | { readonly type: 'entries'; readonly opening: number; readonly entries: readonly Entry[] }
  | { readonly type: 'state'; readonly opening: number; readonly state: State };

export type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'connecting' }
  /** Bytes come, be they only heartbeats. `consolidators` is undefined until the relay has said it. */
  | { readonly kind: 'live'; readonly consolidators: number | undefined }
  /** The connection is open, and a heartbeat is overdue. `since` in ms since the epoch. */
  | { readonly kind: 'silent'; readonly since: number }
  | { readonly kind: 'waiting'; readonly until: number; readonly why: string }
  /** No attempt will follow: the request itself is refused. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };
