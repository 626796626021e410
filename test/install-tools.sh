#!/bin/sh
# Installs from Debian what the tests use besides Node: a browser, container and cluster tools, peers of the benchmarks, patchelf,
# python3-zmq, tini.
# Tests whose program is absent are skipped and say so; with this, none is.
#
#   sudo test/install-tools.sh
set -eu

packages="catatonit chromium curl etcd-server etcd-client golang-github-containernetworking-plugin-dnsname groff-base iproute2 libnginx-mod-nchan nats-server nginx openssl patchelf podman podman-compose procps prometheus python3-zmq redis-server runc syslog-ng-core systemd tini tmux util-linux zsh"

missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing
