"""Categories of the target that the source has not, as where one of them says male and the other M."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ntgate.data.domain import Domain
from ntgate.data.spelling import shown

_SHARE = 0.2  # of the target's rows that have a value


def other_words(source: Domain, target: Domain) -> Iterator[str]:
    """A sentence for each column of categories of which many of the target's stand nowhere in the source."""
    for name, form in target.forms.items():
        if form.kind != "category" or name not in source.forms or isinstance(source.rows, np.ndarray):
            continue
        assert not isinstance(target.rows, np.ndarray)
        if name not in source.rows.columns or name not in target.rows.columns:
            continue
        cells = target.rows[name]
        cells = cells[cells != ""]
        others = cells[~cells.isin(source.rows[name].unique())]
        if len(others) and len(others) >= _SHARE * len(cells):
            share, one = 100 * len(others) / len(cells), shown(others.iloc[0])
            yield f"Column {name!r}: {share:.0f}% of the target's rows have what no row of the source has, such as {one}."
