"""From a file or folder to a domain: the dispatch over formats."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePosixPath

from ntgate.credentials import without_credentials
from ntgate.data.domain import Domain
from ntgate.data.image_form import ImageForm
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.location import locate
from ntgate.data.own_reader import Reader, read_with
from ntgate.data.read_files import read_files
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.data.table_files import TABLES, format_below, format_of, table_files
from ntgate.errors import DataError

_ENDINGS = {".npz": "npz", **TABLES}
_OTHERS = {
    ".xlsx .xlsm .xls .ods": "save the sheet as csv",
    ".json": "write one object a line, and call it .jsonl",
    ".zip .tar .tgz .7z .rar": "unpack it",
    ".npy": "save x and y in one file with numpy.savez",
    ".pkl .pickle .joblib .pt .pth": "write parquet or npz; what is a pickle could run code",
    ".feather .arrow .orc .avro .h5 .hdf5 .mat .sav .dta .sas7bdat .rds .sqlite .db .xml .html": "write csv or parquet",
}


def read(spec: SourceSpec, name: str, *, labelled: bool = True, recorded: bool = False) -> Domain:
    """Read the rows of ``spec`` as the domain ``name``, each column as what it looks like on its own.

    Args:
        spec: where the rows lie and what their columns mean.
        name: what messages call the domain.
        labelled: whether labels are wanted; unlabelled rows are read without looking at them.
        recorded: whether the rows are fingerprinted as the file holds them, for the ledger.

    Raises:
        DataError: when the file is missing, damaged, or does not hold what ``spec`` says.
    """
    from ntgate.data.column_kinds import settled

    raw = read_raw(spec, name, labelled=labelled, recorded=recorded)
    return settled({name: raw}, every=True)[0][name]


def read_raw(
    spec: SourceSpec, name: str, *, labelled: bool = True, recorded: bool = False, form: ImageForm | None = None
) -> Domain:
    """As :func:`read`, the columns of a table in the types that its file has: what they mean all domains decide together.

    Pictures come in ``form``, or where that is None in the one that follows from them alone.
    """
    from ntgate.data.read_together import read_together

    wanted = (name,)
    return read_together({name: spec}, labelled=wanted if labelled else (), recorded=wanted if recorded else (), form=form).domains[
        name
    ]


def read_rows(spec: SourceSpec, name: str, images: ImagesSpec, *, labelled: bool, recorded: bool) -> Domain:
    """A table, an npz or what a reader of one's own finds; folders of pictures are read together."""
    from ntgate.data.read_npz import read_npz
    from ntgate.data.read_parquet import in_pandas, read_parquet
    from ntgate.data.read_table import read_frame

    given, shown = spec.path, without_credentials(spec.path)
    kind = format_at(spec, shown)
    spec = spec.model_copy(update={"path": shown})  # from here on for messages alone
    if spec.reader is not None:
        return _sampled(_own(spec.reader, given, spec, name, images, labelled=labelled, recorded=recorded), spec)
    if kind == "parquet":
        table, numbers = read_parquet(*table_files(given, shown), spec)
        return replace(read_frame(in_pandas(table, spec), spec, name, labelled=labelled, recorded=recorded), row_numbers=numbers)
    if kind in ("csv", "jsonl"):
        frame, recognised = read_files(given, spec, kind)
        domain = read_frame(frame, spec, name, labelled=labelled, recorded=recorded)
        return _sampled(replace(domain, read_as=recognised.said, written=recognised.rules, gone=recognised.gone), spec)
    with locate(given).open() as file:
        return _sampled(read_npz(file, spec, name, images, labelled=labelled, recorded=recorded), spec)


def format_at(spec: SourceSpec, shown: str) -> str:
    """The format of what lies at a path."""
    if spec.format == "images" and PurePosixPath(shown).suffix.lower() == ".npz":
        return "npz"  # whose x is pictures
    if spec.format != "auto":
        return spec.format
    if spec.reader is not None:
        return "reader"
    kind = _ENDINGS.get(PurePosixPath(shown).suffix.lower()) or format_of(shown)
    if kind == "parquet" or (kind is not None and any(sign in shown for sign in "*?[")):
        return kind  # which says itself what is wrong where there is nothing
    place = locate(spec.path)
    if place.files.isdir(place.path):
        return format_below(place) or "images"
    if kind is None:
        known = ", ".join(_ENDINGS)
        got = repr(PurePosixPath(shown).suffix.lower())
        fix = next((fix for endings, fix in _OTHERS.items() if got[1:-1] in endings.split()), "set format")
        raise DataError(shown, expected=f"a file ending in {known}, or a folder", got=got, fix=fix)
    return kind


def _own(reader: Reader, path: str, spec: SourceSpec, name: str, images: ImagesSpec, *, labelled: bool, recorded: bool) -> Domain:
    """What a reader of one's own finds, held to what a table or an npz is held to."""
    from ntgate.data.read_npz import read_npz
    from ntgate.data.read_table import check_header, read_frame

    content = read_with(reader, path, spec.path)
    if isinstance(content, io.BytesIO):
        return read_npz(content, spec, name, images, labelled=labelled, recorded=recorded)
    check_header(list(content.columns), spec)
    return read_frame(content, spec, name, labelled=labelled, recorded=recorded)


def _sampled(domain: Domain, spec: SourceSpec) -> Domain:
    wanted = sampled(len(domain), spec.sample)
    return domain if wanted is None else domain.take(wanted)
