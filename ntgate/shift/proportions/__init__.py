"""Label shift: whether the proportions of the classes differ, and whether they explain the difference."""
