"""Steps -> documents: words from a language, looks from a format, programs from the same graph."""
