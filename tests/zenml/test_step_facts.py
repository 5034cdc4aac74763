"""What ZenML shows beside each step, and while it runs."""

from __future__ import annotations

from types import SimpleNamespace

from ntgate.registry.config import RegistryConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.combine import Combined
from ntgate.stages.compress import Compressed
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.evidently import EvidentlyPage
from ntgate.stages.replicate import Replicated
from ntgate.stages.retraining import Retraining
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate
from ntgate.zenml.progress import StepLines
from ntgate.zenml.run_marks import links
from ntgate.zenml.step_facts import facts


def test_every_kind_of_result_says_what_was_done():
    arm = Candidate(strategy="fine_tuning", steps=40, budget=200, validation=0.9)
    left_out = Candidate(strategy="boosting_pool", failed="too many columns", left_out=True)
    for result, outcome in (
        (ChampionSeen(), "none"),
        (ChampionSeen(version="3"), "seen"),
        (Slot(candidate=None), "empty"),
        (Slot(candidate=arm), "trained"),
        (left_out, "left out"),
        (Combined(candidate=arm), "trained"),
        (Combined(candidate=None), "every arm failed"),
        (Compressed(candidate=arm), "none asked for"),
        (Compressed(candidate=arm, failed="no layers"), "failed"),
        (Replicated(), "none asked for"),
        (CrossFitted(), "none asked for"),
        (Retraining(result=None), "idle"),
    ):
        assert facts(result)["outcome"] == outcome
    assert facts(Slot(candidate=arm))["validation"] == 0.9
    assert facts(left_out)["why"] == "too many columns"
    assert facts(EvidentlyPage(why="shift.evidently is false")) == {"why": "shift.evidently is false"}


def test_a_line_a_quarter_of_an_arm(capsys):
    lines = StepLines()
    lines.stage("train")
    for step in range(0, 201, 10):
        lines.progress("fine_tuning", step, 200, 0.5)
    lines.progress("logistic", 3, 3, 0.7)
    told = [line.split("] ")[1] for line in capsys.readouterr().out.splitlines()]
    assert told == [
        "train",
        *(f"  fine_tuning: step {step} of 200, validation 0.500" for step in (50, 100, 150, 200)),
        "  logistic: step 3 of 3, validation 0.700",
    ]


def test_links_lead_to_an_mlflow_server():
    registry = {"run_id": "ab", "experiment_id": "7", "name": "reader", "version": None, "approval": {"version": "4"}}
    result = SimpleNamespace(registry=registry)
    config = SimpleNamespace(registry=RegistryConfig(uri="http://mlflow:5000/"))
    assert links(config, result) == {
        "mlflow_run": "http://mlflow:5000/#/experiments/7/runs/ab",
        "mlflow_version": "http://mlflow:5000/#/models/reader/versions/4",
    }
    assert links(SimpleNamespace(registry=RegistryConfig(uri="sqlite:///mlflow.db")), result) == {}
    registry["run_id"] = None
    assert links(config, result) == {}
