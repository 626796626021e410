#!/bin/sh
# Makes the secrets of overlays/production as manifests: key pairs of consolidators, relays and sidecars, and the secret
# that tickets are signed with. The issuer's public key is yours to give.
#
#   deploy/kubernetes/make-secrets.sh <issuer.pem> | kubectl apply -f -
#
# The sidecars' key goes to every namespace whose pods are injected:
#   kubectl -n spillway get secret spillway-sidecar -o json | jq 'del(.metadata.namespace)' | kubectl -n shop apply -f -
set -eu
[ $# -eq 1 ] || { echo "usage: make-secrets.sh <PEM file with the issuer's public key>" >&2; exit 2; }
[ -s "$1" ] && [ -r "$1" ] || { echo "make-secrets.sh: $1 cannot be read, or is empty" >&2; exit 2; }
spillway=${SPILLWAY:-spillway}
command -v "${spillway%% *}" >/dev/null || {
  echo "make-secrets.sh: there is no ${spillway%% *} on the PATH; in a checkout: SPILLWAY='node dist/cli/bin.js' $0 $1" >&2
  exit 127
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for part in consolidator relay sidecar; do
  $spillway keygen "$folder/$part" >/dev/null 2>"$folder/said" || { cat "$folder/said" >&2; exit 1; }
done
secret() { # <name> <key>=<file> …
  name=$1
  shift
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: { name: %s, namespace: spillway }\ntype: Opaque\ndata:\n' "$name"
  for pair in "$@"; do printf '  %s: %s\n' "${pair%%=*}" "$(base64 <"${pair#*=}" | tr -d '\n')"; done
}
head -c 48 /dev/urandom | base64 | tr -d '\n' >"$folder/tickets"
secret spillway-curve "consolidator.key=$folder/consolidator" "consolidator.pub=$folder/consolidator.pub" \
  "relay.key=$folder/relay" "relays.keys=$folder/relay.pub" "sidecars.keys=$folder/sidecar.pub"
secret spillway-sidecar "sidecar.key=$folder/sidecar" "consolidator.pub=$folder/consolidator.pub"
secret spillway-jwt "issuer.pem=$1" "tickets=$folder/tickets"
