# The rows in the store of compose, and how a container reaches it: WORK/store.env.
set -euo pipefail
source "$HERE/common.sh"
[[ -f $WORK/store.env ]] && exit

value() { sed -n "s/^$1=//p" "$PROJECT/deploy/compose/.env"; }
(
  umask 077
  cat >"$WORK/store.env.new" <<ENV
AWS_ACCESS_KEY_ID=$(value S3_ACCESS_KEY)
AWS_SECRET_ACCESS_KEY=$(value S3_SECRET_KEY)
AWS_DEFAULT_REGION=us-east-1
AWS_ENDPOINT_URL=http://store:7070
NTGATE_LEDGER=$(ledger)
ENV
)
podman run --rm --network ntgate_inside --env-file "$WORK/store.env.new" --volume "$PROJECT/data:/data:ro" --volume "$HERE/rows.py:/rows.py:ro" \
  --entrypoint python3 localhost/ntgate:0.3.0 /rows.py
mv "$WORK/store.env.new" "$WORK/store.env"
