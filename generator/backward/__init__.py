"""Graph -> the same graph with its backward pass: derivatives, gradients, updates, further rounds."""
