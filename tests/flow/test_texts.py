"""A table of texts from the files to a promoted model that takes texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntgate.config_file import load
from ntgate.flow import check, drift, plan, run

GOOD, BAD = ([f"{how}{chr(97 + i)}" for i in range(20)] for how in ("fine", "poor"))
OF = {"source": ("kettle", "toaster", "oven", "blender"), "target": ("novel", "chapter", "author", "plot")}


def reviews(domain: str, n: int, seed: int) -> pd.DataFrame:
    """Reviews of which the opinion shows in one word of eight, and now and then in the wrong one."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    rows = []
    for label in labels:
        said = rng.choice((BAD, GOOD)[label if rng.random() > 0.1 else 1 - label])
        filler = rng.choice([f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(300)], 4)
        rows.append(f"This {rng.choice(OF[domain])} {filler[0]} {filler[1]} was {said}, {filler[2]} {filler[3]}.")
    return pd.DataFrame({"text": rows, "label": np.where(labels == 1, "positive", "negative")})


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    reviews("source", 400, 0).to_parquet(folder / "source.parquet")
    reviews("target", 40, 1).to_csv(folder / "target.csv", index=False)
    reviews("target", 300, 2).to_csv(folder / "test.csv", index=False)
    (folder / "c.yaml").write_text(
        "model: {name: opinion}\n"
        "data:\n  source: {path: source.parquet}\n  target: {path: target.csv}\n  target_test: {path: test.csv}\n"
        "registry: {uri: 'sqlite:///mlflow.db'}\nshift: {evidently: false}\n"
    )
    return folder


def test_the_pool_of_texts_is_promoted_and_what_reads_none_steps_aside(shop):
    config = load(shop / "c.yaml", ["gate.seeds=1"])
    assert [(column.name, column.kind, column.asked) for column in check(config).reading.columns] == [("text", "text", False)]
    result = run(config)
    assert (result.outcome, result.candidate.strategy) == ("promoted", "committee")
    assert result.gain > 0.1
    trained = {row.strategy for row in result.plan if row.trained}
    assert trained == {"linear_pool", "logistic", "scratch", "committee"}
    reasons = {row.reason for row in result.plan if not row.trained}
    assert reasons == {"left out: it does not read the texts of 'text'"}


def test_the_plan_and_the_drift_check_read_texts(shop):
    _, planned = plan(load(shop / "c.yaml"))
    assert [strategy.kind for strategy in planned.slots] == ["linear_pool"]
    checked = drift(load(shop / "c.yaml"))
    assert checked.shift.outcome == "shift"
    assert any("topics" in note for note in checked.shift.notes)


def test_a_network_is_refused_before_anything_is_trained(shop):
    with pytest.raises(Exception, match=r"model.backbone.*does not read the texts of 'text'"):
        check(load(shop / "c.yaml", ["model.backbone={kind: mlp}"]))
