import { formatCount } from './dom.js';
import type { State } from './messages.js';

/** The connection in a few words. @param now ms since the epoch */
export function describeState(state: State, now: number): string {
  switch (state.kind) {
    case 'closed':
      return 'not connected';
    case 'connecting':
      return 'connecting';
    case 'live':
      return liveOf(state.consolidators);
    case 'silent':
      return `no heartbeat for ${seconds(now - state.since)}`;
    case 'waiting':
      return `reconnecting in ${seconds(state.until - now)}`;
    case 'refused':
      return state.status === 401 ? 'token needed' : `refused (${state.status})`;
  }
}

function liveOf(consolidators: number | undefined): string {
  if (consolidators === undefined) return 'live';
  if (consolidators === 0) return 'live, no VM connected';
  return `live, ${formatCount(consolidators)} VM${consolidators === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1000))} s`;
}
