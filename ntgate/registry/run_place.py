"""Where a run's pages are in MLflow, for texts that are written before the run has an id."""

from __future__ import annotations

# MLflow shows artifacts in a sandbox in which relative links die; links of this form work in its notes.
PAGE, RUN_ID = "ntgate:page", "ntgate:run"


def placed(text: str, experiment: str, run_id: str) -> str:
    """The text with the places filled in.

    >>> placed("[Report](ntgate:page/artifacts/report.html)", "1", "ab")
    '[Report](#/experiments/1/runs/ab/artifacts/report.html)'
    """
    return text.replace(PAGE, f"#/experiments/{experiment}/runs/{run_id}").replace(RUN_ID, run_id)
