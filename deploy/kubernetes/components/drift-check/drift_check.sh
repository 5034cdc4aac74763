#!/usr/bin/env bash
# What a drift-check Job runs: the check, and on a shift the hand-over to a retraining.
#
#   drift_check.sh CONFIG [ARGUMENTS OF ntgate drift]
#
# Both answers of the check end as 0, since a Job counts anything else as a failure. The outcome stands in the pod's
# termination message and the whole answer in its log.
set -uo pipefail

config=${1:?usage: drift_check.sh CONFIG [ARGUMENTS]}
shift
message=${TERMINATION_LOG:-/dev/termination-log}
answer=$(mktemp)

# Bash as the first process of a container has to hand on the signal that ends a pod.
ntgate drift "$config" --json "$@" >"$answer" &
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
  0) text="no shift beyond what is tolerated" ;;
  3)
    text="a shift; $(python3 "$(dirname "$0")/hand_over.py")"
    code=$?
    ;;
  *) text="failed (exit $code)" ;;
esac
echo "$text" | tee "$message" >&2
exit "$code"
