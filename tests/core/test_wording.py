import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.core.wording import LEAST, MOST, number

DIGITS = 4
"""As many digits as are written of a number at least."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1230.4, "1,230"),
        (20000.5, "20,000"),
        (9999.9, "10,000"),
        (1499.6, "1,500"),
        (0.25, "0.25"),
        (-1230.4, "-1,230"),
    ],
)
def test_a_number_as_people_write_it(value, text):
    assert number(value) == text


@given(
    digits=st.floats(1, 10, exclude_max=True),
    power=st.integers(-5, 14),
    sign=st.sampled_from([-1, 1]),
)
def test_what_is_written_is_the_number(digits, power, sign):
    value = sign * digits * 10.0**power
    text = number(value)
    if LEAST <= abs(value) < MOST:
        assert "e" not in text
        assert text == f"{float(text.replace(',', '')):,.10f}".rstrip("0").rstrip(".")
    assert float(text.replace(",", "")) == pytest.approx(value, rel=10 ** (1 - DIGITS) / 2)
