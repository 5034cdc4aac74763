"""What the pods run, executed: each exit code, the signal that ends a pod, and the hand-over against an API server over TLS."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RETRAIN = ROOT / "deploy" / "kubernetes" / "base" / "retrain.sh"
DRIFT = ROOT / "deploy" / "kubernetes" / "components" / "drift-check" / "drift_check.sh"


def environment(folder: Path, body: str, **more: str) -> dict[str, str]:
    """A command line tool of one's own before all others on the path, and a place for the termination message."""
    stand_in = folder / "bin" / "ntgate"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/bash\n{body}\n")
    stand_in.chmod(0o755)
    paths = [str(stand_in.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {"PATH": os.pathsep.join(paths), "TERMINATION_LOG": str(folder / "message"), **more}


def execute(script: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", script, *arguments], env=env, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("code", "strict", "ends", "said"),
    [
        (0, "false", 0, "promoted"),
        (3, "false", 0, "rejected"),
        (4, "false", 0, "inconclusive"),
        (3, "true", 3, "rejected"),
        (4, "true", 4, "inconclusive"),
        (7, "false", 0, "waits for approval"),
        (1, "false", 1, "internal"),
        (2, "false", 2, "config"),
        (5, "false", 5, "data or model"),
        (6, "false", 6, "registry"),
        (137, "false", 137, "from outside"),
    ],
)
def test_answers_are_no_failures_of_the_job(tmp_path, code, strict, ends, said):
    env = environment(tmp_path, f'echo "{{\\"arguments\\": \\"$*\\"}}"; exit {code}', STRICT=strict)
    done = execute(RETRAIN, env, "/config/retrain.yaml", "--dry-run")
    assert done.returncode == ends
    message = (tmp_path / "message").read_text()
    assert said in message
    assert message.endswith(f"(exit {code})\n")
    # The log holds the answer alone on standard output, for whoever collects it.
    assert json.loads(done.stdout) == {"arguments": "run /config/retrain.yaml --inline --json --dry-run"}


@pytest.mark.parametrize("script", [RETRAIN, DRIFT], ids=lambda path: path.name)
def test_the_signal_that_ends_a_pod_reaches_the_run(tmp_path, script):
    body = "trap 'echo tidied > tidied; exit 143' TERM; touch started; while true; do sleep 0.05; done"
    running = subprocess.Popen(
        ["bash", script, "retrain.yaml"], env=environment(tmp_path, body), cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 143
    assert (tmp_path / "tidied").exists()
    assert "143" in (tmp_path / "message").read_text()


@pytest.mark.parametrize("code", [1, 2, 5])
def test_a_failed_drift_check_keeps_its_code(tmp_path, code):
    done = execute(DRIFT, environment(tmp_path, f"exit {code}"), "/config/retrain.yaml")
    assert done.returncode == code
    assert f"exit {code}" in (tmp_path / "message").read_text()


# The hand-over

CRON_JOB: dict[str, Any] = {
    "metadata": {"name": "retrain", "uid": "11111111-2222"},
    "spec": {
        "jobTemplate": {
            "metadata": {"labels": {"app.kubernetes.io/component": "job"}},
            "spec": {"backoffLimit": 3, "template": {"spec": {"containers": []}}},
        }
    },
    "status": {},
}


class Cluster:
    """An API server that knows one CronJob, keeps the Jobs, and refuses a name twice as Kubernetes does."""

    def __init__(self) -> None:
        self.jobs: dict[str, Any] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.cron_job = CRON_JOB
        self.refuses = False

    def handler(cluster) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def answer(self, code: int, body: Any) -> None:
                content = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                cluster.asked.append(("GET", self.path, self.headers["Authorization"]))
                known = self.path == "/apis/batch/v1/namespaces/ntgate/cronjobs/retrain"
                self.answer(200, cluster.cron_job) if known else self.answer(404, {})

            def do_POST(self) -> None:
                cluster.asked.append(("POST", self.path, self.headers["Authorization"]))
                job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if cluster.refuses:
                    return self.answer(403, {})
                if job["metadata"]["name"] in cluster.jobs:
                    return self.answer(409, {})
                cluster.jobs[job["metadata"]["name"]] = job
                return self.answer(201, job)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def certificate(folder: Path) -> None:
    """A certificate for this machine that signs itself, as ca.crt and key.pem."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Cluster, dict[str, str]]]:
    account = tmp_path / "account"
    account.mkdir()
    certificate(account)
    (account / "token").write_text("a-token\n")
    (account / "namespace").write_text("ntgate")
    found = Cluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), found.handler())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(account / "ca.crt", account / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = {
        "SERVICE_ACCOUNT": str(account),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(server.server_port),
        "RETRAIN_CRONJOB": "retrain",
        "JOB_NAME": "drift-check-29401234",
    }
    yield found, env
    server.shutdown()
    server.server_close()


def test_a_shift_starts_one_retraining_from_the_template(tmp_path, cluster):
    found, env = cluster
    done = execute(DRIFT, environment(tmp_path, "exit 3", **env), "/config/retrain.yaml")
    assert done.returncode == 0, done.stderr
    (job,) = found.jobs.values()
    assert job["metadata"]["name"] == "retrain-after-drift-check-29401234"
    assert job["spec"] == CRON_JOB["spec"]["jobTemplate"]["spec"]
    assert job["metadata"]["labels"] == {"app.kubernetes.io/component": "job"}
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("CronJob", "retrain", "11111111-2222")
    assert {token for _, _, token in found.asked} == {"Bearer a-token"}
    assert "a shift; started retrain-after-drift-check-29401234" in (tmp_path / "message").read_text()


def test_no_shift_asks_kubernetes_nothing(tmp_path, cluster):
    found, env = cluster
    done = execute(DRIFT, environment(tmp_path, "exit 0", **env), "/config/retrain.yaml")
    assert (done.returncode, found.asked) == (0, [])


def test_a_second_attempt_starts_nothing_more(tmp_path, cluster):
    found, env = cluster
    env = environment(tmp_path, "exit 3", **env)
    assert [execute(DRIFT, env, "c.yaml").returncode for _ in range(2)] == [0, 0]
    assert len(found.jobs) == 1
    assert "was started before" in (tmp_path / "message").read_text()


def test_a_retraining_that_is_still_going_is_enough(tmp_path, cluster):
    found, env = cluster
    found.cron_job = {**CRON_JOB, "status": {"active": [{"name": "retrain-29400000"}]}}
    assert execute(DRIFT, environment(tmp_path, "exit 3", **env), "c.yaml").returncode == 0
    assert found.jobs == {}
    assert "retrain-29400000 is running already" in (tmp_path / "message").read_text()


@pytest.mark.parametrize("fault", ["refuses", "absent", "foreign"])
def test_a_hand_over_that_fails_is_tried_again_by_the_job(tmp_path, cluster, fault):
    found, env = cluster
    if fault == "refuses":
        found.refuses = True
    elif fault == "absent":
        env["KUBERNETES_SERVICE_PORT"] = "1"
    else:  # another server answers, whose certificate the cluster's authority did not sign
        certificate(tmp_path)
        (tmp_path / "account" / "ca.crt").write_bytes((tmp_path / "ca.crt").read_bytes())
    done = execute(DRIFT, environment(tmp_path, "exit 3", **env), "c.yaml")
    assert done.returncode == 6
    assert found.jobs == {}
    assert "Kubernetes" in (tmp_path / "message").read_text()
