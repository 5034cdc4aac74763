"""A champion that ntgate did not make: real models of other hands, in MLflow's own flavors, asked and compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.errors import ConfigError, ModelError
from ntgate.foreign.start_process import as_in_the_file
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.stages.champion import see_champion
from ntgate.stages.ingest import ingest
from ntgate.stages.place import Place

FEATURES = ["shop", "size", "seen", "weight"]


def rows(n: int, seed: int, move: float = 0.0) -> pd.DataFrame:
    """Two classes by a category with gaps, a whole number, a date and a decimal with gaps."""
    rng = np.random.default_rng(seed)
    shop, size = rng.choice(["north", "south", "west"], n), rng.integers(1, 40, n)
    weight = np.round(rng.normal(move, 1, n), 3)
    seen = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    chance = 1 / (1 + np.exp(-(3 * weight + (shop == "north") * 2 - (size - 20) / 5)))
    table = pd.DataFrame({"shop": shop, "size": size, "seen": seen, "weight": weight})
    table["grade"] = np.where(rng.random(n) < chance, "good", "poor")
    table.loc[rng.random(n) < 0.05, "shop"] = None
    table.loc[rng.random(n) < 0.05, "weight"] = np.nan
    return table


def theirs(table: pd.DataFrame, y: np.ndarray):
    from sklearn.impute import SimpleImputer

    parts = make_column_transformer(
        (OneHotEncoder(handle_unknown="error"), ["shop"]),
        (StandardScaler(), ["size"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["weight"]),
    )
    return make_pipeline(parts, LogisticRegression()).fit(table[FEATURES].drop(columns="seen"), y)


class Team(mlflow.pyfunc.PythonModel):
    """A team's model, with the answers that teams' models give."""

    def __init__(self, inner, kind):
        self.inner, self.kind = inner, kind

    def predict(self, context, model_input, params=None):
        if self.kind == "spy":
            raise RuntimeError(f"sees {os.environ.get('MLFLOW_TRACKING_PASSWORD')} and {os.environ.get('AWS_SECRET_ACCESS_KEY')}")
        if self.kind == "types":
            assert model_input["size"].dtype == np.int32
            return np.where(model_input["shop"] == 1, "good", "poor")  # of numbers, in which texts would all be poor
        if self.kind == "asleep":
            time.sleep(60)
        assert str(model_input["seen"].dtype).startswith("datetime64")
        assert model_input["size"].dtype == np.int64
        rest = model_input[["shop", "size", "weight"]]
        scores = self.inner.predict_proba(rest)  # of good, poor
        if self.kind == "labels":
            return self.inner.predict(rest)
        if self.kind == "codes":
            return (scores[:, 1] > 0.5).astype(int)
        if self.kind == "probability":
            return scores[:, 1]
        if self.kind == "names":
            return pd.DataFrame(scores[:, ::-1], columns=["poor", "good"])
        if self.kind == "table":
            return pd.DataFrame({"label": self.inner.predict(rest), "score": scores.max(axis=1)})
        return scores


ASKED = {
    "scores": {"classes": ["good", "poor"]},
    "names": {},
    "labels": {},
    "codes": {"labels": {0: "good", 1: "poor"}},
    "probability": {"positive": "poor"},
    "table": {"column": "label"},
}


@pytest.fixture(scope="module")
def inner():
    table = rows(3000, 1)
    return theirs(table, table["grade"].to_numpy())


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A project whose registry has its tables."""
    folder = tmp_path_factory.mktemp("team")
    for name, table in (("source", rows(900, 2)), ("target", rows(60, 3, 0.5)), ("target_test", rows(600, 4, 0.5))):
        table.to_csv(folder / f"{name}.csv", index=False)
    content = {
        "model": {"name": "grades"},
        "data": {name: {"path": f"{name}.csv", "label": "grade"} for name in ("source", "target", "target_test")},
        "registry": {"uri": "sqlite:///mlflow.db", "baseline": False},
        "strategies": ["linear_pool"],
        "scratch": ["logistic"],
        "gate": {"seeds": 1},
        "shift": {"evidently": False},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    return folder


@pytest.fixture
def project(made, tmp_path, monkeypatch) -> Iterator[Path]:
    shutil.copytree(made, tmp_path / "team")
    monkeypatch.chdir(tmp_path / "team")
    yield tmp_path / "team"
    mlflow.set_tracking_uri(None)  # for other tests of this process


def served(project: Path, model: Team, *, stage: bool = False, signature: bool = True) -> None:
    """Register ``model`` as a team does, with MLflow alone."""
    uri = f"sqlite:///{project / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with mlflow.start_run():
        told = mlflow.pyfunc.log_model(
            name="model",
            python_model=model,
            signature=infer_signature(rows(50, 9).drop(columns="grade").dropna()) if signature else None,
            registered_model_name="grades",
            pip_requirements=["scikit-learn"],
        )
    client, version = mlflow.MlflowClient(uri), told.registered_model_version
    if stage:
        client.transition_model_version_stage("grades", version, "Production")
    else:
        client.set_registered_model_alias("grades", "champion", version)


def configured(project: Path, asked: dict | None, **gate) -> Path:
    path = project / "config.yaml"
    content = yaml.safe_load(path.read_text())
    content["gate"] |= gate
    if asked is not None:
        content["champion"] = {"load": "pyfunc", **asked}
    path.write_text(yaml.safe_dump(content))
    return path


def seen(project: Path, asked: dict | None, **gate):
    config = load(configured(project, asked, **gate))
    place = Place.of(config)
    ingested = ingest(config, place)
    return see_champion(config, place.folder, ingested), ingested.part("test")


_QUICK = ("codes", "names", "nothing is said", "what it sees")


def cases(names):
    return [name if name in _QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("kind", cases(ASKED))
def test_every_way_to_answer_is_read(project, inner, kind):
    served(project, Team(inner, kind), stage=kind == "names")
    found, part = seen(project, ASKED[kind])
    scores = found.score(part)
    truth = inner.predict_proba(as_in_the_file(part)[["shop", "size", "weight"]])
    assert (found.version, part.classes) == ("1", ("good", "poor"))
    assert scores.argmax(axis=1).tolist() == truth.argmax(axis=1).tolist()
    if kind in ("scores", "names", "probability"):
        assert scores == pytest.approx(truth, abs=1e-6)


@pytest.mark.slow
def test_a_pipeline_of_scikit_learn_is_asked_as_it_was_logged(project, inner):
    mlflow.set_tracking_uri(f"sqlite:///{project / 'mlflow.db'}")
    table = rows(50, 9).drop(columns=["grade", "seen"])
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            inner,
            name="model",
            registered_model_name="grades",
            signature=infer_signature(table),
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )
    mlflow.MlflowClient().set_registered_model_alias("grades", "champion", "1")
    found, part = seen(project, {})
    truth = inner.predict(as_in_the_file(part)[["shop", "size", "weight"]])
    assert [part.classes[code] for code in found.score(part).argmax(axis=1)] == truth.tolist()


REFUSED = {
    "nothing is said": ("scores", None, {}, "say in the config how it is asked, as in champion={load: pyfunc}"),
    "no names": ("scores", {}, {}, "expected the class of each column, got 2 columns and no names; say champion.classes"),
    "codes without a meaning": ("codes", {}, {}, "got '0', '1'; say what it means, as in champion.labels={0: good}"),
    "a probability of nothing": ("probability", {"positive": "bad"}, {}, "correct champion.positive"),
    "no such column": ("table", {"column": "class"}, {}, "got columns label, score; correct champion.column"),
    "labels where probabilities count": ("labels", {}, {"metric": "log_loss"}, "the champion gives no probabilities"),
    "no such Python": ("scores", {"python": "no-such-python"}, {}, "correct champion.python"),
    "asleep": ("asleep", {"seconds": 8}, {}, "got none within 8 seconds; raise champion.seconds"),
    "what it sees": ("spy", {}, {}, "sees None and None"),
}


@pytest.mark.parametrize("name", cases(REFUSED))
def test_what_cannot_be_compared_is_known_before_anything_is_trained(project, inner, monkeypatch, name):
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret-of-mlflow")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-s3")
    kind, asked, gate, said = REFUSED[name]
    served(project, Team(inner, kind))
    with pytest.raises((ModelError, ConfigError)) as refused:
        seen(project, asked, **gate)
    assert said in str(refused.value)


@pytest.mark.slow
def test_types_are_said_where_the_model_has_no_signature(project, inner):
    for name in ("source", "target", "target_test"):
        table = pd.read_csv(project / f"{name}.csv")
        table["shop"] = table["shop"].map({"north": 1, "south": 2, "west": 3}).astype("Int64")
        table.to_csv(project / f"{name}.csv", index=False)
    content = yaml.safe_load((project / "config.yaml").read_text())
    content["data"]["columns"] = {"shop": "category"}
    (project / "config.yaml").write_text(yaml.safe_dump(content))
    served(project, Team(inner, "types"), signature=False)
    with pytest.raises(
        ModelError, match=re.escape("in which type it takes shop: say it in the config, as in champion.types={shop: long}")
    ):
        seen(project, {})
    found, part = seen(project, {"types": {"shop": "long", "size": "integer"}})
    assert found.score(part)[:, 0].tolist() == [float(one == "1") for one in part.rows["shop"]]


@pytest.mark.slow
def test_it_is_replaced_by_evidence_and_comes_back(project, inner, capsys):
    turned = theirs(rows(300, 1), np.random.default_rng(0).permutation(rows(300, 1)["grade"].to_numpy()))
    served(project, Team(inner, "scores"))
    path = configured(project, ASKED["scores"])
    assert command(["validate", str(path)]) == 0
    capsys.readouterr()
    assert command(["run", str(path), "--inline", "--json"]) in (3, 4)
    kept = json.loads(capsys.readouterr().out)
    assert kept["sentence"].startswith("The candidate is not shown to be as good as the champion")

    uri = f"sqlite:///{project / 'mlflow.db'}"
    mlflow.MlflowClient(uri).delete_registered_model_alias("grades", "champion")
    served(project, Team(turned, "scores"), stage=True)
    assert command(["run", str(path), "--inline", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    registry = connect(load(path).registry, "grades")
    assert champion(registry).version == told["registry"]["version"]
    assert champion(registry).previous == "2"
    assert command(["rollback", "grades", "--uri", uri]) == 0
    assert champion(registry).version == "2"
