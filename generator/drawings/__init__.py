"""Diagrams and curves as drawings in no format, and their printers: SVG, TikZ, Typst."""
