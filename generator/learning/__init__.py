"""What kinds of problems that learn have in common: batches, losses, penalties, normalization, optimizers."""
