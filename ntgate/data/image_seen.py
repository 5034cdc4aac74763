"""What had to be done to the pictures of a domain, and what was left out; told in one line a domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ntgate.data.image_arrays import layout_of
from ntgate.data.image_folder import ImageFolder, tests_among
from ntgate.data.image_form import Prepared
from ntgate.data.image_survey import FormChosen
from ntgate.data.question import Question

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.data.image_spec import ImagesSpec

_NAMED = 4  # endings and hidden folders told by name
_FITS = {
    "crop": "by the short side, of which the middle is kept",
    "pad": "by the long side, with black at the edges",
    "squash": "each side by itself",
}


@dataclass(frozen=True)
class PicturesSeen:
    """The pictures of a domain.

    Attributes:
        count: how many there are; turned, white, frames, grey: how many of them are (:class:`Prepared`).
        deep: how many have more than 8 bits, by what is black and white in them.
        smallest: height and width of the one with the fewest pixels; largest: with the most.
        cut: the largest share of one that is not in its row.
        hidden: files that systems hide, by name; skipped: files that are no pictures, by ending.
        splits: folders that hold parts of a data set, read together.
        labelled_by: the file beside the pictures that says the labels; unlisted: pictures that it does not name.
        layout: of an npz, where the channels stand.
    """

    count: int
    turned: int = 0
    deep: Mapping[tuple[float, float], int] = field(default_factory=dict)
    white: int = 0
    frames: int = 0
    grey: int = 0
    smallest: tuple[int, int] = (0, 0)
    largest: tuple[int, int] = (0, 0)
    cut: float = 0.0
    hidden: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    splits: tuple[str, ...] = ()
    labelled_by: str = ""
    unlisted: int = 0
    layout: str = ""


def pictures_seen(rows: Iterable[Prepared], folder: ImageFolder, splits: tuple[str, ...], by: str, unlisted: int) -> PicturesSeen:
    """What there is to be told of a folder."""
    every = list(rows)
    sizes = sorted({row.size for row in every}, key=lambda size: size[0] * size[1])
    return PicturesSeen(
        count=len(every),
        turned=sum(row.turned for row in every),
        deep=Counter(row.deep for row in every if row.deep is not None),
        white=sum(row.white for row in every),
        frames=sum(row.frames for row in every),
        grey=sum(row.grey for row in every),
        smallest=sizes[0],
        largest=sizes[-1],
        cut=max(row.cut for row in every),
        hidden=folder.hidden,
        skipped=folder.skipped,
        splits=splits,
        labelled_by=by,
        unlisted=unlisted,
    )


def told(
    chosen: FormChosen | None, domains: Mapping[str, Domain], said: ImagesSpec, *, planes: bool
) -> tuple[list[Question], list[str]]:
    """What has to be asked about pictures, and what has to be known of them, a sentence each.

    Args:
        chosen: the form of rows that are pictures.
        domains: by name.
        said: what the config says.
        planes: whether the backbone may take a row for planes of channels, so that it matters where these stand.
    """
    asked = list(_questions(domains, said, planes))
    seen = {name: domain.pictures for name, domain in domains.items() if domain.pictures is not None}
    if not seen:
        return asked, []
    rows = next(domain.rows for domain in domains.values() if domain.pictures is not None)
    height, width, channels = rows.shape[1:]
    colour = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    head = f"Pictures are read in {colour}, {height} x {width} pixels (height x width)"
    if chosen is not None and chosen.because:
        head += f", {chosen.because}; others are brought to it {_FITS[chosen.form.fit]}"
        head += "" if said.size is not None and said.fit is not None else " (`images: {size: ..., fit: ...}` below data)"
    notes = [f"{head}.", *(line for name, one in seen.items() if (line := _line(name, one, chosen)))]
    grey = {name: one.grey / one.count for name, one in seen.items() if one.count}
    if channels == 3 and 0 < sum(grey.values()) < len(grey):
        shares = ", ".join(f"{share:.0%} of {name}" for name, share in grey.items())
        notes.append(f"Grey pictures among coloured ones: {shares}; `images: {{mode: L}}` below data reads all in grey.")
    return asked, notes


def _line(name: str, one: PicturesSeen, chosen: FormChosen | None) -> str:
    parts = []
    if one.layout:
        parts.append(f"x is read as pictures, {'grey' if one.layout == 'none' else f'channels {one.layout}'}")
    if one.splits:
        parts.append(f"{_listed(one.splits)} are read together, the classes being the folders in them")
    if one.labelled_by:
        parts.append(f"labels are from {one.labelled_by}")
        if one.unlisted:
            parts.append(f"{_count(one.unlisted, 'picture')} that it does not name left out")
    if one.smallest != one.largest:
        cut = f", up to {one.cut:.0%} of one cut off" if one.cut >= 0.005 else ""
        parts.append(f"sizes from {one.smallest[0]} x {one.smallest[1]} to {one.largest[0]} x {one.largest[1]}{cut}")
    elif chosen is not None and one.smallest not in ((0, 0), (chosen.form.height, chosen.form.width)):
        cut = f", {one.cut:.0%} of each cut off" if one.cut >= 0.005 else ""
        parts.append(f"all {one.smallest[0]} x {one.smallest[1]} before{cut}")
    if one.turned:
        parts.append(f"{_count(one.turned, 'picture')} turned upright as EXIF says")
    for (low, high), times in one.deep.items():
        parts.append(f"{_count(times, 'picture')} of more than 8 bits, {low:g} to {high:g} as black to white")
    if one.white:
        parts.append(f"{_count(one.white, 'picture')} transparent somewhere, laid on white")
    if one.frames:
        parts.append(f"{_count(one.frames, 'picture')} with several frames, the first of which is read")
    if one.skipped:
        parts.append(f"{_count(sum(one.skipped.values()), 'other file')} skipped ({_by_name(one.skipped)})")
    if one.hidden:
        parts.append(f"{_count(sum(one.hidden.values()), 'hidden file')} left out ({_by_name(one.hidden)})")
    return f"{name}: {'; '.join(parts)}." if parts else ""


def _questions(domains: Mapping[str, Domain], said: ImagesSpec, planes: bool) -> Iterable[Question]:
    target = domains.get("target")
    splits = () if target is None or target.pictures is None else target.pictures.splits
    if said.splits is None and tests_among(splits) and "target_test" not in domains:
        rest = [name for name in splits if name not in tests_among(splits)]
        other = f"give the folder {tests_among(splits)[0]} as target_test" + (f" and {_listed(rest)} as target" if rest else "")
        yield Question(
            subject="images",
            seen=f"The target's folder holds {_listed(splits)}, which are read together and divided anew",
            key="images",
            answer={"splits": "together"},
            otherwise=other,
        )
    for name, domain in domains.items():
        shape = () if domain.kind != "array" else domain.rows.shape[1:]
        if planes and said.layout is None and layout_of(shape) == "last":
            yield Question(
                subject="images",
                seen=f"x of {name} has rows of shape {shape}, pictures with their channels last or {shape[0]} channels",
                key="images",
                answer={"layout": "last"},
                otherwise="`images: {layout: first}`",
            )
            return


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _by_name(counts: Mapping[str, int]) -> str:
    shown = sorted(counts.items(), key=lambda pair: -pair[1])
    more = f", {len(shown) - _NAMED} more kinds" if len(shown) > _NAMED else ""
    return ", ".join(f"{times:,} {name}" for name, times in shown[:_NAMED]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("s" if number != 1 else "")
