"""The data validator without a stack: its settings, its answers, its refusals."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from zenml.enums import StackComponentType
from zenml.stack import Flavor
from zenml.types import HTMLString
from zenml.utils import source_utils

from ntgate.data.domain import Domain
from ntgate.errors import ConfigError, DataError
from ntgate.shift.config import ShiftConfig
from ntgate.shift.report import measure
from ntgate.zenml import NtgateDataValidator, NtgateDataValidatorConfig, NtgateDataValidatorFlavor
from ntgate.zenml.materializer import page

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)).astype(np.float32)
SAME, MOVED = RNG.normal(size=(100, 4)).astype(np.float32), RNG.normal(size=(100, 4)).astype(np.float32) + 0.5


def validator(**settings) -> NtgateDataValidator:
    now = datetime.now(UTC)
    return NtgateDataValidator(
        name="shift",
        id=uuid4(),
        config=NtgateDataValidatorConfig(**{"permutations": 99, **settings}),
        flavor="ntgate",
        type=StackComponentType.DATA_VALIDATOR,
        user=None,
        created=now,
        updated=now,
    )


def test_the_flavor_names_what_zenml_needs():
    source_utils.set_custom_source_root(str(Path(__file__).resolve().parents[2]))  # a test runner has no main file
    flavor = NtgateDataValidatorFlavor()
    assert isinstance(flavor, Flavor)
    assert (flavor.name, flavor.display_name, flavor.type) == ("ntgate", "ntgate", StackComponentType.DATA_VALIDATOR)
    assert flavor.implementation_class is NtgateDataValidator
    assert flavor.config_class is NtgateDataValidatorConfig
    assert flavor.to_model().source == "ntgate.zenml.flavor.NtgateDataValidatorFlavor"


def test_its_settings_are_those_of_the_measure():
    """One option a setting, with the same default and bounds, and a seed; all described on the command line."""
    schema = NtgateDataValidatorFlavor().config_schema["properties"]
    of_measure = ShiftConfig.model_json_schema()["properties"]
    assert schema.keys() == {*of_measure, "seed"} - {"evidently"}
    for name in schema.keys() - {"seed"}:
        assert schema[name].pop("description")
        assert of_measure[name].pop("description")
        assert schema[name] == of_measure[name]
    assert schema["seed"]["default"] == 0


def test_settings_come_from_the_command_line_as_text():
    config = NtgateDataValidatorConfig(permutations="199", tolerated_effect="0.05")
    assert (config.permutations, config.tolerated_effect, config.alpha) == (199, 0.05, 0.05)


@pytest.mark.parametrize("setting", [{"alpha": 0.7}, {"tolerated_effect": 1}, {"permutations": 10}, {"seed": -1}])
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(ValidationError):
        NtgateDataValidatorConfig(**setting)


def test_it_is_the_measure_itself():
    report = validator(seed=3, max_rows=60).data_validation(X, MOVED)
    expected = measure(X, MOVED, ShiftConfig(permutations=99, max_rows=60), 3, representation="raw")
    assert report.model_dump(exclude={"seconds"}) == expected.model_dump(exclude={"seconds"})
    assert (report.outcome, report.n_source, report.n_target) == ("shift", 60, 60)


@pytest.mark.parametrize(
    "form",
    [
        np.asarray,
        torch.from_numpy,
        lambda rows: pd.DataFrame(rows, columns=list("abcd")),
        lambda rows: Domain("domain", rows, None),
    ],
    ids=["array", "tensor", "frame", "domain"],
)
def test_every_form_of_rows(form):
    check = validator(alpha=0.01)
    moved, same = check.data_validation(form(X), form(MOVED)), check.data_validation(form(X), form(SAME))
    assert (moved.outcome, same.outcome) == ("shift", "none")
    assert moved.p_value == pytest.approx(1 / 112)  # as many permutations as the joint part of the level needs


def test_a_frame_whose_text_moved():
    before = pd.DataFrame({"colour": ["red", "blue"] * 100, "size": RNG.normal(size=200)})
    after = pd.DataFrame({"colour": ["red", "green"] * 50, "size": RNG.normal(size=100)})
    assert validator().data_validation(before, after).outcome == "shift"
    assert validator().data_validation(before, before.iloc[:100]).outcome == "none"


def test_settings_can_be_overridden_for_one_call():
    check = validator()
    assert check.data_validation(X, MOVED, tolerated_effect=0.9).outcome == "tolerated"
    assert check.data_validation(X, MOVED, permutations=199, seed=1).permutations == 199
    assert check.config.tolerated_effect == 0


@pytest.mark.parametrize(
    ("error", "arguments", "words"),
    [
        (DataError, {"comparison_dataset": None}, "comparison_dataset: expected rows to compare with, got None"),
        (DataError, {"comparison_dataset": X[:3]}, "comparison_dataset: expected at least 5 rows"),
        (ConfigError, {"check_list": ["drift"]}, "check_list: expected None, got ['drift']"),
        (ConfigError, {"tolerated_efect": 0.1}, "did you mean 'tolerated_effect'"),
        (ConfigError, {"alpha": 2.0}, "alpha: expected a number below 0.5, got 2.0"),
        (ConfigError, {"seed": "x"}, "seed: expected a whole number"),
    ],
)
def test_refusals(error, arguments, words):
    with pytest.raises(error) as told:
        validator().data_validation(X, **{"comparison_dataset": MOVED, **arguments})
    assert words in str(told.value)


def test_the_profile_is_evidentlys_page():
    before = pd.DataFrame(X, columns=["a", "b", "c", "moved"])
    found = validator().data_profiling(before, before.assign(moved=before.moved + 3))
    assert isinstance(found, HTMLString)
    assert "moved" in found
    with pytest.raises(ConfigError, match="profile_list"):
        validator().data_profiling(before, before, profile_list=["quality"])
    with pytest.raises(DataError, match="comparison_dataset"):
        validator().data_profiling(before)


def test_models_are_for_the_gate():
    with pytest.raises(NotImplementedError, match="the retrain pipeline's gate"):
        validator().model_validation(X, object())


@pytest.mark.parametrize(("tolerated", "verdict"), [(0.0, "from the source rows."), (0.9, "no more than is tolerated.")])
def test_the_page_of_a_report(tolerated, verdict):
    shown = page(validator(tolerated_effect=tolerated).data_validation(X, MOVED))
    assert f"{verdict}</h1>" in shown
    assert "99 permutations" in shown
    assert "200 of the source, 100 of the target" in shown
    assert "<script" not in shown


def test_ntgate_alone_does_not_import_zenml():
    code = "import sys, ntgate.flow, ntgate.cli.app, ntgate.shift.datasets; print('zenml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
