"""Inputs that nobody means well with, a file for each door at which they are given."""
