"""`python -m generator`: the command line, where the script `longhand` is not on the path."""

from generator.cli import main

main()
