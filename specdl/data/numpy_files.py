"""Arrays in numpy's files. Nothing is unpickled: reading a file never runs code."""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from specdl.core.diagnostics import Finding, Note, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.core.suggest import nearest
from specdl.core.wording import quoted
from specdl.data.base import Array
from specdl.data.faults import Faults

MAGIC = b"\x93NUMPY"
UNREADABLE = (
    *(OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error, struct.error),
    *(ValueError, TypeError, KeyError, SyntaxError, TokenError, OverflowError),
    *(NotImplementedError, RuntimeError),
)
"""What numpy raises for files that are damaged; the last line is for zip's other ways of packing."""
DAMAGED = ("malformed node or string", "Cannot parse header", "convert to C", "an integer is required")
"""What numpy says of headers that make no sense, with words of Python's own."""
SHOWN = 12
"""Names of arrays that a message lists."""
PROTOCOL = b"\x80"
"""How pickles begin since protocol 2."""


def read_npy(file: Path, name: str, path: DocumentPath) -> Array:
    """The array of an npy file, mapped rather than read: rows come into memory when they are used.

    `name` is the file as the spec names it at `path`. Raises `FindingsError`: E611 for
    pickled objects, E415 where the file is no npy file or is cut short.
    """
    shown = f"`{visible(name)}`"
    try:
        with file.open("rb") as handle:
            begin = handle.read(len(MAGIC))
            if begin != MAGIC:
                raise FindingsError([no_numpy(shown, "npy", begin, path)])
            handle.seek(0)
            shape, dtype = header(handle)
            there, told = file.stat().st_size - handle.tell(), prod(shape) * dtype.itemsize
        if told > there and not dtype.hasobject:
            raise FindingsError([Finding("E415", cut_short(shown, shape, told, there), path)])
        with quiet():
            array: Array = np.lib.format.open_memmap(file, mode="r")
    except UNREADABLE as error:
        raise FindingsError([unreadable(shown, error, path)]) from None
    return with_rows(array, shown, path)


def read_npz(
    file: Path, name: str, wanted: Mapping[str, DocumentPath], path: DocumentPath
) -> dict[str, Array]:
    """Arrays of an npz file by their names; `wanted` maps each to where the spec names it.

    Raises `FindingsError`: E411 for an array that is not in the file, E611 for pickled
    objects, E415 where the file cannot be read.
    """
    shown = f"`{visible(name)}`"
    faults = Faults()
    found: dict[str, Array] = {}
    try:
        with file.open("rb") as handle:
            begin = handle.read(4)
            if begin[:2] != b"PK":
                raise FindingsError([no_numpy(shown, "npz", begin, path)])
            handle.seek(0)
            with quiet(), np.load(handle, allow_pickle=False) as archive:
                for key, place in wanted.items():
                    if key not in archive.files:
                        faults.append(no_array(key, shown, archive.files, place))
                    elif (array := faults.attempt(member, archive, key, shown, place)) is not None:
                        found[key] = array
    except UNREADABLE as error:
        raise FindingsError([unreadable(shown, error, path)]) from None
    faults.settle()
    return found


def header(handle: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type of an array, of which nothing is read; raises what numpy raises."""
    version = np.lib.format.read_magic(handle)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with quiet():
        shape, _, dtype = read(handle)
    if any(isinstance(size, bool) or size < 0 for size in shape):
        raise ValueError("its header is damaged")
    return shape, dtype


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, numpy does not warn of files that Python 2 wrote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def cut_short(file: str, shape: tuple[int, ...], told: int, there: int) -> str:
    """That a file ends before its array does."""
    sizes = ", ".join(str(size) for size in shape)
    return f"{file} is cut short: an array of [{visible(sizes)}] takes {told:,} bytes, and it has {there:,}"


def member(archive: Any, key: str, file: str, path: DocumentPath) -> Array:
    """One array of an open npz file.

    Its header is looked at before: what is no array may be packed a thousandfold, and would be read whole.
    """
    shown = f"`{visible(key)}` of {file}"
    names = archive.zip.namelist()
    try:
        info = archive.zip.getinfo(f"{key}.npy" if f"{key}.npy" in names else key)
        with archive.zip.open(info) as handle:
            if handle.read(len(MAGIC)) != MAGIC:
                raise FindingsError([Finding("E415", f"{shown} is no array of numpy", path)])
        with archive.zip.open(info) as handle:
            shape, dtype = header(handle)
            there, told = info.file_size - handle.tell(), prod(shape) * dtype.itemsize
        if told > there and not dtype.hasobject:
            raise FindingsError([Finding("E415", cut_short(shown, shape, told, there), path)])
        array: Array = archive[key]
    except UNREADABLE as error:
        raise FindingsError([unreadable(shown, error, path)]) from None
    return with_rows(array, shown, path)


def with_rows(array: Array, shown: str, path: DocumentPath) -> Array:
    """An array that counts samples along its first axis; raises `FindingsError` (E414) if it has none."""
    if array.ndim:
        return array
    message = f"{shown} is a single value, and an array with a row for each sample was expected"
    raise FindingsError([Finding("E414", message, path)])


def no_array(key: str, file: str, there: list[str], path: DocumentPath) -> Finding:
    """That an npz file has no array of a name."""
    like = nearest(key, there)
    few = there if len(there) <= SHOWN else [*there[:SHOWN], "..."]
    return Finding(
        "E411",
        f"{file} has no array `{visible(key)}`",
        path,
        help=f"did you mean `{visible(like)}`?" if like else None,
        notes=(Note(f"it has {visible(quoted(few)) or 'none'}"),),
    )


def no_numpy(file: str, kind: str, begin: bytes, path: DocumentPath) -> Finding:
    """That a file is of another format, which the first bytes tell."""
    if begin.startswith(PROTOCOL):
        return pickled(file, path)
    what = "empty" if not begin else f"no {kind} file"
    return Finding("E415", f"{file} is {what}", path)


def pickled(file: str, path: DocumentPath) -> Finding:
    """That a file holds pickles, which could run code."""
    return Finding(
        "E611",
        f"{file} holds pickled objects, which can run code when they are read",
        path,
        help="save the array with a dtype of numbers or text: `np.save(file, x.astype('float32'))`",
    )


def unreadable(file: str, error: Exception, path: DocumentPath) -> Finding:
    """That reading a file failed, and why."""
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "allow_pickle" in why or "Python objects" in why:
        return pickled(file, path)
    if isinstance(error, (SyntaxError, TokenError)) or any(each in why for each in DAMAGED):
        why = "its header is damaged"
    return Finding("E415", f"{file} cannot be read: {visible(why[:200])}", path)
