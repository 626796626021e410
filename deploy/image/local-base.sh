#!/bin/sh
# Imports a stand-in for the official node image, made of this machine's own files: node, npm, a shell, and what the build
# runs. For machines that reach no image registry; nothing of it but node, mkfifo, tini and their libraries gets into the
# image that is built on it.
#
#   deploy/image/local-base.sh <name>
set -eu
name=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

for folder in bin etc lib lib64 sbin tmp proc sys dev root usr/bin usr/lib/node_modules; do mkdir -p "$root/$folder"; done
chmod 1777 "$root/tmp"
for program in node sh bash env cp mv rm ln mkdir mkfifo chmod ls cat tail head sed grep find basename dirname readlink uname ldd patchelf tini-static; do
  path=$(command -v "$program") || { echo "$program is not installed: run test/install-tools.sh" >&2; exit 1; }
  path=$(readlink -f "$path")
  cp "$path" "$root/usr/bin/$program"
  # ldd fails on what is no dynamic program.
  for library in $(ldd "$path" 2>/dev/null | grep -o '/[^ )]*' || true); do
    mkdir -p "$root$(dirname "$library")"
    [ -e "$root$library" ] || cp -L "$library" "$root$library"
  done
done
for program in sh bash env; do ln -s "../usr/bin/$program" "$root/bin/$program"; done
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp -R "$npm" "$root/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
for file in /etc/ssl/certs/ca-certificates.crt /usr/etc/npmrc; do
  [ ! -e "$file" ] || { mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file"; }
done
tar -C "$root" -c . | podman import --quiet - "$name"
