"""Thumbnails: PNGs that hold the pixels they were made from."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ntgate.errors import DataError
from ntgate.report.thumbnail import thumbnail


def pixels(uri):
    head, data = uri.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data, validate=True))))


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3), (9, 7, 4), (3, 9)])
def test_bytes_come_back_as_they_were(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(pixels(thumbnail(image)), image)


def test_channels_first_and_single_channels():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (3, 9, 8), dtype=np.uint8)
    np.testing.assert_array_equal(pixels(thumbnail(image)), image.transpose(1, 2, 0))
    np.testing.assert_array_equal(pixels(thumbnail(image[:1])), image[0])
    np.testing.assert_array_equal(pixels(thumbnail(image[0][:, :, None])), image[0])


def test_other_numbers_are_scaled_between_their_limits():
    image = np.array([[-1.0, 0.0], [0.5, 2.0]])
    np.testing.assert_array_equal(pixels(thumbnail(image)), [[0, 85], [128, 255]])
    np.testing.assert_array_equal(pixels(thumbnail(image, limits=(0, 1))), [[0, 0], [128, 255]])
    np.testing.assert_array_equal(pixels(thumbnail(np.full((2, 2), 0.7))), np.zeros((2, 2)))


def test_large_images_become_small():
    uri = thumbnail(np.random.default_rng(2).integers(0, 256, (1000, 500, 3), dtype=np.uint8))
    assert pixels(uri).shape == (96, 48, 3)
    assert len(uri) < 30_000


@pytest.mark.parametrize(
    "wrong", [np.zeros(4), np.zeros((2, 2, 2, 2)), np.zeros((0, 3)), np.full((2, 2), np.nan), np.array([["a"]])]
)
def test_what_is_no_image_is_refused(wrong):
    with pytest.raises(DataError, match=r"^pixels:"):
        thumbnail(wrong)
