"""Messages reach who is named, and whoever cannot be reached changes nothing."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import ValidationError

from ntgate.cli.app import run as command
from ntgate.notify import NotifyConfig, message, send

TOLD = message("reader", {"outcome": "rejected", "sentence": "rejected: no gain", "gain": -0.02})
SECRET = "T00SECRET"


@pytest.fixture
def webhook(monkeypatch):
    """A webhook that keeps what it gets, and answers with the status at the end of its address."""
    kept: list[dict] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(int(self.path.rpartition("/")[2]))
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def answers(status: int) -> NotifyConfig:
        monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.server_port}/{SECRET}/{status}")
        return NotifyConfig(webhook="HOOK")

    answers.kept = kept  # type: ignore[attr-defined]
    yield answers
    server.shutdown()
    server.server_close()


def test_a_webhook_gets_the_sentence(webhook):
    send(webhook(200), TOLD)
    assert webhook.kept == [{"text": "reader: rejected: no gain"}]


def test_a_webhook_that_refuses_is_named_without_its_address(webhook, caplog):
    send(webhook(404), TOLD)
    assert "the webhook in HOOK was not told of the verdict: HTTP Error 404" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (NotifyConfig(webhook="NO_SUCH_VARIABLE"), "the environment has no NO_SUCH_VARIABLE"),
        (NotifyConfig(command=("/no/such/program",)), "/no/such/program was not told"),
        (NotifyConfig(command=(sys.executable, "-c", "raise SystemExit('no chat')")), "exit status 1: no chat"),
    ],
)
def test_who_cannot_be_told_changes_nothing(config, sentence, caplog):
    send(config, TOLD)
    assert sentence in caplog.text


def test_an_address_in_the_config_is_refused():
    with pytest.raises(ValidationError, match="the name of an environment variable that holds the address"):
        NotifyConfig(webhook="https://hooks.example/T00")


@pytest.mark.parametrize(
    "address", ["https://hooks.slack.com/services/T0/B0/S3KRET", "hooks.slack.com/services/T0/B0/S3KRET", "S3KRET 1"]
)
def test_an_address_in_place_of_a_name_is_not_said(project, capsys, address):
    assert command(["validate", str(project / "config.yaml"), "--json", "--set", f"notify.webhook={address}"]) == 2
    told = capsys.readouterr()
    assert "notify.webhook: expected the name of an environment variable" in told.err
    assert "S3KRET" not in told.out + told.err


def test_nor_is_one_in_place_of_the_section(project, capsys):
    assert command(["validate", str(project / "config.yaml"), "--set", "notify=https://hooks.example/S3KRET"]) == 2
    assert "notify: expected a mapping of settings, got 'an address'" in (told := capsys.readouterr().err)
    assert "S3KRET" not in told
