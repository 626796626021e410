// Holds what is for the Prometheus operator against its schemas, which Kubernetes' own do not hold:
//
//   node check-monitors.mjs <folder of @kubernetes-models/prometheus-operator> <manifest> …
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';

const [operator, ...manifests] = process.argv.slice(2);
const models = await import(pathToFileURL(join(operator, 'monitoring.coreos.com/v1/index.js')).href);
let checked = 0;
for (const manifest of manifests) {
  for (const document of parseAllDocuments(readFileSync(manifest, 'utf8'))) {
    const object = document.toJS();
    if (object?.apiVersion !== 'monitoring.coreos.com/v1') continue;
    try {
      new models[object.kind](object).validate();
    } catch (error) {
      process.stderr.write(`${manifest}: ${object.kind} ${object.metadata?.name}: ${error.message}\n`);
      process.exitCode = 1;
    }
    checked += 1;
  }
}
if (checked === 0) throw new Error('there is nothing to check in what was given');
