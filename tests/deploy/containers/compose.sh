# The compose file as a user runs it: servers up, a retraining to a promotion, a drift check, and what it promises of rights and networks.
set -euo pipefail
source "$HERE/common.sh"
bash "$HERE/servers.sh" up

# What runs is not root, on a root that it cannot write to.
for container in ntgate_mlflow_1 ntgate_store_1; do
  [[ $(podman exec $container id -u) == 10001 ]] || fail "$container runs as another user"
  ! podman exec $container touch /written 2>/dev/null || fail "the root of $container can be written to"
done
# The databases and the store are in a network without a way out; the ports are open on loopback alone.
[[ $(podman network inspect ntgate_inside --format '{{.Internal}}') == true ]] || fail "the network inside leads out"
for port in $(podman inspect $(podman ps --quiet) --format '{{range $_, $at := .NetworkSettings.Ports}}{{range $at}}{{.HostIP}} {{end}}{{end}}'); do
  [[ $port == 127.0.0.1 ]] || fail "a port is open on $port"
done

job() { # NAME WANTED ARGUMENTS: a job of compose.yaml that has to end with an exit code among WANTED
  local name=$1 wanted=$2 code=0
  shift 2
  compose --profile job run -T --rm --no-deps "$@" >"$WORK/$name.log" 2>"$WORK/$name.err" || code=$?
  [[ $wanted == *$code* ]] || { tail -n 40 "$WORK/$name.log" "$WORK/$name.err" >&2; fail "$name ended with $code, expected $wanted"; }
  say "$name (exit $code)"
}
job retrain 0 retrain
job status 0 retrain status retrain --uri http://mlflow:5000 --json
"$PYTHON" -c '
import json, sys
answer = json.load(open(sys.argv[1]))
assert answer["champion"] == "1", answer
' "$WORK/status.log"

# The artifacts went through the server into the store, and rows were worn in the database.
podman exec ntgate_mlflow_1 python3 -c "
import boto3
found = boto3.client('s3', endpoint_url='http://store:7070').list_objects_v2(Bucket='mlflow', Prefix='artifacts/')
assert any(entry['Key'].endswith('.onnx') for entry in found['Contents']), found
"
podman exec ntgate_database_1 psql --username mlflow --dbname mlflow --command '\dt' | grep ntgate >"$WORK/ledger.log" ||
  fail "the ledger does not stand in the database"
job drift 03 drift
