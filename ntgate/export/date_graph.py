"""The parts of a date as ONNX operators, in the order of :meth:`ntgate.data.date_parts.DateParts.encode`."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ntgate.data.date_parts import DAY, YEAR, DateParts


def date_nodes(date: DateParts, prefix: str, nodes: list[NodeProto], constants: list[TensorProto]) -> list[str]:
    """Operators from the column's input, steps since 1970 as float64 ``(n, 1)``, to float32 columns, whose names are returned.

    Args:
        date: the column.
        prefix: what the name of everything inside begins with.
        nodes: takes the operators.
        constants: takes their constants.
    """

    def number(called: str, value: object, kind: type = np.float64) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value, dtype=kind), f"{prefix}_{called}"))
        return f"{prefix}_{called}"

    def made(operator: str, inputs: list[str], called: str, **more: int) -> str:
        nodes.append(helper.make_node(operator, inputs, [f"{prefix}_{called}"], **more))
        return f"{prefix}_{called}"

    def as_float(value: str, called: str) -> str:
        return made("Cast", [value], called, to=TensorProto.FLOAT)

    def turn(of: str, whole: str, called: str) -> list[str]:
        """Sine and cosine of what is left of ``of`` above its ``whole`` part."""
        left = as_float(made("Sub", [of, whole], f"{called}_left"), f"{called}_share")
        angle = made("Mul", [left, number(f"{called}_circle", 2 * np.pi, np.float32)], f"{called}_angle")
        return [made("Sin", [angle], f"{called}_sine"), made("Cos", [angle], f"{called}_cosine")]

    origin, day, year = number("origin", date.origin * date.unit), number("day", DAY), number("year", YEAR)
    three, seven = number("three", 3), number("seven", 7)
    missing = made("IsNaN", [date.name], "missing")
    steps = made("Mul", [date.name, number("unit", date.unit)], "seconds")
    known = made("Where", [missing, origin, steps], "known")
    since = made("Div", [made("Sub", [known, origin], "since"), year], "since_years")
    years, days = made("Div", [known, year], "years"), made("Div", [known, day], "days")
    whole_days = made("Floor", [days], "whole_days")
    shifted = made("Add", [whole_days, three], "from_monday")
    weeks = made("Mul", [made("Floor", [made("Div", [shifted, seven], "weeks")], "whole_weeks"), seven], "week_days")
    of_week = made("Cast", [made("Sub", [shifted, weeks], "of_week")], "weekday", to=TensorProto.INT64)
    which = made("Equal", [of_week, number("week", np.arange(7), np.int64)], "which")
    parts = [as_float(since, "time"), *turn(years, made("Floor", [years], "whole_years"), "season"), as_float(which, "weekdays")]
    if date.clock:
        parts += turn(days, whole_days, "clock")
    if date.marks_missing:
        parts.append(as_float(missing, "mark"))
    return parts
