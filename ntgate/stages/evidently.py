"""Evidently's data-drift page, for people: it is no evidence."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.extras import install, lacking
from ntgate.stages.ingest import TARGETS, Ingested
from ntgate.stages.progress_listener import Listener, Silent

EVIDENTLY = "evidently.html"
_LOOK = 0.2  # seconds between looks whether the run has ended
_ahead: list[subprocess.Popen[str]] = []  # the process that was begun before the rows were there, if any


class EvidentlyPage(Frozen):
    """The page, or in one sentence why there is none."""

    page: Artifact | None = None
    why: str = ""

    @property
    def pages(self) -> dict[str, str]:
        """What an orchestrator shows."""
        return {} if self.page is None else {"evidently": str(self.page.verified())}


def evidently(
    config: RunConfig, folder: Path, ingested: Ingested, stopped: threading.Event, listener: Listener | None = None
) -> EvidentlyPage:
    """Make the page in a process of its own, which is ended when the run is ``stopped``.

    Importing Evidently takes longer than training a small model. When it fails, the run goes on without its page.
    """
    if not config.shift.evidently:
        return EvidentlyPage(why="No Evidently page was made: shift.evidently is off.")
    if not ingested.has_source:
        return EvidentlyPage(why="No Evidently page was made: there are no source rows.")
    if lacking("report"):
        why = f"it comes with {install('report')}"
        (listener or Silent()).note(f"no Evidently page: {why}")
        return EvidentlyPage(why=f"No Evidently page was made: {why}.")
    page = folder / EVIDENTLY
    source, *targets = (str(ingested.parts[name].verified()) for name in ("source", *TARGETS) if name in ingested.parts)
    asked: str | None = json.dumps({"source": source, "targets": targets, "page": str(page), "seed": config.seed}) + "\n"
    with _ahead.pop() if _ahead else _begun() as process:
        trouble = ""
        while process.poll() is None and not stopped.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                given, asked = asked, None
                _, trouble = process.communicate(given, timeout=_LOOK)
        if process.poll() is None:
            process.kill()
            return EvidentlyPage(why="No Evidently page was made: the run ended before it.")
        trouble = trouble or (process.stderr.read() if process.stderr and not process.stderr.closed else "")
    if process.returncode == 0:
        return EvidentlyPage(page=Artifact.of(page))
    why = trouble.strip().splitlines()[-1] if trouble.strip() else "Evidently failed"
    (listener or Silent()).note(f"no Evidently page: {why}")
    return EvidentlyPage(why=f"No Evidently page was made: {why}.")


@contextlib.contextmanager
def begun_ahead(config: RunConfig) -> Iterator[None]:
    """Meanwhile a process imports Evidently and waits for the rows: what the stage waits for where nothing goes on beside it."""
    if config.shift.evidently and config.data.source is not None and not lacking("report"):
        _ahead.append(_begun())
    try:
        yield
    finally:
        while _ahead:
            with _ahead.pop() as process:
                process.kill()


def _begun() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ntgate.report.evidently_report"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
