# The project's own images from deploy/docker, and the public ones that deploy/compose names: pulled, or stood in for.
set -euo pipefail
source "$HERE/common.sh"

bash "$HERE/project.sh"
base=$(sed -n 's/^ARG BASE=//p' "$ROOT/deploy/docker/Dockerfile")
public=$(sed -n 's/^ *image: //p' "$PROJECT/deploy/compose/compose.yaml" | grep -v '^ntgate' | sort -u)
full() { echo "docker.io/$([[ $1 == */* ]] || echo library/)$1"; }

# Besides what a run needs, Kubeflow's SDK: its pods run the same image here.
extras=$(sed -n 's/^ARG EXTRAS=//p' "$ROOT/deploy/docker/Dockerfile"),kubeflow
arguments="--format=docker --build-arg=EXTRAS=$extras"
wheels=()
if timeout 600 podman pull --quiet "$(full "$base")" >/dev/null 2>"$WORK/pull.log"; then
  for name in $public; do podman pull --quiet "$(full "$name")" >/dev/null || fail "cannot pull $name"; done
  told="The base and the public images were pulled."
else
  told="No image registry answered, so these are stand-ins of Debian's packages and PyPI's: $base$(printf ', %s' $public)."
  bash "$HERE/base.sh"
  bash "$HERE/wheels.sh" "$extras"
  wheels=(--volume "$WORK/wheels:/wheels:ro" --volume "$WORK/pip.conf:/etc/pip.conf:ro")
  arguments="--pull=never $arguments --build-arg=BASE=localhost/base:bookworm --build-arg=TORCH_INDEX= ${wheels[*]}"
fi

echo "$told" | tee "$WORK/images.txt" >&2

stand_ins() { # BASE: those that are made of it, one after the other
  local name target
  for name in $public; do
    target=$(basename "${name%:*}")
    grep -q "^FROM \${$1} AS $target\$" "$HERE/stand_ins.Dockerfile" || continue
    podman build --quiet --pull=never --network=host --target "$target" --tag "$(full "$name")" --file "$HERE/stand_ins.Dockerfile" \
      --build-arg BASE=localhost/base:bookworm --build-arg JOB=localhost/ntgate:0.3.0 "${wheels[@]}" "$HERE" \
      >"$WORK/build-$target.log" 2>&1 || { tail -n 20 "$WORK/build-$target.log" >&2; fail "no stand-in for $name"; }
    say "stand-in for $name"
  done
}
((${#wheels[@]} == 0)) || {
  stand_ins BASE & # beside the job's image, which waits for disk and one core
  aside=$!
  trap 'kill $aside 2>/dev/null || true' EXIT
}

# As compose.yaml says it, one after the other.
for service in retrain mlflow; do
  compose --profile job --podman-build-args "$arguments" build "$service" >"$WORK/build-$service.log" 2>&1 ||
    { tail -n 40 "$WORK/build-$service.log" >&2; fail "the image of $service could not be built"; }
  say "image of $service"
done
podman inspect localhost/ntgate:0.3.0 localhost/ntgate-tracking:0.3.0 >"$WORK/images.json"
podman history --format json localhost/ntgate:0.3.0 >"$WORK/history.json"
"$PYTHON" "$HERE/said.py" "$WORK/images.json" "$WORK/history.json" >&2
podman run --rm --user 0 --entrypoint sh localhost/ntgate:0.3.0 -c '! find / -xdev \( -name .env -o -name .git -o -path /project/data \) | grep .' ||
  fail "the image holds what no image should"
say "size of the image: $(podman image inspect --format '{{.Size}}' localhost/ntgate:0.3.0 | numfmt --to=si)"

((${#wheels[@]} == 0)) || {
  wait $aside || exit 1
  stand_ins JOB
}
podman image prune --force --filter until=1h >/dev/null # layers of earlier checkouts
