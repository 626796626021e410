#!/bin/sh
# Makes a certificate authority and the webhook's certificate, good for ten years and one: the secret as a manifest, and on
# stderr the commands that tell the API server of the authority.
# Run it again before the year is over: pods notice the new files by themselves.
#
#   deploy/kubernetes/make-webhook-certificate.sh [<namespace>] | kubectl apply -f -    
set -eu
namespace=${1:-spillway}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
host=spillway-inject.$namespace.svc

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=spillway webhook" \
  -keyout ca.key -out ca.crt 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$host" -keyout tls.key -out tls.csr 2>/dev/null
echo "subjectAltName=DNS:$host,DNS:$host.cluster.local" >names
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile names -out tls.crt 2>/dev/null

encoded() { base64 <"$1" | tr -d '\n'; }
cat <<SECRET
apiVersion: v1
kind: Secret
metadata: { name: spillway-inject-tls, namespace: $namespace }
type: kubernetes.io/tls
data:
  ca.crt: $(encoded ca.crt)
  tls.crt: $(encoded tls.crt)
  tls.key: $(encoded tls.key)
SECRET
echo "make-webhook-certificate.sh: tell the API server of the authority:" >&2
for i in 0 1 2; do
  cat >&2 <<PATCH
  kubectl patch mutatingwebhookconfiguration spillway-inject --type=json \\
    -p "[{\"op\":\"add\",\"path\":\"/webhooks/$i/clientConfig/caBundle\",\"value\":\"$(encoded ca.crt)\"}]"
PATCH
done
