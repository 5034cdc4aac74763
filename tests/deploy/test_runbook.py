"""The runbook: what it tells people to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from ntgate import errors
from ntgate.cli import app, run
from ntgate.gate.config import GateConfig
from ntgate.registry.config import RegistryConfig

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "deploy" / "RUNBOOK.md").read_text(encoding="utf-8")
README = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")


def test_every_exit_code_has_its_row():
    (table,) = re.findall(r"\| exit \| what happened.*?\n\n", TEXT, re.DOTALL)
    codes = {int(code) for row in re.findall(r"^\| ([\d, ]+)", table, re.MULTILINE) for code in re.findall(r"\d+", row)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.NtgateError)]
    known = {kind.exit_code for kind in kinds}
    assert codes >= known | set(run.EXIT.values()) | {app.INTERNAL, app.USAGE, app.INTERRUPTED, app.READER_GONE}


def test_every_command_exists():
    named = set(re.findall(r"(?:^|`)ntgate ([a-z-]+)", TEXT, re.MULTILINE))
    assert {"doctor", "lock", "reconcile", "rollback", "status", "validate"} <= named
    assert named <= set(app.cli.commands)


def test_every_setting_exists():
    for section, key in re.findall(r"`(registry|gate)\.(\w+)`", TEXT):
        assert key in {"registry": RegistryConfig, "gate": GateConfig}[section].model_fields
    # The numbers that it tells are the defaults.
    defaults = RegistryConfig(uri="sqlite:///mlflow.db")
    assert f"`registry.wait_seconds` ({defaults.wait_seconds})" in TEXT
    assert f"`registry.lock_seconds` ({defaults.lock_seconds})" in TEXT


def test_every_service_and_volume_exists():
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
    services = re.findall(r"compose exec -T ([\w-]+)", TEXT)
    assert services
    assert set(services) <= set(compose["services"])
    volumes = re.findall(r"--volume ntgate_(\w+):", TEXT)
    assert volumes
    assert set(volumes) <= set(compose["volumes"])
    assert compose["name"] == "ntgate"  # docker names volumes after the project


def test_every_file_and_heading_exists():
    for text in (TEXT, README):
        paths = re.findall(r"deploy/[\w./-]+\.(?:yaml|yml|sh|cron)\b", text)
        assert paths
        for path in paths:
            assert (ROOT / path).is_file(), path
        headings = {
            re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= headings
    folders = set(re.findall(r"^\| `(\w+)/", README, re.MULTILINE))
    assert folders >= {"docker", "compose", "kubernetes", "cron"}
    assert all((ROOT / "deploy" / folder).is_dir() for folder in folders)


def test_images_are_those_of_compose():
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
    named = set(re.findall(r"ntgate:[\d.]+", TEXT))
    assert named == {compose["services"]["retrain"]["image"]}
