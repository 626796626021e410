import { SORTS, type Sort } from './view.js';

/** What a key asks for. */
export type Action =
  | { readonly kind: 'quit' | 'interrupt' }
  | { readonly kind: 'scroll'; readonly by: number }
  | { readonly kind: 'sort'; readonly sort: Sort };

const SCROLLS: Readonly<Record<string, number>> = {
  '\u001b[A': -1,
  '\u001bOA': -1,
  k: -1,
  '\u001b[B': 1,
  '\u001bOB': 1,
  j: 1,
  '\u001b[5~': -10,
  '\u001b[6~': 10,
  ' ': 10,
  g: Number.NEGATIVE_INFINITY,
  '\u001b[H': Number.NEGATIVE_INFINITY,
};

/** The actions of what was typed; several keys may come at once, and unknown ones do nothing. */
export function actionsOf(typed: string): Action[] {
  const keys = typed.match(/\u001b(?:\[[0-9;]*[~A-Za-z]|O[A-Za-z])|[^]/g) ?? [];
  return keys.flatMap((key): Action[] => {
    if (key === '\u0003') return [{ kind: 'interrupt' }];
    if (key === 'q' || key === 'Q' || key === '\u001b') return [{ kind: 'quit' }];
    const by = SCROLLS[key];
    if (by !== undefined) return [{ kind: 'scroll', by }];
    const sort = SORTS.find((word) => word[0] === key);
    return sort === undefined ? [] : [{ kind: 'sort', sort }];
  });
}
