"""The compiled engine behind ctypes: engine.h declared for Python."""

from __future__ import annotations

import ctypes
import os
import sys

from edgezoo.errors import EngineError

# In the order of `ez_isa` in engine.h.
ISAS = ("portable", "simd128", "avx2", "avx512")


class Error(ctypes.Structure):
    """`ez_error`: what was wrong with a bundle, and at which byte."""

    _fields_ = [("status", ctypes.c_int), ("reason", ctypes.c_char_p), ("offset", ctypes.c_uint64)]


class Description(ctypes.Structure):
    """`ez_description`: what an open model is; pointers lead into the bundle."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_size_t),
        ("card", ctypes.c_void_p),
        ("card_length", ctypes.c_size_t),
        ("sha256", ctypes.c_void_p),
        ("segments_begin", ctypes.c_size_t),
        ("segments_end", ctypes.c_size_t),
        ("vocabulary_size", ctypes.c_size_t),
        ("dimension", ctypes.c_size_t),
        ("labels", ctypes.c_size_t),
        ("isa", ctypes.c_int),
        ("max_tokens", ctypes.c_size_t),
    ]


class DrawnBy(ctypes.Structure):
    """`ez_sampling`: how a language model's next token is drawn."""

    _fields_ = [
        ("temperature", ctypes.c_float),
        ("top_p", ctypes.c_float),
        ("top_k", ctypes.c_uint32),
        ("stop", ctypes.c_uint32),
        ("random", ctypes.c_uint64),
    ]


def _load() -> ctypes.CDLL:
    ending = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
    path = os.path.join(os.path.dirname(__file__), f"libedgezoo.{ending}")
    try:
        loaded = ctypes.CDLL(path)
    except OSError as error:
        raise EngineError(
            f"the compiled engine can't be loaded ({error}); install edgezoo again: pip install edgezoo"
        ) from error
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    for name, result, arguments in (
        ("ez_memory_size", size, (pointer, size, pointer)),
        ("ez_open", pointer, (pointer, size, pointer, size, pointer)),
        ("ez_describe", None, (pointer, pointer)),
        ("ez_select_isa", ctypes.c_int, (pointer, ctypes.c_int)),
        ("ez_tokenize", size, (pointer, text, size, pointer, size)),
        ("ez_embed", None, (pointer, text, size, pointer)),
        ("ez_embed_batch", None, (pointer, text, pointer, size, pointer)),
        ("ez_label", pointer, (pointer, size, pointer)),
        ("ez_classify", None, (pointer, text, size, pointer)),
        ("ez_classify_batch", None, (pointer, text, pointer, size, pointer)),
        ("ez_state_size", size, (pointer,)),
        ("ez_step", None, (pointer, pointer, ctypes.c_uint32, pointer)),
        ("ez_score", size, (pointer, text, size, pointer, size)),
        ("ez_generate", size, (pointer, pointer, pointer, pointer, pointer, size)),
        ("ez_token", pointer, (pointer, size, pointer)),
    ):
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


library = _load()
