import pytest

from specdl.plan import machine

AVX2 = "sse2 avx avx2 fma"
AVX512 = f"{AVX2} avx512f avx512dq avx512bw avx512vl"


@pytest.fixture(autouse=True)
def no_march(monkeypatch):
    monkeypatch.delenv("SPECDL_MARCH", raising=False)


@pytest.mark.parametrize(
    ("features", "march", "expected"),
    [
        (AVX512, None, 64),
        (AVX512, "native", 64),
        (AVX512, "x86-64-v4", 64),
        (AVX512, "x86-64-v3", 32),
        (AVX512, "x86_64_v3", 32),
        (AVX512, "x86-64-v2", 16),
        (AVX512, "x86-64", 16),
        (AVX512, "haswell", 64),
        (AVX512.replace("avx512vl", ""), None, 32),
        (AVX2, None, 32),
        (AVX2, "x86-64-v4", 32),
        ("sse2 avx avx2", None, 16),
        ("fp asimd", None, 16),
        ("", None, 16),
    ],
)
def test_width_of_vectors(monkeypatch, features, march, expected):
    monkeypatch.setattr(machine, "processor", lambda: ("one", features))
    assert machine.vector_bytes(march) == expected
    if march:
        monkeypatch.setenv("SPECDL_MARCH", march)
        assert machine.vector_bytes() == expected


def test_only_the_first_processor_is_read(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(
        "model name\t: A\nflags\t\t: fpu sse2\n\nmodel name\t: B\nflags\t\t: fpu\n", encoding="utf-8"
    )
    assert machine.cpuinfo(str(file)) == {"model name": "A", "flags": "fpu sse2"}


def test_no_list_of_processors(tmp_path):
    assert machine.cpuinfo(str(tmp_path / "none")) == {}


def test_a_name_that_the_system_does_not_know():
    assert machine.sysctl("specdl.none") == ""
