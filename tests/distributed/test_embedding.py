"""The embedding of a source model, computed by workers that find its weights by path and sha256."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("distributed", reason="dask is not installed: pip install 'ntgate[dask]'")

from ntgate.base import Artifact
from ntgate.data.domain import Domain
from ntgate.distributed import DaskEngine
from ntgate.errors import DataError, ModelError
from ntgate.shift import mmd_test
from ntgate.shift.kernel import random_features
from ntgate.shift.streamed.engine import Here
from ntgate.shift.streamed.partitions import partitions
from ntgate.training import weights
from ntgate.training.config import Mlp, NetworkSpec
from ntgate.training.network import build
from ntgate.training.source import embed, fit_encoder
from ntgate.training.source_model import SourceModel
from ntgate.training.table_embedding import TableEmbedding

SETTINGS = {"method": "random_features", "permutations": 99, "frequencies": 32, "seed": 3}


@pytest.fixture(autouse=True)
def many_small_stretches(monkeypatch):
    monkeypatch.setattr(random_features, "_STRETCH", 2)


@pytest.fixture
def model(samples, tmp_path: Path) -> SourceModel:
    """A network of random weights: what it was trained for does not matter here."""
    spec = NetworkSpec(backbone=Mlp(hidden=(16, 6)), input_shape=(4,), classes=2)
    return SourceModel(
        origin="pretrained",
        weights=weights.save(build(spec, 1), tmp_path / "source.safetensors"),
        network=spec,
        encoder=fit_encoder(Domain("source", samples[0], None)),
        classes=("a", "b"),
        has_head=True,
        validation=None,
        seconds=0,
    )


def embedded(tables, model) -> list:
    through = TableEmbedding.of(model)
    return [replace(partitions(str(table), name), through=through) for name, table in zip("xy", tables, strict=True)]


def answer(result) -> dict:
    return result.model_dump(exclude={"seconds"})


def test_workers_give_the_result_of_one_process(samples, tables, model, client):
    alone = answer(mmd_test(*embedded(tables, model), **SETTINGS))
    assert answer(mmd_test(*embedded(tables, model), **SETTINGS, engine=DaskEngine(client))) == alone
    network = model.load()
    in_memory = answer(mmd_test(*(embed(network, model.encoder, Domain("rows", rows, None)) for rows in samples), **SETTINGS))
    assert alone["p_value"] == in_memory["p_value"]
    assert alone["statistic"] == pytest.approx(in_memory["statistic"], rel=1e-3)
    assert alone["bandwidths"] == pytest.approx(in_memory["bandwidths"], rel=1e-5)
    assert alone["bandwidths"] != answer(mmd_test(*samples, **SETTINGS))["bandwidths"]


def test_a_row_is_embedded_alike_wherever_its_stretch_begins(tables, model):
    table = embedded(tables, model)[0]
    whole = np.concatenate(list(table.whole().chunks(8192)))
    assert whole.shape == (len(table), 6)
    for size in (5000, 16_384, 77_777):
        parts = [chunk for stretch in table.stretches(size) for chunk in stretch.chunks(8192)]
        assert np.array_equal(np.concatenate(parts), whole)
    chosen = np.array([0, 1, 20_001, 20_002, len(table) - 1])
    np.testing.assert_allclose(table.at(chosen, Here()), whole[chosen], rtol=1e-5, atol=1e-6)


def test_other_weights_than_those_meant_are_refused(tables, model, client):
    tables = embedded(tables, model)
    weights.save(build(model.network, 2), Path(model.weights.path))
    with pytest.raises(DataError, match="expected sha256"):
        mmd_test(*tables, **SETTINGS, engine=DaskEngine(client))
    Path(model.weights.path).unlink()
    with pytest.raises(DataError, match="no such file"):
        mmd_test(*tables, **SETTINGS, engine=DaskEngine(client))


def test_a_model_of_other_rows_is_refused(tables, model, tmp_path):
    spec = NetworkSpec(backbone=Mlp(hidden=(8,)), input_shape=(5,), classes=2)
    other = model.model_copy(update={"network": spec, "weights": weights.save(build(spec, 1), tmp_path / "other.safetensors")})
    assert isinstance(other.weights, Artifact)
    with pytest.raises(ModelError, match="expected rows of 5 numbers"):
        mmd_test(*embedded(tables, other), **SETTINGS)
