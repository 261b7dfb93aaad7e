"""One file for each family of models, as it is trained; the engine has the same file in C."""
