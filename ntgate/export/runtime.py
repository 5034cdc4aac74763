"""Exported models at work: scores by onnxruntime."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.errors import ModelError
from ntgate.export.serving import CLASSES, at_once, column_names, kind, table_inputs, tokens_of
from ntgate.optouts import opt_out

opt_out()
import onnxruntime  # noqa: E402  it reads its opt-out while it is imported

if TYPE_CHECKING:
    import pandas as pd


def scores_onnx(path: Path, rows: npt.NDArray[Any] | pd.DataFrame, *, batch_size: int | None = None) -> npt.NDArray[np.float32]:
    """Class scores ``(n, c)`` of raw rows, of which there may be none.

    Args:
        path: an exported model.
        rows: an array ``(n, ...)``, or a DataFrame with the model's columns.
        batch_size: rows a call; None: as many as a served model takes.

    Raises:
        ModelError: when the file is no such model, or the rows do not fit its inputs.
    """
    if not len(rows):
        return np.zeros((0, len(class_names(path))), dtype=np.float32)
    running = session(path)
    parts, step = [], batch_size or at_once(running)
    for start in range(0, len(rows), step):
        part = rows[start : start + step] if isinstance(rows, np.ndarray) else rows.iloc[start : start + step]
        try:
            parts.append(running.run(None, feed(running, part, path))[0])
        except Exception as error:  # onnxruntime's own exceptions share no base class
            if type(error).__module__.startswith("onnxruntime"):
                raise _unfit(path, str(error).splitlines()[0]) from error
            raise
    scores: npt.NDArray[np.float32] = np.concatenate(parts)
    return scores


def class_names(path: Path) -> tuple[str, ...]:
    """The class names in the order of an exported model's scores.

    Raises:
        ModelError: when the file is no model that ntgate exported.
    """
    properties = session(path).get_modelmeta().custom_metadata_map
    try:
        return tuple(str(name) for name in json.loads(properties[CLASSES]))
    except (KeyError, ValueError) as error:
        raise ModelError(
            str(path),
            expected="an ONNX model with class names in its metadata",
            got="none",
            fix="promote models that ntgate exported",
        ) from error


def input_schema(path: Path) -> list[tuple[str, str, list[int]]]:
    """What an exported model is given: name, ``float``, ``double``, ``uint8`` or ``string``, and shape with -1 for the rows.

    Where it takes the ids of tokens, it is given the text.
    """
    kinds = {"tensor(float)": "float", "tensor(double)": "double", "tensor(uint8)": "uint8", "tensor(string)": "string"}
    running = session(path)
    tokens = tokens_of(running)
    found = {
        entry.name: (entry.name, kinds[entry.type], [-1 if isinstance(size, str) else size for size in entry.shape])
        for entry in running.get_inputs()
        if entry.name not in tokens
    }
    texts = {asked["column"]: (asked["column"], "string", [-1, 1]) for asked in tokens.values()}
    return list({**texts, **found}.values())


def row_kind(path: Path) -> str:
    """``table``, ``array`` or ``images``: the rows that an exported model takes."""
    return kind(session(path))


def load_proto(path: Path) -> Any:
    """The model's content as ``onnx`` loads it."""
    import onnx

    return onnx.load(path, load_external_data=False)


def session(path: Path, *, threads: int = 0) -> onnxruntime.InferenceSession:
    """The model at ``path`` ready to run on the CPU; with 0 ``threads`` onnxruntime chooses their number.

    Raises:
        ModelError: when the file is no ONNX model.
    """
    try:
        found = os.stat(path)
        return _opened(str(path), found.st_mtime_ns, found.st_size, threads)
    except Exception as error:
        raise ModelError(
            str(path), expected="an ONNX model", got=str(error).splitlines()[0][:200], fix="export it again"
        ) from error


@lru_cache(maxsize=2)  # a run asks for candidate and scratch a dozen times, and a forest takes long to be opened
def _opened(path: str, changed: int, size: int, threads: int) -> onnxruntime.InferenceSession:  # noqa: ARG001
    return session_of(path, threads=threads)


def session_of(model: str | bytes, *, threads: int = 0) -> onnxruntime.InferenceSession:
    """A model, the path of its file or its content, ready to run on the CPU; what is wrong with it is onnxruntime's to say."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feed(running: onnxruntime.InferenceSession, rows: Any, path: Path) -> dict[str, npt.NDArray[Any]]:
    """Raw rows as the inputs of the model in session ``running``.

    Raises:
        ModelError: when the rows do not fit; ``path`` names the model.
    """
    table = kind(running) == "table"
    if isinstance(rows, np.ndarray):
        if table:
            raise _unfit(path, "rows of numbers for a model that takes the columns of a table")
        return {"x": rows}
    if not table:
        raise _unfit(path, "a table for a model that takes rows of numbers")
    missing = [name for name in column_names(running) if name not in rows.columns]
    if missing:
        raise _unfit(path, f"a table without {', '.join(missing[:5])}")
    try:
        return table_inputs(running, rows)
    except ValueError as error:
        raise _unfit(path, str(error)) from error


def _unfit(path: Path, got: str) -> ModelError:
    return ModelError(str(path), expected="rows that fit the model's inputs", got=got, fix="give rows as in training")
