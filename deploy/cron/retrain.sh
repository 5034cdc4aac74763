#!/usr/bin/env bash
# One scheduled retraining; deploy/cron/ntgate.cron calls it.
#
#   retrain.sh PROJECT [CONFIG]
#
# Only one run of a project at a time: a second one ends at once. Everything is logged to PROJECT/runs/cron.log; a line on
# standard error, which cron mails, comes only when a person has to act. PROJECT/retrain.env, if there, sets the environment,
# for instance MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; keep it readable by its owner alone.
set -uo pipefail

project=${1:?usage: retrain.sh PROJECT [CONFIG]}
config=${2:-retrain.yaml}
cd "$project" || exit 2
mkdir -p runs
log=runs/cron.log

exec 9>runs/.lock
if ! flock --nonblock 9; then
  echo "$(date --iso-8601=seconds) still running since the last time; nothing started" >>"$log"
  exit 0
fi
if [[ -f retrain.env ]]; then
  set -o allexport
  # shellcheck disable=SC1091
  source ./retrain.env
  set +o allexport
fi

echo "$(date --iso-8601=seconds) ntgate run $config" >>"$log"
ntgate run "$config" >>"$log" 2>&1
code=$?
echo "$(date --iso-8601=seconds) exit $code" >>"$log"
case $code in
  0 | 3) exit 0 ;; # promoted, or rejected by the gate: both are answers
  4) echo "ntgate in $project: inconclusive, the gate needs more labelled target rows; see $project/$log" >&2 ;;
  7) echo "ntgate in $project: passed the gate, and waits for approval; see $project/$log" >&2 ;;
  5) echo "ntgate in $project: bad data or model; see $project/$log" >&2 ;;
  6) echo "ntgate in $project: the registry did not answer, or the champion moved; see $project/$log" >&2 ;;
  *) echo "ntgate in $project: exit $code; see $project/$log" >&2 ;;
esac
exit "$code"
