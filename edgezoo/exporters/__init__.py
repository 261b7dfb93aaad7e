"""One file for each format: checkpoint directory in, file out."""
