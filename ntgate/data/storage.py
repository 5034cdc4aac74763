"""Domains on disk between stages: npz for arrays, parquet for tables; no pickles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.data.column_form import ColumnForm
from ntgate.data.domain import Domain
from ntgate.json_text import parsed

# A table's columns and the keys, which may be called anything, stand under numbers; what they are called is among the facts.
_COLUMN, _KEY = "column ", "key "
_BESIDE = "ntgate:"  # what stands beside the rows, as arrays or columns: labels, groups, times, row numbers, keys
_RECORD = "record "


def save(domain: Domain, path: Path) -> Artifact:
    """Write ``domain`` to ``path`` with the ending of its format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = {
        "name": domain.name,
        "classes": domain.classes,
        "keys": list(domain.keys),
        "drawn": domain.drawn,
        "forms": {name: form.model_dump(mode="json", exclude_defaults=True) for name, form in domain.forms.items()},
    }
    beside = {_BESIDE + name: values for name, values in _beside(domain).items()}
    if isinstance(domain.rows, np.ndarray):
        path = path.with_name(path.name + ".npz")
        np.savez(path, allow_pickle=False, x=domain.rows, facts=np.array(json.dumps(known)), **beside)
        return Artifact.of(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = path.with_name(path.name + ".parquet")
    known["columns"] = list(domain.rows.columns)
    numbered = domain.rows.set_axis([f"{_COLUMN}{i}" for i in range(domain.rows.shape[1])], axis=1)
    table = pa.Table.from_pandas(numbered, preserve_index=False)
    for name, values in beside.items():
        table = table.append_column(name, pa.array(values.tolist() if values.dtype.kind == "U" else values))
    pq.write_table(table.replace_schema_metadata({"ntgate": json.dumps(known)}), path)
    return Artifact.of(path)


def load(artifact: Artifact) -> Domain:
    """Read a domain that :func:`save` wrote, after checking that it is unchanged."""
    path = artifact.verified()
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as content:
            facts = parsed(str(content["facts"]))
            beside = {name.removeprefix(_BESIDE): content[name] for name in content.files if name.startswith(_BESIDE)}
            return _domain(facts, content["x"], beside)
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    facts = parsed(table.schema.metadata[b"ntgate"])
    names = [name for name in table.column_names if name.startswith(_BESIDE)]
    # Copies, because Arrow's own arrays cannot be written to, and torch warns of such.
    beside = {name.removeprefix(_BESIDE): table[name].to_numpy().copy() for name in names}
    frame = table.drop_columns(names).to_pandas()
    for column in frame.columns:
        if frame[column].dtype.kind != "f":
            frame[column] = frame[column].astype(object)
    frame.columns = facts["columns"]
    return _domain(facts, frame, beside)


def _beside(domain: Domain) -> dict[str, npt.NDArray[Any]]:
    optional = {"y": domain.y, "groups": domain.groups, "times": domain.times, "row_numbers": domain.row_numbers, "ids": domain.ids}
    keys = {f"{_KEY}{i}": values for i, values in enumerate(domain.keys.values())}
    told: dict[str, npt.NDArray[Any]] = {}
    if domain.records is not None:
        told = {f"{_RECORD}{i}": np.char.decode(column, "ascii") for i, column in enumerate(domain.records.T)}
    return {name: values for name, values in optional.items() if values is not None} | keys | told


def _domain(facts: dict[str, Any], rows: Any, beside: dict[str, npt.NDArray[Any]]) -> Domain:
    texts = {
        name: values.astype(np.str_)
        for name, values in beside.items()
        if name in ("groups", "ids") or name.startswith((_KEY, _RECORD))
    }
    records = [texts.pop(name) for name in sorted(texts) if name.startswith(_RECORD)]
    return Domain(
        facts["name"],
        rows,
        beside.get("y"),
        tuple(facts["classes"]),
        groups=texts.pop("groups", None),
        ids=texts.pop("ids", None),
        times=beside.get("times"),
        keys={name: texts[f"{_KEY}{i}"] for i, name in enumerate(facts["keys"])},
        row_numbers=beside.get("row_numbers"),
        records=np.stack(records, axis=1).astype("S32") if records else None,
        drawn=facts["drawn"],
        forms={name: ColumnForm.model_validate(form) for name, form in facts["forms"].items()},
    )
