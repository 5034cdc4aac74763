"""What every reader of one's own keeps."""

from __future__ import annotations

import numpy as np

from ntgate.data.own_reader import Reader
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec


def check_reader(reader: Reader, path: str, **settings: object) -> None:
    """Hold a reader to what every reader of ntgate keeps.

    It is written to JSON and read again; what it finds at ``path`` makes a labelled domain with a name for every class, the same
    twice.

    Args:
        reader: with the settings to be checked.
        path: of rows with labels.
        settings: of :class:`~ntgate.data.specs.SourceSpec`, such as ``label``.

    Raises:
        AssertionError: with the promise that is broken.
        DataError: when what it finds cannot be read as rows.

    >>> import pandas as pd
    >>> class Lines(Reader):
    ...     kind: str = "lines"
    ...     def read(self, path):
    ...         return pd.DataFrame({"x": [1.0, 2.0, 3.0], "label": ["a", "b", "a"]})
    >>> check_reader(Lines(), "anywhere")
    """
    written = reader.model_dump_json()
    assert type(reader).model_validate_json(written) == reader, f"it reads itself again from {written}"
    spec = SourceSpec.model_validate({"path": path, "reader": reader, **settings})
    one, other = (read(spec, "source", recorded=True) for _ in range(2))
    assert len(one) == len(other), f"it finds the same rows twice, and not {len(one)} and then {len(other)}"
    assert np.array_equal(one.labels, other.labels), "it finds the same labels twice"
    assert one.records is not None
    assert other.records is not None
    assert np.array_equal(one.records, other.records), "it finds the same rows in the same order twice"
    assert len(one.classes) > 1, f"it finds rows of more than one class, and not of {', '.join(one.classes)} alone"
