"""How quantities and formulas are written: symbols, order, forms, digits, and their arrangement as boxes."""
