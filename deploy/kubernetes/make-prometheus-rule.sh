#!/bin/sh
# The alerts as the Prometheus operator takes them.
#
#   deploy/kubernetes/make-prometheus-rule.sh | kubectl apply -f -
set -eu
cd "$(dirname "$0")/../prometheus"
printf 'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: { name: spillway, namespace: spillway }\nspec:\n'
sed 's/^/  /' rules.yaml
