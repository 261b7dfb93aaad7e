"""The models: registry and cards, architectures, tokenizers, recipes, datasets, evaluation."""
