"""Numbers too small for a normal exponent, flushed to zero while a run trains.

Arithmetic on them is ten to a hundred times slower on common processors, and Adam's moments
of a dead unit decay right into them. The processor's switch is a thread's own, so it is set
in every thread of torch's team, and put back as it was.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

Region = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def flushes() -> bool:
    """Whether this thread flushes, found by trying: there is nothing to ask."""
    return sys.float_info.min / 2 == 0.0


@contextmanager
def flushed() -> Iterator[None]:
    """Flush inside, and restore what was before; does nothing on processors that cannot."""
    before = flushes()
    set_flushing(True)
    try:
        yield
    finally:
        set_flushing(before)


def set_flushing(on: bool) -> None:
    """Set the switch in this thread and in torch's team of threads."""
    torch.set_flush_denormal(on)
    if torch.get_num_threads() > 1:
        on_team(lambda: torch.set_flush_denormal(on))


def on_team(function: Callable[[], object]) -> bool:
    """Call a function in each thread of torch's team, one after another; False if there is no way.

    Torch's team is libgomp's, whose entry is found among what torch's own library needs.
    """
    try:
        library = ctypes.CDLL(str(next((Path(torch.__file__).parent / "lib").glob("libtorch_cpu.*"))))
        parallel = library.GOMP_parallel
    except (OSError, AttributeError, StopIteration):
        return False
    parallel.argtypes = (Region, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
    parallel.restype = None

    def region(_: object) -> None:
        function()

    parallel(Region(region), None, torch.get_num_threads(), 0)
    return True
