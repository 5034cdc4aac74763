"""How a promoted model is served: raw rows as people and clients have them in, a column of scores a class out.

MLflow keeps this file beside each ``model.onnx``, with :mod:`ntgate.data.cells` written into it, and loads the model through it.
There ntgate need not be installed: both import numpy, pandas and onnxruntime alone. The gate feeds its models through the same
functions, so that what is judged is what is served.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntgate.data.cells import numbers, seconds, texts, token_ids

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # from release 1.29 on it reports to its makers, from the import on

import onnxruntime

CLASSES, KIND, COLUMNS, TOKENS = "ntgate.classes", "ntgate.kind", "ntgate.columns", "ntgate.tokens"


def _load_pyfunc(path: str) -> Classifier:
    """What MLflow calls with the path of the ONNX file."""
    return Classifier(path)


_AT_ONCE = 1024  # rows; a text has 20,000 terms, whose counts are a megabyte for every dozen of them
_TOKENS_AT_ONCE = 64  # rows of tokens, each of which looks at all others


class Classifier:
    """An exported model that answers with class names.

    Args:
        path: an ONNX file that ntgate exported.
    """

    def __init__(self, path: str) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.classes: list[str] = json.loads(self.session.get_modelmeta().custom_metadata_map[CLASSES])

    def predict(self, rows: Any, params: dict[str, Any] | None = None) -> pd.DataFrame | npt.NDArray[Any]:
        """Class scores, or labels, of raw rows.

        Args:
            rows: an array ``(n, ...)``; for a table a DataFrame, in which None, NaN, ``""`` and a column that is not there all mean
                a missing value.
            params: ``{"output": "labels"}`` asks for the likeliest class of each row; ``"scores"`` is the default.

        Returns:
            A DataFrame of ``n`` rows with a float32 column a class, or an array of class names ``(n,)``.
        """
        output = (params or {}).get("output", "scores")
        if output not in ("scores", "labels"):
            raise ValueError(f"output: expected 'scores' or 'labels', got {output!r}")
        inputs = _columns(self.session, rows) if kind(self.session) == "table" else {"x": _array(self.session, rows)}
        scores = np.zeros((len(next(iter(inputs.values()))), len(self.classes)), np.float32)
        step = at_once(self.session)
        for start in range(0, len(scores), step):
            part = slice(start, start + step)
            scores[part] = self.session.run(None, {name: values[part] for name, values in inputs.items()})[0]
        if output == "labels":
            labels: npt.NDArray[Any] = np.array(self.classes, dtype=object)[scores.argmax(axis=1)]
            return labels
        index = rows.index if isinstance(rows, pd.DataFrame) and len(rows) == len(scores) else None
        return pd.DataFrame(scores, columns=self.classes, index=index)


def kind(session: onnxruntime.InferenceSession) -> str:
    """``table``, ``array`` or ``images``; a model of ntgate's first release does not say, and a lone ``x`` is an array there."""
    told = session.get_modelmeta().custom_metadata_map.get(KIND)
    return told or ("array" if [entry.name for entry in session.get_inputs()] == ["x"] else "table")


def table_inputs(session: onnxruntime.InferenceSession, frame: pd.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """The columns of a table as inputs ``(n, 1)``; one that is not there is missing in every row.

    Raises:
        ValueError: when a numeric column holds texts that are no numbers, or one of dates what is no date.
    """
    nothing = pd.Series([None] * len(frame), dtype=object)
    told: dict[str, dict[str, Any]] = json.loads(session.get_modelmeta().custom_metadata_map.get(COLUMNS, "{}"))
    tokens = tokens_of(session)
    found: dict[str, npt.NDArray[Any]] = {}
    for entry in session.get_inputs():
        if entry.name in tokens:
            asked = tokens[entry.name]
            column = texts(frame.get(asked["column"], nothing))
            special = asked.get("special", True)  # models of earlier versions do not say
            found[entry.name] = token_ids(asked["tokenizer"], column, asked["length"], asked["pad"], special=special)
        else:
            found[entry.name] = _input(frame.get(entry.name, nothing), entry.type, told.get(entry.name, {})).reshape(-1, 1)
    return found


def tokens_of(session: onnxruntime.InferenceSession) -> dict[str, dict[str, Any]]:
    """The inputs that are token ids, each with the column that they are made of and its tokenizer."""
    found: dict[str, dict[str, Any]] = json.loads(session.get_modelmeta().custom_metadata_map.get(TOKENS, "{}"))
    return found


def column_names(session: onnxruntime.InferenceSession) -> list[str]:
    """The columns that a model takes."""
    tokens = tokens_of(session)
    return list(
        dict.fromkeys(tokens[entry.name]["column"] if entry.name in tokens else entry.name for entry in session.get_inputs())
    )


def at_once(session: onnxruntime.InferenceSession) -> int:
    """How many rows are scored in one call."""
    return _TOKENS_AT_ONCE if TOKENS in session.get_modelmeta().custom_metadata_map else _AT_ONCE


def _input(column: pd.Series[Any], wanted: str, told: dict[str, Any]) -> npt.NDArray[Any]:
    """A column as a model takes it; ``told`` is how its cells are written."""
    if wanted == "tensor(string)":
        return texts(column)
    rules = told.get("rules", ())
    if told.get("kind") == "date":
        return seconds(column, rules, unit=told.get("unit", 1.0))
    return numbers(column, rules, exact=wanted == "tensor(double)")


def _columns(session: onnxruntime.InferenceSession, rows: Any) -> dict[str, npt.NDArray[Any]]:
    """Rows of a table in any of the forms in which MLflow hands them on."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    names = column_names(session)
    if not any(name in frame.columns for name in names):
        raise ValueError(f"expected the columns {', '.join(names[:8])}, got none of them")
    listed = [name for name in frame.columns if any(isinstance(cell, list | np.ndarray) for cell in frame[name])]
    if listed and len(frame) == 1:  # MLflow makes one row of lists from columns of texts
        frame = pd.DataFrame({name: cell[0] for name, cell in frame.items()})
        listed = [name for name in frame.columns if any(isinstance(cell, list | np.ndarray) for cell in frame[name])]
    for name in listed:  # a tensor (n, 1)
        frame = frame.assign(**{name: pd.Series([np.ravel(cell)[0] for cell in frame[name]], index=frame.index)})
    return table_inputs(session, frame)


def _array(session: onnxruntime.InferenceSession, rows: Any) -> npt.NDArray[Any]:
    """Rows ``(n, ...)`` with the type that the model takes."""
    wanted = np.uint8 if session.get_inputs()[0].type == "tensor(uint8)" else np.float32
    return np.ascontiguousarray(rows, dtype=wanted)
