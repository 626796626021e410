import { isObject, type JsonObject } from './object.js';
import { Members } from './members.js';

/** A record's `err` as JSON text, and the keys of the line that it says exactly. */
export interface ReadErr {
  readonly text: string;
  readonly spent: readonly string[];
  readonly message: string | undefined;
}

const OBJECTS = ['err', 'error', 'exception', 'thrown'] as const;

/** What pino, ECS and log4j2 call the parts of bunyan's `err`. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['type', 'name'],
  ['stack_trace', 'stack'],
  ['stackTrace', 'stack'],
  ['extendedStackTrace', 'stack'],
]);

/** winston, zap, logback, Python, structlog, Serilog, ECS. */
const STACKS = 'stack stacktrace stackTrace stack_trace error.stack_trace exc_info exception @x'.split(' ');

/** Reads the error that a line carries into bunyan's `err {message, name, stack}`; undefined when there is none to move. */
export function readErr(line: JsonObject, members: Members): ReadErr | undefined {
  for (const key of OBJECTS) {
    const value = line[key];
    if (isObject(value) && (key === 'err' || line.err === undefined)) return renamed(key, value, members);
  }
  for (const key of STACKS) {
    const stack = line[key];
    if (typeof stack === 'string' && stack.includes('\n')) return fromStack(key, stack, line);
  }
  return undefined;
}

/** The same object with bunyan's names for its parts, and nothing of it lost. */
function renamed(key: string, value: JsonObject, members: Members): ReadErr | undefined {
  const parts = new Members(members.value(members.keys.lastIndexOf(key)));
  let text = '';
  let stack = value.stack;
  parts.keys.forEach((part, i) => {
    const name = RENAMED.get(part);
    const rename = name !== undefined && !Object.hasOwn(value, name) && typeof value[part] === 'string';
    if (rename && name === 'stack') stack = value[part];
    text += `${i === 0 ? '' : ','}${rename ? `"${name}":${parts.value(i)}` : parts.member(i)}`;
  });
  if (typeof stack !== 'string') return undefined;
  const message = typeof value.message === 'string' ? value.message : undefined;
  return { text: `{${text}}`, spent: [key], message };
}

function fromStack(key: string, stack: string, line: JsonObject): ReadErr {
  const spent = [key];
  const take = (from: string): string | undefined => {
    const value = line[from];
    if (typeof value !== 'string') return undefined;
    spent.push(from);
    return value;
  };
  const head = headline(stack);
  const said = take('error.message') ?? take('err');
  const message = said ?? head?.message ?? text(line.error);
  const name = take('error.type') ?? head?.name ?? 'Error';
  return {
    text: JSON.stringify({ message: message ?? text(line.msg) ?? text(line.message) ?? '', name, stack }),
    spent,
    message,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const HEADLINE = /^(?:Exception in thread "[^"]{0,200}" |Uncaught )?([A-Za-z_$][\w$.]{0,200})(?:: (.*))?$/;
const ERROR_NAME = /(?:Error|Exception|Throwable)$/;

/** Name and message from the line of a stack that has them: Python's last, everyone else's first. */
function headline(stack: string): { name: string; message: string } | undefined {
  const text = stack.trim();
  const python = text.startsWith('Traceback ');
  const line = python ? text.slice(text.lastIndexOf('\n') + 1) : (text.split('\n', 1)[0] as string);
  const match = HEADLINE.exec(line.trim());
  if (match === null) return undefined;
  const [, name = '', message = ''] = match;
  return python || ERROR_NAME.test(name) ? { name, message } : undefined;
}
