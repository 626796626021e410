import { basename, dirname } from 'node:path';
import { toSegment } from '../source-segment.js';

/** What the path of a log file says about whose it is. */
export interface CriLabels {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log`; no name of Kubernetes has a `_`. */
const POD_FOLDER = /^([^_]+)_([^_]+)_([^_]+)$/;
/** `/var/log/containers/<pod>_<namespace>_<container>-<id>.log` */
const LINK = /^([^_]+)_([^_]+)_(.+)-[0-9a-f]{64}\.log$/;

/** Undefined for a path that is not laid out as a kubelet does. */
export function labelsOf(path: string): CriLabels | undefined {
  const link = LINK.exec(basename(path));
  if (link !== null) {
    const [, pod, namespace, container] = link as unknown as [string, string, string, string];
    return { namespace, pod, container };
  }
  const folder = dirname(path);
  const named = POD_FOLDER.exec(basename(dirname(folder)));
  if (named === null) return undefined;
  const [, namespace, pod] = named as unknown as [string, string, string];
  return { namespace, pod, container: basename(folder) };
}

/**
 * The same of a log in a mount of one pod's own folder, `<folder>/<container>/<n>.log`, whose path does not name the pod.
 *
 * @param pod `<namespace>/<pod>`
 */
export function labelsIn(pod: string | undefined, path: string): CriLabels | undefined {
  const [namespace, name] = pod?.split('/') ?? [];
  if (!namespace || !name) return undefined;
  return { namespace, pod: name, container: basename(dirname(path)) };
}

/** Tenant and container of the topic, where the user names none. */
export function topicNames({ namespace, pod, container }: CriLabels): { tenant: string; container: string } {
  return { tenant: toSegment(namespace), container: toSegment(`${pod}.${container}`) };
}
