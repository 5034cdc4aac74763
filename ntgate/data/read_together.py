"""The domains of a run, read with what all of them say of each: pictures of all domains have one form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ntgate.credentials import without_credentials
from ntgate.data.domain import Domain
from ntgate.data.image_arrays import in_form, layout_of, pixels_of
from ntgate.data.image_folder import ImageFolder, image_folder
from ntgate.data.image_form import ImageForm
from ntgate.data.image_processor import Processor
from ntgate.data.image_seen import PicturesSeen
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.image_survey import FormChosen, Survey, form_of, survey
from ntgate.data.location import locate
from ntgate.data.read_images import read_images
from ntgate.data.readers import format_at, read_rows
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError, DataErrors


@dataclass(frozen=True)
class ReadTogether:
    """What was read.

    Attributes:
        domains: by name.
        chosen: the form of rows that are pictures; None: there are none that need one.
    """

    domains: dict[str, Domain]
    chosen: FormChosen | None = None


def read_together(
    given: Mapping[str, SourceSpec | None],
    *,
    labelled: Collection[str],
    recorded: Collection[str] = (),
    images: ImagesSpec | None = None,
    processor: Processor | None = None,
    form: ImageForm | None = None,
) -> ReadTogether:
    """The domains by name, all of them read before what is wrong with any is told.

    Args:
        given: where each lies.
        labelled: those whose labels are wanted.
        recorded: those whose rows are fingerprinted as the file holds them, for the ledger.
        images: how pictures become rows.
        processor: of the backbone's folder, if it has one.
        form: of pictures, where an earlier reading has decided it.

    Raises:
        DataError: when a file cannot be read; :class:`~ntgate.errors.DataErrors` when it is more than one thing.
    """
    said = images or ImagesSpec()
    found: dict[str, Domain] = {}
    folders: dict[str, ImageFolder] = {}
    surveys: dict[str, Survey] = {}
    problems: dict[str, DataError] = {}
    specs = {name: spec for name, spec in given.items() if spec is not None}
    for name, spec in specs.items():
        shown = without_credentials(spec.path)
        try:
            if format_at(spec, shown) == "images" and spec.reader is None:
                folders[name] = folder = image_folder(locate(spec.path))
                files = folder.pictures
                wanted = sampled(len(files), spec.sample)
                some = files if wanted is None else [files[i] for i in wanted.tolist()]
                surveys[name] = survey(folder, some, spec.limits, range_said=said.range is not None)
            else:
                found[name] = read_rows(spec, name, said, labelled=name in labelled, recorded=name in recorded)
        except DataError as error:
            problems.setdefault(str(error), error)  # two domains may lie in one file
    chosen = None
    try:
        found = {name: _as_pictures(domain, said, bool(folders)) for name, domain in found.items()}
        chosen = _chosen(found, surveys, specs, said, processor, form)
    except DataError as error:
        problems.setdefault(str(error), error)
    if chosen is not None:
        for name, folder in folders.items():
            spec = specs[name]
            own, about = _of(spec, chosen.form, said), spec.model_copy(update={"path": without_credentials(spec.path)})
            try:
                found[name] = read_images(
                    folder, spec.path, about, name, own, said, labelled=name in labelled, recorded=name in recorded
                )
            except DataError as error:
                problems.setdefault(str(error), error)
    if problems:
        wrong = list(problems.values())
        raise wrong[0] if len(wrong) == 1 else DataErrors(wrong)
    domains = {name: found[name] if chosen is None else _in_form(found[name], specs[name], chosen.form, said) for name in specs}
    return ReadTogether(domains, chosen)


def _as_pictures(domain: Domain, said: ImagesSpec, beside_folders: bool) -> Domain:
    """An array beside folders of pictures as pictures, where it can be."""
    if not beside_folders or domain.kind != "array":
        return domain
    assert isinstance(domain.rows, np.ndarray)
    layout = said.layout if domain.rows.ndim == 4 and said.layout is not None else layout_of(domain.rows.shape[1:])
    if layout is None:
        return domain
    pixels = pixels_of(domain.rows, layout, said, f"{domain.name}: x")
    seen = PicturesSeen(count=len(domain), grey=len(domain) if pixels.shape[3] == 1 else 0, layout=layout)
    return replace(domain, rows=pixels, pictures=seen)


def _chosen(
    found: Mapping[str, Domain],
    surveys: Mapping[str, Survey],
    specs: Mapping[str, SourceSpec],
    said: ImagesSpec,
    processor: Processor | None,
    form: ImageForm | None,
) -> FormChosen | None:
    if form is not None:
        return FormChosen(form=form)
    arrays = {name: domain for name, domain in found.items() if domain.kind == "images"}
    known = {**surveys, **{name: Survey(Counter({domain.rows.shape[1:3]: len(domain)})) for name, domain in arrays.items()}}
    if not known:
        return None
    sizes = [spec.image_size for name, spec in specs.items() if name in known and spec.image_size is not None]
    if sizes and said.sides is None:
        said = said.model_copy(update={"size": sizes[0]})
    chosen = form_of(known, said, processor)
    if not surveys and said.sides is None and said.mode is None and not chosen.because:
        return None  # arrays of one size need no form
    return chosen


def _of(spec: SourceSpec, form: ImageForm, said: ImagesSpec) -> ImageForm:
    """The form with what a domain says of itself."""
    told: dict[str, object] = {"mode": said.mode or spec.image_mode}
    if spec.image_size is not None:
        told |= {"height": spec.image_size[0], "width": spec.image_size[1], "short": None}
    return form.model_copy(update=told)


def _in_form(domain: Domain, spec: SourceSpec, form: ImageForm, said: ImagesSpec) -> Domain:
    """Pictures of an npz in the form of all others."""
    if domain.kind != "images" or domain.pictures is None or not domain.pictures.layout:
        return domain
    assert isinstance(domain.rows, np.ndarray)
    rows = in_form(domain.rows.astype(np.uint8, copy=False), _of(spec, form, said))
    before = domain.rows.shape[1:3]
    return replace(domain, rows=rows, pictures=replace(domain.pictures, smallest=before, largest=before))
