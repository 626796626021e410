import type { Hop } from '../accounting/index.js';
import { observe } from './registry.js';

/** Shows the handshakes that came to nothing on a part's links, by reason, until stopped. */
export function observeHandshakes(hop: Hop, refused: Readonly<Record<string, number>>): () => void {
  return observe((readings) => {
    for (const [reason, count] of Object.entries(refused))
      readings.add('handshakesRefused', count, { hop, reason });
  });
}
