# What a clean clone holds, and beside it what a user adds: secrets, config and rows. None of these may get into an image.
set -euo pipefail
source "$HERE/common.sh"

rm -rf "$PROJECT"
mkdir "$PROJECT"
git -C "$ROOT" ls-files -z --cached --others --exclude-standard |
  tar --directory "$ROOT" --null --files-from - --ignore-failed-read --create | tar --directory "$PROJECT" --extract

secret() { "$PYTHON" -c 'import secrets; print(secrets.token_hex(24))'; }
while IFS='=' read -r name value; do
  [[ -n $value || $name == NTGATE ]] || value=$(secret)
  echo "$name=$value"
done < <(grep '^[A-Z0-9_]*=' "$PROJECT/deploy/compose/example.env") >"$PROJECT/deploy/compose/.env"
chmod 600 "$PROJECT/deploy/compose/.env"
(cd "$ROOT" && "$PYTHON" -m tests.deploy.containers.project "$PROJECT")

[[ -x $WORK/tools/bin/podman-compose ]] || {
  "$PYTHON" -m venv "$WORK/tools"
  "$WORK/tools/bin/pip" install -qq "podman-compose==1.6.0"
}
