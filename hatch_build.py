"""Compile the C engine while the wheel is built; zig is the compiler, so no system toolchain is needed."""

import importlib.util
import platform
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_ENGINE = Path("edgezoo/runtimes/engine")
_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


class EngineBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Adds the engine's shared library to a wheel and names the platform that it is for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library in the source tree, where an editable installation looks for it too."""
        if self.target_name != "wheel":
            return
        library = _ENGINE / f"libedgezoo{_SUFFIX}"
        _engine_build(Path(self.root) / _ENGINE / "build.py").build(Path(self.root) / library)
        build_data["artifacts"].append(library.as_posix())
        build_data["pure_python"] = False
        # The library is reached through ctypes, so one wheel serves every Python of a platform.
        build_data["tag"] = f"py3-none-{_platform_tag()}"


def _engine_build(path: Path) -> Any:
    # By path: importing the package would ask for its dependencies, which a build does not have.
    spec = importlib.util.spec_from_file_location("edgezoo_engine_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _platform_tag() -> str:
    if sys.platform == "darwin":
        # A universal2 Python still gets a library for the machine that builds it alone.
        return f"macosx_11_0_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
