import type { CommandIo } from '../command.js';
import { follow, type FollowOptions } from './follow.js';
import { IdleWatch } from './idle-watch.js';
import type { Interrupt } from './interrupt.js';
import { describeBye, describeDrop, describeStatus } from './notices.js';
import type { CursorFile } from './cursor-file.js';
import { colorOf } from './palette.js';
import { matcher, type PatternOptions } from './patterns.js';
import { Printer, type Item, type Printed } from './printer.js';
import { renderer, type Output } from './render.js';
import { Sink } from './sink.js';
import { INTERRUPTED, stoppable } from './stoppable.js';
import type { Target } from './target.js';
import { Teller, type Kind } from './teller.js';
import { visible } from '../../wire/visible.js';

export interface ReadOptions {
  readonly targets: readonly Target[];
  /** The same of every target. */
  readonly request: Omit<FollowOptions, 'path'>;
  readonly output: Output;
  readonly color: boolean;
  /** On standard error. */
  readonly noticeColor: boolean;
  /** Tell of connections. */
  readonly talks: boolean;
  /** Records are shown by a terminal. */
  readonly terminal: boolean;
  readonly localTime: boolean;
  readonly patterns: PatternOptions & { readonly highlight: readonly RegExp[] };
  /** ms */
  readonly sort: number | undefined;
  /** Where the position of the one target is kept. */
  readonly cursorFile?: CursorFile | undefined;
}

/** Prints the streams of all targets until they end, or until it is interrupted. @returns the exit code */
export async function readTargets(
  options: ReadOptions,
  io: CommandIo,
  interrupt: Interrupt,
): Promise<number> {
  const { targets, request } = options;
  const teller = new Teller(new Sink(io.stderr), { talks: options.talks, color: options.noticeColor });
  const printer = new Printer({
    out: new Sink(io.stdout),
    render: renderers(options),
    sort: options.sort,
  });
  const open = new Set<Target>();
  const idle = new IdleWatch({
    isAlive: () => open.size === targets.length,
    onIdle: (ms) => void teller.tell('status', idleSentence(ms)),
  });
  const isWanted = matcher(options.patterns);
  const { include, exclude } = options.patterns;
  const examine = include.length + exclude.length > 0 ? interruptible(stoppable(), interrupt) : plainly;
  interrupt.onStandstill = () => {
    const { held } = printer;
    if (held > 0) void teller.tell('loss', unprintedSentence(held));
  };

  const read = async (target: Target, source: number): Promise<boolean> => {
    const name = targets.length === 1 ? '' : `${target.label}: `;
    const tell = (kind: Kind, text: string) => teller.tell(kind, name + text);
    let wasOpen = false;
    let wasLost = false;
    let status = '';
    const failure = await follow(
      { ...request, path: target.path, cursor: options.cursorFile?.cursor, signal: interrupt.signal },
      {
        onOpen: () => {
          const again = wasOpen ? ' again' : '';
          wasOpen = true;
          open.add(target);
          idle.restart();
          return tell('status', `connected to ${request.base}${again}`);
        },
        onLost: (why, wait, isOpen) => {
          open.delete(target);
          idle.restart();
          // Whoever mistyped the address must learn of it, also where no terminal is.
          const kind = wasOpen || wasLost ? 'status' : 'failure';
          wasLost = true;
          return tell(kind, lostSentence(visible(why), wait, isOpen, request.base));
        },
        onCursor: (cursor) => options.cursorFile?.keep(cursor),
        onNoPast: (why) => tell('status', `beginning with what comes now: ${visible(why)}`),
        onEvents: (events) => {
          const items: Item[] = [];
          const wanted = examine(() =>
            events.map(({ event, data }) => event !== undefined || isWanted(data)),
          );
          for (const [i, { event = 'message', data }] of events.entries()) {
            if (event === 'message') {
              idle.heard();
              if (wanted[i] === true) items.push({ kind: 'record', source, line: data });
            } else if (event === 'dropped') {
              items.push({ kind: 'word', source, say: () => tell('loss', describeDrop(data)) });
            } else if (event === 'status') {
              // It comes again where the past ends, and then says nothing new.
              const news = describeStatus(data);
              if (news !== status) items.push({ kind: 'word', source, say: () => tell('status', news) });
              status = news;
            } else if (event === 'bye') {
              items.push({ kind: 'word', source, say: () => tell('status', describeBye(data)) });
            }
          }
          return printer.take(items);
        },
      },
    );
    open.delete(target);
    if (failure === undefined) return true;
    await printer.end();
    await tell('failure', visible(failure));
    return false;
  };

  try {
    const ended = await Promise.all(targets.map(read));
    return ended.every(Boolean) ? 0 : 1;
  } finally {
    idle.stop();
    await printer.end();
    options.cursorFile?.close();
  }
}

/** While a pattern is matched, Ctrl-C comes as an error, and no handler sees it. */
function interruptible(examine: <T>(work: () => T) => T, interrupt: Interrupt): <T>(work: () => T) => T {
  return (work) => {
    try {
      return examine(work);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === INTERRUPTED) interrupt.begin('SIGINT');
      throw error;
    }
  };
}

/** A line has the name of its stream in front where there are several, unless it is for a program to read. */
function renderers(options: ReadOptions): (records: readonly Printed[]) => string {
  const { targets, output, color, patterns } = options;
  const render = renderer({ ...options, highlight: patterns.highlight });
  const width = Math.max(...targets.map(({ label }) => label.length));
  const prefixes = targets.map(({ label }) => {
    const [on, off] = color ? colorOf(label) : ['', ''];
    return `${on}${label.padEnd(width)}${off} `;
  });
  const isAlone = targets.length === 1 || output === 'json' || output === 'raw';
  const print = ({ line, source, late }: Printed) => {
    const text = render(line, late);
    if (isAlone) return text;
    const prefix = prefixes[source] as string;
    // Of a block, each line: what stands alone must say whose it is.
    return prefix + text.replaceAll(/\n(?=[^])/g, `\n${prefix}`);
  };
  const examine = color && patterns.highlight.length > 0 ? stoppable() : plainly;
  return (records) => examine(() => records.map((record) => print(record)).join(''));
}

/** Where there is no pattern, nothing need be stopped. */
function plainly<T>(work: () => T): T {
  return work();
}

function lostSentence(why: string, wait: number, wasOpen: boolean, base: string): string {
  const what = wasOpen ? `lost the connection to ${base}` : `cannot connect to ${base}`;
  return `${what}: ${why}; trying again in ${(wait / 1000).toFixed(1)} s`;
}

function unprintedSentence(held: number): string {
  const what = held === 1 ? '1 record that --sort held is' : `${held} records that --sort held are`;
  return `${what} not printed: nobody reads the output`;
}

function idleSentence(ms: number | undefined): string {
  if (ms === undefined) return 'waiting: the stream is alive, nothing has been printed yet';
  const seconds = Math.round(ms / 1000);
  const time = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `idle: the stream is alive, nothing has been printed for ${time}`;
}
