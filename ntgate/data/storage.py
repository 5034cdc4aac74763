"""Domains on disk between stages: npz for arrays, parquet for tables; no pickles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ntgate.base import Artifact
from ntgate.data.domain import Domain


def save(domain: Domain, path: Path) -> Artifact:
    """Write ``domain`` to ``path`` with the ending of its format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {"name": domain.name, "classes": domain.classes}
    if isinstance(domain.rows, np.ndarray):
        path = path.with_name(path.name + ".npz")
        labels = {} if domain.y is None else {"y": domain.y}
        np.savez(path, allow_pickle=False, x=domain.rows, facts=np.array(json.dumps(facts)), **labels)
        return Artifact.of(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = path.with_name(path.name + ".parquet")
    table = pa.Table.from_pandas(domain.rows, preserve_index=False).replace_schema_metadata(
        {"ntgate": json.dumps({**facts, "y": None if domain.y is None else domain.y.tolist()})}
    )
    pq.write_table(table, path)
    return Artifact.of(path)


def load(artifact: Artifact) -> Domain:
    """Read a domain that :func:`save` wrote, after checking that it is unchanged."""
    path = artifact.verified()
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as content:
            facts = json.loads(str(content["facts"]))
            y = content["y"] if "y" in content.files else None
            return Domain(facts["name"], content["x"], y, tuple(facts["classes"]))
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    facts = json.loads(table.schema.metadata[b"ntgate"])
    frame = table.to_pandas()
    for column in frame.columns:
        if frame[column].dtype.kind != "f":
            frame[column] = frame[column].astype(object)
    y = None if facts["y"] is None else np.array(facts["y"], dtype=np.int64)
    return Domain(facts["name"], frame, y, tuple(facts["classes"]))
