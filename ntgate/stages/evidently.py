"""Evidently's data-drift page, for people: it is no evidence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ntgate.config import RunConfig
from ntgate.stages.ingest import TARGETS, Ingested
from ntgate.stages.listener import Listener, Silent

EVIDENTLY = "evidently.html"


def evidently_page(config: RunConfig, ingested: Ingested) -> str:
    """The HTML of the page that was made beside the work, or one sentence where there is none."""
    page = ingested.folder / EVIDENTLY
    if page.is_file():
        return page.read_text(encoding="utf-8")
    why = "Evidently failed" if config.shift.evidently else "shift.evidently is off"
    return f"<p>No Evidently page was made: {why}.</p>"


@contextmanager
def evidently_beside(config: RunConfig, ingested: Ingested, listener: Listener | None = None) -> Iterator[None]:
    """Make the page in a process of its own while the body runs, and wait for it at the end.

    Importing Evidently takes longer than training a small model. When it fails, the run goes on without its page.
    """
    if not config.shift.evidently:
        yield
        return
    targets = [ingested.parts[name].path for name in TARGETS if name in ingested.parts]
    arguments = (ingested.parts["source"].path, str(ingested.folder / EVIDENTLY), str(config.seed), *targets)
    process = subprocess.Popen(
        [sys.executable, "-m", "ntgate.shift.evidently_report", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield
        _, trouble = process.communicate()
        if process.returncode != 0:
            why = trouble.strip().splitlines()[-1] if trouble.strip() else "Evidently failed"
            (listener or Silent()).note(f"no Evidently page: {why}")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
