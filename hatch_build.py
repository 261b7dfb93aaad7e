"""Compile the C engine while the wheel is built; zig is the compiler, so no system toolchain is needed."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_ENGINE = Path("edgezoo/runtimes/engine")


class EngineBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Adds the engine's shared library and WebAssembly modules to a wheel and names its platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build in the source tree, where an editable installation looks too."""
        if self.target_name != "wheel":
            return
        engine = _engine_build(Path(self.root) / _ENGINE / "build.py")
        target = engine.host_target()
        library = _ENGINE / engine.library_name(target)
        engine.build(Path(self.root) / library, target)
        modules = [_ENGINE / path.name for path in engine.build_wasm(Path(self.root) / _ENGINE)]
        build_data["artifacts"] += [path.as_posix() for path in (library, *modules)]
        build_data["pure_python"] = False
        # The library is reached through ctypes, so one wheel serves every Python of a platform.
        build_data["tag"] = f"py3-none-{engine.wheel_platform(target)}"


def _engine_build(path: Path) -> Any:
    # By path: importing the package would ask for its dependencies, which a build does not have.
    spec = importlib.util.spec_from_file_location("edgezoo_engine_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
