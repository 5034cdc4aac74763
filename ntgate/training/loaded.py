"""What was loaded into a network and what was not, by name."""

from __future__ import annotations

from collections.abc import Sequence

from ntgate.base import Frozen

_NAMED = 6


class Loaded(Frozen):
    """What a checkpoint gave to a network.

    Attributes:
        origin: name of the file or folder.
        inside: where in the file the weights were, such as ``state_dict``; empty: they are the file.
        prefix: what stood before each name; empty: nothing.
        tensors: of the backbone that were loaded.
        parameters: numbers in them.
        fresh: tensors of the backbone that the checkpoint lacks or has in another shape: they begin at random.
        left: tensors of the checkpoint that the backbone has no place for, such as those of its head.
        head: whether the head was loaded too.
        statistics: whether it brought the input's mean and deviation.
        adapter: name of the adapter that was merged into the weights; empty: none.
        adapted: tensors that it changed.
        digest: SHA-256 of the files.
        notes: what has to be known beside.
    """

    origin: str
    inside: str = ""
    prefix: str = ""
    tensors: int
    parameters: int
    fresh: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    head: bool = False
    statistics: bool = False
    adapter: str = ""
    adapted: int = 0
    digest: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was loaded and what was not, for people.

        >>> Loaded(origin="w.pt", prefix="module.", tensors=2, parameters=20, left=("fc.weight", "fc.bias")).sentences
        ("2 tensors (20 numbers) of the backbone come from w.pt, named there with 'module.' before them.", \
'Of w.pt is not used: fc.weight, fc.bias.')
        """
        begin = f"{self.tensors} tensors" if self.tensors != 1 else "1 tensor"
        come = "come" if self.tensors != 1 else "comes"
        names = [f"in its {self.inside}"] if self.inside else []
        names += [f"named there with {self.prefix!r} before them"] if self.prefix and self.prefix != "features." else []
        told = [
            f"{begin} ({self.parameters:,} numbers) of the backbone {come} from {self.origin}"
            + "".join(f", {name}" for name in names)
            + (", the head too." if self.head else ".")
        ]
        if self.adapter:
            told.append(f"The adapter {self.adapter} is merged into {self.adapted} of them.")
        if self.fresh:
            told.append(f"Not in {self.origin}, and so begun at random: {named(self.fresh)}.")
        if self.left:
            told.append(f"Of {self.origin} is not used: {named(self.left)}.")
        return (*told, *self.notes)


def named(names: Sequence[str]) -> str:
    """Some names, and how many more there are.

    >>> named([f"x{i}" for i in range(8)])
    'x0, x1, x2, x3, x4, x5 and 2 more'
    """
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
