/** Where the image has the program, and where it is mounted in a container that is wrapped: its binaries know this path. */
export const HOME = '/opt/spillway';

/** The annotation, or label, of a pod that asks for injection or refuses it; the label of a namespace whose pods all get it. */
export const INJECT_KEY = 'spillway.logs/inject';
/** Annotation: the containers that are meant, with commas between; without it all. */
export const CONTAINERS_KEY = 'spillway.logs/containers';
/** Annotation: whose logs they are, where a pod may say so; without it the namespace's name. */
export const TENANT_KEY = 'spillway.logs/tenant';

/** What is put into a pod. */
export type InjectMode = 'wrapper' | 'sidecar';

/** Kubernetes' own namespaces, whose pods are never touched: one of them must start for a webhook to be reached. */
export const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'] as const;

/** The consolidator of the node that the pod is on; Kubernetes puts the address in. */
export const DEFAULT_INJECT_TO = 'tcp://$(SPILLWAY_NODE):5555';

/** What a pod is given. */
export interface InjectSettings {
  /** Image with the program, such as the consolidators' own, which every node has already. */
  readonly image: string;
  /** The consolidator's publish endpoint, as the pod reaches it. */
  readonly to: string;
  /** Namespaces that are never touched, besides {@link SYSTEM_NAMESPACES}. */
  readonly excludeNamespaces: readonly string[];
  /** Take a pod's word for whose logs they are; else whoever may make a pod could write into another tenant's stream. */
  readonly trustTenant: boolean;
  /**
   * A secret of the pod's own namespace with the sidecars' CURVE key (`sidecar.key`) and the consolidators' public one
   * (`consolidator.pub`). A pod waits until it is there.
   */
  readonly sidecarSecret?: string | undefined;
  /** Options of the sidecar by their environment variables, `SPILLWAY_REDACT=true`. */
  readonly env: readonly string[];
}
