"""Tokenizer definitions; `tokenizer.json` is their source of truth and the engine reproduces it id for id."""
