import { createPatch } from 'rfc6902';
import { isSegment } from '../wire/index.js';
import { tenantOf, type Injection } from './common.js';
import { decide, isOurs } from './decide.js';
import { injectNative } from './native.js';
import { TENANT_KEY, type InjectMode, type InjectSettings } from './options.js';
import { asPod } from './pod.js';
import type { ReviewAnswer, ReviewRequest } from './review.js';
import { injectWrapper } from './wrapper.js';

const UNCHANGED: ReviewAnswer = { patch: [], warnings: [] };

/**
 * The answer to one question. Pure: the same question, also one that is only tried out (`dryRun`), has the same answer.
 *
 * @param byNamespace what the namespace's label asks for
 */
export function inject(
  request: ReviewRequest,
  byNamespace: InjectMode | undefined,
  settings: InjectSettings,
): ReviewAnswer {
  if (!isOurs(request, settings)) return UNCHANGED;
  const pod = asPod(request.object);
  // The API server checks the pod after us, and says better what is wrong with it.
  if (pod === undefined) return UNCHANGED;
  const decision = decide(pod, byNamespace);
  if (!('mode' in decision)) {
    const { warning } = decision;
    return warning === undefined ? UNCHANGED : { patch: [], warnings: [`spillway: ${warning}`] };
  }
  const tenant = tenantOf(pod, request.namespace, settings);
  // A topic that the sidecar refused would keep the container from starting.
  const long = longestName(request, pod.spec.containers);
  if (!isSegment(tenant))
    return unchanged(
      `${TENANT_KEY} is ${JSON.stringify(tenant)}: a tenant has 1 to 128 of A-Z a-z 0-9 . _ -`,
    );
  if (decision.mode === 'wrapper' && !isSegment(long))
    return unchanged(`the names of the pod and its container are too long together: ${long.length}, of 128`);
  const target = { pod, namespace: request.namespace, tenant, settings };
  const injection: Injection = decision.mode === 'wrapper' ? injectWrapper(target) : injectNative(target);
  return { patch: createPatch(pod, injection.pod), warnings: injection.warnings };
}

function unchanged(why: string): ReviewAnswer {
  return { patch: [], warnings: [`spillway: nothing is injected: ${why}`] };
}

/** The longest name that a wrapped container's stream will have. Of what the server makes, a name has at most 63. */
function longestName({ object }: ReviewRequest, containers: readonly { readonly name: string }[]): string {
  const { metadata = {} } = object as { metadata?: { name?: string } };
  const pod = metadata.name ?? 'x'.repeat(63);
  const lengths = containers.map(({ name }) => name.length);
  return `${pod}.${'x'.repeat(Math.max(0, ...lengths))}`;
}
