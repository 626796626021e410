import { byId, formatCount, setText } from './dom.js';
import type { Drops } from './drops.js';
import type { Journal } from './journal.js';
import type { State } from './messages.js';
import { describeState } from './status.js';
import { nameOf, streamOf } from './target.js';

/** The name of a stream as people write it: of a tenant, without saying so. */
const shortOf = (stream: string) => stream.replace(/^tenant\//, '');

/** Says which stream it is, in the head of the page and of its window. */
export function drawName(stream: string): void {
  const target = streamOf(stream);
  document.title = `${shortOf(stream)} · Spillway`;
  byId('stream-name').textContent = shortOf(stream);
  byId('stream').title = target === undefined ? '' : nameOf(target);
}

/** The connection: what it is, and the way to hurry it. */
export function drawState(state: State): void {
  const status = byId('status');
  status.dataset['state'] = state.kind;
  status.title = state.kind === 'waiting' ? state.why : '';
  setText(byId('status-text'), describeState(state, Date.now()));
  byId('hurry').hidden = state.kind !== 'waiting';
}

/** What is kept of the stream, what was let go, and what has come since it was paused. */
export function drawJournal({ paused, fresh, length, kept, letGo }: Journal, isLinkMissing: boolean): void {
  byId('pause').setAttribute('aria-pressed', String(paused));
  setText(byId('pause-text'), paused ? 'Paused' : 'Following');
  const freshButton = byId('fresh');
  freshButton.hidden = !paused || length === 0;
  freshButton.classList.toggle('some', fresh > 0);
  setText(freshButton, fresh > 0 ? `+${formatCount(fresh)} new ↓` : 'To the newest ↓');
  const older = letGo === 0 ? '' : `, ${formatCount(letGo)} older ones let go`;
  const missing = isLinkMissing ? ' · the record that was linked to is no longer remembered' : '';
  setText(byId('kept'), `${formatCount(kept)} kept${older}${missing}`);
}

export function drawDropped({ total, unknown }: Drops): void {
  const dropped = byId('drops');
  dropped.hidden = total + unknown === 0;
  setText(dropped, `${formatCount(total)}${unknown > 0 ? '+' : ''} dropped`);
}
