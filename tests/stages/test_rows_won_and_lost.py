"""Which test rows a page shows: those on which the arms part, at random, and none that a later decision can use."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ntgate.config import RunConfig
from ntgate.data.column_form import ColumnForm
from ntgate.data.domain import Domain
from ntgate.gate.allowance import Allowance
from ntgate.stages.rows_won_and_lost import disagreement, mistakes

Y = np.array([0, 1, 0, 1] * 10)
WON, LOST = np.arange(40) < 12, np.arange(40) >= 35


class Stored:
    def __init__(self, path):
        self.path = path

    def verified(self):
        return self.path


@pytest.fixture
def told(tmp_path):
    """What is told of the rows of a domain, under a config's settings."""

    def of(rows, *, withheld=False, horizon=1, forms=None, report=None, ledger=None):
        candidate, scratch = np.where(LOST, 1 - Y, Y), np.where(WON, 1 - Y, Y)
        np.savez(tmp_path / "scores.npz", y=Y, candidate=np.eye(2)[candidate], scratch=np.eye(2)[scratch])
        test = Domain("target", rows, Y, classes=("no", "yes"), row_numbers=100 + np.arange(40), forms=forms or {})
        history = SimpleNamespace(
            decided=SimpleNamespace(gate=SimpleNamespace(withheld=withheld)),
            evaluated=SimpleNamespace(
                allowance=Allowance(policy="spend", alpha=0.05, offered=40, horizon=horizon, reason=""),
                scores=Stored(tmp_path / "scores.npz"),
            ),
            ingested=SimpleNamespace(target_classes=("no", "yes"), judged="test", part=lambda name: test),
            shift=SimpleNamespace(moved=(SimpleNamespace(name="x9"),)),
        )
        content = {
            "model": {"name": "m"},
            "data": {"source": {"path": "s.npz"}, "target": {"path": "t.npz"}},
            "registry": {"uri": "sqlite:///m.db"},
            "report": report or {},
            "gate": {"ledger": ledger or {}},
        }
        return disagreement(RunConfig.model_validate(content), history), mistakes(history)

    return of


def test_rows_are_drawn_from_both_sides_with_their_numbers(told):
    found, pairs = told(np.random.default_rng(0).random((40, 6, 6)).astype(np.float32))
    assert (found["won"], found["lost"], len(found["won_rows"]), len(found["lost_rows"])) == (12, 5, 4, 4)
    assert {row["row"] - 100 for row in found["won_rows"]} <= set(np.flatnonzero(WON))
    assert all(row["true"] == row["candidate"] != row["scratch"] for row in found["won_rows"])
    assert all(row["picture"].startswith("data:image/png;base64,") for row in found["lost_rows"])
    assert [sorted(pair.values(), key=str) for pair in pairs] == [[2, 6, "no", "yes"], [3, 6, "no", "yes"]]


def test_of_a_table_texts_come_first_and_then_what_moved(told):
    table = pd.DataFrame({f"x{i}": np.arange(40, dtype=np.float32) for i in range(10)})
    table["seen"], table["notes"] = 86400.0 * np.arange(40), ["word " * 100] * 40
    table.loc[:, "x0"] = np.float32("nan")
    forms = {"notes": ColumnForm(kind="text"), "seen": ColumnForm(kind="date")}
    found, _ = told(table[[*table.columns[:1], "seen", "notes", *table.columns[1:10]]], forms=forms)
    row = found["won_rows"][0]
    assert list(row["cells"])[:3] == ["notes", "x9", "seen"]
    assert len(row["cells"]) == 5, "a value that is missing is none"
    assert row["cells"]["notes"].endswith("…")
    assert row["cells"]["seen"].startswith("1970-0")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"horizon": 52}, "later decisions are to use them"),
        ({"ledger": {"policy": "none"}}, "later decisions are to use them"),
        ({"ledger": {"policy": "e_process"}}, "later decisions are to use them"),
        ({"report": {"examples": 0}}, "report.examples: 0"),
    ],
)
def test_no_row_is_shown_that_a_later_decision_can_use(told, settings, said):
    found, _ = told(np.zeros((40, 6, 6), np.float32), **settings)
    assert said in found["hidden"]
    assert set(found) == {"won", "lost", "hidden"}


def test_nothing_is_told_where_results_are_withheld(told):
    assert told(np.zeros((40, 6, 6), np.float32), withheld=True) == (None, [])
