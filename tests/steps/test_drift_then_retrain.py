"""The hand-over from the drift check to a run on ZenML's local orchestrator, and who hears of a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checkout import ROOT, python
from tests.conftest import write_project

ALERTER = """
from pathlib import Path

from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor


class FileAlerterConfig(BaseAlerterConfig):
    file: str


class FileAlerter(BaseAlerter):
    def post(self, message, params=None):
        with Path(self.config.file).open("a") as file:
            file.write(message + chr(10))
        return True

    def ask(self, question, params=None):
        raise NotImplementedError


class FileAlerterFlavor(BaseAlerterFlavor):
    name = "file"
    config_class = FileAlerterConfig
    implementation_class = FileAlerter
"""

RUN = """
import json, sys
root, folder = sys.argv[1:]
sys.path[:0] = [root, folder]
from zenml.client import Client
from zenml.enums import StackComponentType as Kind
from zenml.utils import source_utils
from ntgate.config_file import load
from pipelines.drift_then_retrain import drift_then_retrain

source_utils.set_custom_source_root(root)
client = Client()
client.create_flavor("file_alerter.FileAlerterFlavor", Kind.ALERTER)
client.create_stack_component("file", "file", Kind.ALERTER, {"file": folder + "/alerts"})
client.create_stack("alerting", {
    Kind.ORCHESTRATOR: "default", Kind.ARTIFACT_STORE: "default", Kind.ALERTER: "file",
})
client.activate_stack("alerting")
settings = folder + "/config.yaml"


def outcome(*overrides):
    run = drift_then_retrain(load(settings, overrides))
    step = run.steps["retrain_on_shift"]
    retraining = step.outputs["result"][0].load()
    return {
        "outcome": step.run_metadata["outcome"],
        "result": None if retraining.result is None else retraining.result.as_json(),
        "check": run.steps["check_drift"].run_metadata["outcome"],
    }


seen = {"tolerated": outcome("shift.tolerated_effect=0.9"), "shift": outcome()}
open(folder + "/target.npz", "wb").write(b"nothing")
try:
    outcome()
except Exception as error:
    seen["error"] = type(error).__name__
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory, digits) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("handed-over")
    write_project(folder, *digits)
    (folder / "file_alerter.py").write_text(ALERTER)
    (folder / "run.py").write_text(RUN)
    done = python(folder / "zenml", str(folder / "run.py"), str(ROOT), str(folder))
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(done.stdout.splitlines()[-1])


def test_a_tolerated_shift_trains_nothing(handed_over):
    _, seen = handed_over
    assert seen["tolerated"] == {"outcome": "idle", "result": None, "check": "tolerated"}


def test_a_shift_is_handed_over_to_a_whole_run(handed_over):
    folder, seen = handed_over
    shift = seen["shift"]
    assert (shift["check"], shift["outcome"]) == ("shift", "promoted")
    assert shift["result"]["registry"]["version"] == "1"
    assert (folder / "mlflow.db").is_file()
    assert len(list((folder / "runs" / "reader").glob("*/decision.json"))) == 1


def test_a_failure_is_told_to_the_alerter_in_one_sentence(handed_over):
    folder, seen = handed_over
    assert "error" in seen
    (alert,) = (folder / "alerts").read_text().splitlines()  # and the verdicts were no failures
    assert alert.startswith("drift_then_retrain-")
    # What stands is what the run before promoted.
    assert f": the step ingest failed, version 1 of reader is the champion. {folder / 'target.npz'}: expected" in alert
