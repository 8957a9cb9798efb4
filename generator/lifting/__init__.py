"""The scalar formulas of entries <-> formulas over whole vectors and matrices, found and proven."""
