import { setImmediate as nextTurn } from 'node:timers/promises';

/** Resolves when every socket that was ready has been looked at: the second turn comes behind a poll. */
export async function wholeTurn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}
