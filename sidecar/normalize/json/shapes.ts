import { lookup, type JsonObject } from './object.js';
import type { Shape } from './shape.js';

const isText = (value: unknown): value is string => typeof value === 'string';

/** @see https://github.com/pinojs/pino/blob/main/docs/api.md: numbers for levels, epoch milliseconds for time. */
const pino: Shape = {
  format: 'pino',
  is: (line) => typeof line.level === 'number' && typeof line.time === 'number' && 'pid' in line,
  level: ['level'],
  msg: ['msg'],
  time: ['time'],
};

/** @see https://www.elastic.co/docs/reference/ecs/logging/intro: dotted keys or nested objects, any language. */
const ecs: Shape = {
  format: 'ecs',
  is: (line) =>
    '@timestamp' in line &&
    ('ecs.version' in line || 'ecs' in line || lookup(line, 'log.level') !== undefined),
  level: ['log.level', 'level'],
  msg: ['message', 'msg'],
  time: ['@timestamp'],
  name: ['service.name'],
  hostname: ['host.hostname', 'host.name'],
  pid: ['process.pid'],
};

/** log4j2's JsonLayout; its JsonTemplateLayout writes ECS unless told otherwise. */
const log4j2: Shape = {
  format: 'log4j2',
  is: (line) => isText(line.loggerName) && isText(line.level) && ('instant' in line || 'timeMillis' in line),
  level: ['level'],
  msg: ['message'],
  time: ['instant', 'timeMillis'],
};

/** @see https://pkg.go.dev/go.uber.org/zap#NewProductionEncoderConfig */
const zap: Shape = {
  format: 'zap',
  is: (line) => 'ts' in line && isText(line.level) && 'msg' in line,
  level: ['level'],
  msg: ['msg'],
  time: ['ts'],
};

const SLOG_LEVEL = /^(?:DEBUG|INFO|WARN|ERROR)(?:[+-]\d+)?$/;

/** @see https://pkg.go.dev/log/slog#JSONHandler */
const slog: Shape = {
  format: 'slog',
  is: (line) => isText(line.time) && isText(line.level) && isText(line.msg) && SLOG_LEVEL.test(line.level),
  level: ['level'],
  msg: ['msg'],
  time: ['time'],
};

/** Python's `logging` attributes under a JSON formatter. */
const python: Shape = {
  format: 'python',
  is: (line) => isText(line.levelname) || ('exc_info' in line && 'message' in line),
  level: ['levelname', 'level'],
  msg: ['message', 'msg'],
  time: ['asctime', 'timestamp', 'time'],
  pid: ['process'],
};

const winston: Shape = {
  format: 'winston',
  is: (line) => isText(line.level) && 'message' in line && !('time' in line),
  level: ['level'],
  msg: ['message'],
  time: ['timestamp'],
};

/** Anything else, by the names that are in use: zerolog, logrus, structlog, Serilog, .NET, Cloud Logging. */
export const GENERIC: Shape = {
  format: 'json',
  is: () => true,
  level: [
    'level',
    'severity',
    'lvl',
    'log.level',
    'loglevel',
    'log_level',
    'levelname',
    '@l',
    'LogLevel',
    'Level',
  ],
  msg: ['msg', 'message', '@m', '@mt', 'event', 'Message', 'text'],
  time: ['time', 'timestamp', '@timestamp', 'ts', '@t', 'datetime', 'date', 'Timestamp'],
};

/** In the order in which they are tried: the more particular first. */
const SHAPES: readonly Shape[] = [pino, ecs, log4j2, zap, slog, python, winston, GENERIC];

export function shapeOf(line: JsonObject): Shape {
  return SHAPES.find((shape) => shape.is(line)) as Shape;
}
