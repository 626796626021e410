import { LEVELS, type LevelName } from '../../wire/record.js';

export type { LevelName };

export const LEVEL_NAMES = Object.keys(LEVELS) as readonly LevelName[];

/** The name under which a level is shown; loggers use numbers between the six, which count as the next lower one. */
export function bucketOf(level: number): LevelName {
  if (level < LEVELS.debug) return 'trace';
  if (level < LEVELS.info) return 'debug';
  if (level < LEVELS.warn) return 'info';
  if (level < LEVELS.error) return 'warn';
  return level < LEVELS.fatal ? 'error' : 'fatal';
}
