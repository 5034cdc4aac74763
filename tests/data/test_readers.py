"""From files to domains."""

from __future__ import annotations

import fsspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ntgate.data.align import align
from ntgate.data.readers import read
from ntgate.data.specs import DataConfig, SourceSpec
from ntgate.errors import DataError


def table(tmp_path, text, name="rows.csv"):
    (tmp_path / name).write_text(text)
    return SourceSpec(path=str(tmp_path / name))


def test_npz_labels_are_named_by_their_digits(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.array([10.0, 2.0, 10.0]))
    domain = read(SourceSpec(path=str(tmp_path / "a.npz")), "target")
    assert domain.classes == ("2", "10")
    assert domain.y.tolist() == [1, 0, 1]
    assert domain.rows.dtype == np.float32


def test_an_fsspec_uri_is_read_like_a_file():
    with fsspec.open("memory://here/a.csv", "w") as file:
        file.write("a,label\n1,x\n2,y\n")
    assert len(read(SourceSpec(path="memory://here/a.csv"), "target")) == 2


def test_a_table_has_numbers_texts_and_missing_values(tmp_path):
    spec = table(tmp_path, "n,t,flag,label\n1,red,true,a\n,,false,b\n3,blue,true,a\n")
    domain = read(spec, "source")
    assert domain.kind == "table"
    assert np.isnan(domain.rows["n"][1])
    assert domain.rows["t"].tolist() == ["red", "", "blue"]
    assert domain.rows["flag"].tolist() == [1.0, 0.0, 1.0]


def test_parquet_reads_like_csv(tmp_path):
    frame = pd.DataFrame({"n": [1.5, None, 3], "t": ["a", None, "c"], "label": ["u", "v", "u"]})
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    one, other = (read(SourceSpec(path=str(tmp_path / name)), "source") for name in ("rows.parquet", "rows.csv"))
    pd.testing.assert_frame_equal(one.rows, other.rows)
    assert one.classes == other.classes


def test_images_by_folder(tmp_path):
    for i, name in enumerate(["cat", "cat", "dog"]):
        (tmp_path / name).mkdir(exist_ok=True)
        Image.fromarray(np.full((6, 4, 3), 40 * i, np.uint8)).save(tmp_path / name / f"{i}.png")
    domain = read(SourceSpec(path=str(tmp_path), image_size=(8, 8), image_mode="L"), "source")
    assert domain.kind == "images"
    assert domain.rows.shape == (3, 8, 8, 1)
    assert [domain.classes[code] for code in domain.y] == ["cat", "cat", "dog"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a,a,label\n1,2,x\n3,4,y\n", "every column once, got a twice"),
        ("a,,label\n1,2,x\n3,4,y\n", "a name for every column"),
        ("a,label\n", "at least one row, got a header alone"),
        ("label\nx\ny\n", "at least one feature column"),
        ("a,label\n1,x\n2,\n3,y\n", "a label in every row, got none in row 1"),
        ("a,label\n1,1.5\n2,2\n", "classes: whole numbers or text, got the fraction 1.5"),
        ("a,b,label\n1,2\n3,4,5,6\n", "3 fields in every line, as in the header, got 2 in line 2, 4 in line 3"),
    ],
)
def test_bad_tables(tmp_path, text, part):
    with pytest.raises(DataError) as caught:
        read(table(tmp_path, text), "target")
    assert part in str(caught.value)


def test_a_damaged_image_is_named(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "0.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"expected images alone, got a damaged file: .*0\.png"):
        read(SourceSpec(path=str(tmp_path)), "source")


def test_an_empty_folder_and_an_unknown_ending(tmp_path):
    with pytest.raises(DataError, match="in one folder a class, got none"):
        read(SourceSpec(path=str(tmp_path)), "source")
    (tmp_path / "a.xyz").write_text("")
    with pytest.raises(DataError, match="set format"):
        read(SourceSpec(path=str(tmp_path / "a.xyz")), "source")


def test_columns_are_aligned_by_name(tmp_path):
    source = read(table(tmp_path, "a,b,label\n1,x,0\n2,y,1\n"), "source")
    other = read(table(tmp_path, "b,label,a\nx,0,1\ny,1,2\n", "b.csv"), "target")
    assert list(align(source, other).rows.columns) == ["a", "b"]
    missing = read(table(tmp_path, "a,label\n1,0\n2,1\n", "c.csv"), "target")
    with pytest.raises(DataError, match="expected the columns of the source, got without b"):
        align(source, missing)
    text = read(table(tmp_path, "a,b,label\none,x,0\ntwo,y,1\n", "d.csv"), "target")
    with pytest.raises(DataError, match="target: a: expected numbers as in the source, got text"):
        align(source, text)


def numbered(n=300):
    return pd.DataFrame({"n": np.arange(float(n)), "t": [f"row {i}" for i in range(n)], "label": ["u", "v", "w"] * (n // 3)})


def in_files(frame, folder, count=3):
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(len(frame)), count)):
        frame.iloc[part].to_parquet(folder / f"part-{i}.parquet", row_group_size=40)
    return folder


@pytest.mark.parametrize("path", ["rows.parquet", "rows.parquet/part-*.parquet"])
def test_a_table_may_be_many_files(tmp_path, path):
    frame = numbered()
    in_files(frame, tmp_path / "rows.parquet")
    frame.to_parquet(tmp_path / "one.parquet")
    many, one = (read(SourceSpec(path=str(tmp_path / name)), "source") for name in (path, "one.parquet"))
    pd.testing.assert_frame_equal(many.rows, one.rows)
    assert many.labels.tolist() == one.labels.tolist()


def test_files_of_one_table_have_the_same_columns(tmp_path):
    folder = in_files(numbered(), tmp_path / "rows.parquet")
    pd.DataFrame({"other": [1.0], "label": ["u"]}).to_parquet(folder / "part-9.parquet")
    with pytest.raises(DataError, match="parquet files with the same columns"):
        read(SourceSpec(path=str(folder)), "source")


@pytest.mark.parametrize("ending", ["parquet", "folder.parquet", "csv", "npz", "images"])
def test_a_sample_is_the_same_rows_whatever_they_lie_in(tmp_path, ending):
    frame, path = numbered(), tmp_path / f"rows.{ending}"
    if ending == "folder.parquet":
        in_files(frame, path)
    elif ending == "npz":
        np.savez(path, x=frame[["n"]].to_numpy(), y=frame["label"].to_numpy().astype(str))
    elif ending == "images":
        for i, name in enumerate(sorted(frame["label"])):
            (path / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((2, 2), i % 256, np.uint8)).save(path / name / f"{i:03}.png")
    else:
        frame.to_parquet(path, row_group_size=70) if ending == "parquet" else frame.to_csv(path, index=False)
    whole, part = (
        read(SourceSpec(path=str(path), format="images" if ending == "images" else "auto", sample=n), "source") for n in (None, 50)
    )
    assert len(part) == 50
    assert part.numbers.tolist() == sorted(np.random.default_rng(0).choice(300, 50, replace=False, shuffle=False))
    expected = whole.take(part.numbers)
    assert np.array_equal(np.asarray(part.rows), np.asarray(expected.rows))
    assert [part.classes[code] for code in part.labels] == [whole.classes[code] for code in expected.labels]
    assert len(read(SourceSpec(path=str(path), format="images" if ending == "images" else "auto", sample=300), "s")) == 300


def test_a_sample_of_labelled_target_rows_is_refused():
    with pytest.raises(ValueError, match="no sample of target, whose labels are few and dear"):
        DataConfig(source=SourceSpec(path="a.npz"), target=SourceSpec(path="b.npz", sample=10))
