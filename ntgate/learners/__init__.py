"""Learners of encoded rows that are no networks: one a file. With a source they are pools, without one they are scratch."""
