export { SidecarError, type SidecarErrorCode } from './errors.js';
export { createNormalizer, type Normalizer } from './normalize/index.js';
export {
  DEFAULT_TO,
  resolveSidecarOptions,
  SIDECAR_OVERFLOW_POLICIES,
  type ResolvedSidecarOptions,
  type SidecarOptions,
  type SidecarOverflow,
} from './options.js';
export { startSidecar, type Sidecar, type SidecarParts, type SidecarStats } from './sidecar.js';
