"""YAML file -> a typed problem: text with line numbers, exact numbers, and errors that say where."""
