# The pod of every CronJob under `podman play kube`, against the servers of compose.
set -euo pipefail
source "$HERE/common.sh"
command -v kubectl >/dev/null || skip "kubectl, which builds the overlays, is not here"
bash "$HERE/servers.sh" up

# What claims are to a cluster are volumes of these names to podman.
for volume in data runs; do podman volume exists $volume || podman volume create $volume >/dev/null; done
tar --directory "$PROJECT/data" --create . | podman volume import data -
"$PYTHON" "$HERE/pods.py" "$WORK" "$(ledger)"
