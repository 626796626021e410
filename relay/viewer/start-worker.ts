interface Policy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

/** The page's policy lets no string become markup or script; the scripts that it starts are vouched for here. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('spillway', {
  createScriptURL: (url) => url,
});

export function startWorker(url: 'worker.js' | 'matcher-worker.js', name: string): Worker {
  return new Worker((policy?.createScriptURL(url) ?? url) as string, { name });
}
