"""Tables that no machine holds: their rows by number, who computes, and their shift."""
