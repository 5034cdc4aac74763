#!/usr/bin/env bash
# In namespaces of its own (mounts, network, processes): the tracking server and then the job, each on a read-only root as user
# 10001, as deploy/kubernetes runs them. image_test.sh calls it with IMAGE, the image's files, and PROJECT, config and rows.
set -euo pipefail

scripts=$(cd "$(dirname "$0")/../../deploy/kubernetes/base" && pwd)
mount --make-rprivate /
ip link set lo up 2>/dev/null || python3 - <<'PY'
import fcntl, socket, struct  # without iproute2: the flag IFF_UP on loopback

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
PY

mount --bind "$IMAGE" "$IMAGE"
for folder in config data scripts; do mkdir -p "$IMAGE/$folder"; done
mount -t proc proc "$IMAGE/proc"
mount --rbind /dev "$IMAGE/dev"
for writable in tmp state project/runs; do mount -t tmpfs -o mode=1777 tmpfs "$IMAGE/$writable"; done
mount --bind -o ro "$PROJECT/config" "$IMAGE/config"
mount --bind -o ro "$PROJECT/data" "$IMAGE/data"
mount --bind -o ro "$scripts" "$IMAGE/scripts"
mount -o remount,bind,ro "$IMAGE"

inside() {
  chroot --userspec=10001:10001 "$IMAGE" /usr/bin/env --ignore-environment --chdir=/project \
    PATH=/opt/ntgate/bin:/usr/local/bin:/usr/bin:/bin HOME=/state ZENML_CONFIG_PATH=/state/zenml \
    MPLCONFIGDIR=/state/matplotlib PYTHONDONTWRITEBYTECODE=1 ORT_DISABLE_TELEMETRY=1 MLFLOW_DISABLE_TELEMETRY=true \
    ZENML_ANALYTICS_OPT_IN=false HF_HUB_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1 OMP_NUM_THREADS=2 TERMINATION_LOG=/tmp/message "$@"
}

if inside touch /project/written 2>/dev/null; then echo "image-test: the root can be written to" >&2; exit 1; fi
[[ $(inside id -u) == 10001 ]]

inside mlflow server --host 0.0.0.0 --port 5000 --backend-store-uri sqlite:////state/mlflow.db \
  --artifacts-destination /state/artifacts --workers 1 --allowed-hosts 127.0.0.1:5000 >"$PROJECT/mlflow.log" 2>&1 &
for _ in $(seq 120); do
  if inside python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:5000/health', timeout=3)" 2>/dev/null; then
    healthy=yes
    break
  fi
  sleep 1
done
[[ ${healthy:-no} == yes ]] || { tail -20 "$PROJECT/mlflow.log" >&2; exit 1; }

# Once as the CronJob does, in one process, and once on ZenML's local stack, as compose and cron do.
inside bash /scripts/retrain.sh /config/retrain.yaml >"$PROJECT/answer.json"
cat "$IMAGE/tmp/message"
grep -q '^promoted' "$IMAGE/tmp/message"
code=0
inside ntgate run /config/retrain.yaml --json --set model.name=second >"$PROJECT/zenml.json" || code=$?
[[ $code == 0 ]] || { cat "$PROJECT/zenml.json" >&2; exit 1; }
inside ntgate status second --uri http://127.0.0.1:5000 --json
