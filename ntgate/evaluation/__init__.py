"""Scores of one model, and statistics of two models on the same rows."""
