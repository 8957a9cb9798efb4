"""Graph and Trace -> Steps: what is worked, in teaching order, in single numbers or in matrices. No words."""
