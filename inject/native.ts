import {
  chosen,
  environment,
  fromField,
  podName,
  keys,
  RESTRICTED,
  without,
  type Injection,
  type Target,
} from './common.js';

const NAME = 'spillway';
const VOLUME = { name: 'spillway-logs', hostPath: { path: '/var/log/pods', type: 'Directory' } };
const MOUNT_PATH = '/var/log/pod';

/**
 * A sidecar container (an init container that goes on running; Kubernetes 1.29) reads the log files that the kubelet keeps
 * of this pod. Of the node's folder it sees the pod's own part only: its name holds the pod's uid, which nobody knows
 * before the pod is made, so Kubernetes puts it in when it mounts.
 *
 * It suits what a wrapper cannot take: images whose command is not in the pod, terminals, init containers. It reads from
 * the node's disk and needs its root to do so, so it is not for namespaces that hold pods to a profile.
 */
export function injectNative(target: Target): Injection {
  const { pod, namespace, tenant, settings } = target;
  const name = podName(target);
  const { initContainers = [], volumes = [] } = pod.spec;
  const names = chosen(pod);
  const sidecar = {
    name: NAME,
    image: settings.image,
    restartPolicy: 'Always',
    args: [
      'sidecar',
      `--source=cri:${MOUNT_PATH}`,
      `--pod=${namespace}/${name}`,
      ...(names === undefined ? [`--skip=${NAME}`] : [`--only=${names.join(',')}`]),
      `--tenant=${tenant}`,
      `--to=${settings.to}`,
    ],
    env: [fromField('SPILLWAY_UID', 'metadata.uid'), ...environment(target)],
    volumeMounts: [
      {
        name: VOLUME.name,
        mountPath: MOUNT_PATH,
        subPathExpr: `${namespace}_${name}_$(SPILLWAY_UID)`,
        readOnly: true,
      },
      ...keys(settings).mounts,
    ],
    // The kubelet's files are root's alone.
    securityContext: { ...RESTRICTED, runAsNonRoot: false, runAsUser: 0 },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
  };
  const spec = {
    ...pod.spec,
    // First: it is there before what the others print, and ends after them.
    initContainers: [...without([sidecar], initContainers), ...initContainers],
    volumes: [...volumes, ...without([VOLUME, ...keys(settings).volumes], volumes)],
  };
  return { pod: { ...pod, spec }, warnings: [] };
}
