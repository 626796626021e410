import type { StdStream } from '../../wire/record.js';
import type { LineMark } from '../lines.js';
import { compose, markMembers, type Format, type Origin } from './draft.js';
import { Identity } from './identity.js';
import { isBunyan, passBunyan } from './json/bunyan.js';
import { parseObject, type JsonObject } from './json/object.js';
import { readJson } from './json/read.js';
import type { Shape } from './json/shape.js';
import { GENERIC, shapeOf } from './json/shapes.js';
import { DEFAULT_LEVEL_FOR_STDERR, DEFAULT_LEVEL_FOR_STDOUT, type NormalizerOptions } from './options.js';
import { Redactor } from './redact.js';
import { readText } from './text/mappers.js';
import { toJson } from './text/pairs.js';
import { levelOfText } from './text/plain.js';

export interface Normalizer {
  /**
   * One line of a container as one bunyan record: JSON ended by `\n`, with no other newline in it.
   *
   * @param time when the line was captured, as `Date.prototype.toISOString` writes it
   */
  record(line: string, stream: StdStream, time: string, mark?: LineMark): string;
  /** Lines so far, by the form they were recognised as. */
  readonly formats: Readonly<Record<Format, number>>;
  /** Values taken out so far. */
  readonly redacted: number;
}

export function createNormalizer(options: NormalizerOptions): Normalizer {
  return new LineNormalizer(options);
}

const BRACE = 0x7b;
const SPACE = 0x20;
const BYTE_ORDER_MARK = 0xfeff;

class LineNormalizer implements Normalizer {
  readonly formats: Record<Format, number> = {
    bunyan: 0,
    pino: 0,
    winston: 0,
    zap: 0,
    slog: 0,
    ecs: 0,
    log4j2: 0,
    python: 0,
    json: 0,
    logfmt: 0,
    klog: 0,
    syslog: 0,
    access: 0,
    plain: 0,
  };
  readonly #identity: Identity;
  readonly #redactor: Redactor | undefined;
  readonly #levels: Readonly<Record<StdStream, number>>;
  /** What a plain line's record has before and after its message, kept for the lines that share their time. */
  readonly #heads: Record<StdStream, string[]> = { stdout: [], stderr: [] };
  readonly #tails: Record<StdStream, string> = { stdout: '', stderr: '' };
  readonly #ends: Readonly<Record<StdStream, string>>;
  #tailTime = '';

  constructor(options: NormalizerOptions) {
    const identity = new Identity(options);
    this.#identity = identity;
    this.#redactor = options.redact && new Redactor(options.redact);
    this.#levels = {
      stdout: options.levelForStdout ?? DEFAULT_LEVEL_FOR_STDOUT,
      stderr: options.levelForStderr ?? DEFAULT_LEVEL_FOR_STDERR,
    };
    const component = identity.componentMember(identity.name);
    this.#ends = {
      stdout: `,"v":0${identity.members.stdout}${component}`,
      stderr: `,"v":0${identity.members.stderr}${component}`,
    };
  }

  get redacted(): number {
    return this.#redactor?.count ?? 0;
  }

  record(said: string, stream: StdStream, time: string, mark?: LineMark): string {
    const line = this.#redactor === undefined ? said : this.#redactor.redact(said);
    const first = line.charCodeAt(0);
    if (first === BRACE || first === SPACE || first === BYTE_ORDER_MARK) {
      const record = this.#json(line.trim(), stream, time, mark);
      if (record !== undefined) return record;
    }
    const text = readText(line);
    if (text === undefined) return this.#plain(line, stream, time, mark);
    this.formats[text.format] += 1;
    const json = toJson(text.pairs);
    return this.#read(parseObject(json) as JsonObject, json, GENERIC, this.#origin(stream, time, mark));
  }

  #json(text: string, stream: StdStream, time: string, mark: LineMark | undefined): string | undefined {
    if (text.charCodeAt(0) !== BRACE || !text.endsWith('}')) return undefined;
    // Between tokens CR is space, within a string JSON forbids it; readers of event streams would break the line there.
    const json = text.includes('\r') ? text.replaceAll('\r', ' ') : text;
    const line = parseObject(json);
    if (line === undefined) return undefined;
    const origin = this.#origin(stream, time, mark);
    if (isBunyan(line)) {
      this.formats.bunyan += 1;
      return passBunyan(line, json, this.#identity, origin) ?? this.#read(line, json, GENERIC, origin);
    }
    const shape = shapeOf(line);
    this.formats[shape.format] += 1;
    return this.#read(line, json, shape, origin);
  }

  #read(line: JsonObject, json: string, shape: Shape, origin: Origin): string {
    return compose(readJson(line, json, shape, this.#identity, origin), this.#identity, origin);
  }

  #origin(stream: StdStream, time: string, mark: LineMark | undefined): Origin {
    return { stream, time, level: this.#levels[stream], mark };
  }

  /** Hot. Three strings are joined: what precedes the message, the message, and what follows it. */
  #plain(line: string, stream: StdStream, time: string, mark: LineMark | undefined): string {
    this.formats.plain += 1;
    const level = levelOfText(line) || this.#levels[stream];
    if (time !== this.#tailTime) this.#retime(time);
    const head = this.#heads[stream][level] ?? this.#head(stream, level);
    if (mark === undefined) return `${head}${JSON.stringify(line)}${this.#tails[stream]}}\n`;
    return `${head}${JSON.stringify(line)}${this.#tails[stream]}${markMembers(mark)}}\n`;
  }

  #head(stream: StdStream, level: number): string {
    const { nameText, hostnameText, pidText } = this.#identity;
    const head = `{"name":${nameText},"hostname":${hostnameText},"pid":${pidText},"level":${level},"msg":`;
    this.#heads[stream][level] = head;
    return head;
  }

  #retime(time: string): void {
    this.#tailTime = time;
    this.#tails.stdout = `,"time":"${time}"${this.#ends.stdout}`;
    this.#tails.stderr = `,"time":"${time}"${this.#ends.stderr}`;
  }
}
