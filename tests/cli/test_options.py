import argparse

import pytest

from specdl.cli.options import size


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        ("8GiB", 8 << 30),
        ("0.5kB", 500),
        ("1.25 MiB", 1_310_720),
        ("1024", 1024),
        ("2.9B", 2),
        ("9007199254740993", 2**53 + 1),
        ("1.000000000000000001P", 10**15),
        ("9" * 400, int("9" * 400)),
    ],
)
def test_sizes_are_whole_bytes_however_large(text, nbytes):
    assert size(text) == nbytes


@pytest.mark.parametrize("text", ["", "-1", "1e9", "8 GiB more", "GiB", "1.B", "½GiB", "٣GiB", "9" * 5000])
def test_what_is_no_size(text):
    with pytest.raises(argparse.ArgumentTypeError, match="write 8GiB"):
        size(text)
