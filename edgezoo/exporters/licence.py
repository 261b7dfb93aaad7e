"""The licence that every export carries."""

from __future__ import annotations

from importlib import metadata

from edgezoo.errors import EdgezooError


def text() -> str:
    """The text of edgezoo's licence, as the installation holds it; raises EdgezooError if it does not."""
    found = metadata.distribution("edgezoo").read_text("licenses/LICENSE")
    if found is None:
        raise EdgezooError("this installation lacks its licence; install edgezoo again: pip install edgezoo")
    return found
