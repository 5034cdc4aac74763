"""The Evidently data-drift report, for people: one HTML page, column by column."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ntgate.data.domain import Domain, joined
from ntgate.optouts import opt_out
from ntgate.shift.columns.features import plain_rows
from ntgate.shift.columns.table_form import compared

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 30  # of more the page takes minutes to make and seconds to open
MOST_ROWS = 5000
MOST_TEXTS = 50  # of a column that is shown as texts


def drift_html(source: Domain, target: Domain, path: Path, *, seed: int = 0) -> Path:
    """Write Evidently's ``DataDriftPreset`` for the two domains to ``path``.

    The first 30 columns in the file's order, whether they moved or not: of columns chosen because they moved most Evidently would
    report that nearly all drifted. Images are reduced to the means of 4 by 4 patches. At most 5,000 rows of each domain are drawn.
    What is left out, and how many rows are shown of how many, is said at the top of the page.
    """
    evidently, presets = _imported()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = _frames(_sample(source, seed), _sample(target, seed))
        before, after = (frame[frame.columns[:MOST_COLUMNS]] for frame in frames)
        report = evidently.Report([presets.DataDriftPreset()]).run(current_data=after, reference_data=before)
        path.parent.mkdir(parents=True, exist_ok=True)
        report.save_html(str(path))
    shown = shown_of(len(source), len(target), len(frames[0].columns))
    text = path.read_text(encoding="utf-8")
    body = text.find(">", text.find("<body")) + 1
    path.write_text(f'{text[:body]}<p style="font: 14px sans-serif; margin: 12px">{shown}</p>{text[body:]}', encoding="utf-8")
    return path


def _imported() -> tuple[Any, Any]:
    """Evidently and its presets: some five seconds."""
    opt_out()  # the report is made from the user's data: nothing phones home
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import evidently
        import evidently.presets
    return evidently, evidently.presets


def _sample(domain: Domain, seed: int) -> Domain:
    if len(domain) <= MOST_ROWS:
        return domain
    return domain.take(np.sort(np.random.default_rng(seed).permutation(len(domain))[:MOST_ROWS]))


def shown_of(source: int, target: int, columns: int) -> str:
    """How much of two domains the page shows.

    >>> shown_of(9000, 68, 120)
    'Shown are 5,000 of 9,000 source rows, 68 of 68 target rows, and the first 30 of 120 columns: 90 are left out.'
    """
    rows = f"{min(source, MOST_ROWS):,} of {source:,} source rows, {min(target, MOST_ROWS):,} of {target:,} target rows"
    if columns <= MOST_COLUMNS:
        return f"Shown are {rows}, and all {columns} columns."
    return f"Shown are {rows}, and the first {MOST_COLUMNS} of {columns} columns: {columns - MOST_COLUMNS} are left out."


def _frames(source: Domain, target: Domain) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both domains as tables of all their columns."""
    import pandas as pd

    if isinstance(source.rows, np.ndarray) and isinstance(target.rows, np.ndarray):
        first, second = (pd.DataFrame(plain_rows(rows)).add_prefix("x") for rows in (source.rows, target.rows))
        return first, second
    frames = [_plain(domain.rows) for domain in (source, target)]
    for column in frames[0].columns:
        parts = [frame[[column]] for frame in frames]
        if all(part[column].dtype.kind == "f" for part in parts):
            continue
        if pd.concat(parts)[column].nunique() > MOST_TEXTS:  # as many bars take minutes: shown as the drift check compares it
            found = compared(parts[0].replace("(missing)", ""), parts[1].replace("(missing)", ""))
            texts = len(set(found.labels)) < len(found.names)
            for frame, rows in zip(frames, (found.source, found.target), strict=True):
                frame[column] = frame[column].astype(str) if texts else rows[:, 0]
        elif parts[0][column].dtype.kind != parts[1][column].dtype.kind:
            for frame in frames:
                frame[column] = frame[column].astype(str)
    return frames[0], frames[1]


def _plain(rows: object) -> pd.DataFrame:
    """A table without empty texts, which Evidently refuses."""
    import pandas as pd

    assert isinstance(rows, pd.DataFrame)
    return rows.replace("", "(missing)")


def main() -> None:
    """Write the page that a line of JSON on standard input asks for; without one do nothing.

    Evidently is imported before the line is waited for, so that a process may be started ahead of the rows.
    """
    from ntgate.base import Artifact
    from ntgate.data.storage import load

    os.nice(10)  # it runs beside the training, which is waited for
    _imported()
    if line := sys.stdin.readline():
        asked = json.loads(line)
        before, *after = (load(Artifact.of(Path(stored))) for stored in (asked["source"], *asked["targets"]))
        drift_html(before, joined(after, "target"), Path(asked["page"]), seed=asked["seed"])


if __name__ == "__main__":
    main()
