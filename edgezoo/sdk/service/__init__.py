"""`edgezoo serve`: the models over HTTP, the embeddings as OpenAI's clients ask for them."""
