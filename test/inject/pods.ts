import type { InjectSettings } from '../../inject/options.js';

export const SETTINGS: InjectSettings = {
  image: 'registry.example/spillway:1',
  to: 'tcp://$(SPILLWAY_NODE):5555',
  excludeNamespaces: [],
  trustTenant: false,
  env: [],
};

export const WEB = { name: 'web', image: 'shop', command: ['node', 'server.js'], args: ['--port', '80'] };

/** A pod as a ReplicaSet makes it: the server is still to name it. */
export function pod(annotations: Record<string, string> = {}, ...containers: object[]) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'web-7d9f-', namespace: 'shop', annotations },
    spec: { containers: containers.length > 0 ? containers : [WEB] },
  };
}

/** What an API server posts. */
export function review(object: unknown, request: object = {}) {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      dryRun: false,
      object,
      ...request,
    },
  };
}
