"""A stack with the data validator, registered by `ntgate up`, in a step of a pipeline of its own."""

from __future__ import annotations

import json

import pytest

from tests.checkout import python

UP = "up --option data_validator.tolerated_effect=0.05 --option data_validator.permutations=199"

# A project of one's own: no `from __future__ import annotations` where ZenML reads the annotations.
PIPELINE = """
from typing import Annotated

import numpy as np
from zenml import pipeline, step

from ntgate.shift.report import ShiftReport
from ntgate.zenml import NtgateDataValidator


@step(enable_cache=False)
def validate(moved: float) -> Annotated[ShiftReport, "shift"]:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(400, 4)), rng.normal(size=(200, 4)) + moved
    return NtgateDataValidator.get_active_data_validator().data_validation(reference, current)


@pipeline(enable_cache=False)
def watch():
    validate(1.0, id="drifted")
    validate(0.3, id="tolerated")
    validate(0.0, id="equal")


if __name__ == "__main__":
    watch()
"""

READ = """
import json

from zenml.client import Client

seen = {}
for name, run_step in Client().list_pipeline_runs().items[0].steps.items():
    artifact = run_step.outputs["shift"][0]
    report = artifact.load()
    shown = artifact.visualizations[0]
    seen[name] = {
        "report": report.model_dump(mode="json"),
        "metadata": {key: artifact.run_metadata[key] for key in ("outcome", "p_value", "effect_size")},
        "kind": shown.type.value,
        "page": open(shown.uri, encoding="utf-8").read(),
        "materializer": artifact.materializer.import_path,
    }
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What the pipeline left behind, by step."""
    folder = tmp_path_factory.mktemp("watched")

    def ran(*arguments: str) -> str:
        done = python(folder / "zenml", *arguments, cwd=folder, AUTO_OPEN_DASHBOARD="false")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    ran("-m", "ntgate", *UP.split())
    (folder / "watch.py").write_text(PIPELINE)
    (folder / "read.py").write_text(READ)
    ran("watch.py")
    return json.loads(ran("read.py").splitlines()[-1])


@pytest.mark.parametrize(("step", "outcome"), [("drifted", "shift"), ("tolerated", "tolerated"), ("equal", "none")])
def test_a_step_validates_with_the_active_stack(watched, step, outcome):
    seen = watched[step]
    report = seen["report"]
    assert report["outcome"] == outcome
    assert (report["permutations"], report["tolerated_effect"]) == (199, 0.05)  # the stack's settings
    assert (report["n_source"], report["n_target"]) == (400, 200)
    assert seen["metadata"] == {key: report[key] for key in ("outcome", "p_value", "effect_size")}


def test_reports_are_shown_as_pages(watched):
    verdicts = {
        "drifted": "differ from the source rows by more than is tolerated.",
        "tolerated": "no more than is tolerated.",
        "equal": "not shown to differ from the source rows.",
    }
    for step, verdict in verdicts.items():
        assert watched[step]["kind"] == "html"
        assert f"{verdict}</h1>" in watched[step]["page"]
        assert watched[step]["materializer"] == "ntgate.zenml.materializer.ShiftReportMaterializer"
