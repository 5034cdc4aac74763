"""The report in MLflow, once somebody has answered for the version that it is about."""

from __future__ import annotations

import re
import tempfile
from html import escape
from pathlib import Path

from ntgate.registry.client import Registry

# The page has this place, empty, while the version waits. Data cannot forge it: a page's data are escaped.
PLACE = re.compile("<!-- answer -->.*?<!-- /answer -->", re.DOTALL)
PAGE = "report.html"


def put_answer(registry: Registry, run_id: str, outcome: str, by: str, reason: str) -> None:
    """Write how it ended at the head of a run's page; a page without the place for it is left as it is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(registry.client.download_artifacts(run_id, PAGE, folder))
        before = path.read_text(encoding="utf-8")
        after = answered(before, outcome, by, reason)
        if after != before:
            path.write_text(after, encoding="utf-8")
            registry.client.log_artifact(run_id, str(path))


def answered(page: str, outcome: str, by: str, reason: str) -> str:
    """The page with the answer in its place.

    >>> answered("<h1>Wanted</h1><!-- answer --><!-- /answer -->", "promoted", "Ada", "a < b")
    '<h1>Wanted</h1><!-- answer --><p class="answer" role="note"><b>Promoted</b> by Ada: a &lt; b</p><!-- /answer -->'
    """
    said = f'<p class="answer" role="note"><b>{escape(outcome.capitalize())}</b> by {escape(by)}: {escape(reason)}</p>'
    return PLACE.sub(lambda _: f"<!-- answer -->{said}<!-- /answer -->", page, count=1)
