"""Labels that come in by and by: ask for the rows that decide, judge after every day's batch, stop as soon as it is enough.

A team has 60 labelled rows of the worn scanner for training and 60 for the test, which is too few for a verdict, and hundreds that
nobody has labelled. Its labellers manage twenty a day.
"""

from __future__ import annotations

import pandas as pd
from digits import clean_and_worn

import ntgate

A_DAY = 20  # labels


def main() -> None:
    """A run, a question, and batches of labels until they decide."""
    source, target = clean_and_worn()
    result = ntgate.run(
        source=source,
        target=target[:60],
        target_test=target[60:120],
        label="digit",
        model="worn-scanner",
        registry="sqlite:///mlflow.db",
        strategies=["linear_pool", "forest_pool"],
        scratch=["logistic", "forest"],
        gate={"seeds": 1, "labels": {"policy": "as_they_come"}},
    )
    print(result.outcome, "-", result.sentence)
    pool = target[120:]
    answer = ntgate.ask(result, pool.drop(columns="digit"))
    print(answer.sentence)
    table, days = answer.table(), 0
    while result.outcome == "inconclusive" and days * A_DAY < len(table):
        days += 1
        table = labelled(table, days * A_DAY, pool)
        result = ntgate.judge(result, table)
        print(f"day {days}:", result.outcome, "-", result.sentence)


def labelled(table: pd.DataFrame, first: int, pool: pd.DataFrame) -> pd.DataFrame:
    """The table with labels in its first rows: here from the data, where people would look at the picture."""
    pixels = [name for name in pool.columns if name != "digit"]
    known = table[pixels].merge(pool.drop_duplicates(pixels), on=pixels, how="left")["digit"]
    return table.assign(digit=known.where(known.index < first))


if __name__ == "__main__":
    main()
