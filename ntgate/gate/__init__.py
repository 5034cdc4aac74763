"""The gate: evidence in, findings and a decision out."""
