"""Doors behind which JSON of others is read: nesting that Python cannot follow, and pipes, are refused as what they are."""

from __future__ import annotations

import os

import pytest

from ntgate.data.given_labels import given_labels
from ntgate.data.image_processor import read_processor
from ntgate.errors import DataError, ModelError
from ntgate.json_text import read_json
from ntgate.training.weight_files import weights_in

DEEP = "[" * 200_000


def test_labels(tmp_path):
    file = tmp_path / "export.json"
    file.write_text(DEEP)
    with pytest.raises(DataError, match="expected a whole JSON file, got brackets in brackets"):
        given_labels(str(file), ["a"], ("no", "yes"), "y", {}, ())


def test_settings_of_pictures(tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(DEEP)
    with pytest.raises(ModelError, match="expected the settings of an image processor"):
        read_processor(str(tmp_path))


def test_an_index_of_weights(tmp_path):
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(DEEP)
    with pytest.raises(ModelError, match="expected an index of safetensors files"):
        weights_in(index)


@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(OSError, match="is a pipe, a device or a socket"):
        read_json(tmp_path / "a.json")
