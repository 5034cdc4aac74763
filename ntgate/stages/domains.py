"""The rows of a run: read from their files, each once, divided by their use and compared."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ntgate.config import RunConfig
from ntgate.data.column_seen import Reading
from ntgate.data.copies import Copies
from ntgate.data.domain import Domain
from ntgate.data.leakage import Leakage
from ntgate.data.question import Question
from ntgate.data.read_together import ReadTogether
from ntgate.environment_references import filled_in


class Rows(NamedTuple):
    """The rows of a run.

    Attributes:
        domains: the parts by name.
        leakage: what the test rows share with those that training may see.
        reading: how their columns and labels are read.
    """

    domains: dict[str, Domain]
    leakage: Leakage
    reading: Reading


def read_domains(config: RunConfig) -> Rows:
    """Read, align and split the domains of ``config``, take copies of test rows out of the others, and compare what is left.

    Raises:
        DataError: when a file cannot be read, or the rows cannot bear a comparison.
    """
    from ntgate.data.align import align
    from ntgate.data.array_ranges import refuse_other_ranges
    from ntgate.data.copies import without_copies
    from ntgate.data.time_units import refuse_other_units

    data = config.data
    names = ("source", "target", "target_test", "unlabelled")
    read = _read_all(config, names, labelled=names[:3], recorded=("target", "target_test"))
    found, reading = _understood(config, read)
    refuse_other_units(found)
    refuse_other_ranges(found)
    first = found["source"] if "source" in found else found["target"]
    source = {"source": found.pop("source")} if "source" in found else {}
    aligned = {name: align(first, domain) for name, domain in found.items()}
    unlabelled = {"unlabelled": aligned.pop("unlabelled")} if "unlabelled" in aligned else {}
    read_in = aligned
    labelled = {name: _counted(domain) for name, domain in read_in.items()}
    again = {name: len(read_in[name]) - len(domain) for name, domain in labelled.items()}
    domains = {**source, **_divided(config, **labelled), **unlabelled}
    domains, copies = without_copies(
        domains, {name: count for name, count in again.items() if count}, one_file=data.target_test is None
    )
    config.gate.metric.of_classes(next(iter(labelled.values())).classes)
    return Rows(domains, _leakage_of(config, domains, copies), reading)


def _understood(config: RunConfig, read: ReadTogether) -> tuple[dict[str, Domain], Reading]:
    """The domains with their columns as they are meant and their labels as they are called, and how that was decided."""
    from ntgate.data.column_kinds import settled
    from ntgate.data.domain import joined
    from ntgate.data.label_names import label_questions, never_met, renamed
    from ntgate.data.other_words import other_words

    data, found, unlabelled = config.data, read.domains, []
    pictures, notes = _told_of_pictures(config, read)
    labelled = [name for name in ("source", "target", "target_test") if name in found]
    notes += never_met([found[name].classes for name in labelled], data.label_map, data.missing_labels)
    for name in labelled:
        found[name], none = renamed(found[name], data.label_map, data.missing_labels)
        if none is not None:
            kept = name == "target"
            unlabelled += [none] if kept else []
            notes.append(
                f"{len(none):,} rows of {name} have no label and are {'taken as unlabelled rows' if kept else 'left out'}."
            )
    done, reading = settled({**found, **({"without labels": unlabelled[0]} if unlabelled else {})}, data.columns, look=True)
    if unlabelled:
        more = done.pop("without labels")
        done["unlabelled"] = joined([done["unlabelled"], more], "unlabelled") if "unlabelled" in done else more
    if "source" in done and "target" in done:
        notes += other_words(done["source"], done["target"])
    asked, known = label_questions({name: done[name] for name in labelled}, data.label_map, classes=data.label_kind is not None)
    images = data.images.model_dump(mode="json", exclude_defaults=True)
    reading = reading.asking([*pictures, *asked], [*notes, *known], data.columns, data.label_map, data.missing_labels, images)
    return done, reading if read.chosen is None else reading.model_copy(update={"pictures": read.chosen.form})


def _told_of_pictures(config: RunConfig, read: ReadTogether) -> tuple[list[Question], list[str]]:
    """What has to be asked about pictures, and what has to be known of them."""
    from ntgate.data.image_seen import told

    backbone = config.model.backbone
    planes = backbone is None or backbone.kind in ("cnn", "transformers")
    return told(read.chosen, read.domains, config.data.images, planes=planes)


def _counted(domain: Domain) -> Domain:
    """Labelled rows, each of them once where their file stands in itself, with the judgement whether equal ones are draws."""
    from ntgate.data.repeats import drawn, standing_once

    once = standing_once(domain)
    return replace(once, drawn=once.ids is None and drawn(once))


def _divided(config: RunConfig, target: Domain, target_test: Domain | None = None) -> dict[str, Domain]:
    """The labelled target rows by their use."""
    from ntgate.data.splits import split_target

    if config.gate.cross_fitting is not None:
        return _cross_fitted(config, target)
    split = split_target(target, target_test, config.data.split, config.seed)
    return {"train": split.train, "validation": split.validation, "test": split.test}


def _read_all(
    config: RunConfig, names: Collection[str], *, labelled: Collection[str], recorded: Collection[str] = ()
) -> ReadTogether:
    """The domains by name, pictures in the form that all of them and the backbone's folder make."""
    from ntgate.data.image_processor import read_processor
    from ntgate.data.read_together import read_together

    backbone = config.model.backbone
    given = {name: getattr(config.data, name) for name in names}
    return read_together(
        {name: None if spec is None else filled_in(spec, f"data.{name}.path") for name, spec in given.items()},
        labelled=labelled,
        recorded=recorded,
        images=config.data.images,
        processor=read_processor(backbone.path) if backbone is not None and backbone.kind == "transformers" else None,
    )


def _cross_fitted(config: RunConfig, target: Domain) -> dict[str, Domain]:
    """All labelled target rows to train what is shipped, and once more as a whole, to be held out fold by fold."""
    from ntgate.data.folds import folds
    from ntgate.data.splits import split_training

    assert config.gate.cross_fitting is not None
    folds(target, config.gate.cross_fitting.folds, config.seed)  # refused now rather than after the training
    train, validation = split_training(target, config.data.split, config.seed)
    return {"train": train, "validation": validation, "cross_fitted": target.take(np.arange(len(target)), "cross_fitted")}


def _leakage_of(config: RunConfig, domains: dict[str, Domain], copies: Copies) -> Leakage:
    """What the test rows share with the parts that training may see.

    Raises:
        DataError: when it is more than a comparison can bear.
    """
    from ntgate.data.leakage import find_leakage
    from ntgate.data.slices import slice_keys

    for part in config.gate.slices:  # refused now rather than after the training
        slice_keys(domains.get("test", domains["train"]), part.by)
    if "cross_fitted" in domains:  # whose rows train and test each other's folds, but never their own
        held = {name: domain for name, domain in domains.items() if name in ("source", "unlabelled")}
        domains = {**held, "test": domains["cross_fitted"]}
    return find_leakage(domains, config.data.near_duplicates, config.seed, copies)


def read_for_drift(config: RunConfig) -> tuple[dict[str, Domain], Reading]:
    """Read and align the rows of a drift check: the source, the target and, if given, the unlabelled rows; and what is told.

    A column that holds numbers in one table and text in the other is compared as far as it can be, and told in the report. Labels
    of the target are not looked at, so that fresh rows can be checked before anybody has labelled them; and with
    nothing to be judged, nothing is split off and ``target_test`` is not read.

    Raises:
        DataError: when a file cannot be read, or the rows cannot be compared.
    """
    from ntgate.data.align import align
    from ntgate.data.column_kinds import settled

    read = _read_all(config, ("source", "target", "unlabelled"), labelled=("source",))
    questions, notes = _told_of_pictures(config, read)
    found, _ = settled(read.domains, config.data.columns, every=True)
    first = next(iter(found.values()))
    domains = {name: domain if domain is first else align(first, domain, kinds=False) for name, domain in found.items()}
    return domains, Reading(notes=(*notes, *(question.sentence for question in questions)))
