"""Graph -> the same graph with what a reader can check at the end."""
