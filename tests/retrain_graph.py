"""What each task of a retraining waits for, whoever compiles it."""

from __future__ import annotations

from collections.abc import Collection


def waits(arms: Collection[str]) -> dict[str, set[str]]:
    """By the name of the task; ``arms`` are those that train."""
    tasks: dict[str, set[str]] = {
        "ingest": set(),
        "champion": {"ingest"},
        "evidently": {"ingest"},
        "source": {"ingest"},
        "drift": {"ingest", "source"},
        "plan": {"ingest", "source", "drift"},
        "scratch": {"ingest"},
        **{arm: {"ingest", "source", "plan"} for arm in arms},
        "combine": {"ingest", "scratch", *arms},
        "compress": {"ingest", "combine"},
        "replicate": {"ingest", "source", "plan", "scratch", "compress"},
        "cross-fit": {"ingest", "source", "plan"},
        "evaluate": {"ingest", "champion", "drift", "scratch", "compress", "replicate", "cross-fit"},
        "decide": {"ingest", "champion", "drift", "evaluate"},
    }
    return {**tasks, "promote": set(tasks)}
