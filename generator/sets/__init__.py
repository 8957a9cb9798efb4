"""Homework sets: a set file, a roster and a secret -> a fair variant of every problem for every student."""
