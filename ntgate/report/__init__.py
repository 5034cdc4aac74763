"""What people read after a run: one page, its plots, and the model's card."""
