"""The columns of a table as numbers that can be compared: their form, their scale, a test for each."""
