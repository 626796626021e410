export {
  DEFAULT_DRAIN_TIMEOUT_MS,
  type Capture,
  type CaptureEnd,
  type CaptureSink,
  type Following,
  type Pausable,
} from './capture.js';
export { attachCri, type CriContainer, type CriOptions, type CriOutput } from './cri.js';
export { labelsIn, topicNames, type CriLabels } from './cri/labels.js';
export { attachDocker, DEFAULT_DOCKER_SOCKET, type DockerOptions, type DockerTarget } from './docker.js';
export { CaptureError, type CaptureErrorCode } from './errors.js';
export { attachExec, type ExecOptions } from './exec.js';
export { attachFifo, type FifoOptions, type FifoPaths } from './fifo.js';
export { launch, type CommandExit, type Launched, type LaunchOptions } from './launch.js';
export type { LifeEvent, LifeKind, OnLife } from './lifecycle.js';
export { Passthrough, type PassthroughOptions, type PassthroughStats } from './passthrough.js';
export { FORWARDED_SIGNALS } from './signals.js';
export {
  DEFAULT_HISTORY_MS,
  DEFAULT_MAX_CONTAINERS,
  parseSource,
  type Source,
  type SourceKind,
} from './source.js';
export { toSegment } from './source-segment.js';
export { attachStdin, type StdinOptions } from './stdin.js';
