"""The sentences of a report about a version that waits for somebody's approval."""

from __future__ import annotations

from shlex import quote

from ntgate.report.content import RunReport, Waiting


def consequence(report: RunReport) -> str | None:
    """What became of the version; None where none waits."""
    told = _waiting(report)
    if told is None:
        return None
    stands = "There is no champion yet." if report.champion is None else "The champion stays."
    return f"Version {told.version} carries the alias {told.alias} until somebody approves or declines it. {stands}"


def steps(report: RunReport) -> tuple[str, ...]:
    """What to do, most useful first."""
    told = _waiting(report)
    if told is None or report.registry is None:
        return ("Run again without --dry-run to register it for an approval.",) if report.dry_run else ()
    until = (told.until or "")[:16].replace("T", " ")
    return (
        f"Try it: models:/{report.registry.name}@{told.alias}. ntgate replay works the verdict out again.",
        f"Approve it until {until} UTC: {told.next}",
    )


def undo(report: RunReport) -> str | None:
    """How the waiting is ended; None where none waits."""
    told, name = _waiting(report), report.registry.name if report.registry is not None else None
    return None if told is None or name is None else f"ntgate decline {quote(name)} {told.version} --reason WHY ends the waiting."


def _waiting(report: RunReport) -> Waiting | None:
    """The version that waits, where one was registered."""
    told = report.registry.approval if report.registry is not None else None
    return told if report.outcome == "approval_wanted" and told is not None and told.version is not None else None
