"""Maps that bring the features of two domains together, one method a file; each ends in a linear map of target rows."""
