"""From a file or folder to a domain: the dispatch over formats."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePosixPath

from ntgate.credentials import without_credentials
from ntgate.data.domain import Domain
from ntgate.data.location import locate
from ntgate.data.own_reader import Reader, read_with
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.data.table_files import table_files
from ntgate.errors import DataError

_ENDINGS = {".npz": "npz", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def read(spec: SourceSpec, name: str, *, labelled: bool = True, recorded: bool = False) -> Domain:
    """Read the rows of ``spec`` as the domain ``name``.

    Args:
        spec: where the rows lie and what their columns mean.
        name: what messages call the domain.
        labelled: whether labels are wanted; unlabelled rows are read without looking at them.
        recorded: whether the rows are fingerprinted as the file holds them, for the ledger.

    Raises:
        DataError: when the file is missing, damaged, or does not hold what ``spec`` says.
    """
    from ntgate.data.read_images import read_images
    from ntgate.data.read_npz import read_npz
    from ntgate.data.read_parquet import in_pandas, read_parquet
    from ntgate.data.read_table import read_csv, read_frame

    kind = _ENDINGS.get(PurePosixPath(spec.path).suffix.lower()) if spec.format == "auto" else spec.format
    given, shown = spec.path, without_credentials(spec.path)
    spec = spec.model_copy(update={"path": shown})  # from here on for messages alone
    if kind == "parquet" and spec.reader is None:
        table, numbers = read_parquet(*table_files(given, shown), spec)
        return replace(
            read_frame(in_pandas(table, spec), spec, name, labelled=labelled, recorded=recorded), row_numbers=numbers
        )
    if spec.reader is not None:
        return _sampled(_own(spec.reader, given, spec, name, labelled=labelled, recorded=recorded), spec)
    place = locate(given)
    if kind == "images" or (spec.format == "auto" and place.files.isdir(place.path)):
        return read_images(place, spec, name, labelled=labelled, recorded=recorded)
    if kind is None:
        known = ", ".join(_ENDINGS)
        got = repr(PurePosixPath(shown).suffix.lower())
        raise DataError(shown, expected=f"a file ending in {known}, or a folder", got=got, fix="set format")
    with place.open() as file:
        domain = (read_npz if kind == "npz" else read_csv)(file, spec, name, labelled=labelled, recorded=recorded)
    return _sampled(domain, spec)


def _own(reader: Reader, path: str, spec: SourceSpec, name: str, *, labelled: bool, recorded: bool) -> Domain:
    """What a reader of one's own finds, held to what a table or an npz is held to."""
    from ntgate.data.read_npz import read_npz
    from ntgate.data.read_table import check_header, read_frame

    content = read_with(reader, path, spec.path)
    if isinstance(content, io.BytesIO):
        return read_npz(content, spec, name, labelled=labelled, recorded=recorded)
    check_header(list(content.columns), spec)
    return read_frame(content, spec, name, labelled=labelled, recorded=recorded)


def _sampled(domain: Domain, spec: SourceSpec) -> Domain:
    wanted = sampled(len(domain), spec.sample)
    return domain if wanted is None else domain.take(wanted)
