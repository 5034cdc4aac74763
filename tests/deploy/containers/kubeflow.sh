# The pipeline that `ntgate kfp compile` writes, under kfp.local's DockerRunner: every task a container, artifacts between them.
set -euo pipefail
source "$HERE/common.sh"
"$PYTHON" -c 'import kfp, docker' 2>/dev/null || skip "kfp and docker are not in this Python"
bash "$HERE/servers.sh" up
bash "$HERE/rows.sh"
source "$HERE/socket.sh"

folder=$WORK/kubeflow
rm -rf "$folder"
mkdir -p "$folder/artifacts"
chmod 777 "$folder/artifacts" # the image's user writes there
# Each ${NAME} must be set to check the config, to anything of its kind.
(cd "$ROOT" && NTGATE_LEDGER="$(ledger)" "$PYTHON" -m ntgate kfp compile "$PROJECT/tasks.yaml" \
  --image localhost/ntgate:0.3.0 --output "$folder/pipeline.yaml")
"$PYTHON" "$HERE/kubeflow.py" "$folder" "$WORK/store.env" >"$WORK/kubeflow.log" 2>&1 ||
  { tail -n 60 "$WORK/kubeflow.log" >&2; fail "the pipeline under kfp.local did not end well"; }
tail -n 1 "$WORK/kubeflow.log" >&2
