"""Texts as runtimes take them."""


def encode(text: str) -> bytes:
    """UTF-8 of a text; as in a browser, surrogate pairs are joined and lone surrogates become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
