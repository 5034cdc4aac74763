#!/usr/bin/env bash
# What a retraining Job runs.
#
#   retrain.sh CONFIG [ARGUMENTS OF ntgate run]
#
# A Job knows success and failure only, and any other exit code than 0 is a failure to it. Rejected (3), inconclusive
# (4) and an approval that is wanted (7) are answers of the gate, so they end as 0 here, unless STRICT=true; everything else keeps its code for the Job's
# podFailurePolicy. The outcome stands in the pod's termination message and the whole answer in its log.
set -uo pipefail

config=${1:?usage: retrain.sh CONFIG [ARGUMENTS]}
shift
message=${TERMINATION_LOG:-/dev/termination-log}
answer=$(mktemp)

# Bash as the first process of a container has to hand on the signal that ends a pod.
ntgate run "$config" --inline --json "$@" >"$answer" &
running=$!
trap 'kill -TERM "$running" 2>/dev/null' TERM INT
wait "$running"
code=$?
if kill -0 "$running" 2>/dev/null; then # the wait was cut short by the signal
  wait "$running"
  code=$?
fi
cat "$answer"

case $code in
  0) text="promoted: the candidate beats training from scratch" ;;
  1) text="failed: internal error; report it, the traceback is in the log" ;;
  2) text="failed: the config cannot be used" ;;
  3) text="rejected by the gate; the champion is untouched" ;;
  4) text="inconclusive: the gate needs more labelled target rows; the champion is untouched" ;;
  5) text="failed: bad data or model" ;;
  6) text="failed: the registry did not answer, or the champion moved meanwhile" ;;
  7) text="waits for approval: the candidate passed the gate; the champion is untouched" ;;
  74) text="failed: no room on a disk, no memory, or the answer could not be written" ;;
  *) text="failed: ended from outside" ;;
esac
echo "$text (exit $code)" | tee "$message" >&2
case $code in
  3 | 4 | 7) [[ ${STRICT:-false} == true ]] || exit 0 ;;
esac
exit "$code"
