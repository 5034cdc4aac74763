"""One scheduled job on one machine: its name, its command, and the files that say so."""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from ntgate.optouts import OPT_OUTS
from ntgate.scheduling.cron import Cron

BUSY = 75  # flock's answer where a run is still going; EX_TEMPFAIL of sysexits.h
ANSWERS = (3, 4, 7)  # rejected, inconclusive and an approval that is wanted are answers of the gate, not faults of the job


class Job(NamedTuple):
    """What runs when, and where.

    Attributes:
        config: the config file, absolute.
        cron: when.
        program: the words that start ntgate, such as the interpreter, ``-m`` and ``ntgate``.
        options: further words for ``ntgate run`` and ``ntgate drift``.
        inline: without ZenML.
        drift_first: run only where ``ntgate drift`` finds a shift.
        lock: held while a run goes on.
        log: what a cron line appends to; systemd keeps a journal of its own.
        environment: a file of NAME=value lines, credentials among them; it need not exist.
        spread: minutes within which it begins, at a moment of its own that stays the same.
    """

    config: Path
    cron: Cron
    program: tuple[str, ...]
    options: tuple[str, ...]
    inline: bool
    drift_first: bool
    lock: Path
    log: Path
    environment: Path
    spread: int = 0

    @property
    def name(self) -> str:
        """The same for the same config file, so that a second schedule of it is found."""
        return job_name(self.config)

    @property
    def shell(self) -> str:
        """The command for ``/bin/sh``, which begins in the config's folder."""
        config = self._near(self.config)
        run = shlex.join([*self.program, "run", config, *(["--inline"] if self.inline else []), "--json", *self.options])
        if self.drift_first:
            drift = [*self.program, "drift", config, *([] if self.inline else ["--zenml"]), "--json", *self.options]
            run = f"{shlex.join(drift)}; code=$?; [ $code -eq 3 ] || exit $code; {run}"
        return shlex.join(["flock", "--nonblock", "--conflict-exit-code", str(BUSY), self._near(self.lock), "/bin/sh", "-c", run])

    @property
    def service(self) -> str:
        """The systemd service."""
        return f"""\
[Unit]
Description={_systemd(f"ntgate run {self.config}")}

[Service]
Type=oneshot
WorkingDirectory={_systemd(str(self.config.parent))}
EnvironmentFile=-{_systemd(str(self.environment))}
Environment={" ".join(f"{name}={value}" for name, value in OPT_OUTS.items())}
ExecStartPre=/bin/mkdir -p {_quoted(str(self.lock.parent))}
ExecStart=/bin/sh -c {_quoted(self.shell)}
# {ANSWERS[0]}: rejected by the gate. {ANSWERS[1]}: inconclusive. {ANSWERS[2]}: waits for approval. {BUSY}: the last is still going.
SuccessExitStatus={" ".join(map(str, (*ANSWERS, BUSY)))}
SyslogIdentifier={self.name}
"""

    @property
    def timer(self) -> str:
        """The systemd timer."""
        moments = [f"OnCalendar={line}" for line in self.cron.calendar]
        moments += [f"RandomizedDelaySec={self.spread}min", "FixedRandomDelay=true"] if self.spread else []
        when = "\n".join(moments)
        return f"""\
# {self.cron.text}
[Unit]
Description={_systemd(f"ntgate run {self.config}, {self.cron.text}")}

[Timer]
{when}
AccuracySec=1s
Persistent=true
Unit={self.name}.service

[Install]
WantedBy=timers.target
"""

    @property
    def delay(self) -> int:
        """Seconds that cron waits: drawn from the job's name, so that a hundred of one minute do not begin together.

        systemd draws its own, from the timer's name and the machine's.
        """
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8]) * 60 * self.spread >> 64

    @property
    def cron_lines(self) -> str:
        """The lines of a crontab: a mark to find them by, and the job.

        Standard error stays silent on every answer of the gate, so that cron mails only faults.
        """
        environment, log = (shlex.quote(self._near(path)) for path in (self.environment, self.log))
        accepted = "|".join(map(str, (0, *ANSWERS, BUSY)))
        fault = shlex.quote(f"ntgate run {self.config} failed; see {self.log}")
        wait = f"sleep {self.delay} && " if self.spread else ""
        folders = shlex.join(["cd", str(self.config.parent)]), shlex.join(["mkdir", "-p", self._near(self.log.parent)])
        begin = wait + " && ".join(folders)
        variables = f"set -a; [ ! -f {environment} ] || . {environment}; set +a"
        end = f"code=$?; case $code in {accepted}) ;; *) echo {fault} >&2; exit $code;; esac"
        command = f"{begin} && {{ {variables}; {self.shell}; }} >>{log} 2>&1; {end}"
        return f"# {self.name}: remove with `ntgate schedule --remove`\n{self.cron.text} {command.replace('%', chr(92) + '%')}\n"

    def _near(self, path: Path) -> str:
        """The path from the config's folder, where the line begins, if it lies there: cron reads short lines only."""
        folder = self.config.parent
        return f"./{path.relative_to(folder)}" if path.is_relative_to(folder) else str(path)


def job_name(config: Path) -> str:
    """A name for a config file: readable, and different for every path.

    >>> job_name(Path("/srv/digits/retrain.yaml"))
    'ntgate-digits-retrain-5fdec972'
    """
    readable = re.sub(r"[^a-zA-Z0-9]+", "-", f"{config.parent.name}-{config.stem}").strip("-").lower()
    return f"ntgate-{readable[:60]}-{hashlib.sha256(str(config).encode()).hexdigest()[:8]}"


def _systemd(text: str) -> str:
    """Plain text in a unit, where a percent sign begins a specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word of ``ExecStart=``, kept from systemd's own quotes, specifiers and variables."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
