# A base image without a registry: Debian with its Python, made by mmdebstrap.
set -euo pipefail
source "$HERE/common.sh"

podman image exists localhost/base:bookworm && exit
needed mmdebstrap
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$WORK/base.tar" 2>"$WORK/base.log" ||
  { tail "$WORK/base.log" >&2; fail "no base could be made"; }
podman import --quiet "$WORK/base.tar" localhost/base:bookworm >/dev/null
rm "$WORK/base.tar"
say "a base of Debian bookworm"
