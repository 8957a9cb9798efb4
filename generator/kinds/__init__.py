"""One module per kind of problem: each offers `Definition`, `check`, `build` and `STARTER`."""
