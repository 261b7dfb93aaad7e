"""Tiny text models, one file each, that give the same answer on every runtime."""

__version__ = "0.1.0"
