"""Numba is configured here, once, for every kernel of the project."""

from __future__ import annotations

import ctypes
import functools
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def _writable(folder: Path) -> bool:
    """Tell whether a file could be made in `folder`, or in its nearest existing parent."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


# Numba raises at import where neither the package nor the home folder can hold its cache.
if "NUMBA_CACHE_DIR" not in os.environ and not (
    _writable(Path(__file__).parent) or _writable(Path.home() / ".cache")
):
    try:
        os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / "zigzag-numba")
    except FileNotFoundError:
        raise PermissionError(
            "no folder can be written, and Numba needs one; NUMBA_CACHE_DIR can name it"
        ) from None

import numba  # noqa: E402  (the cache folder must be chosen before Numba reads it)
from numba import types  # noqa: E402
from numba.core import cgutils  # noqa: E402
from numba.core.codegen import get_host_cpu_features  # noqa: E402
from numba.experimental.function_type import FunctionModel  # noqa: E402
from numba.extending import (  # noqa: E402
    NativeValue,
    intrinsic,
    register_jitable,
    register_model,
    typeof_impl,
    unbox,
)
from numba.extending import overload as overload  # noqa: E402

# LLVM takes four numbers at a time on those of Intel's processors that could take eight, because
# old ones slow down their clock for it. Maps are 13 to 20 % faster with eight, to the same bits.
_FEATURES = get_host_cpu_features()
if numba.config.CPU_FEATURES is None and "+avx512f" in _FEATURES.split(","):
    numba.config.CPU_FEATURES = _FEATURES + ",-prefer-256-bit"

# Surfaces and rules are given the addresses of numbers that lie in a row. An array would be seven
# words at every call, and counting its references costs more than the arithmetic of a step.
ADDRESS = types.CPointer(types.float64)
ROWS = types.CPointer(types.int32)  # the address of the numbers of samples, one after another
VECTOR = types.float64[::1]
MATRIX = types.float64[:, ::1]

# (n, x, y, params, out, out, out), n points: loss, gx, gy of a loss kernel; hxx, hxy, hyy of a
# Hessian kernel.
SURFACE_SIGNATURE = types.void(types.int64, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS)
# (n, x, y, params, rows, first, count, loss, gx, gy): the means over a batch at n points. The batch
# are the samples rows[first], ..., rows[first + count - 1].
BATCH_SIGNATURE = types.void(
    *(types.int64, ADDRESS, ADDRESS, ADDRESS, ROWS, types.int64, types.int64),
    *(ADDRESS, ADDRESS, ADDRESS),
)

FOREIGN: dict[Any, Any] = {
    types.void: None,
    types.int64: ctypes.c_int64,
    ADDRESS: ctypes.c_void_p,
    ROWS: ctypes.c_void_p,
}
ELEMENTS = {ADDRESS: np.dtype(np.float64), ROWS: np.dtype(np.int32)}


def address(array: Any, kind: Any = ADDRESS) -> int:
    """Return where the numbers of `array` begin: in a row and writable, or TypeError."""
    element = ELEMENTS[kind]
    fits = isinstance(array, np.ndarray) and array.dtype == element and array.flags.carray
    if not fits:
        raise TypeError(f"{type(array).__name__}: must be a writable C-contiguous {element} array")
    return int(array.ctypes.data)


def flat(array: Any, kind: Any = ADDRESS) -> Any:
    """Return `array` as plain Python has an address: its numbers in a row."""
    address(array, kind)
    return array.reshape(-1)


class Code(types.FunctionType):
    """Numba's type of a compiled function of one signature that another one is given.

    Numba's own makes the caller go through a wrapper for C, up to 6 ns a call, and has the address
    of that looked up in Python at every call that is given it.
    """


@register_model(Code)
class CodeModel(FunctionModel):
    """Hold the address of the code itself beside two that are left empty."""


class Pointer:
    """A compiled function to pass to another; its address and its type are found once."""

    def __init__(self, dispatcher: Any, signature: Any) -> None:
        result = dispatcher.get_compile_result(signature)
        self._result = result  # keeps the code alive
        self.kind = Code(signature)
        self.code = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
        # As C, and ctypes, call it.
        self.foreign = result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)


@typeof_impl.register(Pointer)
def _(pointer: Pointer, _: Any) -> Any:
    return pointer.kind


@unbox(Code)
def _(kind: Any, pointer: Any, c: Any) -> Any:
    """Write the machine code by which a compiled function takes a `Pointer` from Python."""
    function = cgutils.create_struct_proxy(kind)(c.context, c.builder)
    code = c.pyapi.object_getattr_string(pointer, "code")
    with cgutils.if_likely(c.builder, cgutils.is_not_null(c.builder, code)):
        function.jit_addr = c.pyapi.long_as_voidptr(code)
        c.pyapi.decref(code)
    # Whatever else is given has no `code`, of which Python then tells.
    return NativeValue(function._getvalue(), is_error=cgutils.is_null(c.builder, code))


class Kernel:
    """A compiled function of exactly one signature.

    It is compiled, or read from the disk cache, at its first use: an application that shows
    one surface does not wait for twelve. Afterwards no other signature can be added: a
    Numba function with several specializations can hand out the wrong one when processes race.
    """

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        functools.update_wrapper(self, function)
        self.signature = signature
        # nogil: other sessions of the same server go on while a kernel runs.
        # error_model="numpy": a division by zero gives inf, as in NumPy, instead of raising.
        # No fastmath: it deletes the tests for NaN and infinity that find a divergence.
        self._dispatcher = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
        self._lock = threading.Lock()
        self._ready = False

    @property
    def compiled(self) -> Any:
        """The Numba dispatcher, compiled."""
        if not self._ready:
            with self._lock:
                if not self._ready and not numba.config.DISABLE_JIT:
                    self._dispatcher.compile(self.signature)
                    self._dispatcher.disable_compile()
                self._ready = True
        return self._dispatcher

    @functools.cached_property
    def pointer(self) -> Any:
        """The function as an argument of a compiled one."""
        compiled = self.compiled
        return compiled if numba.config.DISABLE_JIT else Pointer(compiled, self.signature)

    def __call__(self, *arguments: Any) -> Any:
        """Call the function, with an array for each address that it takes."""
        return self._callable(*arguments)

    @functools.cached_property
    def _callable(self) -> Callable[..., Any]:
        kinds = self.signature.args
        if not any(kind in ELEMENTS for kind in kinds):
            return self.compiled
        plain = numba.config.DISABLE_JIT
        function = self.compiled if plain else self._foreign()
        converted = flat if plain else address

        def call(*arguments: Any) -> Any:
            given = zip(arguments, kinds, strict=True)
            return function(*(converted(a, kind) if kind in ELEMENTS else a for a, kind in given))

        return call

    def bound(self, *arguments: Any) -> Callable[[], Any]:
        """Return the call with these arguments, whose addresses are looked up once, not each time.

        It reads and writes the arrays as they are when it is called.
        """
        if numba.config.DISABLE_JIT:
            return functools.partial(self, *arguments)
        given = zip(arguments, self.signature.args, strict=True)
        places = [address(a, kind) if kind in ELEMENTS else a for a, kind in given]
        function = self._foreign()

        def call(kept: tuple[Any, ...] = arguments) -> Any:  # for the addresses hold no array
            return function(*places)

        return call

    def _foreign(self) -> Callable[..., Any]:
        """Return the compiled function as ctypes calls it: Numba takes no pointer from Python."""
        kinds = [self.signature.return_type, *self.signature.args]
        prototype: Any = ctypes.CFUNCTYPE(*(FOREIGN[kind] for kind in kinds))
        return prototype(self.pointer.foreign)


KERNELS: list[Kernel] = []  # all that have been defined, for whoever compiles ahead


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorate a function as a `Kernel` of the given Numba signature."""

    def made(function: Callable[..., Any]) -> Kernel:
        KERNELS.append(Kernel(function, signature))
        return KERNELS[-1]

    return made


def part(function: Callable[..., Any]) -> Any:
    """Decorate a function that kernels of the same file call, and that is compiled into them."""
    return register_jitable(function)


@intrinsic
def _stack(context: Any, size: Any) -> Any:
    """Return the address of `size` numbers, a literal, that live as long as the kernel's call."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_data_type(types.float64)
        # Not where it is asked for: what a loop asks for again would be more each time.
        with builder.goto_entry_block():
            return builder.alloca(kind, size=signature.args[0].literal_value)

    if isinstance(size, types.IntegerLiteral):
        return ADDRESS(size), build
    return None


def stack(size):  # type: ignore[no-untyped-def]
    """Return room for `size` numbers, a constant, for parts: an array costs more than a step."""
    return np.empty(size)


@overload(stack, inline="always")
def _(size):  # type: ignore[no-untyped-def]
    return lambda size: _stack(size)
