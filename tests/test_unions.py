"""Open unions: shipped kinds, a class by its path, a package's entry point, and one sentence for what cannot be found."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from ntgate.base import Frozen
from ntgate.unions import OpenUnion


class Shape(Frozen):
    kind: str


class Circle(Shape):
    kind: Literal["circle"] = "circle"
    radius: float = Field(1.0, gt=0)


class Own(Shape):
    kind: str = "own"
    corners: int = 3


SHAPES = OpenUnion(Shape, "a shape", "ntgate_tests.shapes", (Circle,))


class Drawing(Frozen):
    shapes: tuple[Annotated[Shape, SHAPES], ...]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "a_package", sys.modules[__name__])


def errors(shapes):
    with pytest.raises(ValidationError) as caught:
        Drawing(shapes=shapes)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_a_shipped_kind_by_name_and_by_mapping():
    assert Drawing(shapes=["circle", {"kind": "circle", "radius": 2}]).shapes == (Circle(), Circle(radius=2))


def test_a_class_by_its_path_comes_back_from_json():
    drawing = Drawing(shapes=[{"kind": "a_package:Own", "corners": 5}])
    assert drawing.shapes == (Own(corners=5),)
    assert type(Drawing.model_validate_json(drawing.model_dump_json()).shapes[0]).__name__ == "Own"


def test_an_installed_package_offers_a_kind_by_its_entry_point(tmp_path, monkeypatch):
    info = tmp_path / "offers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ntgate_tests.shapes]\nsquare = a_package:Own\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert isinstance(Drawing(shapes=["square"]).shapes[0], Own)
    other = tmp_path / "claims-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: claims\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[ntgate_tests.shapes]\nsquare = a_package:Circle\n")
    assert "one package that offers 'square', got claims and offers" in errors(["square"])[0][1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("triangle", "expected one of circle, or package.module:Class, got 'triangle'"),
        (3, "expected a kind: circle, or package.module:Class, got 3; add kind, as in {kind: circle}"),
        ({"radius": 1}, "got none in it"),
        ("cirkle", "did you mean 'circle'?"),
        ({"kind": "no_such_module:Shape"}, "expected a shape to import at no_such_module:Shape, got No module named"),
        ({"kind": "os:path"}, "expected a subclass of"),
    ],
)
def test_what_is_no_shape_is_refused_in_one_sentence(given, said):
    ((where, message),) = errors([given])
    assert where == ("shapes", 0)
    assert said in message


def test_settings_are_checked_where_they_stand():
    assert [where for where, _ in errors([{"kind": "circle", "radius": -1}, {"kind": "a_package:Own", "corner": 1}])] == [
        ("shapes", 0, "circle", "radius"),
        ("shapes", 1, "a_package:Own", "corner"),
    ]
