"""Every error that edgezoo raises on purpose; each message says what was wrong and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class EdgezooError(Exception):
    """The base of edgezoo's errors."""


class BundleError(EdgezooError):
    """A model file is damaged, hostile, or of a version that this edgezoo does not read."""


class ModelNotFoundError(EdgezooError):
    """There is neither a model of that name in the zoo nor a file at that path."""


class InputError(EdgezooError, ValueError):
    """An argument has the wrong type or a value out of range."""


class DataError(EdgezooError):
    """A dataset is missing or does not look as it should."""


class EngineError(EdgezooError):
    """The compiled engine is missing, does not fit this machine, or failed."""


class MissingExtraError(EdgezooError, ImportError):
    """A feature needs packages that a plain installation leaves out.

    `MissingExtraError("training", "train")` reads: training needs packages that are not installed;
    install them with: pip install 'edgezoo[train]'
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed; install them with: "
            f"pip install 'edgezoo[{extra}]'"
        )
        self.feature = feature
        self.extra = extra


@contextmanager
def needs(feature: str, extra: str) -> Iterator[None]:
    """Turn an import that fails inside into a MissingExtraError, unless what lacks is a module of edgezoo."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "edgezoo":
            raise
        raise MissingExtraError(feature, extra) from error
