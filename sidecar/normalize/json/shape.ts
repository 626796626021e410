import type { JsonObject } from './object.js';

/** The forms of JSON that are told apart. */
export type JsonFormat = 'pino' | 'winston' | 'zap' | 'slog' | 'ecs' | 'log4j2' | 'python' | 'json';

/**
 * How one logger writes JSON: by what it is known, and which keys say what bunyan's core fields say. The first key that
 * is there and can be read wins. A dotted key also names a nested value.
 */
export interface Shape {
  readonly format: JsonFormat;
  readonly is: (line: JsonObject) => boolean;
  readonly level: readonly string[];
  readonly msg: readonly string[];
  readonly time: readonly string[];
  readonly name?: readonly string[];
  readonly hostname?: readonly string[];
  readonly pid?: readonly string[];
}
