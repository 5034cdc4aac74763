"""What lies in a folder of pictures: the pictures by their content, what is hidden, and what is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ntgate.data.location import Location, lost, special

AT_ONCE = 16  # files on their way from remote storage: one by one, its latency would set the pace
KNOWN = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")  # whose content is not asked what it is
LOST = " linked to nothing"  # behind the ending of a link that leads nowhere, as annexes have for files that were not fetched
METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_KEPT = 2**28  # bytes of remote files that are kept between looking and reading
_HEAD = 32
_LEFT_BEHIND = ("thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "lost+found")
_SPLITS = {"train", "training", "val", "valid", "validation", "dev", "eval", "test", "testing"}
_TESTS = {"test", "testing"}


@dataclass(frozen=True)
class ImageFolder:
    """A folder of pictures.

    Attributes:
        place: the folder.
        pictures: the pictures below it, sorted by path: their positions are the numbers of the rows.
        hidden: how many files lie in or are what systems and tools hide or leave behind, by its name.
        skipped: how many other files are no pictures, by their ending, and by whether they are links that lead nowhere.
        others: these files, each with what it counts as.
        metadata: files that say the labels of the pictures beside and below them.
    """

    place: Location
    pictures: tuple[str, ...]
    hidden: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    metadata: tuple[str, ...] = ()
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False)
    _room: list[int] = field(default_factory=lambda: [_KEPT], repr=False)

    def parts(self, file: str) -> tuple[str, ...]:
        """The folders between this one and a file, and its name."""
        return PurePosixPath(file).relative_to(self.place.path).parts

    @property
    def splits(self) -> tuple[str, ...]:
        """The folders right below, where they are called as the parts of a data set and hold folders or metadata."""
        first = {self.parts(file)[0] for file in self.pictures if len(self.parts(file)) > 1}
        told = {self.parts(file)[0] for file in self.metadata if len(self.parts(file)) == 2}
        if not first or not all(name.lower() in _SPLITS for name in first):
            return ()
        deep = all(len(self.parts(file)) > 2 or self.parts(file)[0] in told for file in self.pictures)
        return tuple(sorted(first)) if deep else ()

    def bare(self, depth: int) -> dict[str, dict[str, int]]:
        """The folders ``depth`` below this one that have files, and no picture, with how many of each kind."""
        held = {self.parts(file)[:depth] for file in self.pictures}
        found: dict[str, Counter[str]] = {}
        for file, kind in self.others.items():
            parts = self.parts(file)
            if len(parts) > depth and parts[:depth] not in held:
                found.setdefault("/".join(parts[:depth]), Counter())[kind] += 1
        return {name: dict(kinds) for name, kinds in found.items()}

    def content(self, file: str, *, again: bool = False) -> bytes:
        """The bytes of a file; of what is read ``again`` a remote folder keeps as much as memory allows."""
        if file in self._contents:
            return self._contents[file] if again else self._contents.pop(file)
        content = self.place.content(file)
        if again and self.place.remote and self._room[0] > len(content):
            self._room[0] -= len(content)
            self._contents[file] = content
        return content


def tests_among(splits: Sequence[str]) -> list[str]:
    """Those of the parts of a data set that are called its test."""
    return [name for name in splits if name.lower() in _TESTS]


def image_folder(place: Location) -> ImageFolder:
    """Look at all files below ``place``; those that have no known ending are asked by their first bytes.

    A link that leads nowhere is no picture, whatever it is called.

    Raises:
        DataError: when it cannot be listed.
    """
    root, hidden, open_, metadata = place.path, Counter[str](), [], []
    for file in place.below():
        parts = PurePosixPath(file).relative_to(root).parts
        cause = next((part for part in parts if part.startswith(".") or part.lower() in _LEFT_BEHIND), None)
        if cause is not None:
            hidden[cause if cause != parts[-1] or not cause.startswith("._") else "._*"] += 1
        elif parts[-1] in METADATA and len(parts) <= 2:
            metadata.append(file)
        else:
            open_.append(file)
    nowhere = set() if place.remote else {file for file in open_ if lost(file)}
    strange = [file for file in open_ if file not in nowhere and not file.lower().endswith(KNOWN)]
    with ThreadPoolExecutor(AT_ONCE if place.remote else 1) as readers:
        found = readers.map(lambda file: _is_picture(place, file), strange)
        others = {file for file, picture in zip(strange, found, strict=True) if not picture} | nowhere
    kinds = {file: _kind(file) + (LOST if file in nowhere else "") for file in open_ if file in others}
    pictures = tuple(file for file in open_ if file not in others)
    return ImageFolder(place, pictures, dict(hidden), dict(Counter(kinds.values())), kinds, tuple(metadata))


def _kind(file: str) -> str:
    return PurePosixPath(file).suffix.lower() or "without an ending"


def _is_picture(place: Location, file: str) -> bool:
    if not place.remote and special(file) is not None:
        return False
    try:
        return has_picture(place.files.cat_file(file, start=0, end=_HEAD))
    except Exception:  # noqa: BLE001  storage has errors of its own; what cannot be read is told as a file that was left out
        return False


def has_picture(head: bytes) -> bool:
    """Whether a file that begins so is a picture.

    >>> has_picture(b"GIF89a"), has_picture(b"BM is how this text begins, and no picture")
    (True, False)
    """
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ")):
        return True
    if head.startswith(b"BM"):
        return head[6:10] == b"\0\0\0\0" and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    return (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:12] in (b"ftypavif", b"ftypavis")
