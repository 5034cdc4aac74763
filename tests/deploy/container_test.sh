#!/usr/bin/env bash
# What deploy/ promises, in real containers: `make container-test`.
#
#   container_test.sh FOLDER [PART ...]    FOLDER keeps base, wheels and layers for the next time (10 GB)
#
# Needs Debian's podman, runc, catatonit, netavark, aardvark-dns, iptables, mmdebstrap and kubectl (the parts that miss one say so), and
# root. Images, volumes and networks lie in FOLDER, apart from those of the machine. Where the public registry answers, the images that
# deploy/ names are pulled; where it does not, stand-ins for them are made of Debian and PyPI, and the output says so.
#
# A part is a script in containers/: it passes (0), is skipped with a reason (77) or fails (anything else), and so does the whole.
set -uo pipefail

export HERE ROOT WORK PYTHON
HERE=$(cd "$(dirname "$0")/containers" && pwd)
ROOT=$(cd "$HERE/../../.." && pwd)
WORK=$(mkdir -p "${1:?usage: container_test.sh FOLDER [PART ...]}" && cd "$1" && pwd)
PYTHON=${PYTHON:-$ROOT/.venv/bin/python}
shift
source "$HERE/common.sh"
parts=("$@")
((${#parts[@]})) || parts=(images compose pods zenml kubeflow)

needed podman runc iptables git /usr/libexec/podman/catatonit /usr/lib/podman/netavark /usr/lib/podman/aardvark-dns
[[ $(id -u) == 0 ]] || { echo "container-test: needs root, for the base and the users in the containers" >&2; exit 2; }
engine

trap 'bash "$HERE/servers.sh" down' EXIT
trap 'exit 130' INT TERM
: >"$WORK/results.md"
failed=0
for part in "${parts[@]}"; do
  say "$part"
  before=$SECONDS code=0
  bash "$HERE/$part.sh" >&2 || code=$? # what is printed is the table alone
  case $code in
    0) told="pass" ;;
    77) told="skipped: $(cat "$WORK/reason")" ;;
    *) told="FAIL" failed=1 ;;
  esac
  echo "| $part | $(sed -n '1s/^# //p' "$HERE/$part.sh") | $told | $((SECONDS - before)) | $(cut -d ' ' -f 2 /proc/loadavg) |" >>"$WORK/results.md"
  [[ $part != images || $code == 0 ]] || break # nothing runs without them
done
(cd "$ROOT" && "$PYTHON" -c '
from benchmarks.machine import heading

print(heading("What deploy/ promises, in containers", "make container-test > benchmarks/results/containers.md"))')
printf '%s, with runc. %s\n\n| part | what | | seconds | load |\n| --- | --- | --- | ---: | ---: |\n' "$(podman --version)" "$(cat "$WORK/images.txt")"
cat "$WORK/results.md"
printf '\n%s minutes in all. The load is the average of the last five minutes of each part.\n' "$((SECONDS / 60))"
exit $failed
