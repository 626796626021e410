import { CONTAINERS_KEY, TENANT_KEY, type InjectSettings } from './options.js';
import type { EnvVar, Pod } from './pod.js';

/** A pod as it is to be, and what could not be done. */
export interface Injection {
  readonly pod: Pod;
  readonly warnings: readonly string[];
}

/** What both ways of injecting know of a pod. */
export interface Target {
  readonly pod: Pod;
  readonly namespace: string;
  readonly tenant: string;
  readonly settings: InjectSettings;
}

const KEYS = '/etc/spillway/keys';

/** What Kubernetes' `restricted` profile asks of a container. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 65_532,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** Whose logs they are. */
export function tenantOf({ metadata }: Pod, namespace: string, { trustTenant }: InjectSettings): string {
  const claimed = metadata?.annotations?.[TENANT_KEY];
  return trustTenant && claimed !== undefined ? claimed : namespace;
}

/** The containers that an annotation names; undefined for all. */
export function chosen({ metadata }: Pod): readonly string[] | undefined {
  return metadata?.annotations?.[CONTAINERS_KEY]?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The pod's name, or where Kubernetes is to put the one that it will make. */
export function podName({ pod }: Target): string {
  return pod.metadata?.name ?? '$(SPILLWAY_POD)';
}

/** The variables that a sidecar's options refer to; what nobody refers to is left out. */
export function environment({ pod, settings: { to, env, sidecarSecret } }: Target): EnvVar[] {
  return [
    ...(pod.metadata?.name === undefined ? [fromField('SPILLWAY_POD', 'metadata.name')] : []),
    ...(to.includes('$(SPILLWAY_NODE)') ? [fromField('SPILLWAY_NODE', 'status.hostIP')] : []),
    ...(sidecarSecret === undefined
      ? []
      : [
          { name: 'SPILLWAY_CURVE_SECRET_KEY', value: `${KEYS}/sidecar.key` },
          { name: 'SPILLWAY_CURVE_SERVER_KEY', value: `${KEYS}/consolidator.pub` },
        ]),
    ...env.map((word) => {
      const at = word.indexOf('=');
      return { name: word.slice(0, at), value: word.slice(at + 1) };
    }),
  ];
}

/** The sidecars' key as a volume, and its mount; nothing where there is none. */
export function keys({ sidecarSecret: secretName }: InjectSettings) {
  if (secretName === undefined) return { volumes: [], mounts: [] };
  // Whatever user the container runs as must be able to read it.
  const volume = { name: 'spillway-keys', secret: { secretName, defaultMode: 0o444 } };
  return { volumes: [volume], mounts: [{ name: volume.name, mountPath: KEYS, readOnly: true }] };
}

/** A variable that Kubernetes fills in from the pod itself. */
export function fromField(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

/** What is there already stays as it is, so that a second injection changes nothing. */
export function without<T extends { readonly name: string }>(
  add: readonly T[],
  present: readonly { readonly name: string }[],
): T[] {
  const names = new Set(present.map(({ name }) => name));
  return add.filter(({ name }) => !names.has(name));
}
