import { INJECT_KEY, SYSTEM_NAMESPACES, type InjectMode, type InjectSettings } from './options.js';
import type { Pod } from './pod.js';
import type { ReviewRequest } from './review.js';

/** What is to be done with a pod: injected in this mode, or left as it is, perhaps with a word to whoever makes it. */
export type Decision = { readonly mode: InjectMode } | { readonly warning?: string };

const LEAVE: Decision = {};

/** Whether a question is about a new pod outside the system's namespaces. */
export function isOurs(request: ReviewRequest, { excludeNamespaces }: InjectSettings): boolean {
  const { kind, operation, subResource, namespace } = request;
  const isNewPod = kind === '/Pod' && operation === 'CREATE' && subResource === '';
  return isNewPod && ![...SYSTEM_NAMESPACES, ...excludeNamespaces].includes(namespace);
}

/**
 * @param byNamespace what the namespace's label asks for; the pod's own word goes before it
 */
export function decide({ metadata, spec }: Pod, byNamespace: InjectMode | undefined): Decision {
  const word = metadata?.annotations?.[INJECT_KEY] ?? metadata?.labels?.[INJECT_KEY];
  const mode = word === undefined ? byNamespace : modeOf(word, byNamespace);
  if (mode === undefined) return LEAVE;
  if (mode === 'unknown') {
    return { warning: `${INJECT_KEY} is ${JSON.stringify(word)}: say wrapper, sidecar, true or false` };
  }
  // A static pod's image in the API: its containers run already.
  if (metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return LEAVE;
  if (spec.os?.name === 'windows') return { warning: 'pods for Windows are left as they are' };
  return { mode };
}

function modeOf(word: string, byNamespace: InjectMode | undefined): InjectMode | 'unknown' | undefined {
  switch (word.toLowerCase()) {
    case 'wrapper':
      return 'wrapper';
    case 'sidecar':
      return 'sidecar';
    case 'true':
    case 'enabled':
      return byNamespace ?? 'wrapper';
    case 'false':
    case 'disabled':
      return undefined;
    default:
      return 'unknown';
  }
}
