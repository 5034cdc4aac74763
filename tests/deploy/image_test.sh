#!/usr/bin/env bash
# Build the images of deploy/docker/Dockerfile for real, and run the main job in them as a cluster would. `make image-test`.
#
#   image_test.sh FOLDER        FOLDER keeps the base, the wheels and the layers for the next time (6 GB)
#
# Needs Debian's buildah and debootstrap, root, and a Python of the version that Debian's release below has. No container engine
# and no image registry is asked: the base is made by debootstrap, and the build sees no network but the wheels that pip finds
# outside of it. What runs, runs as user 10001 on a read-only root without any network but loopback.
set -euo pipefail

release=bookworm
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mkdir -p "${1:?usage: image_test.sh FOLDER}" && cd "$1" && pwd)
python=${PYTHON:-$root/.venv/bin/python}

for tool in buildah debootstrap unshare; do
  command -v "$tool" >/dev/null || { echo "image-test: $tool is not here; apt-get install buildah debootstrap" >&2; exit 2; }
done
[[ $(id -u) == 0 ]] || { echo "image-test: needs root, for mounts and debootstrap" >&2; exit 2; }
say() { echo "image-test: $* ($SECONDS s)" >&2; }

# --root keeps the layers apart from those of an engine on the same machine.
store=(--root "$work/store" --runroot "$work/run" --storage-driver "${IMAGE_TEST_DRIVER:-overlay}")
box() { buildah "${store[@]}" "$@"; }

if [[ ! -f $work/base.done ]]; then
  say "making a base of Debian $release"
  rm -rf "$work/base"
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$release" "$work/base" >"$work/debootstrap.log"
  base=$(box from scratch)
  box add --quiet "$base" "$work/base" /
  box commit --quiet --rm "$base" localhost/base:$release >/dev/null
  rm -rf "$work/base"
  touch "$work/base.done"
fi

say "fetching the wheels"
"$python" -m pip wheel -qq --wheel-dir "$work/wheels" --constraint "$root/constraints.txt" \
  "$(grep '^torch==' "$root/constraints.txt")" "$root[torch,mlflow,zenml,report,postgres,s3]" psycopg2-binary hatchling
rm -f "$work"/wheels/ntgate-*
printf '[global]\nno-index = true\nfind-links = /wheels\n' >"$work/pip.conf"

for target in job tracking; do
  say "building $target"
  box bud --format docker --isolation chroot --pull=false --layers --target "$target" --tag "localhost/ntgate-$target:test" \
    --file "$root/deploy/docker/Dockerfile" --ignorefile "$root/deploy/docker/Dockerfile.dockerignore" \
    --build-arg BASE=localhost/base:$release --build-arg TORCH_INDEX= \
    --volume "$work/wheels:/wheels:ro" --volume "$work/pip.conf:/etc/pip.conf:ro" \
    "$root" >"$work/build-$target.log" 2>&1 || { tail -30 "$work/build-$target.log" >&2; exit 1; }
done

say "checking what the image says of itself"
box inspect --type image localhost/ntgate-job:test >"$work/job.json"
box inspect --type image localhost/ntgate-tracking:test >"$work/tracking.json"
"$python" "$root/tests/deploy/image_config.py" "$work/job.json" "$work/tracking.json"

say "running the job in it"
mkdir -p "$work/project"
(cd "$root" && "$python" tests/deploy/image_data.py "$work/project")
container=$(box from --pull=false localhost/ntgate-job:test)
mounted=$(box mount "$container")
trap 'box umount "$container" >/dev/null; box rm "$container" >/dev/null' EXIT
for secret in .env .git tests data; do
  [[ ! -e $mounted/project/$secret ]] || { echo "image-test: $secret is in the image" >&2; exit 1; }
done
IMAGE=$mounted PROJECT=$work/project unshare --mount --net --pid --fork --kill-child bash "$root/tests/deploy/image_run.sh"
say "size of the image: $(du -sh --apparent-size "$mounted" | cut -f1)"
say passed
