#!/bin/sh
# Installs the peers of the benchmarks: install.sh [nchan] [redis] [nats] [kafka] [mercure]; all of them without a word.
# Debian's packages need root; Kafka's jars go to bench/peers/.cache, by Maven, and Mercure's hub, by Go 1.25 or later.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

kafka() {
  pom=$(mktemp -d)
  trap 'rm -rf "$pom"' EXIT
  cat >"$pom/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>3.9.1</version></dependency>
  </dependencies>
</project>
POM
  mvn -q -B -f "$pom/pom.xml" dependency:copy-dependencies -DoutputDirectory="$here/.cache/kafka"
}

# The hub as its module has it. The one that is built into Caddy has the same hub behind another HTTP server.
mercure() {
  module=$(mktemp -d)
  trap 'rm -rf "$module"' EXIT
  (
    cd "$module"
    go mod init bench/mercure
    go get github.com/dunglas/mercure/cmd/mercure@v0.20.2
    go build -o "$here/.cache/mercure" github.com/dunglas/mercure/cmd/mercure
  )
}

for peer in "${@:-all}"; do
  case $peer in
    all) "$0" nchan redis nats kafka mercure ;;
    nchan) apt-get install -y --no-install-recommends nginx libnginx-mod-nchan ;;
    redis) apt-get install -y --no-install-recommends redis-server ;;
    nats) apt-get install -y --no-install-recommends nats-server ;;
    kafka)
      command -v java >/dev/null && command -v mvn >/dev/null ||
        apt-get install -y --no-install-recommends default-jre-headless maven
      kafka
      ;;
    mercure)
      command -v go >/dev/null || { echo "install.sh: mercure is built with Go 1.25 or later: https://go.dev/dl" >&2; exit 1; }
      mercure
      ;;
    *) echo "install.sh: there is no peer $peer; there are nchan, redis, nats, kafka and mercure" >&2; exit 2 ;;
  esac
done
