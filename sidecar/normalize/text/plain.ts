import { levelOfWord } from '../levels.js';

const ESC = 0x1b;

/** How far into a line a level is looked for. */
const REACH = 320;
const ANSI = /\x1b\[[0-9;]{0,32}[A-Za-z]/g;

// A level word counts where a logger puts it: in brackets, before a colon, or in capitals before a space. "Error handling
// is hard" and "Info about it" are sentences.
const CAPITALS =
  'TRACE|TRAC|TRC|FINEST|FINER|FINE|DEBUG|DBG|DEBU|VERBOSE|INFO|INF|NOTICE|CONFIG|LOG|SUCCESS|WARNING|WARN|WRN|ERROR|ERRO|ERR|SEVERE|FATAL|FATA|FTL|CRITICAL|CRIT|ALERT|PANIC|PANI|EMERGENCY|EMERG';
const ANY_CASE =
  '[Tt]race|TRACE|trce|[Dd]ebug|DEBUG|dbug|[Vv]erbose|[Ii]nfo|[Ii]nformation|[Nn]otice|[Ww]arn|[Ww]arning|[Ee]rr|[Ee]rror|fail|[Ss]evere|[Ff]atal|crit|[Cc]ritical|[Aa]lert|[Pp]anic|[Ee]merg|[Ee]mergency';
const LEVEL = `(?:[[(<] {0,2}(${CAPITALS}|${ANY_CASE}) {0,5}[\\])>]|(${CAPITALS}) {0,5}(?=[ \\t:|\\][(]|$)|(${ANY_CASE}) {0,5}:(?!/))`;
const DATE = '\\d{2,4}[-/.]\\d\\d[-/.]\\d{2,4}[T ]';
const STAMP = `\\[?(?:${DATE})?\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?\\]?`;
/** What loggers put between the time and the level: a thread in brackets, a name between dashes, a process id. */
const CONTEXT = '(?:\\[[^\\][]{1,64}\\] {1,4}|[\\w.$-]{1,64} - |\\d{1,10} )';
const LEADING = new RegExp(`^ {0,4}${LEVEL}`);
const STAMPED = new RegExp(`^${STAMP}(?: ?\\| ?| - |[ \\t]{1,4})(?:${LEVEL}|${CONTEXT}${LEVEL})`);
const THREAD_FIRST = new RegExp(`^\\[[^\\][]{1,64}\\] {1,2}${LEVEL}`);

const LETTERS = 1;
const OTHER = 2;
/** By the first character: whether a level may follow at all. */
const FIRST = new Uint8Array(128);
/** By the first two letters, five bits each: whether a level word begins so. */
const PAIRS = new Uint8Array(1024);
for (const char of '0123456789[(< \x1b') FIRST[char.charCodeAt(0)] = OTHER;
for (const word of `${CAPITALS}|TRCE|DBUG|INFORMATION|FAIL`.split('|')) {
  FIRST[word.charCodeAt(0)] = LETTERS;
  FIRST[word.charCodeAt(0) | 32] = LETTERS;
  PAIRS[((word.charCodeAt(0) & 31) << 5) | (word.charCodeAt(1) & 31)] = 1;
}

/**
 * The level that a line of text begins with, after a time if there is one; 0 when it says none. Hot: most lines are
 * told by their first two characters.
 */
export function levelOfText(line: string): number {
  const first = line.charCodeAt(0);
  const kind = first < 128 ? (FIRST[first] as number) : 0;
  if (kind === 0) return 0;
  if (kind === LETTERS && PAIRS[((first & 31) << 5) | (line.charCodeAt(1) & 31)] === 0) return 0;
  const head = line.length > REACH ? line.slice(0, REACH) : line;
  return levelOfHead(first === ESC || head.includes('\x1b') ? head.replace(ANSI, '') : head);
}

function levelOfHead(head: string): number {
  const match = LEADING.exec(head) ?? STAMPED.exec(head) ?? THREAD_FIRST.exec(head);
  if (match === null) return 0;
  const word = match.slice(1).find((group) => group !== undefined);
  return word === undefined ? 0 : (levelOfWord(word)?.level ?? 0);
}
