#!/bin/sh
# Makes the image's root in a folder: /opt/spillway, and the few files that a C library looks for elsewhere.
# Runs in the build stage, on a tree with dist/ and the production node_modules/.
#
# node's ELF interpreter and library path are set to the folder's own, so it runs in an image of another libc or of none.
# It is DT_RPATH, which holds for the libraries' libraries too and which LD_LIBRARY_PATH of that image cannot override.
#
#   sh deploy/image/bundle.sh <folder>
set -eu
root=$1
home=/opt/spillway
to=$root$home
mkdir -p "$to/bin" "$to/lib" "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"

libraries() { # <file>: the paths of what it links to
  ldd "$1" | sed -n 's|.*=> \(/[^ ]*\) (.*|\1|p; s|^[[:space:]]*\(/[^ ]*\) (.*|\1|p'
}

put() { # <program>
  from=$(readlink -f "$(command -v "$1")")
  cp "$from" "$to/bin/$1"
  chmod 755 "$to/bin/$1"
  for library in $(libraries "$from"); do
    name=$(basename "$library")
    [ -e "$to/lib/$name" ] || cp -L "$library" "$to/lib/$name"
    case $name in ld-*) interpreter=$home/lib/$name ;; esac
  done
  patchelf --force-rpath --set-interpreter "$interpreter" --set-rpath "$home/lib" "$to/bin/$1"
}

put node
# The sidecar gives its command real pipes, and only this can make them.
put mkfifo
# What node loads while it runs.
for library in dist/ node_modules/; do cp -R "$library" "$to/"; done
zeromq=$to/node_modules/zeromq/build
find "$zeromq" -name addon.node ! -path "*/linux/$(node -p process.arch)/node/glibc-*" -delete
for addon in $(find "$zeromq" -name addon.node); do
  for library in $(libraries "$addon"); do
    name=$(basename "$library")
    [ -e "$to/lib/$name" ] || cp -L "$library" "$to/lib/$name"
  done
done
cp package.json "$to/"
cp deploy/image/health.js "$to/"
cp "$(command -v tini-static)" "$to/bin/tini"

# 60 MB that no running program reads: maps, types, sources, and what compiles an addon.
rm -rf "$to/dist/bench" "$to/node_modules/node-addon-api" "$to/node_modules/.bin"
find "$to/dist" "$to/node_modules" -type f \
  \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '.tsbuildinfo' \) -delete
find "$to/node_modules/@opentelemetry" -type d -name esnext -prune -exec rm -rf {} +

# The kernel takes no program but a binary after #!, and node is one.
bin=$to/dist/cli/bin.js
{ echo "#!$home/bin/node"; tail -n +2 "$bin"; } >"$bin.new"
mv "$bin.new" "$bin"
chmod 755 "$bin"
ln -s ../dist/cli/bin.js "$to/bin/spillway"

echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'spillway:x:65532:65532::/tmp:/sbin/nologin' >"$root/etc/passwd"
echo 'spillway:x:65532:' >"$root/etc/group"
