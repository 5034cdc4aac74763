# A run on the ZenML server of compose with the orchestrator local_docker: every step a container, S3 between them, no volume shared.
set -euo pipefail
source "$HERE/common.sh"
bash "$HERE/servers.sh" up
bash "$HERE/rows.sh"
source "$HERE/socket.sh"

inside() { podman run --rm --network ntgate_inside --env-file "$WORK/store.env" "$@"; }
if [[ ! -f $WORK/zenml.env ]]; then
  inside --volume "$HERE/stack.py:/stack.py:ro" --entrypoint python3 localhost/ntgate:0.3.0 /stack.py >"$WORK/stack.out" 2>"$WORK/stack.log" ||
    { tail -n 20 "$WORK/stack.log" >&2; fail "no stack on ZenML's server"; }
  grep '^ZENML_' "$WORK/stack.out" >"$WORK/zenml.env"
fi

# What pipelines/retrain.yaml says of an image that is used as it is. ZenML mounts its folder for local stores into every step, by a path
# of the machine.
echo 'settings: {docker: {parent_image: "localhost/ntgate:0.3.0", skip_build: true}}' >"$WORK/retrain-settings.yaml"
rm -rf "$WORK/stores" # of the time before
mkdir "$WORK/stores"
chmod 777 "$WORK/stores"
before=$(date --iso-8601=seconds) code=0
inside --env-file "$WORK/zenml.env" --read-only --tmpfs /tmp --volume "$SOCKET:/var/run/docker.sock" \
  --volume "$HERE/docker:/usr/local/bin/docker:ro" --env "ZENML_LOCAL_STORES_PATH=$WORK/stores" --volume "$WORK/stores:$WORK/stores" \
  --volume "$PROJECT/steps.yaml:/project/steps.yaml:ro" --volume "$WORK/retrain-settings.yaml:/project/pipelines/retrain.yaml:ro" \
  localhost/ntgate:0.3.0 run steps.yaml --json >"$WORK/zenml.json" 2>"$WORK/zenml.log" || code=$?
[[ $code == 0 ]] || { tail -n 40 "$WORK/zenml.log" "$WORK/zenml.json" >&2; fail "the run on ZenML ended with $code"; }
[[ -z $(ls -A "$WORK/stores") ]] || fail "steps shared a folder: $(ls "$WORK/stores")"
started=$(podman events --stream=false --since "$before" --filter event=start --filter type=container --format '{{.Image}}' | grep -c ntgate:)
say "promoted; $((started - 1)) steps, each a container"
