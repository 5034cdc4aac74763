# Wheels for builds that see no package index: wheels.sh EXTRAS. What is there already, under the pins of now, is kept.
set -euo pipefail
source "$HERE/common.sh"

wanted=$(cat "$ROOT/constraints.txt" "$ROOT/pyproject.toml" "$HERE/wheels.sh" <(echo "$1") | sha256sum)
if [[ $wanted != "$(cat "$WORK/wheels.done" 2>/dev/null)" ]]; then
  "$PYTHON" -m pip wheel -qq --wheel-dir "$WORK/wheels" --constraint "$ROOT/constraints.txt" \
    "$(grep '^torch==' "$ROOT/constraints.txt")" "$ROOT[$1]" psycopg2-binary hatchling "moto[server]"
  rm -f "$WORK"/wheels/ntgate-*
  echo "$wanted" >"$WORK/wheels.done"
  say "wheels"
fi
printf '[global]\nno-index = true\nfind-links = /wheels\n' >"$WORK/pip.conf"
