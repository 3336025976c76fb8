"""vmath.h compiled with a harness, called from numpy, and what its functions are judged against."""

import ctypes
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

HARNESS = Path(__file__).with_name("vmath_harness.c")
INCLUDE = Path(__file__).parents[3] / "specdl" / "backends" / "c" / "include"
FLAGS = "-O2 -fno-math-errno -fno-trapping-math -shared -fPIC -Wall -Wextra -Werror".split()
LEVELS = {"DEFAULT": (), "AVX2": ("-march=x86-64-v3",), "AVX512": ("-march=x86-64-v3",)}
"""What of x86-64 the processor can run beside its own (`-march=native`), by torch's name for what it has."""


def erf(x: np.ndarray) -> np.ndarray:
    return torch.erf(torch.from_numpy(x)).numpy()


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


EXACT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "erf": erf,
    "softplus": softplus,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
}
"""In float64: exact enough to judge float32 by."""


def exact(name: str, x: np.ndarray, flush: bool = False) -> np.ndarray:
    """The function of float32 numbers in float64; where denormals are flushed, they are read as zeros."""
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64)
        if flush:
            wide = np.where(np.abs(wide) < 2.0**-126, np.copysign(0.0, wide), wide)
        return EXACT[name](wide)


@cache
def compiler() -> str | None:
    """The C compiler, as the engine looks for it."""
    found = (shutil.which(name) for name in (os.environ.get("CC"), "cc", "gcc", "clang") if name)
    return next((path for path in found if path), None)


def levels() -> tuple[str, ...]:
    """Flags for what else than itself this processor can run."""
    return LEVELS.get(torch.backends.cpu.get_cpu_capability(), ()) if platform.machine() == "x86_64" else ()


@dataclass(frozen=True)
class Build:
    """How it is compiled: numbers per vector, their type, the processor, and whether a * b + c is fused."""

    lanes: int
    double: bool = False
    march: str = "-march=native"
    contract: str = "fast"

    @property
    def dtype(self) -> type[np.floating]:
        return np.float64 if self.double else np.float32

    def __str__(self) -> str:
        return f"{'double' if self.double else 'float'}{self.lanes}{self.march}-{self.contract}"


class Harness:
    """A compiled harness. Arrays are C-contiguous and of the build's type."""

    def __init__(self, build: Build, folder: Path) -> None:
        self.build = build
        path = folder / f"{build}.so"
        command = [str(compiler()), *FLAGS, f"-ffp-contract={build.contract}", f"-I{INCLUDE}"]
        command += [build.march] if build.march else []
        command += [f"-DLANES={build.lanes}", f"-DSPECDL_DOUBLE={int(build.double)}"]
        subprocess.run([*command, str(HARNESS), "-o", str(path), "-lm"], check=True)
        self.library = ctypes.CDLL(str(path))
        self.real = ctypes.c_double if build.double else ctypes.c_float

    def __call__(self, name: str, *args: np.ndarray, flush: bool = False) -> np.ndarray:
        """Apply a function to arrays of any length."""
        size = args[0].size
        whole = -(-size // self.build.lanes) * self.build.lanes
        padded = [arg if size == whole else np.resize(arg, whole) for arg in args]
        assert all(arg.dtype == self.build.dtype for arg in padded)
        y = np.empty_like(padded[0])
        self.library.flush_denormals(int(flush))
        try:
            self.raw(name)(*(pointer(arg) for arg in padded), pointer(y), ctypes.c_longlong(y.size))
        finally:
            self.library.flush_denormals(0)
        return y[:size]

    def raw(self, name: str, returns: object = None) -> Callable[..., float]:
        function = self.library[f"apply_{name}"]
        function.restype = returns
        return function

    def seconds(self, name: str, x: np.ndarray, times: int) -> float:
        """What so many applications to the same array take."""
        y, apply = np.empty_like(x), self.raw(name)
        begin = perf_counter()
        self.library.repeat(
            apply, pointer(x), pointer(y), ctypes.c_longlong(x.size), ctypes.c_longlong(times)
        )
        return perf_counter() - begin

    def worst(self, y: np.ndarray, truth: np.ndarray) -> tuple[float, int]:
        """The largest error in ulp, and its index; inf where NaN, infinity or a sign is wrong."""
        judge, at = self.library["worst"], ctypes.c_longlong()
        judge.restype = ctypes.c_double
        return judge(pointer(y), pointer(truth), ctypes.c_longlong(y.size), ctypes.byref(at)), at.value


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    assert array.flags.c_contiguous
    return ctypes.c_void_p(array.ctypes.data)
