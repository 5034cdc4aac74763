"""Test rows on which candidate and scratch part, for people who know the domain: how many, which, and what is mistaken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.errors import DataError
from ntgate.stages.history import RunHistory
from ntgate.stages.on_test_rows import confusion, opened

if TYPE_CHECKING:
    import pandas as pd

_CELLS, _LONGEST, _TEXT = 6, 60, 240  # columns of a row, and signs of a cell and of a text
_PAIRS = 6  # of classes


def disagreement(config: RunConfig, history: RunHistory) -> dict[str, Any] | None:
    """The test rows that the candidate wins and loses; rows themselves only where no later decision can use them.

    Those that are shown are drawn at random, so that nobody picks the story that they tell.
    """
    y, scores = opened(history)
    if len(y) == 0 or len(scores) < 2:
        return None
    answers = {arm: held.argmax(axis=1).astype(np.int64) for arm, held in scores.items()}
    right = {arm: answer == y for arm, answer in answers.items()}
    sides = {"won": right["candidate"] & ~right["scratch"], "lost": right["scratch"] & ~right["candidate"]}
    told: dict[str, Any] = {side: int(rows.sum()) for side, rows in sides.items()}
    hidden = _hidden(config, history)
    if hidden is not None:
        return {**told, "hidden": hidden}
    test = history.ingested.part(history.ingested.judged).take(history.evaluated.allowance.positions)
    names, columns = history.ingested.target_classes, _columns(test, history)
    generator = np.random.default_rng(config.seed)
    for side, rows in sides.items():
        drawn = generator.permutation(np.flatnonzero(rows))[: config.report.examples]
        told[f"{side}_rows"] = [
            {
                "row": int(test.numbers[i]),
                "true": names[y[i]],
                **{arm: names[answer[i]] for arm, answer in answers.items()},
                **_seen(test, int(i), columns),
            }
            for i in np.sort(drawn)
        ]
    return told


def mistakes(history: RunHistory) -> list[dict[str, Any]]:
    """Which class is taken for which, where the arms differ most."""
    matrices = confusion(history)
    if len(matrices) < 2:
        return []
    candidate, scratch = np.array(matrices["candidate"]), np.array(matrices["scratch"])
    change = np.abs(candidate - scratch)
    np.fill_diagonal(change, 0)
    names = history.ingested.target_classes
    order = [np.unravel_index(i, change.shape) for i in np.argsort(-change, axis=None, kind="stable")[:_PAIRS]]
    return [
        {"true": names[i], "answered": names[j], "candidate": int(candidate[i, j]), "scratch": int(scratch[i, j])}
        for i, j in order
        if change[i, j]
    ]


def _hidden(config: RunConfig, history: RunHistory) -> str | None:
    """Why no row is shown; None where they are."""
    if config.report.examples == 0:
        return "No row is shown (report.examples: 0)."
    if config.gate.ledger.policy != "spend" or history.evaluated.allowance.horizon > 1:
        return (
            "No row is shown: later decisions are to use them, and whoever has seen their classes could prepare a model for them."
        )
    return None


def _columns(test: Domain, history: RunHistory) -> tuple[str, ...]:
    """Of a table those that say most in little room: texts, then what moved, then the first."""
    if isinstance(test.rows, np.ndarray):
        return ()
    held = [str(name) for name in test.rows.columns]
    moved = [one.name for one in (() if history.shift is None else history.shift.moved) if one.name in held]
    return tuple(dict.fromkeys([*test.texts, *moved, *held]))[:_CELLS]


def _seen(test: Domain, row: int, columns: tuple[str, ...]) -> dict[str, Any]:
    from ntgate.report.thumbnail import thumbnail

    if isinstance(test.rows, np.ndarray):
        if test.rows.ndim < 3:
            return {}
        try:
            return {"picture": thumbnail(test.rows[row], limits=_limits(test.rows[row]))}
        except DataError:  # channels that no picture has
            return {}
    cells = {name: _cell(test.rows, row, name, test.forms[name].kind if name in test.forms else "") for name in columns}
    return {"cells": {name: text for name, text in cells.items() if text}}


def _limits(pixels: np.ndarray[Any, Any]) -> tuple[float, float]:
    return float(pixels.min()), float(pixels.max())


def _cell(table: pd.DataFrame, row: int, name: str, kind: str) -> str:
    """As people read it; empty where there is no value."""
    value = table[name].iloc[row]
    if isinstance(value, str):
        longest = _TEXT if kind == "text" else _LONGEST
        text = " ".join(value.split())
        return text if len(text) <= longest else text[: longest - 1] + "…"
    if not np.isfinite(value):
        return ""
    if kind == "date":
        return str(np.datetime64(int(value), "s")).replace("T", " ").removesuffix(" 00:00:00")
    return f"{value:.6g}"
