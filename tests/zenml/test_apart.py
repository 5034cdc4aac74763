"""The run on ZenML with every step in a process of its own, in an empty folder of its own: only an S3 store is shared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from tests.checkout import ROOT, python
from tests.s3 import Bucket

STACK = """
from zenml.client import Client
from zenml.enums import StackComponentType as Kind
from zenml.utils import source_utils

source_utils.set_custom_source_root("ROOT")
client = Client()
client.create_flavor("tests.zenml.apart.ApartOrchestratorFlavor", Kind.ORCHESTRATOR)
client.create_stack_component("apart", "apart", Kind.ORCHESTRATOR, {})
client.create_stack_component("s3", "s3", Kind.ARTIFACT_STORE, {"path": "s3://BUCKET"})
client.create_stack("apart", {Kind.ORCHESTRATOR: "apart", Kind.ARTIFACT_STORE: "s3"})
client.activate_stack("apart")
"""


@dataclass(frozen=True)
class Apart:
    """A stack whose artifact store is a bucket, and a config whose rows lie in another."""

    project: Path
    s3: Bucket
    store: Bucket
    config: Path

    def run(self, *sets: str, **variables: str) -> tuple[int, dict, str]:
        folders = self.project / "folders"
        folders.mkdir(exist_ok=True)
        words = [word for one in sets for word in ("--set", one)]
        arguments = ("-m", "ntgate", "run", str(self.config), "--json", *words)
        done = python(self.project / "zenml", *arguments, timeout=1500, TEST_FOLDERS=str(folders), **variables)
        assert list(folders.iterdir()) == []
        assert not (self.config.parent / "runs").exists()
        return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture
def apart(project: Path, s3: Bucket, server: str) -> Apart:
    for name in ("source", "target", "target_test"):
        s3.put(project / f"{name}.npz", f"{name}.npz")
        (project / f"{name}.npz").unlink()
    config = project / "config" / "config.yaml"  # relative paths lead to where nothing is
    config.parent.mkdir()
    text = (project / "config.yaml").read_text()
    for name in ("source", "target", "target_test"):
        text = text.replace(f"path: {name}.npz", f"path: {s3.url(f'{name}.npz')}")
    text = text.replace("sqlite:///mlflow.db", server) + f"gate: {{ledger: {{uri: 'sqlite:///{project}/ledger.db'}}}}\n"
    config.write_text(text)
    store = Bucket(f"{s3.name}-store", s3.endpoint, s3.environment)
    store.files.mkdir(store.name)
    made = python(project / "zenml", "-c", STACK.replace("BUCKET", store.name).replace("ROOT", str(ROOT)))
    assert made.returncode == 0, made.stderr
    return Apart(project, s3, store, config)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_same_decision_as_in_one_process(apart, capsys):
    one = "strategies=[{kind: fine_tuning}]"
    code, result, log = apart.run(one)
    assert code == 0, log[-4000:]
    assert result["directory"].startswith(f"s3://{apart.store.name}/ntgate/reader/")
    assert set(result["reports"]) == {"report", "drift"}
    for page in (*result["reports"].values(), f"{result['directory']}/decision.json", result["onnx"]["candidate"]):
        assert apart.store.files.exists(page)
    capsys.readouterr()
    own = [f"{key}=sqlite:///{apart.project}/inline.db" for key in ("registry.uri", "gate.ledger.uri")]
    sets = [word for setting in (one, f"output={apart.project}/inline", *own) for word in ("--set", setting)]
    assert command(["run", str(apart.config), "--inline", "--dry-run", "--json", *sets]) == 0
    inline = json.loads(capsys.readouterr().out)
    for key in ("outcome", "sentence", "decision_id", "gain", "gain_interval", "p_value", "findings", "over_seeds"):
        assert inline[key] == result[key], key
    for key in ("strategy", "value", "n"):
        assert inline["candidate"][key] == result["candidate"][key], key
    assert [row["validation"] for row in inline["plan"]] == [row["validation"] for row in result["plan"]]
    found = champion(connect(load(apart.config).registry, "reader"))
    assert found is not None
    assert found.version == result["registry"]["version"]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_an_output_of_ones_own_and_a_store_that_is_lost_between_two_steps(apart, s3):
    """Where the config names a store, the stack's holds ZenML's own artifacts alone; when it is lost nothing is promoted."""
    quick = ("gate.seeds=1", "strategies=[{kind: fine_tuning}]")
    mine = Bucket(f"{s3.name}-mine", s3.endpoint, s3.environment)
    mine.files.mkdir(mine.name)
    code, answer, log = apart.run(*quick, f"output=s3://{mine.name}/runs", TEST_LOSES=f"compress {mine.name}")
    assert code == 6, answer
    assert "the store" in answer["error"], answer
    step = next(line for line in log.splitlines() if "StoreError: " in line)  # its own process has told it
    assert f"s3://{mine.name}/runs/files/" in step
    assert "expected a file that an earlier stage wrote, got The specified bucket does not exist; check the store" in step
    assert champion(connect(load(apart.config).registry, "reader")) is None
