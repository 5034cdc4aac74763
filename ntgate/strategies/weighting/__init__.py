"""Weights of source rows for a target, one method a file: rows that are like the target's count for more."""
