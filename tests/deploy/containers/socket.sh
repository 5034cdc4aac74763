# Docker's API, as podman answers it, on a socket of this test. Sourced: SOCKET, DOCKER_HOST; the service ends with the script.
# shellcheck shell=bash
SOCKET=$WORK/docker.$$.sock
podman system service --time=0 "unix://$SOCKET" >"$WORK/service.log" 2>&1 &
trap "kill $!; rm -f $SOCKET" EXIT
for _ in $(seq 100); do [[ -S $SOCKET ]] && break; sleep 0.1; done
[[ -S $SOCKET ]] || fail "podman does not answer on a socket"
chmod 666 "$SOCKET" # the job in its image is not root
export DOCKER_HOST=unix://$SOCKET
