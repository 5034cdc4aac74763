"""Domains: read, aligned, split, fingerprinted, stored, encoded."""
