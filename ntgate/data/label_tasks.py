"""Rows to be labelled: a table that is filled in, and tasks for Label Studio with the interface that shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from ntgate.data.given_labels import NONE, ROW_ID
from ntgate.data.raw_rows import RawRows
from ntgate.errors import MachineError


def write_tasks(rows: RawRows, ids: Sequence[str], classes: Sequence[str], label: str, to: Path) -> dict[str, Path]:
    """Write the rows in their order, without any model's answer.

    Args:
        rows: as people see them.
        ids: their ids.
        classes: names to choose from.
        label: the column that takes the label; empty.
        to: the table, csv or parquet; the others stand beside it.

    Returns:
        The files: ``rows``, ``tasks`` (Label Studio's import format) and ``interface`` (its labelling configuration).
    """
    table = rows.table.drop(columns=[ROW_ID, label], errors="ignore")
    told = table.assign(**{label: ""})
    told.insert(0, ROW_ID, list(ids))
    files = {"rows": to, "tasks": to.with_suffix(".tasks.json"), "interface": to.with_suffix(".interface.xml")}
    shown = json.loads(table.to_json(orient="records", date_format="iso", default_handler=str))
    tasks = [{"data": {ROW_ID: one, **_shown(rows, i, shown[i])}} for i, one in enumerate(ids)]
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        if to.suffix.lower() in (".parquet", ".pq"):
            told.to_parquet(to, index=False)
        else:
            told.to_csv(to, index=False)
        files["tasks"].write_text(json.dumps(tasks, indent=1) + "\n", encoding="utf-8")
        files["interface"].write_text(_interface(classes, pictures=rows.pictures is not None), encoding="utf-8")
    except OSError as error:
        raise MachineError(str(to), expected="a place that takes the rows", got=str(error), fix="set --out") from error
    return files


def _shown(rows: RawRows, i: int, cells: dict[str, Any]) -> dict[str, Any]:
    return {"row": cells} if rows.pictures is None else {"image": rows.pictures[i], **cells}


def _interface(classes: Sequence[str], *, pictures: bool) -> str:
    name, shown = ("image", '<Image name="image" value="$image"/>') if pictures else ("row", '<Table name="row" value="$row"/>')
    names = [*classes, *([] if NONE in classes else [NONE])]
    choices = "\n".join(f"    <Choice value={quoteattr(one)}/>" for one in names)
    return f'<View>\n  {shown}\n  <Choices name="label" toName="{name}" choice="single">\n{choices}\n  </Choices>\n</View>\n'
