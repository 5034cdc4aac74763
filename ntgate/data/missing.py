"""The words for a missing value."""

# What a missing value is called where a client or onnxruntime made a text of it. pandas takes all but NaT for missing in a csv,
# so that a model that was judged on one has met none of them as text.
MISSING = (
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "NaT",
    "n/a",
    "nan",
    "null",
)
