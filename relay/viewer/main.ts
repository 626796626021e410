import { downloadsCard, dropsCard, hideCards, onCard } from './cards.js';
import { Curtain } from './curtain.js';
import { Detail } from './detail.js';
import { byId, el, formatCount, setText } from './dom.js';
import { Drops } from './drops.js';
import type { Entry } from './entry.js';
import { nextFrame } from './frame.js';
import { drawDropped, drawJournal, drawName, drawState } from './head.js';
import { Herald } from './herald.js';
import { Journal } from './journal.js';
import { fillKeys, listenToKeys } from './keys.js';
import { Linked } from './linked.js';
import { List } from './list.js';
import { rememberStream, remember, remembered } from './memory.js';
import type { State } from './messages.js';
import { pickerOf } from './picker.js';
import { Rate } from './rate.js';
import { Reader } from './reader.js';
import { Search } from './search.js';
import { Seen } from './seen.js';
import { describeState } from './status.js';
import { formatPlace, isWhole, parsePlace, pathOf, streamOf, type Place } from './target.js';
import { startTheme } from './theme.js';
import { Token } from './token.js';
import { tokenForm } from './token-form.js';

/** Records of the recent past that a stream begins with. */
const TAIL = 500;

const journal = new Journal();
const drops = new Drops();
const rate = new Rate();
const token = new Token();
const herald = new Herald(byId('announce'));
const listElement = byId('list');
const seen = new Seen(listElement);
const linked = new Linked(draw);
/** What the address says. It leads to a record while that is sought, is open, or is no longer there. */
let place: Place | undefined;
let state: State = { kind: 'closed' };
let isDirty = false;

const list = new List(listElement, journal, {
  onLeaveEnd: pause,
  onReachEnd: follow,
  onOpen: (number) => {
    pause();
    openRecord(number);
  },
});

const detail = new Detail(byId('detail'), {
  onClose: closeRecord,
  onMove: move,
  onCopy: async (what) => {
    const entry = list.selected === undefined ? undefined : journal.get(list.selected);
    if (entry?.kind !== 'record') return false;
    try {
      await navigator.clipboard.writeText(what === 'record' ? entry.data : location.href);
      return true;
    } catch {
      return false; // Only https and localhost have a clipboard.
    }
  },
});

const search = new Search({
  past: () => [...journal.all()],
  onChange: () => {
    const middle = journal.paused ? (list.selected ?? list.middle) : undefined;
    journal.filter(search.passes);
    list.look = { ...list.look, rangesOf: search.rangesOf };
    if (middle !== undefined) list.reveal(middle, 'middle');
    draw();
  },
  onNext: next,
});

const curtain = new Curtain(byId('curtain'), {
  picker,
  tokenForm: () => tokenForm(token, reopen),
  onRetry: reopen,
  onShowAll: () => search.showAll(),
});

const reader = new Reader({
  prepare: (entries) => search.examine(entries),
  onEntries: async (entries) => {
    take(entries);
    draw();
    await nextFrame();
  },
  onState: (next) => {
    const wasAway = state.kind === 'waiting' || state.kind === 'silent';
    state = next;
    if (next.kind === 'live') linked.expect();
    if (next.kind === 'live' && wasAway) herald.say('connected again');
    else if (next.kind !== 'live' && next.kind !== 'connecting') herald.say(describeState(next, Date.now()));
    draw();
  },
});

/** Opens a stream from its beginning in this page. */
function open(next: Place): void {
  const { stream, at } = next;
  const target = streamOf(stream);
  if (target === undefined) return;
  if (place?.stream !== stream) seen.clear();
  setPlace(next);
  linked.seek(at);
  rememberStream(stream);
  journal.clear();
  drops.clear();
  rate.clear();
  closeDetail();
  list.select(undefined);
  listElement.classList.toggle('single', !isWhole(target));
  drawName(stream);
  state = { kind: 'connecting' };
  reader.open(addressOf(pathOf(target)), token.value);
  draw();
}

/** With where to begin. A reconnect says its position too, and that goes before. */
function addressOf(path: string): string {
  const address = new URL(path, document.baseURI);
  const { since } = linked;
  if (since !== undefined) address.searchParams.set('since', since);
  else address.searchParams.set('tail', String(TAIL));
  return address.href;
}

function reopen(): void {
  hideCards();
  curtain.forget();
  if (place !== undefined) open(place);
}

function setPlace(next: Place): void {
  place = next;
  history.replaceState(null, '', formatPlace(next));
}

function pick(name: string): void {
  hideCards();
  location.hash = formatPlace({ stream: name });
  listElement.focus();
}

function take(entries: readonly Entry[]): void {
  let errors = 0;
  let records = 0;
  let dropped = 0;
  for (const entry of entries) {
    if (entry.kind === 'notice') {
      drops.add(entry.notice);
      dropped += entry.notice.count ?? 0;
    } else if (entry.kind === 'record') {
      records += 1;
      if (entry.level >= 50) errors += 1;
      if (place !== undefined) seen.add(entry.from, place.stream);
    }
  }
  rate.count(records, errors);
  herald.count(records, errors, dropped);
  journal.append(entries);
  const number = linked.find(journal);
  if (number === undefined) return;
  pause();
  openRecord(number);
  list.reveal(number, 'middle');
}

function pause(): void {
  if (journal.paused || journal.length === 0) return;
  journal.pause();
  draw();
}

function follow(): void {
  journal.resume();
  draw();
}

function move(by: number): void {
  pause();
  const number = list.move(by);
  if (number === undefined) return;
  if (detail.isOpen) openRecord(number);
  else {
    const entry = journal.get(number);
    if (entry !== undefined) herald.say(entry.text.slice(0, 200));
  }
  draw();
}

/** To the next entry that the search finds; where it hides the others, that is the next one. */
function next(by: 1 | -1): void {
  pause();
  const { length } = journal;
  const from = list.selected === undefined ? (by > 0 ? -1 : length) : journal.placeOf(list.selected);
  for (let place = from + by; place >= 0 && place < length; place += by) {
    const number = journal.numberAt(place);
    const entry = journal.get(number);
    if (entry === undefined || !search.finds(entry)) continue;
    list.select(number);
    if (detail.isOpen) openRecord(number);
    return draw();
  }
}

function openRecord(number: number): void {
  const entry = journal.get(number);
  if (entry === undefined || place === undefined) return;
  detail.open(entry);
  // The list has become narrower or lower.
  list.select(number);
  const at = entry.kind === 'record' && entry.key !== '' ? { key: entry.key, time: entry.time } : undefined;
  setPlace({ stream: place.stream, ...(at && { at }) });
  draw();
}

function closeRecord(): void {
  closeDetail();
  if (place !== undefined) setPlace({ stream: place.stream });
  draw();
}

function closeDetail(): void {
  if (detail.isOpen) listElement.focus({ preventScroll: true });
  detail.close();
}

/** Paints with the next frame, once. */
function draw(): void {
  if (isDirty) return;
  isDirty = true;
  requestAnimationFrame(() => {
    isDirty = false;
    list.render();
    const { length: shown, kept } = journal;
    drawState(state);
    drawJournal(journal, linked.state === 'missing');
    drawDropped(drops);
    search.tell(journal.counts, shown, kept);
    curtain.update({ stream: place?.stream, state, kept, shown, link: linked.state });
  });
}

function picker(): HTMLElement {
  return pickerOf({ onPick: pick, seen: () => seen.names }, place?.stream);
}

function setZone(local: boolean): void {
  list.look = { ...list.look, localTime: local };
  setText(byId('zone'), local ? 'local time' : 'UTC');
  remember('zone', local ? 'local' : 'utc');
  draw();
}

function readPlace(): void {
  const next = parsePlace(location.hash);
  if (next === undefined) return draw();
  open(next);
}

onCard('picker', () => [picker()]);
onCard('token-form', () => [el('h2', {}, 'Token'), tokenForm(token, reopen)]);
onCard('drops-list', () => dropsCard(drops));
onCard('downloads', () => downloadsCard(journal, place?.stream));

const keys = byId('keys', 'dialog');
fillKeys(keys);
byId('help').addEventListener('click', () => keys.showModal());
byId('hurry').addEventListener('click', () => reader.hurry());
byId('fresh').addEventListener('click', follow);
byId('fresh').addEventListener('wheel', ({ deltaY }) => list.wheel(deltaY), { passive: true });
byId('pause').addEventListener('click', () => (journal.paused ? follow() : pause()));
byId('zone').addEventListener('click', () => setZone(!list.look.localTime));

listenToKeys({
  search: () => {
    search.input.focus();
    search.input.select();
  },
  move,
  open: () =>
    detail.isOpen ? closeRecord() : list.selected === undefined ? move(1) : openRecord(list.selected),
  toTop: () => {
    pause();
    list.toTop();
    draw();
  },
  toEnd: () => {
    closeRecord();
    list.select(undefined);
    follow();
  },
  pause: () => (journal.paused ? follow() : pause()),
  mode: () => search.toggleMode(),
  next,
  pick: () => byId('picker').showPopover(),
  back: () => {
    // A card that was opened by its button leaves the keys with the button.
    if (hideCards()) return;
    if (document.activeElement === search.input) listElement.focus();
    else if (detail.isOpen) closeRecord();
    else list.select(undefined);
    draw();
  },
  help: () => keys.showModal(),
});

listElement.addEventListener('scroll', draw, { passive: true });
new ResizeObserver(() => {
  list.measure();
  draw();
}).observe(listElement);
setInterval(() => {
  setText(byId('rate'), `${formatCount(rate.tick())}/s`);
  rate.draw(byId('spark', 'canvas'));
  herald.tick();
  draw();
}, 1000);
startTheme(byId('theme', 'button'), () => rate.draw(byId('spark', 'canvas')));
addEventListener('hashchange', readPlace);
list.measure();
setZone(remembered('zone') === 'local');
readPlace();
