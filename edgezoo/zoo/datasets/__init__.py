"""Readers of training and evaluation text; no data lives in the package."""
