"""A picture becomes the row that people would make of it, and the one its model was trained on."""

from __future__ import annotations

import json
import shutil
from collections import Counter

import fsspec
import numpy as np
import pytest
from PIL import Image

from ntgate.data.image_arrays import in_form, pixels_of
from ntgate.data.image_folder import image_folder
from ntgate.data.image_form import ImageForm, prepared
from ntgate.data.image_processor import read_processor
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.image_survey import Survey, form_of
from ntgate.data.location import locate
from ntgate.data.read_together import read_together
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError, ModelError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)
WAYS = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: np.rot90,
    7: lambda x: np.rot90(x, 2).swapaxes(0, 1),
    8: lambda x: np.rot90(x, -1),
}


def row(image, **form):
    height, width = form.pop("size", image.size[::-1])
    return prepared(image, ImageForm(height=height, width=width, **form))


@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
@pytest.mark.parametrize("way", WAYS)
def test_every_orientation_of_exif_is_upright(tmp_path, ending, way):
    exif = Image.Exif()
    exif[0x0112] = way
    lossless = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(np.ascontiguousarray(WAYS[way](PIXELS))).save(tmp_path / f"a.{ending}", exif=exif, **lossless)
    with Image.open(tmp_path / f"a.{ending}") as image:
        found = row(image, size=(12, 20))
    np.testing.assert_array_equal(found.pixels, PIXELS)
    for part in ("p", "q"):
        (tmp_path / "folder" / part).mkdir(parents=True)
        shutil.copy(tmp_path / f"a.{ending}", tmp_path / "folder" / part)
    np.testing.assert_array_equal(read(SourceSpec(path=str(tmp_path / "folder")), "source").rows[0], PIXELS)


def test_broken_exif_is_no_damage(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
    with Image.open(tmp_path / "a.jpg") as image:
        assert row(image).pixels.shape == (12, 20, 3)


def test_broken_exif_is_not_told_with_a_path_of_pillow(tmp_path, recwarn):
    for name in ("p", "q"):
        (tmp_path / name).mkdir()
        Image.fromarray(PIXELS).save(tmp_path / name / "a.jpg", exif=b"Exif\0\0MM\0*" + b"\xff" * 30)
    assert len(read(SourceSpec(path=str(tmp_path)), "source")) == 2
    assert not [warning for warning in recwarn if "EXIF" in str(warning.message)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("odd", [np.nan, np.inf])
@pytest.mark.parametrize("said", [{}, {"range": [0, 1]}])
def test_pixels_that_are_no_numbers_are_refused(tmp_path, odd, said):
    for name in ("p", "q"):
        (tmp_path / name).mkdir()
        pixels = np.full((12, 20), 0.5, np.float32)
        Image.fromarray(pixels).save(tmp_path / name / "a.tif")
        pixels[3, 4] = odd
        Image.fromarray(pixels).save(tmp_path / name / "b.tif")
    with pytest.raises(DataError, match=r"2 damaged files: .*p/b.tif \(NaN or infinity among its pixels\), .*q/b.tif"):
        read_together({"source": SourceSpec(path=str(tmp_path))}, labelled=("source",), images=ImagesSpec(**said))
    x = np.full((3, 12, 20), 0.5)
    x[1, 0, 0] = odd
    with pytest.raises(DataError, match="finite pixels, got NaN or infinity in row 1"):
        pixels_of(x, "none", ImagesSpec(**said), "x")


def test_sixteen_bits_keep_their_order_and_nothing_is_clipped():
    deep = np.linspace(2000, 20000, 240).astype(np.uint16).reshape(12, 20)
    found = row(Image.fromarray(deep), mode="L", range=(0, 32767))
    assert found.deep == (0, 32767)
    assert (np.diff(found.pixels.reshape(-1).astype(int)) >= 0).all()
    np.testing.assert_allclose(found.pixels[..., 0], deep / 32767 * 255, atol=0.51)


def test_what_is_transparent_is_white_whatever_colour_lies_below():
    rgba = np.dstack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 0, np.uint8)])
    rgba[0, :, 3] = 255
    for image in (Image.fromarray(rgba), Image.fromarray(rgba).convert("LA")):
        found = row(image)
        assert found.white
        assert (found.pixels[0] == 0).all()
        assert (found.pixels[1:] == 255).all()
    assert not row(Image.fromarray(rgba[:1])).white


def test_crop_pad_and_squash():
    wide = Image.fromarray(np.repeat(np.arange(40, dtype=np.uint8)[None, :, None] * 6, 10, axis=0).repeat(3, axis=2))
    crop, pad, squash = (row(wide, size=(10, 10), fit=fit) for fit in ("crop", "pad", "squash"))
    np.testing.assert_array_equal(crop.pixels[0, :, 0], np.arange(15, 25) * 6)
    assert crop.cut == pytest.approx(0.75)
    assert (pad.pixels[:3] == 0).all()
    assert pad.pixels[5, -1, 0] > 200
    assert pad.cut == squash.cut == 0
    assert squash.pixels[0, 0, 0] < 20
    assert squash.pixels[0, -1, 0] > 220


def test_the_size_is_the_targets_and_not_the_first_files():
    sizes = {"source": {(16, 16): 5}, "target": {(12, 40): 1, (60, 90): 3, (600, 400): 1}}
    surveys = {name: Survey(sizes=Counter(found)) for name, found in sizes.items()}
    chosen = form_of(surveys, ImagesSpec(), None)
    assert (chosen.form.height, chosen.form.width, chosen.form.fit) == (60, 60, "crop")
    assert chosen.because == "the median short side of the target's pictures"
    large = form_of({"target": Survey(sizes=Counter({(3000, 4000): 9}))}, ImagesSpec(), None)
    assert (large.form.height, large.form.width) == (224, 224)
    one = form_of({"source": surveys["source"], "target": Survey(sizes=Counter({(28, 20): 4}))}, ImagesSpec(), None)
    assert (one.form.height, one.form.width) == (28, 20)


def test_a_remote_folder_is_read_by_content():
    files = fsspec.filesystem("memory")
    for place, ending in (("p", "jfif"), ("q", "")):
        with files.open(f"/pictures/{place}/a.{ending}" if ending else f"/pictures/{place}/a", "wb") as file:
            Image.fromarray(PIXELS).save(file, "JPEG")
    with files.open("/pictures/q/notes.txt", "wb") as file:
        file.write(b"no picture")
    domain = read(SourceSpec(path="memory://pictures"), "source")
    assert domain.classes == ("p", "q")
    assert domain.pictures.skipped == {".txt": 1}
    assert image_folder(locate("memory://pictures")).pictures == ("/pictures/p/a.jfif", "/pictures/q/a")


def test_rows_are_numbered_by_all_pictures_where_metadata_name_some(tmp_path):
    for i in range(4):
        Image.fromarray(PIXELS).save(tmp_path / f"{i}.png")
    (tmp_path / "metadata.csv").write_text("file_name,label,who\n3.png,a,x\n1.png,b,y\n0.png,a,x\n")
    domain = read(SourceSpec(path=str(tmp_path), group="who"), "source")
    assert domain.numbers.tolist() == [0, 1, 3]
    assert [domain.classes[code] for code in domain.labels] == ["a", "b", "a"]
    assert domain.groups.tolist() == ["x", "y", "x"]


@pytest.mark.parametrize("name", ["/etc/hostname", "../elsewhere/0.png", "a" * 5000 + ".png"])
def test_metadata_of_pictures_elsewhere_is_refused(tmp_path, name):
    Image.fromarray(PIXELS).save(tmp_path / "0.png")
    (tmp_path / "metadata.csv").write_text(f"file_name,label\n0.png,a\n{name},b\n")
    with pytest.raises(DataError, match=r"every file_name of metadata.csv to be one picture, got .* without a picture") as caught:
        read(SourceSpec(path=str(tmp_path)), "source")
    assert len(str(caught.value)) < 1000


def test_pictures_in_arrays():
    x = PIXELS[None]
    np.testing.assert_array_equal(pixels_of(np.moveaxis(x, 3, 1) / 255, "first", ImagesSpec(), "x"), x)
    with pytest.raises(DataError, match="range: \\[-3, 3\\]"):
        pixels_of(np.array([[[-3.0, 3.0]]]), "none", ImagesSpec(), "x")
    grey = pixels_of(x[..., 0], "none", ImagesSpec(), "x")
    assert in_form(grey, ImageForm(height=6, width=6)).shape == (1, 6, 6, 3)


@pytest.mark.parametrize("kind", ["ViT", "CLIP", "ConvNext"])
def test_a_processor_is_followed(tmp_path, kind):
    transformers = pytest.importorskip("transformers")
    settings = {
        "ViT": {"size": {"height": 24, "width": 24}},
        "CLIP": {"size": {"shortest_edge": 30}, "crop_size": {"height": 24, "width": 24}},
        "ConvNext": {"size": {"shortest_edge": 24}, "crop_pct": 0.8},
    }[kind]
    theirs = getattr(transformers, f"{kind}ImageProcessorPil")(**settings)
    theirs.save_pretrained(tmp_path / "model")
    smooth = np.asarray(Image.fromarray(PIXELS).resize((60, 40), Image.Resampling.BICUBIC))
    for name in ("p", "q"):
        (tmp_path / "rows" / name).mkdir(parents=True)
        Image.fromarray(smooth).save(tmp_path / "rows" / name / "a.png")
    told = read_processor(str(tmp_path / "model"))
    read_ = read_together({"source": SourceSpec(path=str(tmp_path / "rows"))}, labelled=("source",), processor=told)
    ours = (read_.domains["source"].rows[0] / 255 - np.array(told.mean)) / np.array(told.deviation)
    wanted = theirs(Image.fromarray(smooth), return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(np.moveaxis(ours, 2, 0), wanted, atol=0.02)


def test_a_processor_that_is_none_or_damaged(tmp_path):
    assert read_processor(str(tmp_path)) is None
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    assert read_processor(str(tmp_path)) is None
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_mean": ["a"], "size": 3}))
    with pytest.raises(ModelError, match="the settings of an image processor"):
        read_processor(str(tmp_path))


def test_pixels_are_rescaled_as_the_processor_says(tmp_path):
    told = {"rescale_factor": 1 / 127.5, "rescale_offset": True, "image_mean": [0.0], "image_std": [1.0], "size": 224}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    found = read_processor(str(tmp_path))
    assert ((np.array([0, 1]) - found.mean[0]) / found.deviation[0]).tolist() == [-1, 1]
