/** The parts of a Kubernetes pod (core/v1) that injection reads or writes; whatever else there is passes through. */
export interface Pod {
  readonly metadata?: PodMetadata;
  readonly spec: PodSpec;
}

export interface PodMetadata {
  /** Absent where the server is still to make one of `generateName`. */
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
  readonly os?: { readonly name: string };
  readonly shareProcessNamespace?: boolean;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly tty?: boolean;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

/** A pod, or undefined for what the API server itself will refuse. */
export function asPod(value: unknown): Pod | undefined {
  if (!isObject(value) || !isObject(value['spec'])) return undefined;
  const { metadata = {}, spec } = value;
  if (!isObject(metadata) || !isWords(metadata['annotations']) || !isWords(metadata['labels']))
    return undefined;
  const { containers, initContainers = [], volumes = [] } = spec;
  if (![containers, initContainers].every(areContainers) || !areNamed(volumes)) return undefined;
  return value as unknown as Pod;
}

function areContainers(list: unknown): boolean {
  return (
    areNamed(list) &&
    list.every(({ command, env, volumeMounts }) => {
      const words = command === undefined || (Array.isArray(command) && command.every(isString));
      return (
        words &&
        (env === undefined || areNamed(env)) &&
        (volumeMounts === undefined || areNamed(volumeMounts))
      );
    })
  );
}

function areNamed(list: unknown): list is Record<string, unknown>[] {
  return Array.isArray(list) && list.every((item) => isObject(item) && isString(item['name']));
}

function isWords(value: unknown): boolean {
  return value === undefined || value === null || (isObject(value) && Object.values(value).every(isString));
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
