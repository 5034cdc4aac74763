"""Drift attribution: which features moved, alone or together, and which rows are typical of it."""
