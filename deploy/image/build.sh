#!/bin/sh
# Builds the image with podman, or with what ENGINE names. Takes the official base if a registry can be reached, else a
# stand-in made of this machine's files (podman only). Further arguments go to the build.
#
#   deploy/image/build.sh [<name>] [--target relay …]
set -eu
cd "$(dirname "$0")/../.."
name=${1:-localhost/spillway:latest}
[ $# -eq 0 ] || shift
engine=${ENGINE:-podman}
base=${BASE:-docker.io/library/node:22-bookworm-slim}
stand_in=localhost/spillway-base:node-$(node --version)

if [ "$base" = local ] || ! "$engine" pull -q "$base" >/dev/null 2>&1; then
  echo "build.sh: no registry gives $base; the build stands on $stand_in, made of this machine's files" >&2
  podman image exists "$stand_in" || sh deploy/image/local-base.sh "$stand_in" >/dev/null
  base=$stand_in
  # The machine's way to the npm registry: its network, its settings and its cache. None of it gets into a layer.
  set -- --network host "$@"
  [ ! -e "$HOME/.npmrc" ] || set -- --volume "$HOME/.npmrc:/root/.npmrc:ro" "$@"
  mkdir -p "$HOME/.npm" && set -- --volume "$HOME/.npm:/root/.npm" "$@"
fi
case $engine in
  # docker's format has health checks; the limits are what an engine without CAP_SYS_RESOURCE may set.
  podman) set -- --runtime runc build --format docker --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@" ;;
  *) set -- build "$@" ;;
esac
exec "$engine" "$@" --build-arg "BASE=$base" -f deploy/image/Dockerfile -t "$name" .
