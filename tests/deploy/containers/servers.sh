# The servers of the compose file, which several parts need: servers.sh up | down. `up` does nothing where they are up.
set -euo pipefail
source "$HERE/common.sh"
[[ -x $WORK/tools/bin/podman-compose && -f $PROJECT/deploy/compose/.env ]] || exit 0

start() {
  compose up --detach --no-build --pull=never "$@" >>"$WORK/up.log" 2>&1 || { tail -n 20 "$WORK/up.log" >&2; fail "compose up failed"; }
}

# podman leaves it to systemd to repeat health checks; without one they are asked here, until they pass.
healthy() {
  local service
  for service in "$@"; do
    for _ in $(seq 120); do
      podman healthcheck run "ntgate_${service}_1" >/dev/null 2>&1 && continue 2
      sleep 2
    done
    podman logs --tail 20 "ntgate_${service}_1" >&2
    fail "$service does not get healthy"
  done
}

down() {
  rm -f "$WORK/store.env" "$WORK/zenml.env"
  podman pod rm --all --force >>"$WORK/down.log" 2>&1
  compose --profile job down --volumes >>"$WORK/down.log" 2>&1 || true
  podman rm --all --force --volumes >>"$WORK/down.log" 2>&1
  podman volume rm --all --force >>"$WORK/down.log" 2>&1
}

case ${1:?up or down} in
  down) down ;;
  up)
    if [[ $(podman inspect --format '{{.State.Running}}' ntgate_mlflow_1 ntgate_zenml_1 2>/dev/null) == $'true\ntrue' ]]; then
      healthy mlflow zenml
      exit
    fi
    down
    : >"$WORK/up.log"
    start database bucket store zenml-database
    healthy database store zenml-database
    start mlflow zenml
    healthy mlflow zenml
    say "MLflow on PostgreSQL and S3, ZenML on its database"
    ;;
esac
