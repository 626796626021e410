import { observe } from './registry.js';

/** Shows how many streams a consolidator was asked for beyond the most that it passes on, until stopped. */
export function observeSubscriptions(subscriptions: { readonly refused: number }): () => void {
  return observe((readings) =>
    readings.add('subscriptionsRefused', subscriptions.refused, { hop: 'consolidator' }),
  );
}
