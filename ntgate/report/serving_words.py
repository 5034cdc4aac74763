"""The sentences of a report about what serves: the champion it was judged against, how to load a model, how to take it back."""

from __future__ import annotations

from ntgate.registry.rollback_words import rollback_words
from ntgate.report import approval_words, numbers
from ntgate.report.content import RunReport


def against(report: RunReport) -> str:
    r"""Which champion the candidate was compared with.

    >>> told = {"champion": {"version": "3", "value": 0.85}, "over_champion": {"strategy": "champion", "gain": 0.02}}
    >>> against(RunReport.of({"outcome": "promoted", **told}, metric="accuracy"))
    'The champion when the run began was version 3: accuracy 85.0\u202f%, the gain over it +2.0 points.'
    """
    if report.champion is None:
        return "There was no champion when the run began."
    told = f"The champion when the run began was version {report.champion.version}"
    if report.champion.value is None:
        return f"{told}."
    display = report.metric_display
    told = f"{told}: {display.label} {numbers.score(report.champion.value, display)}"
    if report.over_champion is None or report.over_champion.gain is None:
        return f"{told}."
    ends = report.over_champion.gain_interval
    between = "" if ends is None else f", interval {numbers.interval(ends, lambda end: numbers.gain(end, display))}"
    return f"{told}, the gain over it {numbers.gain(report.over_champion.gain, display)}{between}."


def address(report: RunReport) -> tuple[str, str] | None:
    """Which model can be loaded after this verdict, and its address in MLflow; None where there is none.

    >>> address(RunReport.of({"outcome": "rejected", "champion": {"version": "3"}, "registry": {"name": "reader"}}))
    ('The champion, version 3, goes on serving', 'models:/reader@champion')
    """
    name = report.model if report.registry is None else report.registry.name
    if name is None or report.dry_run:
        return None
    waiting = report.registry.approval if report.registry is not None else None
    if waiting is not None and waiting.version is not None and waiting.alias is not None:
        return f"Version {waiting.version} can be tried", f"models:/{name}@{waiting.alias}"
    if report.registry is not None and report.registry.version is not None:
        alias = report.registry.alias or "champion"
        return f"Version {report.registry.version} serves", f"models:/{name}@{alias}"
    if report.champion is not None:
        return f"The champion, version {report.champion.version}, goes on serving", f"models:/{name}@champion"
    if report.baseline:
        return "Training from scratch can be served until a candidate passes", f"models:/{name}@baseline"
    return None


def load(report: RunReport) -> str:
    """How the model that can be loaded is loaded; empty where there is none."""
    found = address(report)
    return "" if found is None else f'{found[0]}: mlflow.pyfunc.load_model("{found[1]}") takes raw rows.'


def undo(report: RunReport) -> str:
    """How to take back what the run did to the registry."""
    registered = report.registry
    if (told := approval_words.undo(report)) is not None:
        return told
    if report.outcome != "promoted" or report.dry_run or registered is None or registered.version is None:
        return "There is nothing to undo: no alias moved."
    if registered.unchanged:
        return "There is nothing to undo: the champion stayed what it was."
    return rollback_words(registered.name or "", None if report.champion is None else report.champion.version)
