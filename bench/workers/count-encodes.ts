// Preloaded into a relay with --import: counts how many records it encodes as SSE, and tells over IPC. Only for the part
// of a scenario that asks for this number; where time is measured, the relay runs as it is.
import { sse } from '../../relay/encode/sse.js';

let encodes = 0;
const encode = sse.record.bind(sse);
sse.record = (batch, i, prefix) => {
  encodes += 1;
  return encode(batch, i, prefix);
};

process.on('message', () => process.send?.(encodes));
process.channel?.unref();
