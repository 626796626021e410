import { InjectError } from './errors.js';
import { isObject } from './pod.js';

/**
 * What the API server asks: may this object be made, and how is it to be changed first?
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
export interface ReviewRequest {
  /** Of this question; the answer repeats it. */
  readonly uid: string;
  readonly operation: string;
  /** Group and kind, `/Pod` for a pod. */
  readonly kind: string;
  readonly subResource: string;
  /** Empty for what belongs to none. */
  readonly namespace: string;
  readonly object: unknown;
}

/** Yes, always: a webhook for logs is no reason for a pod not to start. */
export interface ReviewAnswer {
  /** RFC 6902. Empty for no change. */
  readonly patch: readonly unknown[];
  /** Shown to whoever makes the pod. */
  readonly warnings: readonly string[];
}

const API_VERSION = 'admission.k8s.io/v1';
/** Kubernetes cuts all warnings together at 4,096 characters, and advises 120 for each. */
const MOST_WARNINGS = 16;
const LONGEST_WARNING = 240;

/** @throws {InjectError} `review`: it is no AdmissionReview of version 1 with a request in it */
export function readReview(body: unknown): ReviewRequest {
  if (!isObject(body) || body['kind'] !== 'AdmissionReview')
    throw malformed('the body is no AdmissionReview');
  if (body['apiVersion'] !== API_VERSION)
    throw malformed(
      `its apiVersion is ${JSON.stringify(body['apiVersion'])}, and only ${API_VERSION} is spoken`,
    );
  const { request } = body;
  if (!isObject(request) || typeof request['uid'] !== 'string' || request['uid'] === '')
    throw malformed('it has no request with a uid');
  const { uid, operation, namespace, subResource, object } = request;
  const kind = isObject(request['kind']) ? request['kind'] : {};
  return {
    uid,
    operation: text(operation),
    kind: `${text(kind['group'])}/${text(kind['kind'])}`,
    subResource: text(subResource),
    namespace: text(namespace),
    object,
  };
}

export function answerReview(uid: string, { patch, warnings }: ReviewAnswer): object {
  const shown = warnings.slice(0, MOST_WARNINGS).map((warning) => warning.slice(0, LONGEST_WARNING));
  return {
    apiVersion: API_VERSION,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      ...(patch.length > 0 && {
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      }),
      ...(shown.length > 0 && { warnings: shown }),
    },
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function malformed(what: string): InjectError {
  return new InjectError('review', `This is not what an API server sends: ${what}.`);
}
