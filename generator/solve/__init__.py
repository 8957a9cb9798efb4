"""Graph -> values: exact or enclosed, rounded in one place, and in straight-line code for many variants."""
