"""A WebAssembly module that runs: its functions and its memory, through wasmtime."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import wasmtime
from numpy.typing import NDArray

# wasmtime's functions in C, as its package has loaded them. What its Python does around a call, such as to
# ask for the function's type and to make an object of each number, takes longer than embedding ten tweets.
from wasmtime import _bindings as c

from edgezoo.errors import EngineError

_PAGE = 1 << 16
_RELAXED = "matrix-relaxed.wasm"


class Instance:
    """A module in the making of answers: its functions, and its memory from `__heap_base` on as a stack.

    If matrix-relaxed.wasm lies beside it, that multiplies its matrices: the same integers, sooner. One
    thread at a time may use it.
    """

    def __init__(self, module: str) -> None:
        try:
            compiled = _compile(module)
        except OSError as error:
            raise EngineError(
                f"the engine's module can't be read ({error}); install edgezoo again: pip install edgezoo"
            ) from error
        self._store: Any = wasmtime.Store(compiled.engine)
        instance: Any = wasmtime.Instance(self._store, compiled.module, [])
        self._exports: Any = instance.exports(self._store)
        if compiled.relaxed is not None and "ez_matrix_kernel" in self._exports:
            self._relax(compiled.relaxed)
        self._functions: dict[str, _Function] = {}
        self._memory: Any = self._exports["memory"]
        self._top: int = self._exports["__heap_base"].value(self._store)
        self._find_memory()

    def _relax(self, module: wasmtime.Module) -> None:
        """Put the module's function where the engine calls multiply_matrix, which it gets itself."""
        store, table = self._store, self._exports["__indirect_function_table"]
        place = self._exports["ez_matrix_kernel"](store)
        replaced = wasmtime.Instance(store, module, [self._exports["memory"], table.get(store, place)])
        table.set(store, place, replaced.exports(store)["multiply_matrix"])

    def _find_memory(self) -> None:
        """Look where the memory is; only `reserve` makes it grow, which may move it."""
        self.memory: NDArray[np.uint8] = np.frombuffer(self._memory.get_buffer_ptr(self._store), np.uint8)

    def call(self, function: str, *arguments: int) -> int:
        """The result of an exported function, an address or a size; anything of those without.

        Raises EngineError if WebAssembly stops it.
        """
        found = self._functions.get(function)
        if found is None:
            found = self._functions[function] = _Function(self._store, self._exports[function])
        try:
            return found(arguments)
        except wasmtime.Trap as error:
            raise EngineError(f"{function} was stopped by WebAssembly: {error}") from error

    def reserve(self, size: int) -> int:
        """The 64-byte aligned address of `size` fresh bytes."""
        start = -(-self._top // 64) * 64
        lacking = start + size - self.memory.size
        if lacking > 0:
            try:
                self._memory.grow(self._store, -(-lacking // _PAGE))
            except wasmtime.WasmtimeError as error:
                raise EngineError(f"WebAssembly's memory has no {size:,} bytes left") from error
            self._find_memory()
        self._top = start + size
        return start

    def release(self, start: int) -> None:
        """Take back what was reserved from `start` on."""
        self._top = start

    def write(self, data: bytes) -> int:
        """The address of a copy of `data`."""
        start = self.reserve(len(data))
        self.memory[start : start + len(data)] = np.frombuffer(data, np.uint8)
        return start

    def read(self, start: int, size: int) -> bytes:
        """A copy of what is at an address."""
        return self.memory[start : start + size].tobytes()

    def read_string(self, start: int) -> bytes:
        """The bytes up to a NUL."""
        return self.read(start, 256).partition(b"\0")[0]

    def close(self) -> None:
        """Release the memory; no call may follow."""
        del self.memory, self._functions
        self._store.close()


class _Function:
    """A function of an instance, whose parameters and result are integers of 32 bits."""

    def __init__(self, store: wasmtime.Store, function: wasmtime.Func) -> None:
        kind = function.type(store)
        integer = wasmtime.ValType.i32()
        if any(each != integer for each in (*kind.params, *kind.results)) or len(kind.results) > 1:
            raise EngineError("the module's functions are not those of edgezoo; install edgezoo again")
        self._count = len(kind.params)
        self._values = (c.wasmtime_val_raw_t * max(1, self._count))()  # what comes back takes the first place
        self._context, self._owner = store._context(), function
        self._function = ctypes.byref(function._func)

    def __call__(self, arguments: tuple[int, ...]) -> int:
        if len(arguments) != self._count:
            raise TypeError(f"{len(arguments)} arguments for {self._count} parameters")
        values = self._values
        for place, argument in enumerate(arguments):
            values[place].i32 = argument
        trap = ctypes.POINTER(c.wasm_trap_t)()
        error = c.wasmtime_func_call_unchecked(
            self._context, self._function, values, len(values), ctypes.byref(trap)
        )
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        if trap:
            raise wasmtime.Trap._from_ptr(trap)
        result: int = values[0].i32 & 0xFFFFFFFF
        return result


class _Compiled:
    """A module and the engine that compiled it; a process compiles each file once."""

    def __init__(self, path: str) -> None:
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module(self.engine, Path(path).read_bytes())
        relaxed = Path(path).with_name(_RELAXED)
        self.relaxed = wasmtime.Module(self.engine, relaxed.read_bytes()) if relaxed.exists() else None


_compiled: dict[str, _Compiled] = {}


def _compile(path: str) -> _Compiled:
    if path not in _compiled:
        _compiled[path] = _Compiled(path)
    return _compiled[path]
