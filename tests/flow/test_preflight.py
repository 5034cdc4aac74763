"""What would stop a run late is known before anything is trained or opened, to `validate` all at once."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections import namedtuple
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from ntgate.cli.app import run as command
from ntgate.errors import ConfigError, DataError, Faults, ModelError, RegistryError
from ntgate.registry.artifact_store import check_store
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry without content: MLflow takes seconds to create one."""
    file = tmp_path_factory.mktemp("template") / "mlflow.db"
    connect(RegistryConfig(uri=f"sqlite:///{file}"), "reader")
    return file


@pytest.fixture(autouse=True)
def _with_registry(project: Path, empty: Path) -> None:
    shutil.copy(empty, project / "mlflow.db")


def told(project: Path, capsys, verb: str, *settings: str) -> tuple[int, list[str], str]:
    """Exit code, error messages and log."""
    sets = [part for setting in settings for part in ("--set", setting)]
    code = command([verb, str(project / "config.yaml"), "--json", *sets, *(["--inline"] if verb == "run" else [])])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, [error["message"] for error in json.loads(said.out).get("errors", [])], said.err


def nothing_was_done(project: Path, log: str) -> None:
    """Neither trained, nor opened."""
    assert "train:" not in log
    assert "source:" not in log
    with sqlite3.connect(project / "mlflow.db") as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        if "ntgate_ledger_entries" in tables:
            assert database.execute("SELECT count(*) FROM ntgate_ledger_entries").fetchone() == (0,)


def seen(project: Path) -> list[Path]:
    """The files of the project but the one that keeps two processes from creating the registry at once."""
    return sorted(path for path in project.iterdir() if path.name != ".mlflow.db.lock")


def assert_refused(project: Path, capsys, code: int, parts: tuple[str, ...], *settings: str) -> None:
    """Both ``validate`` and ``run`` end with the code and a sentence, and do nothing else."""
    before = seen(project)
    for verb in ("validate", "run"):
        found, messages, log = told(project, capsys, verb, *settings)
        assert (verb, found) == (verb, code), messages
        assert len(messages) == 1
        assert all(part in messages[0] for part in parts), messages
        nothing_was_done(project, log)
        if verb == "validate":
            assert seen(project) == before


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_an_artifact_store_below_a_file(project, capsys):
    place = f"file://{project}/config.yaml/artifacts"
    assert_refused(
        project,
        capsys,
        6,
        (f"artifact store {place}", "experiment is created, here reader", "set registry.experiment"),
        f"registry.artifact_location={place}",
    )


def test_an_artifact_store_that_does_not_answer(project, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert_refused(
        project,
        capsys,
        6,
        ("artifact store s3://bucket/mlflow", "connection refused", "start the store"),
        "registry.artifact_location=s3://bucket/mlflow",
    )


def test_a_place_that_mlflow_has_fixed(project, capsys):
    """The config names a place that would do, and the experiment is bound to another."""
    registry = connect(RegistryConfig(uri=f"sqlite:///{project / 'mlflow.db'}"), "reader")
    registry.client.create_experiment("reader", artifact_location=f"file://{project}/config.yaml/old")
    good = f"registry.artifact_location=file://{project}/new"
    assert_refused(project, capsys, 6, ("config.yaml/old", "another experiment"), good)
    code, messages, _ = told(project, capsys, "validate", good, "registry.experiment=another")
    assert (code, messages) == (0, [])
    assert not (project / "new" / "ntgate-preflight").exists()


def test_a_store_that_keeps_silent(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        config = RegistryConfig(uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_location="s3://bucket/x")
        with pytest.raises(RegistryError, match="got no answer in time"):
            check_store(connect(config, "reader"), create=True, patience=2)


def test_a_registry_that_does_not_answer(project, capsys):
    address = f"http://127.0.0.1:{closed_port()}"
    assert_refused(
        project,
        capsys,
        6,
        ("an MLflow registry that answers", "connection refused"),
        f"registry.uri={address}",
        "gate.ledger.policy=none",
    )


def classifier(path: Path, width: int, classes: int, *, told: bool) -> Path:
    """An ONNX model as ntgate's first release made them, or with no class names as others do."""
    weights = np.random.default_rng(0).normal(size=(width, classes)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Softmax", ["z"], ["scores"])]
    x, scores = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size]) for name, size in (("x", width), ("scores", classes))
    )
    graph = helper.make_graph(nodes, "g", [x], [scores], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if told:
        names = json.dumps([str(i) for i in range(classes)])
        helper.set_model_props(model, {"ntgate.classes": names, "ntgate.version": "0.1.0"})
    onnx.save(model, path)
    return path


def made_champion(project: Path, *, model: Path | None) -> None:
    """A champion of other hands: an ONNX model in MLflow's own flavor, or a pickle of scikit-learn's."""
    import mlflow.onnx

    registry = connect(RegistryConfig(uri=f"sqlite:///{project / 'mlflow.db'}"), "reader")
    place = project / "theirs"
    if model is None:
        place.mkdir()
        for name in ("MLmodel", "model.pkl"):
            (place / name).write_text("flavors: {}")
    else:
        mlflow.onnx.save_model(onnx.load(model), str(place), pip_requirements=["onnx"], save_as_external_data=False)
    registry.client.create_registered_model("reader")
    version = registry.client.create_model_version("reader", source=place.as_uri())
    registry.client.set_registered_model_alias("reader", "champion", version.version)


@pytest.mark.parametrize(
    ("width", "named", "got"),
    [(None, False, "got MLmodel, model.pkl"), (64, False, "got none"), (63, True, "Got invalid dimensions")],
    ids=["a pickle", "no class names", "other rows"],
)
def test_a_champion_that_nothing_can_be_compared_with(project, capsys, width, named, got):
    made_champion(project, model=width and classifier(project / "m.onnx", width, 10, told=named))
    assert_refused(project, capsys, 5, ("champion version 1 of reader", got, "--allow-first", "a version that ntgate exported"))


def test_a_champion_of_the_first_release_is_compared(project):
    from ntgate.config_file import load
    from ntgate.stages.champion import see_champion
    from ntgate.stages.ingest import ingest
    from ntgate.stages.place import Place

    made_champion(project, model=classifier(project / "m.onnx", 64, 10, told=True))
    config = load(project / "config.yaml")
    place = Place.of(config)
    ingested = ingest(config, place)
    seen = see_champion(config, place.folder, ingested)
    assert (seen.version, seen.classes) == ("1", tuple(map(str, range(10))))
    assert seen.score(ingested.part("validation")).sum(axis=1) == pytest.approx(1, rel=1e-5)


def test_a_network_of_other_hands_is_compared_once_the_config_names_its_columns(project):
    from ntgate.config_file import load
    from ntgate.export.runtime import session
    from ntgate.stages.champion import see_champion
    from ntgate.stages.ingest import ingest
    from ntgate.stages.place import Place

    model = classifier(project / "m.onnx", 64, 10, told=False)
    made_champion(project, model=model)
    names = [str(i) for i in reversed(range(10))]
    config = load(project / "config.yaml", (f"champion={{load: pyfunc, classes: {names}}}",))
    place = Place.of(config)
    ingested = ingest(config, place)
    part = ingested.part("validation")
    (own,) = session(model).run(None, {"x": part.rows.reshape(len(part), -1)})
    scores = see_champion(config, place.folder, ingested).score(part)
    assert scores[:, [part.classes.index(name) for name in names]] == pytest.approx(own, abs=1e-6)


def test_a_champion_whose_files_are_gone(project, capsys):
    made_champion(project, model=classifier(project / "m.onnx", 64, 10, told=True))
    shutil.rmtree(project / "theirs")
    assert_refused(project, capsys, 5, ("champion version 1 of reader", "got no files"))


BACKBONES = {
    "a cnn of vectors": ("{kind: cnn}", ("model.backbone", "image rows (h, w) or (c, h, w) for a cnn")),
    "no such module": ("no_such_module:Net", ("no_such_module", "check the import path")),
    "no such folder": ("{kind: transformers, path: nowhere}", ("nowhere", "a folder with a config.json", "no such folder")),
    "of other rows": ("odd_nets:Wide", ("a module that takes rows of shape (64,)", "RuntimeError")),
    "not exportable": ("odd_nets:Loop", ("export of backbone", "a network that ONNX can express")),
    "another model once exported": ("odd_nets:Batch", ("the network's scores to within", "depend on the batch")),
    "not finite": ("odd_nets:Log", ("finite features of the source rows", "NaN or infinity")),
}
NETS = """
import torch
from torch import nn
class Wide(nn.Linear):
    def __init__(self): super().__init__(3, 4)
class Loop(nn.Linear):
    def __init__(self): super().__init__(64, 4)
    def forward(self, x): return super().forward(x) if x.sum() > 0 else x[:, :4]
class Batch(nn.Linear):
    def __init__(self): super().__init__(64, 4)
    def forward(self, x): return super().forward(x) * x.shape[0] + torch.tensor(x.sum().item())
class Log(nn.Linear):
    def __init__(self): super().__init__(64, 4)
    def forward(self, x): return super().forward(torch.log(x - 100))
"""


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_that_does_not_fit(project, capsys, monkeypatch, name):
    backbone, parts = BACKBONES[name]
    (project / "odd_nets.py").write_text(NETS)
    monkeypatch.syspath_prepend(project)
    assert_refused(project, capsys, 5, parts, f"model.backbone={backbone}")


def test_a_checkpoint_of_another_network(project, capsys):
    import torch
    from safetensors.torch import save_file

    save_file({"features.1.weight": torch.zeros(8, 64)}, project / "w.safetensors")
    assert_refused(project, capsys, 5, ("w.safetensors", "weights that fit the backbone"), "model.source_checkpoint=w.safetensors")


def table(project: Path) -> tuple[str, ...]:
    rng = np.random.default_rng(0)
    for part, n in (("source", 1100), ("target", 200), ("target_test", 100)):
        lines = [f"{part}-{i},{part}{rng.integers(10**9)},{rng.normal()},{rng.integers(2)}" for i in range(n)]
        (project / f"{part}.csv").write_text("\n".join(["id,note,n,label", *lines]))
    return tuple(f"data.{part}.path={part}.csv" for part in ("source", "target", "target_test"))


def test_categories_by_the_config_with_too_many_values(project, capsys):
    said = "data.columns={id: category, note: category}"
    assert_refused(project, capsys, 5, ("columns id, note", "at most 1000 different texts"), *table(project), said)


def test_a_disk_without_room(project, capsys, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("ntgate.stages.fits.shutil.disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    assert_refused(project, capsys, 74, ("output", "free on the disk", "got 1 MiB"))


def test_an_output_below_a_file(project, capsys):
    assert_refused(project, capsys, 2, ("output", "which is a file"), "output=config.yaml/runs")


def test_everything_at_once(project, capsys):
    settings = (
        "model.backbone=no_such_module:Net",
        "output=config.yaml/runs",
        f"registry.artifact_location=file://{project}/config.yaml/x",
    )
    (project / "mlflow.db").unlink()  # a registry that is still to be created, and is not by being asked
    code, messages, _ = told(project, capsys, "validate", *settings, "data.target_test.path=nowhere.npz")
    assert not (project / "mlflow.db").exists()
    assert code == 5
    assert [message.split(":")[0].rsplit("/", 1)[-1] for message in messages] == ["nowhere.npz", "output", "artifact store file"]
    connect(RegistryConfig(uri=f"sqlite:///{project / 'mlflow.db'}"), "reader")  # a registry that is there is asked
    code, messages, _ = told(project, capsys, "validate", *settings)
    assert code == 2
    assert [message.split(":")[0].split(" ")[0] for message in messages] == ["output", "model.backbone", "artifact"]


def test_the_exit_code_of_many_faults():
    sentence = {"expected": "a", "got": "b", "fix": "c"}
    registry, data, model, config = (kind("x", **sentence) for kind in (RegistryError, DataError, ModelError, ConfigError))
    assert Faults([registry, registry]).exit_code == 6
    assert Faults([registry, data, config]).exit_code == 5
    assert Faults([config, model]).exit_code == 2
    assert str(Faults([registry, data])).count("\n") == 1


def test_a_dry_run_writes_nothing_to_the_store(project):
    from ntgate.config_file import load
    from ntgate.stages.preflight import check_places

    content = yaml.safe_load((project / "config.yaml").read_text())
    content["registry"]["artifact_location"] = f"file://{project}/config.yaml/x"
    (project / "config.yaml").write_text(yaml.safe_dump(content))
    (project / "mlflow.db").unlink()
    check_places(load(project / "config.yaml"), dry_run=True)
    assert not (project / "mlflow.db").exists()
