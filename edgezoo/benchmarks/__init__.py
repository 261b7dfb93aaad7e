"""Measurements of the zoo's models on this machine, beside their peers."""
