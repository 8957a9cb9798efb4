"""One problem with other numbers -> its documents, by thousands, filled into what was rendered once."""
