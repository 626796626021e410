import {
  chosen,
  environment,
  keys,
  podName,
  RESTRICTED,
  without,
  type Injection,
  type Target,
} from './common.js';
import { HOME } from './options.js';
import type { Container } from './pod.js';

const VOLUME = { name: 'spillway', emptyDir: { sizeLimit: '256Mi' } };
const MOUNT = { name: VOLUME.name, mountPath: HOME, readOnly: true };
const TARGET = '/target';
const INIT_NAME = 'spillway-wrapper';

/**
 * An init container copies the program into a volume, and each container's command is run under it:
 *
 * ```
 * command: ["node", "server.js"]
 *   → ["/opt/spillway/bin/tini", "-s", "--", "/opt/spillway/bin/spillway", "sidecar", …, "--", "node", "server.js"]
 * ```
 *
 * The command must be in the pod: what an image would run by itself is not to be seen from here.
 */
export function injectWrapper(target: Target): Injection {
  const { pod, settings } = target;
  const { containers, initContainers = [], volumes = [] } = pod.spec;
  const warnings: string[] = [];
  const names = chosen(pod);
  const wrapped = containers.map((container) => {
    if ((names !== undefined && !names.includes(container.name)) || isWrapped(container)) return container;
    const reason = unfit(container);
    if (reason === undefined) return wrap(container, target);
    warnings.push(`spillway: container ${container.name} is not wrapped: ${reason}`);
    return container;
  });
  if (!wrapped.some(isWrapped)) return { pod, warnings };
  const init = {
    name: INIT_NAME,
    image: settings.image,
    command: [`${HOME}/bin/node`, `${HOME}/dist/inject/copy.js`, TARGET],
    volumeMounts: [{ name: VOLUME.name, mountPath: TARGET }],
    securityContext: RESTRICTED,
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  };
  const spec = {
    ...pod.spec,
    initContainers: [...without([init], initContainers), ...initContainers],
    containers: wrapped,
    volumes: [...volumes, ...without([VOLUME, ...keys(settings).volumes], volumes)],
  };
  return { pod: { ...pod, spec }, warnings };
}

function isWrapped({ command = [] }: Container): boolean {
  return command[0]?.startsWith(`${HOME}/`) ?? false;
}

function unfit({ command = [], tty }: Container): string | undefined {
  if (command.length === 0)
    return "its command is the image's own, which cannot be seen from here: give it in the pod, or ask for sidecar";
  if (tty === true) return 'it has a terminal, which would become a pipe: ask for sidecar';
  return undefined;
}

function wrap(container: Container, target: Target): Container {
  const { tenant, settings } = target;
  const { name, command = [], env = [], volumeMounts = [] } = container;
  return {
    ...container,
    command: [
      `${HOME}/bin/tini`,
      '-s',
      '--',
      `${HOME}/bin/spillway`,
      'sidecar',
      `--tenant=${tenant}`,
      `--container=${podName(target)}.${name}`,
      `--to=${settings.to}`,
      '--',
      ...command,
    ],
    // First, so that nothing a container sets can refer to them and find them missing.
    env: [...without(environment(target), env), ...env],
    volumeMounts: [...volumeMounts, ...without([MOUNT, ...keys(settings).mounts], volumeMounts)],
  };
}
