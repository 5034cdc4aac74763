"""Lines in the user's crontab."""

from __future__ import annotations

import re
import shutil
import subprocess

from ntgate.errors import ConfigError
from ntgate.scheduling.job import Job

_MOST = 998  # characters of a line that cron reads


def available() -> bool:
    """Whether there is a crontab to write to."""
    return shutil.which("crontab") is not None


def text(job: Job) -> str:
    """The mark, and the line below it."""
    return job.cron_lines


def standing(name: str) -> str | None:
    """The lines of the job ``name``; None when the crontab has none."""
    found = _lines_of(name).search(_read()) if available() else None
    return found[0] if found else None


def install(job: Job) -> str | None:
    """Add the job's lines, in place of earlier ones of the same job.

    Raises:
        ConfigError: when cron would cut the command off.
    """
    longest = max(map(len, job.cron_lines.splitlines()))
    if longest >= _MOST:
        raise ConfigError(
            "crontab",
            expected=f"a line of fewer than {_MOST} characters",
            got=f"{longest}",
            fix="use --with systemd, or a folder with a shorter path",
        )
    rest = _lines_of(job.name).sub("", _read())
    if rest and not rest.endswith("\n"):
        rest += "\n"
    _write(rest + job.cron_lines)
    return None


def remove(name: str) -> None:
    """Take the job's lines out."""
    _write(_lines_of(name).sub("", _read()))


def _lines_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"^# {re.escape(name)}: .*\n.*(?:\n|\Z)", re.MULTILINE)


def _read() -> str:
    done = subprocess.run([_program(), "-l"], capture_output=True, text=True, check=False)
    if done.returncode != 0 and "no crontab" not in done.stderr.lower():
        raise ConfigError("crontab", expected="a crontab that can be read", got=_said(done), fix="ask the administrator")
    return done.stdout if done.returncode == 0 else ""


def _write(content: str) -> None:
    done = subprocess.run([_program(), "-"], input=content, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ConfigError("crontab", expected="a crontab that can be written", got=_said(done), fix="see crontab(1)")


def _program() -> str:
    program = shutil.which("crontab")
    if program is None:
        raise ConfigError("crontab", expected="cron on this machine", got="no crontab", fix="use --with systemd")
    return program


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[0]
