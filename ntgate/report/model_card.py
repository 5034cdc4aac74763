"""The model card of a version, in Markdown: what it was made of, what was shown, where it is weak, how it is loaded."""

from __future__ import annotations

from ntgate.markdown import escaped
from ntgate.report import numbers
from ntgate.report.content import RunReport
from ntgate.report.story import story

_LONGEST = 4900  # characters that MLflow keeps of a description
_WEAKEST = 5
_LEFT_OUT = ("verdict", "next", "load", "undo")


def model_card(report: RunReport, model_id: str) -> str:
    """The card, the most important first: what MLflow would cut off is left out as a whole.

    Args:
        report: of the run that made the version.
        model_id: of its logged model, by which it is loaded whatever becomes of the alias.

    >>> card = model_card(RunReport.of({"outcome": "promoted", "sentence": "It beats scratch."}, model="reader"), "m-1")
    >>> card.splitlines()[0], "models:/reader@champion" in card, "models:/m-1" in card
    ('It beats scratch.', True, True)
    """
    load = (
        f'```python\nmlflow.pyfunc.load_model("models:/{model_id}").predict(rows)  # this version; raw rows\n'
        f'mlflow.pyfunc.load_model("models:/{report.model}@champion")  # whichever version is the champion\n```'
    )
    headings = {heading: lines for heading, lines in story(report) if heading not in _LEFT_OUT}
    headings |= {"calibration": _calibration(report), "weakest classes": _classes(report)}
    first = [
        escaped(report.sentence),
        f"Made {escaped(report.created)} by ntgate {escaped(report.version)}." if report.created else "",
    ]
    parts = [*first, f"**How to load**\n\n{load}"]
    parts += [_part(heading, headings[heading]) for heading in _ORDER if headings.get(heading)]
    card = ""
    for part in filter(None, parts):
        if len(card) + len(part) < _LONGEST:
            card += f"{part}\n\n"
    return card.rstrip()


_ORDER = ("data", "shift", "evidence", "weakest classes", "calibration", "why", "trained")


def _part(heading: str, lines: tuple[str, ...]) -> str:
    called = {"why": "limits and checks"}.get(heading, heading).capitalize()
    return f"**{called}**\n\n" + "\n".join(f"- {escaped(line)}" for line in lines)


def _calibration(report: RunReport) -> tuple[str, ...]:
    return tuple(
        f"{arm.capitalize()}: log loss {numbers.number(told.log_loss, 3)}, Brier score {numbers.number(told.brier, 3)}."
        for arm, told in report.calibration.items()
    )


def _classes(report: RunReport) -> tuple[str, ...]:
    known = sorted((row for row in report.by_class if row.candidate is not None), key=lambda row: row.candidate or 0.0)
    return tuple(
        f"{row.name}: {numbers.share(row.candidate)} of its {numbers.count(row.n)} test rows, scratch {numbers.share(row.scratch)}."
        for row in known[:_WEAKEST]
    )
