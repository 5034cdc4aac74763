# What every part of container_test.sh uses: words, tools, and an engine of its own. Sourced; HERE, ROOT, WORK and PYTHON are set.
# shellcheck shell=bash

say() { echo "container-test: $* (${SECONDS} s)" >&2; }
fail() { echo "container-test: $*" >&2; exit 1; }
skip() { echo "$*" >"$WORK/reason"; exit 77; }

needed() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || {
      echo "container-test: $tool is not here; apt-get install podman runc catatonit netavark aardvark-dns iptables mmdebstrap" >&2
      exit 2
    }
  done
}

# The engine's files, in WORK. Limits are named since a kernel may refuse to raise them; without systemd cgroups are podman's to make.
engine() {
  export CONTAINERS_CONF=$WORK/containers.conf CONTAINERS_STORAGE_CONF=$WORK/storage.conf
  cat >"$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$WORK/networks"
CONF
  cat >"$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "overlay"
graphroot = "$WORK/store"
runroot = "$WORK/run"
CONF
}

PROJECT=$WORK/project
# The address of the database behind MLflow, as the jobs of compose get it.
ledger() { echo "postgresql://mlflow:$(sed -n 's/^POSTGRES_PASSWORD=//p' "$PROJECT/deploy/compose/.env")@database:5432/mlflow"; }
compose() { "$WORK/tools/bin/podman-compose" --file "$PROJECT/deploy/compose/compose.yaml" "$@"; }
