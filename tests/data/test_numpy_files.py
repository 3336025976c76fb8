import io
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.core.errors import FindingsError
from specdl.data.numpy_files import read_npy, read_npz

AT = ("data", "source", "path")


def saved(save, *args, **arrays) -> bytes:
    buffer = io.BytesIO()
    save(buffer, *args, **arrays)
    return buffer.getvalue()


NPY = saved(np.save, np.arange(12.0).reshape(4, 3))
NPZ = saved(np.savez, x=np.arange(12.0).reshape(4, 3), y=np.arange(4))
PACKED = saved(np.savez_compressed, x=np.arange(12.0).reshape(4, 3), y=np.arange(4))


@contextmanager
def read_or_refused(codes: set[str]):
    """Allows findings of these codes, and no other error."""
    try:
        yield
    except FindingsError as error:
        if error.code not in codes:
            raise


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "a"


@given(changes=st.dictionaries(st.integers(0, len(NPY) - 1), st.integers(0, 255), min_size=1, max_size=6))
def test_a_damaged_npy_file_is_a_finding_or_an_array(file, changes):
    content = bytearray(NPY)
    for place, byte in changes.items():
        content[place] = byte
    file.write_bytes(bytes(content))
    with read_or_refused({"E414", "E415", "E611"}):
        found = read_npy(file, "a", AT)
        assert found.nbytes <= len(NPY)
        assert not found.dtype.hasobject


@given(which=st.sampled_from([NPZ, PACKED]), more=st.data())
def test_a_damaged_npz_file_is_a_finding_or_arrays(file, which, more):
    content = bytearray(which)
    places = st.integers(0, len(content) - 1)
    for place, byte in more.draw(st.dictionaries(places, st.integers(0, 255), max_size=6)).items():
        content[place] = byte
    file.write_bytes(bytes(content[: more.draw(st.integers(len(content) // 2, len(content)))]))
    with read_or_refused({"E411", "E414", "E415", "E611"}):
        assert set(read_npz(file, "a", {"x": AT, "y": AT}, AT)) == {"x", "y"}


def test_a_single_value_has_no_rows(file):
    file.write_bytes(saved(np.save, np.array(3.0)))
    with pytest.raises(FindingsError, match=r"^`a.npy` is a single value, and an array with a row") as caught:
        read_npy(file, "a.npy", AT)
    assert caught.value.code == "E414"
    file.write_bytes(saved(np.savez, x=np.array(3.0)))
    with pytest.raises(FindingsError, match=r"^`x` of `a.npz` is a single value") as caught:
        read_npz(file, "a.npz", {"x": AT}, AT)
    assert caught.value.code == "E414"
