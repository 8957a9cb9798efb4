"""Formula -> boxes -> the text of each format."""
