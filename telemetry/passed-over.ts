import { observe } from './registry.js';

/** Shows how many messages a relay that could not keep up dropped from its backlog, until stopped. */
export function observePassedOver(passed: () => number): () => void {
  return observe((readings) => readings.add('refused', passed(), { hop: 'relay', reason: 'share' }));
}
