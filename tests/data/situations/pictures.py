"""Pictures as cameras, microscopes, browsers and tools leave them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.data.situations.build import Situation

ROWS = 40
Save = Callable[[Image.Image, Path, int], None]


@dataclass(frozen=True)
class Pictures(Situation):
    """Two folders of pictures of a bar that stands or lies.

    Attributes:
        save: writes one of the source under a name without an ending, given its number; target_save: of the target, if another.
        beside: writes what else lies in both folders; npz: makes ``x`` of uint8 rows instead of folders, for the domains it names.
        folder: where in its domain a class lies.
        processor: of the backbone's folder.
    """

    save: Save | None = None
    target_save: Save | None = None
    beside: Callable[[Path], None] | None = None
    npz: Mapping[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)
    folder: str = ""
    processor: Mapping[str, Any] = field(default_factory=dict)

    def files(self, folder: Path) -> dict[str, Any]:
        """Write the pictures, and give what a config has below ``data``."""
        places = {}
        for seed, name in enumerate(("source", "target")):
            rows, y = bars(seed)
            path = folder / name
            if name in self.npz:
                np.savez(path.with_suffix(".npz"), x=self.npz[name](rows), y=y)
                path = path.with_suffix(".npz")
            else:
                for part in self.folder.split("|"):
                    save = self.target_save or self.save if name == "target" else self.save
                    self._folder(path / part, rows, y, save, zlib.crc32(f"{name}/{part}".encode()))
                if self.beside is not None:
                    self.beside(path)
            places[name] = {"path": str(path), **self.spec}
        if self.processor:
            (folder / "model").mkdir()
            (folder / "model" / "preprocessor_config.json").write_text(json.dumps(dict(self.processor)))
        return {**places, **self.data}

    def _folder(self, path: Path, rows: np.ndarray, y: np.ndarray, save: Save | None, seed: int) -> None:
        rng = np.random.default_rng(seed)
        for i, (pixels, label) in enumerate(zip(rows, y, strict=True)):
            at = path / ("lies", "stands")[label]
            at.mkdir(parents=True, exist_ok=True)
            noise = rng.integers(0, 20, pixels.shape).astype(np.uint8)  # parts of a data set hold other pictures
            (save or png)(Image.fromarray(pixels + noise), at / f"{i:03}", i)


def bars(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(ROWS) % 2
    x = rng.integers(0, 90, (ROWS, 24, 24, 3)).astype(np.uint8)
    for one, label in zip(x, y, strict=True):
        at = rng.integers(2, 12)
        (one[:, at : at + 5] if label else one[at : at + 5])[...] = 220
    return x, y


# ---------------------------------------------------------------- how one is written


def png(image: Image.Image, path: Path, i: int) -> None:
    image.save(path.with_suffix(".png"))


def lost(image: Image.Image, path: Path, i: int) -> None:
    path.with_suffix(".png").symlink_to(f"../../.git/annex/objects/{i}")


def deep(ending: str, change: Callable[[np.ndarray], np.ndarray]) -> Save:
    return lambda image, path, i: Image.fromarray(change(np.asarray(image.convert("L")))).save(path.with_suffix(ending))


def on_its_side(ending: str) -> Save:
    def save(image: Image.Image, path: Path, i: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        image.transpose(Image.Transpose.ROTATE_90).save(path.with_suffix(ending), exif=exif)

    return save


def sized(least: int, most: int) -> Save:
    def save(image: Image.Image, path: Path, i: int) -> None:
        rng = np.random.default_rng(i)
        image.resize(tuple(rng.integers(least, most, 2).tolist())).save(path.with_suffix(".png"))

    return save


def every(count: int, other: Save, plain: Save = png) -> Save:
    return lambda image, path, i: (other if i % count == 0 else plain)(image, path, i)


def jpeg(ending: str) -> Save:
    return lambda image, path, i: image.save(path.with_name(path.name + ending), format="JPEG", quality=95)


def mode(name: str, ending: str = ".png") -> Save:
    return lambda image, path, i: image.convert(name).save(path.with_suffix(ending))


def cut_out(image: Image.Image, path: Path, i: int) -> None:
    pixels = np.array(image.convert("RGBA"))
    pixels[pixels[..., 0] < 120, 3] = 0
    Image.fromarray(pixels).save(path.with_suffix(".png"))


def moving(image: Image.Image, path: Path, i: int) -> None:
    image.save(path.with_suffix(".gif"), save_all=True, append_images=[image.rotate(90)])


def damaged(image: Image.Image, path: Path, i: int) -> None:
    path.with_suffix(".png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")


def unreadable(image: Image.Image, path: Path, i: int) -> None:
    if path.parent.name == "lies":
        path.with_suffix(".heic").write_bytes(b"\0\0\0\x18ftypheic")
    else:
        png(image, path, i)


# ---------------------------------------------------------------- what lies beside


def hidden(path: Path) -> None:
    for name in (".ipynb_checkpoints/000-checkpoint.png", "__MACOSX/lies/._000.png", "lies/Thumbs.db", "lies/.DS_Store"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(next(path.glob("lies/*.png")).read_bytes())


def notes(path: Path) -> None:
    (path / "README.md").write_text("# Bars")
    (path / "lies" / "list.txt").write_text("BM is how this begins, and no bitmap")


def metadata(lines: Callable[[list[str]], list[str]], ending: str = "csv") -> Callable[[Path], None]:
    """The pictures move to one folder, and what they are to a file beside them."""

    def write(path: Path) -> None:
        names = []
        for file in sorted(path.glob("*/*.png")):
            names.append(f"{file.parent.name}-{file.name}")
            file.rename(path / names[-1])
        (path / f"metadata.{ending}").write_text("\n".join(lines(names)) + "\n")

    return write


def kinds(names: list[str]) -> list[str]:
    return ["file_name,label", *(f"{name},{name.partition('-')[0]}" for name in names)]


def patients(path: Path) -> None:
    def lines(names: list[str]) -> list[str]:
        return ["file_name,label,who", *(f"{name},{name.partition('-')[0]},{path.name} {i // 2}" for i, name in enumerate(names))]

    metadata(lines)(path)


CROP = {"size": {"shortest_edge": 20}, "crop_size": {"height": 16, "width": 16}, "do_center_crop": True, "resample": 3}
PICTURES = [
    Pictures("One size, a folder a class", "reads", "in colour, 24 x 24"),
    Pictures("png of 16 bits", "reads", "0 to 32767 as black", save=deep(".png", lambda x: x.astype(np.uint16) * 70 + 2000)),
    Pictures("png of 16 bits of which 12 are used", "reads", "0 to 4095", save=deep(".png", lambda x: x.astype(np.uint16) * 12)),
    Pictures("tif of 16 bits", "reads", "0 to 32767 as black", save=deep(".tif", lambda x: x.astype(np.uint16) * 70 + 2000)),
    Pictures(
        "tif of 16 bits, its range said",
        "reads",
        "2000 to 20000 as black to white",
        save=deep(".tif", lambda x: x.astype(np.uint16) * 70 + 2000),
        data={"images": {"range": [2000, 20000]}},
    ),
    Pictures("tif of fractions", "reads", "of more than 8 bits", save=deep(".tif", lambda x: x.astype(np.float32) / 255)),
    Pictures(
        "tif of fractions from -40 to 400",
        "refuses",
        "images: {range: [",
        save=deep(".tif", lambda x: x.astype(np.float32) * 2 - 40),
    ),
    Pictures("Pictures of a phone on their side, jpg", "reads", "turned upright as EXIF says", target_save=on_its_side(".jpg")),
    Pictures("Pictures on their side, webp", "reads", "turned upright as EXIF says", target_save=on_its_side(".webp")),
    Pictures(".jfif, .JPG and no ending", "reads", "in colour", save=every(3, jpeg(".jfif"), every(2, jpeg(""), jpeg(".JPG")))),
    Pictures("A class of which no picture can be read", "refuses", "none that can be read in lies (20 .heic)", save=unreadable),
    Pictures("Other files beside pictures", "reads", "2 other files skipped", beside=notes),
    Pictures("Some links that lead nowhere", "reads", "(8 .png linked to nothing)", save=every(5, lost)),
    Pictures(
        "A class of links that lead nowhere, as an annex has them",
        "refuses",
        "fetch the files that the links stand for",
        save=lambda im, p, i: (lost if p.parent.name == "lies" else png)(im, p, i),
    ),
    Pictures(
        "Nothing but links that lead nowhere", "refuses", "got none, beside 40 .png linked to nothing; fetch the files", save=lost
    ),
    Pictures("What notebooks and systems leave behind", "reads", "4 hidden files left out", beside=hidden),
    Pictures("train and val, classes below", "reads", "train and val are read together", folder="train|val"),
    Pictures("train and test of the target", "asks", "images: {splits: together}", folder="train|test"),
    Pictures(
        "train and test, answered", "reads", "test and train are read", folder="train|test", data={"images": {"splits": "together"}}
    ),
    Pictures("train and val that are classes", "reads", "in colour", folder="train|val", data={"images": {"splits": "classes"}}),
    Pictures("Many sizes", "reads", "the median short side of the target's pictures", save=sized(30, 90)),
    Pictures(
        "Many sizes, padded", "reads", "with black at the edges", save=sized(30, 90), data={"images": {"size": 32, "fit": "pad"}}
    ),
    Pictures(
        "Another size in each domain",
        "reads",
        "all 24 x 24 before, 25% of each cut off",
        target_save=lambda im, p, i: png(im.resize((24, 32)), p, i),
    ),
    Pictures("Transparent pictures", "reads", "laid on white", target_save=cut_out),
    Pictures("Pictures that move", "reads", "the first of which is read", save=moving),
    Pictures(
        "CMYK, palettes and grey among colour",
        "reads",
        "in colour",
        save=every(3, mode("CMYK", ".jpg"), every(2, mode("P", ".gif"))),
    ),
    Pictures("A grey source, a coloured target", "reads", "100% of source, 0% of target", save=mode("L"), target_save=png),
    Pictures("The same, all in grey", "reads", "in grey", save=mode("L"), target_save=png, data={"images": {"mode": "L"}}),
    Pictures("A damaged picture", "refuses", "a damaged file", save=lambda im, p, i: (damaged if i == 3 else png)(im, p, i)),
    Pictures(
        "Pictures without folders", "refuses", "give a metadata.csv", beside=lambda p: png(Image.new("RGB", (9, 9)), p / "a", 0)
    ),
    Pictures("metadata.csv beside pictures", "reads", "labels are from metadata.csv", beside=metadata(kinds)),
    Pictures(
        "metadata.csv that names not all", "reads", "5 pictures that it does not name", beside=metadata(lambda n: kinds(n)[:-5])
    ),
    Pictures(
        "metadata.csv with a picture that is not there",
        "refuses",
        "lost.png without a picture",
        beside=metadata(lambda n: kinds([*n, "lost.png"])),
    ),
    Pictures(
        "metadata.csv with a path that leads out of the folder",
        "refuses",
        "/etc/passwd without a picture",
        beside=metadata(lambda n: kinds([*n, "/etc/passwd"])),
    ),
    Pictures(
        "metadata.csv without the label column",
        "refuses",
        "a column 'label'",
        beside=metadata(lambda n: ["file_name,kind", *kinds(n)[1:]]),
    ),
    Pictures(
        "metadata.csv with its label column named",
        "reads",
        "labels are from",
        beside=metadata(lambda n: ["file_name,kind", *kinds(n)[1:]]),
        spec={"label": "kind"},
    ),
    Pictures("metadata.csv with groups", "reads", "labels are from", beside=patients, spec={"group": "who"}),
    Pictures("A group, and no metadata.csv", "refuses", "a metadata.csv beside the pictures for group: who", spec={"group": "who"}),
    Pictures("uint8 (n, 24, 24, 3) in npz", "reads", "channels last", npz=dict.fromkeys(("source", "target"), lambda x: x)),
    Pictures(
        "Fractions (n, 24, 24, 3) in npz",
        "asks",
        "images: {layout: last}",
        npz=dict.fromkeys(("source", "target"), lambda x: x / 255),
    ),
    Pictures(
        "npz of pictures from -2 to 2",
        "refuses",
        "images: {range: [-2, ",
        npz=dict.fromkeys(("source", "target"), lambda x: x / 64.0 - 2),
        data={"images": {"layout": "last"}},
    ),
    Pictures(
        "An npz of grey fractions beside coloured png",
        "reads",
        "source: x is read as pictures",
        npz={"source": lambda x: x[..., 0] / 255},
    ),
    Pictures(
        "An npz whose x can be no pictures",
        "refuses",
        "pictures of shape (n, h, w)",
        npz={"source": lambda x: x[..., 0, 0]},
        spec={"format": "images"},
    ),
    Pictures(
        "A processor that cuts a middle out",
        "reads",
        "16 x 16 pixels (height x width), as the processor",
        model={"backbone": {"kind": "transformers", "path": "model"}},
        processor=CROP,
    ),
]
