"""The graph of quantities, and what it holds as a whole: vectors, matrices, images, layers, windows."""
