"""Rendered document -> the lines in it that are not true."""
