"""The model file: one `.ezb` holds card, tokenizer and tensors. SPECIFICATION.md defines it."""
