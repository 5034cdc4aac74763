"""Task difference: whether both domains name the same classes, mean the same by them, and label alike."""
