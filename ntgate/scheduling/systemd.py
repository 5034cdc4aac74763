"""Timers of systemd's user manager."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from ntgate.errors import ConfigError
from ntgate.machine import machine_fault
from ntgate.scheduling.job import Job


def available() -> bool:
    """Whether systemd runs this machine, and this user has a manager to ask."""
    return Path("/run/systemd/system").is_dir() and _systemctl("show-environment") is None


def folder() -> Path:
    """Where a user's units lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def text(job: Job) -> str:
    """Both units, each under the name of its file."""
    return f"# {job.name}.service\n{job.service}\n# {job.name}.timer\n{job.timer}"


def standing(name: str) -> str | None:
    """What :func:`text` gave when the job ``name`` was installed; None when it is not."""
    units = {kind: folder() / f"{name}.{kind}" for kind in ("service", "timer")}
    if not any(unit.exists() for unit in units.values()):
        return None
    service, timer = (unit.read_text(encoding="utf-8") if unit.exists() else "" for unit in units.values())
    return f"# {name}.service\n{service}\n# {name}.timer\n{timer}"


def install(job: Job) -> str | None:
    """Write the units and start the timer; the sentence says why it could not be started, if so."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        (folder() / f"{job.name}.service").write_text(job.service, encoding="utf-8")
        (folder() / f"{job.name}.timer").write_text(job.timer, encoding="utf-8")
    except OSError as error:
        raise machine_fault(error) or ConfigError(
            str(folder()), expected="a folder to write units to", got=error.strerror or str(error), fix="set XDG_CONFIG_HOME"
        ) from error
    # Enabling alone leaves a timer that runs as it is; restarting makes it read the new units.
    for words in (["daemon-reload"], ["enable", f"{job.name}.timer"], ["restart", f"{job.name}.timer"]):
        trouble = _systemctl(*words)
        if trouble is not None:
            return f"written, but not started ({trouble}); later: systemctl --user enable --now {job.name}.timer"
    if not Path("/var/lib/systemd/linger", getpass.getuser()).exists():
        return "it stops when you log out; to go on without you: loginctl enable-linger"
    return None


def remove(name: str) -> None:
    """Stop the timer and delete the units."""
    _systemctl("disable", "--now", f"{name}.timer")
    for kind in ("timer", "service"):
        (folder() / f"{name}.{kind}").unlink(missing_ok=True)
    _systemctl("daemon-reload")


def _systemctl(*words: str) -> str | None:
    """Ask the user's manager; what it complained of, or None."""
    program = shutil.which("systemctl")
    if program is None:
        return "there is no systemctl here"
    done = subprocess.run([program, "--user", *words], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[0]
