import { parseLevel } from '../wire/index.js';
import { isColored } from './color.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { baseUrl, CONNECT_OPTIONS, tokenSource } from './connect.js';
import { UsageError } from './errors.js';
import { CursorFile } from './logs/cursor-file.js';
import { Interrupt } from './logs/interrupt.js';
import { readTargets } from './logs/read-targets.js';
import { OUTPUTS } from './logs/render.js';
import { targetsOf } from './logs/target.js';
import { parseDuration } from './values.js';

export const command = defineCommand({
  name: 'logs',
  summary: 'read streams of logs',
  usage: ['spillway logs <tenant>[/<container>]… [options]', 'spillway logs --system [component]… [options]'],
  positionals: {
    name: '<tenant>[/<container>]…',
    help: "whose logs; system:<component> or system/<component> names one of the platform's own streams, system: all of them; tenant/ may stand in front, as in a stream's name",
    min: 0,
    max: 64,
  },
  options: {
    system: { type: 'flag', env: false, help: 'the words are components; none of them means all' },
    follow: {
      type: 'flag',
      short: 'f',
      default: true,
      env: false,
      help: 'go on with what is printed from now on',
    },
    tail: {
      type: 'integer',
      short: 'n',
      unit: 'records',
      help: 'begin with so many of the recent past [default: 20, without --since]',
    },
    since: { type: 'string', value: 'time', help: 'begin so long ago (10m) or at an ISO 8601 time' },
    level: {
      type: 'string',
      short: 'l',
      value: 'level',
      help: 'only records from this level up, such as warn',
    },
    query: { type: 'string', help: 'only records that contain this text, in whatever case; the relay looks' },
    container: {
      type: 'list',
      short: 'c',
      // A sidecar has a variable of that name.
      env: false,
      help: 'only these containers of a tenant, or components of the system',
    },
    include: {
      type: 'patterns',
      short: 'i',
      help: 'only records whose text matches; may be given again: one of them',
    },
    exclude: { type: 'patterns', short: 'e', help: 'no records whose text matches; may be given again' },
    highlight: { type: 'patterns', short: 'H', help: 'invert what matches, where there are colours' },
    output: {
      type: 'choice',
      short: 'o',
      choices: OUTPUTS,
      value: 'form',
      default: 'short',
      help: 'short, long or simple as bunyan prints them, json as they came, raw for the message alone',
    },
    json: { type: 'flag', env: false, help: 'the same as -o json' },
    localTime: { type: 'flag', short: 'L', help: 'times in your time zone rather than UTC' },
    color: {
      type: 'choice',
      choices: ['auto', 'always', 'never'],
      value: 'when',
      default: 'auto',
      help: 'auto, always or never; auto is on a terminal, unless NO_COLOR is set',
    },
    sort: {
      type: 'duration',
      bare: '100ms',
      min: 1,
      max: 60_000,
      help: 'let each record wait so long for an earlier one of another VM; without a time 100ms. What comes later still is marked, never dropped',
    },
    url: {
      type: 'string',
      default: 'http://127.0.0.1:8080',
      value: 'address',
      help: 'the address of a relay',
    },
    cursorFile: {
      type: 'string',
      value: 'path',
      help: 'go on where the run that wrote this file has ended, and keep the position there; one stream only',
    },
    ...CONNECT_OPTIONS,
    maxRetries: {
      type: 'integer',
      unit: 'attempts',
      help: 'give up after so many in a row without a word (without it, never)',
    },
    idleTimeout: {
      type: 'duration',
      min: 1,
      help: 'connect anew after so long without a byte; without it a little longer than the relay is ever silent',
    },
    quiet: { type: 'flag', short: 'q', help: 'tell of lost records and failures only' },
    verbose: { type: 'flag', short: 'v', help: 'tell of connections, which a terminal is told of anyway' },
  },
  notes: [
    'A pattern is a JavaScript regular expression. It is matched with the text that -o short has of a record, and its case counts only if it holds a capital. One that takes longer than 2 s for what one read brings ends the command.',
    'Records go to standard output. Notices of dropped records and the state of the connection go to standard error.',
    'It ends with 0 when there is no more to print or nobody to print to, 130 after Ctrl-C, 143 after SIGTERM, 1 when a relay refuses, 2 for a mistake in the words. What --sort holds when such a signal comes is printed, as long as somebody reads it; a second signal ends it at once.',
  ],
});

export async function run(parsed: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const interrupt = new Interrupt(io);
  try {
    const code = await read(parsed, io, interrupt);
    return interrupt.code ?? code;
  } finally {
    interrupt.release();
  }
}

function read(parsed: ParsedFor<typeof command>, io: CommandIo, interrupt: Interrupt): Promise<number> {
  const { values, positionals } = parsed;
  const terminal = io.stdout.isTTY;
  const targets = targetsOf(positionals, values.system);
  return readTargets(
    {
      targets,
      request: requestOf(parsed),
      output: values.json ? 'json' : values.output,
      color: isColored(values.color, terminal, io.env),
      noticeColor: isColored(values.color, io.stderr.isTTY, io.env),
      talks: !values.quiet && (values.verbose || io.stderr.isTTY),
      terminal,
      localTime: values.localTime,
      patterns: values,
      sort: values.sort,
      cursorFile: cursorFileOf(values, targets.length),
    },
    io,
    interrupt,
  );
}

/** @throws {UsageError} */
function cursorFileOf(
  { cursorFile: path, sort }: ParsedFor<typeof command>['values'],
  streams: number,
): CursorFile | undefined {
  if (path === undefined) return undefined;
  if (sort !== undefined)
    throw new UsageError('--cursor-file does not go with --sort, which prints out of the order of positions');
  if (streams === 1) return new CursorFile(path);
  throw new UsageError(
    '--cursor-file holds the position of one stream: name one, or give each a run of its own',
  );
}

/** What a stream is asked for, whichever it is. @throws {UsageError} */
function requestOf({ values, sources }: ParsedFor<typeof command>) {
  const { since, level, query, url, container, maxRetries, idleTimeout } = values;
  if (level !== undefined && parseLevel(level) === undefined) {
    throw new UsageError(
      `--level must be trace, debug, info, warn, error, fatal or a number, not ${JSON.stringify(level)}`,
    );
  }
  if (since !== undefined && parseDuration(since) === undefined && Number.isNaN(Date.parse(since))) {
    throw new UsageError(
      `--since must be a duration such as 10m or a time such as 2026-01-02T06:41:13Z, not ${JSON.stringify(since)}`,
    );
  }
  const tail = values.tail ?? (since === undefined ? DEFAULT_TAIL : undefined);
  return {
    base: baseUrl('url', url),
    query: {
      tail: tail?.toString(),
      since,
      level,
      q: query,
      container: container.length > 0 ? container.join(',') : undefined,
    },
    // Who follows and asked for no past in particular can do without it.
    pastIsOptional: values.follow && sources.tail === 'none' && since === undefined,
    token: tokenSource({ values, sources }, sources.url),
    endsWithPast: !values.follow,
    maxRetries,
    idleTimeout,
  };
}

const DEFAULT_TAIL = 20;
