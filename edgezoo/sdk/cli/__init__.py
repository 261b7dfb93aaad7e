"""The command line: `edgezoo --help`."""

import os
import sys

from edgezoo.errors import EdgezooError, InputError, ModelNotFoundError


def main() -> None:
    """Run the command line; errors become one line on standard error and a status.

    0: done; 1: it failed; 2: what was typed is wrong; 130: interrupted.
    """
    try:
        from edgezoo.sdk.cli.app import app

        app()
    except EdgezooError as error:
        _fail(str(error), 2 if isinstance(error, InputError | ModelNotFoundError) else 1)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        _flush()


def _fail(message: str, status: int) -> None:
    print(f"edgezoo: {message}", file=sys.stderr)
    sys.exit(status)


def _flush() -> None:
    # A reader such as `head` may be gone: let the interpreter's own flush find nothing to complain about.
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
