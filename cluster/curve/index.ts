export { openAllowList, type AllowList, type AllowListHooks } from './allow-list.js';
export { Dialer, type CurveClient, type DialerOptions } from './dialer.js';
export { guardSocket, HANDSHAKE_MS, type Guard } from './guard.js';
export {
  Handshakes,
  HANDSHAKE_REFUSALS,
  type HandshakeRefusal,
  type RefusedHandshake,
} from './handshakes.js';
export { readKeyPair, readPublicKey, writeKeyPair } from './key-file.js';
export { generateKeyPair, isCurveKey, keyPairOf, type CurveKeyPair } from './keys.js';
