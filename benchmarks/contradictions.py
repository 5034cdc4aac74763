"""Pages that contradict each other: every place that tells of a run, over more than forty runs of different outcome.

    python benchmarks/contradictions.py      # ten minutes on two cores

Places are the console, the JSON answer, report.html with the drift part in it, the MLflow run (tags, metrics, name, note, children,
artifacts), its version (description, tags), `ntgate explain` and `ntgate status`. Eleven runs are trained; the others are trained
runs that are judged on other scores, settings and champions, and rendered as every run is.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from pathlib import Path

from machine import heading, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    """Make the runs, compare, and write the table."""
    from ntgate.config_file import load
    from ntgate.flow import drift
    from ntgate.optouts import opt_out
    from tests.agreement.cases import TRAINED, Workshop
    from tests.agreement.data import PROJECTS
    from tests.agreement.facts import Compared, compared, drift_compared
    from tests.agreement.places import places_of

    opt_out()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    lines, total, against, runs = [], 0, 0, 0

    def tell(name: str, how: str, outcome: str, found: list[Compared]) -> None:
        nonlocal total, against, runs
        wrong = [one for one in found if not one.agrees]
        total, against, runs = total + len(found), against + len(wrong), runs + 1
        told = "; ".join(f"{one.fact}, {one.place}: {one.said[:60]!r} for {one.expected[:60]!r}" for one in wrong)
        lines.append(f"| {name} | {how} | {outcome} | {len(found)} | {len(wrong)}{': ' + told if told else ''} |")
        print(lines[-1], flush=True)

    with tempfile.TemporaryDirectory() as there:
        for name, result, uri in Workshop(Path(there)).all():
            how = "trained" if name in TRAINED else "judged anew"
            tell(name, how, result.outcome.replace("_", " "), compared(places_of(result, uri)))
        for project in ("digits", "texts", "many_classes"):
            folder = Path(there) / f"drift-{project}"
            folder.mkdir()
            PROJECTS[project](folder)
            checked = drift(load(folder / "config.yaml"))
            tell(f"drift of {project.replace('_', ' ')}", "drift alone", checked.shift.outcome, drift_compared(checked))
    table = "\n".join(
        ["| run | made by | outcome | facts compared | contradictions |", "| --- | --- | --- | ---: | ---: |", *lines]
    )
    write(
        "contradictions.md",
        heading("Contradictions", "python benchmarks/contradictions.py")
        + f"\n{runs} runs, {total:,} facts in all places that tell them: {against} contradictions.\n\n{table}",
    )


if __name__ == "__main__":
    main()
