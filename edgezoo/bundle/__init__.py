"""The model file: one `.ezb` holds card, tokenizer and tensors. SPECIFICATION.md defines it.

`schema.py` is what `flatc --python --gen-object-api --gen-onefile bundle.fbs` generates, renamed.
"""
