"""The Evidently data-drift report, for people: one HTML page, column by column."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.domain import Domain
from ntgate.optouts import opt_out
from ntgate.shift.features import plain_rows

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 12
MOST_ROWS = 5000


def drift_html(source: Domain, target: Domain, path: Path, *, seed: int = 0) -> Path:
    """Write Evidently's ``DataDriftPreset`` for the two domains to ``path``.

    A page of hundreds of columns helps nobody: of rows with more than 12 columns the 12 whose means moved most, in standard
    deviations, are shown. Images are reduced to the means of 4 by 4 patches. At most 5,000 rows of each domain are drawn.
    """
    opt_out()  # the report is made from the user's data: nothing phones home
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import Report
        from evidently.presets import DataDriftPreset

        before, after = _columns(_sample(source, seed), _sample(target, seed))
        report = Report([DataDriftPreset()]).run(current_data=after, reference_data=before)
        path.parent.mkdir(parents=True, exist_ok=True)
        report.save_html(str(path))
    return path


def _sample(domain: Domain, seed: int) -> Domain:
    if len(domain) <= MOST_ROWS:
        return domain
    return domain.take(np.sort(np.random.default_rng(seed).permutation(len(domain))[:MOST_ROWS]))


def _columns(source: Domain, target: Domain) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both domains as tables of the columns that moved most."""
    import pandas as pd

    if isinstance(source.rows, np.ndarray) and isinstance(target.rows, np.ndarray):
        frames = [pd.DataFrame(plain_rows(rows)).add_prefix("x") for rows in (source.rows, target.rows)]
    else:
        frames = [_plain(domain.rows) for domain in (source, target)]
    numeric = frames[0].select_dtypes("number").columns
    if len(frames[0].columns) <= MOST_COLUMNS:
        return frames[0], frames[1]
    pooled = pd.concat([frame[numeric] for frame in frames])
    moved = (frames[0][numeric].mean() - frames[1][numeric].mean()).abs() / pooled.std().replace(0, np.inf)
    text = [column for column in frames[0].columns if column not in numeric][: MOST_COLUMNS // 2]
    kept = [*moved.sort_values(ascending=False).index[: MOST_COLUMNS - len(text)], *text]
    return frames[0][kept], frames[1][kept]


def _plain(rows: object) -> pd.DataFrame:
    """A table without columns that are empty, which Evidently refuses."""
    import pandas as pd

    assert isinstance(rows, pd.DataFrame)
    return rows.replace("", "(missing)")


def main(source: str, target: str, path: str, seed: str) -> None:
    """Write the page for two stored domains: the command line of ``python -m ntgate.shift.evidently_report``."""
    from ntgate.base import Artifact
    from ntgate.data.storage import load

    os.nice(10)  # it runs beside the training, which is waited for
    before, after = (load(Artifact.of(Path(stored))) for stored in (source, target))
    drift_html(before, after, Path(path), seed=int(seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
