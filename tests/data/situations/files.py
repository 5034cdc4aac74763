"""Files of every kind."""

from __future__ import annotations

import gzip

from tests.data.situations.build import NUMBER, ROWS, Situation, csv, file, hive, lines, normal, of, parts, texts


def _stray(number: int, line: str) -> str:
    """The line, with a quote before its last field, or at its end."""
    *fields, last = line.split(",")
    return ",".join([*fields, f'"{last}']) if number == 100 else line + '"' if number == 103 else line


FILES = [
    Situation("Semicolons", "reads", "fields between semicolons", write=csv(sep=";")),
    Situation(
        "Semicolons and decimal commas",
        "reads",
        "fields between semicolons, decimal commas",
        normal,
        write=csv(sep=";", decimal=","),
        kind="number",
    ),
    Situation(
        "Semicolons, decimal commas and points between thousands",
        "reads",
        "semicolons",
        texts(lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,"))),
        write=csv(sep=";", decimal=","),
        kind="number",
    ),
    Situation("Tabs in .tsv", "reads", "fields between tabs", write=file(".tsv", lambda f: f.to_csv(index=False, sep="\t"))),
    Situation("Tabs in .csv", "reads", "fields between tabs", write=csv(sep="\t")),
    Situation("Vertical bars", "reads", "fields between vertical bars", write=csv(sep="|")),
    Situation(
        "A separator that the config names",
        "reads",
        "fields between semicolons",
        write=csv(sep=";"),
        spec={"csv": {"separator": ";"}},
    ),
    Situation("A mark of byte order", "reads", "amount  number", write=csv(encoding="utf-8-sig")),
    Situation("UTF-16", "reads", "amount  number", write=csv(encoding="utf-16")),
    Situation("Latin-1", "refuses", "csv: {encoding: cp1252}", of("grün", "weiß"), write=csv(encoding="latin-1")),
    Situation(
        "Latin-1, answered",
        "reads",
        "grün",
        of("grün", "weiß"),
        write=csv(encoding="latin-1"),
        spec={"csv": {"encoding": "cp1252"}},
        kind="category",
    ),
    Situation("Line ends of Windows", "reads", "amount  number", write=csv(lineterminator="\r\n")),
    Situation(
        "Line ends of both kinds in one file", "reads", "amount  number", write=lines(lambda i, line: line + "\r" * (i % 3 > 0))
    ),
    Situation(
        "A header in the middle, as of files put together",
        "refuses",
        "expected its header once, got it again in row 100",
        write=lines(lambda i, line: f"{line}\namount,colour,label" if i == 100 else line),
    ),
    Situation(
        "Two stray quotes, three rows apart",
        "refuses",
        "label: expected quotes in pairs, got one in row 99 that takes the 3 lines behind it",
        normal,
        write=lines(_stray),
    ),
    Situation("Empty lines", "reads", "amount  number", write=lines(lambda i, line: line + "\n" if i % 9 == 0 else line)),
    Situation("A comma behind every row", "reads", "amount  number", write=lines(lambda i, line: line + "," * (i > 0))),
    Situation(
        "Thousands with commas and no quotes",
        "refuses",
        "put quotes around",
        write=lines(lambda i, line: f"1,{line}" if i else line),
    ),
    Situation("One row with a field more", "refuses", "4 in line 8", write=lines(lambda i, line: line + ",x" if i == 7 else line)),
    Situation(
        "One row with a field less",
        "refuses",
        "2 in line 8",
        write=lines(lambda i, line: line.rpartition(",")[0] if i == 7 else line),
    ),
    Situation(
        "A column twice",
        "refuses",
        "every column once, got amount twice",
        write=lines(lambda i, line: f"amount,{line}" if i == 0 else f"1,{line}"),
    ),
    Situation(
        "A column without a name in the middle",
        "refuses",
        "a name for every column",
        write=lines(lambda i, line: line.replace("colour", "", 1) if i == 0 else line),
    ),
    Situation("A header alone", "refuses", "a header alone", change=lambda f: f.iloc[:0]),
    Situation("An empty file", "refuses", "nothing in it", write=file(".csv", lambda f: "")),
    Situation("NUL characters", "refuses", "NUL characters", of("a\0b", "c")),
    Situation(
        "csv packed as .gz",
        "reads",
        "amount  number",
        write=file(".csv.gz", lambda f: gzip.compress(f.to_csv(index=False).encode())),
    ),
    Situation(
        "A packed file that was cut",
        "refuses",
        "a whole file packed as .gz",
        write=file(".csv.gz", lambda f: gzip.compress(f.to_csv(index=False).encode())[:-40]),
    ),
    Situation("jsonl", "reads", "amount  number", write=file(".jsonl", lambda f: f.to_json(orient="records", lines=True))),
    Situation(
        "jsonl packed as .gz",
        "reads",
        "amount  number",
        write=file(".jsonl.gz", lambda f: gzip.compress(f.to_json(orient="records", lines=True).encode())),
    ),
    Situation("jsonl that is none", "refuses", "one JSON object a line", write=file(".jsonl", lambda f: "{'a': 1\n")),
    Situation("A folder of csv parts", "reads", "amount  number", write=parts(".csv")),
    Situation("A pattern of csv parts", "reads", "amount  number", write=parts(".csv", "part-*.csv")),
    Situation("A folder of jsonl parts", "reads", "amount  number", write=parts(".jsonl")),
    Situation("A folder of parquet parts", "reads", "amount  number", write=parts(".parquet")),
    Situation("csv parts with other columns", "refuses", "give files of one table", write=parts(".csv", odd=True)),
    Situation(
        "Parquet parts with other columns", "refuses", "parquet files with the same columns", write=parts(".parquet", odd=True)
    ),
    Situation("Parquet partitioned by a column", "reads", "colour  category", write=hive("colour")),
    Situation("Parquet partitioned by its label", "reads", "amount  number", write=hive("label")),
    Situation("Parquet partitioned by a number", "reads", NUMBER, of(2022, 2023, 2024), write=hive("c"), kind="number"),
    Situation(
        "A pattern that no file has",
        "refuses",
        "no such files",
        write=lambda frame, path: f"{path.name}/nothing-*.csv" if path.mkdir() is None else "",
    ),
    Situation("An ending that nobody knows", "refuses", "set format", write=file(".xyz", lambda f: f.to_csv(index=False))),
    Situation(
        "Other columns in the target",
        "refuses",
        "expected the columns of the source, got without",
        change=lambda f: f if len(f) == ROWS["source"] else f.drop(columns="colour"),
    ),
    Situation(
        "The columns in another order",
        "reads",
        "amount  number",
        change=lambda f: f if len(f) == ROWS["source"] else f[f.columns[::-1]],
    ),
    Situation("A name with a slip", "refuses", "did you mean 'label'?", spec={"label": "lable"}),
    Situation(
        "Files put together, each with its header and its mark of byte order",
        "refuses",
        "expected its header once, got it again in row 100",
        write=file(".csv", lambda f: b"".join(part.to_csv(index=False).encode("utf-8-sig") for part in (f[:100], f[100:]))),
    ),
    Situation(
        "A header in the middle in capitals",
        "refuses",
        "expected its header once, got it again in row 100",
        write=lines(lambda i, line: f"{line}\nAMOUNT,Colour,LABEL" if i == 100 else line),
    ),
    Situation(
        "A title above the header",
        "refuses",
        "remove what stands above the header",
        write=file(".csv", lambda f: "Report\n\n" + f.to_csv(index=False)),
    ),
    Situation(
        "A title between separators",
        "refuses",
        "remove what stands above the header",
        write=file(".csv", lambda f: "Report,,\n" + f.to_csv(index=False)),
    ),
    Situation(
        "sep=; above the header",
        "refuses",
        "got 'sep=;'; remove that line",
        write=file(".csv", lambda f: "sep=;\n" + f.to_csv(index=False, sep=";")),
    ),
    Situation(
        "Two marks of byte order", "reads", "amount  number", write=file(".csv", lambda f: "\ufeff\ufeff" + f.to_csv(index=False))
    ),
    Situation(
        "Amount in the target, amount in the source",
        "refuses",
        "rename 'Amount' to 'amount'",
        change=lambda f: f if len(f) == ROWS["source"] else f.rename(columns={"amount": "Amount"}),
    ),
    Situation(
        "A name with a space behind it in the target",
        "refuses",
        "rename 'amount ' to 'amount'",
        change=lambda f: f if len(f) == ROWS["source"] else f.rename(columns={"amount": "amount "}),
    ),
    Situation(
        "A web page",
        "refuses",
        "got a web page",
        write=file(".csv", lambda f: "<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n"),
    ),
    *(
        Situation(
            f"A pointer of Git LFS in place of {ending}",
            "refuses",
            "got the pointer of a file in Git LFS",
            write=file(ending, lambda f: "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        )
        for ending in (".csv", ".jsonl", ".parquet", ".npz")
    ),
    Situation(
        "A workbook called .csv",
        "refuses",
        "got a zip archive or a workbook",
        write=file(".csv", lambda f: b"PK\x03\x04" + bytes(range(256))),
    ),
    Situation(
        "A packed file called .csv",
        "refuses",
        "call it .gz",
        write=file(".csv", lambda f: gzip.compress(f.to_csv(index=False).encode())),
    ),
    Situation("A workbook", "refuses", "save the sheet as csv", write=file(".xlsx", lambda f: b"PK\x03\x04")),
    Situation(
        "A list in jsonl",
        "refuses",
        "expected one JSON object a line, got a list",
        write=file(".jsonl", lambda f: f.to_json(orient="records")),
    ),
    Situation(
        "A file that was cut inside a quote",
        "refuses",
        "one in line 242 that is open still at the end of the file",
        write=file(".csv", lambda f: f.to_csv(index=False) + '1,red,"yes'),
    ),
    Situation(
        "A key twice in a line of jsonl",
        "refuses",
        "got amount twice in line 4",
        write=file(
            ".jsonl",
            lambda f: f.to_json(orient="records", lines=True).replace("}\n", ',"amount":1}\n', 4).replace(',"amount":1}', "}", 3),
        ),
    ),
    Situation(
        "Half of a character in jsonl",
        "refuses",
        "half of a character, '\\ud83d', in line",
        write=file(".jsonl", lambda f: f.to_json(orient="records", lines=True).replace('"yes"', '"yes\\ud83d"')),
    ),
]
