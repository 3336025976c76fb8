import subprocess
import sys

import numpy as np
import pytest

import specdl
from specdl.analysis import analyse, known
from specdl.backends.c.compiler import available
from specdl.backends.choice import planned
from specdl.core.diagnostics import Replace
from specdl.plan.machine import readable
from tests.cli.conftest import spec

MACHINES = [{"backend": "torch"}]
if available():
    MACHINES += [{"backend": "c", "threads": 1}, {"backend": "c", "threads": 3}]


def refused(value, max_memory=None, **machine):
    (finding,) = errors(value, max_memory, **machine)
    assert finding.code == "E510"
    return finding


def errors(value, max_memory=None, **machine):
    found = specdl.check(value, max_memory=max_memory, **machine)
    return [each for each in found if each.severity == "error"]


def linear(*widths, **more):
    layers = [
        {"type": "linear", "out_features": width, "name": f"fc{n}"} for n, width in enumerate(widths, 1)
    ]
    return spec(model={"input": {"shape": [784]}, "layers": layers}, loss={"type": "mse"}, metrics=[], **more)


def test_the_three_that_take_most_with_their_places():
    finding = refused(linear(10**12, 1), backend="torch")
    told = [(note.message, note.place.path) for note in finding.notes if note.place]
    # a weight and two values of adam's state with the guard's copy of them, its gradient and a temporary
    weight = (2 * 3 + 2) * 4 * 784 * 10**12
    assert told[0][1] == "$.model.layers[0]"
    assert told[0][0].startswith(f"`fc1` takes {readable(weight)}")
    assert told[0][0].endswith(
        "weight f32[1000000000000,784], its gradient, adam's state, the guard's copy and scratch"
    )
    assert told[1][1] == "$.model.layers[1]"
    assert len(told) == 3


def test_the_limit_is_told_with_whose_it_is(monkeypatch):
    assert refused(spec(), 1000).message.endswith("and `--max-memory` allows 1,000 bytes")
    from specdl import analysis
    from specdl.plan.machine import Limit

    monkeypatch.setattr(analysis, "memory_limit", lambda: Limit(1 << 10, "the cgroup `/a` allows"))
    assert refused(spec()).message.endswith("and the cgroup `/a` allows 1,024 bytes")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_batch_that_fits_can_be_pasted(machine):
    value = linear(100, 10)
    value["data"]["batch_size"] = 100_000
    limit = 8 << 20
    finding = refused(value, limit, **machine)
    key, _, rows = finding.help.partition(": ")
    assert key == '"batch_size"'
    for more, fits in ((0, True), (1, False)):
        value["data"]["batch_size"] = int(rows) + more
        assert (errors(value, limit, **machine) == []) == fits


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_counted_is_what_is_trained(machine, monkeypatch, tmp_path):
    value = spec(data={"source": {"type": "disc", "train": 500}, "batch_size": 64}, seed=0)
    value["model"]["input"]["shape"] = [2]
    compilation, _ = analyse(value)
    total = planned(compilation.plan, **machine).bytes.total + known(compilation).nbytes
    assert errors(value, total, **machine) == []
    assert f"a run would take {total:,} bytes" in refused(value, total - 1, **machine).message
    monkeypatch.setattr("specdl.compiler.free_memory", lambda: total - 1)
    with pytest.raises(specdl.ResourceError, match=f"a run would take {total:,} bytes"):
        specdl.train(value, out=tmp_path / "run", **machine)
    monkeypatch.setattr("specdl.compiler.free_memory", lambda: total)
    specdl.train(value, out=tmp_path / "run", **machine)


def test_two_backends_take_different_bytes():
    compilation, _ = analyse(spec())
    assert len({planned(compilation.plan, **machine).bytes.total for machine in MACHINES}) == len(MACHINES)


def test_no_compiler_is_started(monkeypatch):
    def asked(*_):
        pytest.fail("a compiler was asked what it is")

    monkeypatch.setattr("specdl.backends.c.compiler.ask", asked)
    monkeypatch.setattr("specdl.backends.c.compiler._find", asked)
    monkeypatch.setattr("specdl.backends.choice.available", lambda: True)
    native = refused(spec(), 1000, backend="c", threads=1).message
    assert refused(spec(), 1000, threads=1).message == native
    assert refused(spec(), 1000, backend="torch").message != native


def test_a_machine_that_is_not_there(monkeypatch):
    monkeypatch.setattr("specdl.backends.choice.available", lambda: False)
    for machine in ({"backend": "c"}, {"backend": "tpu"}, {"device": "cuda"}, {"threads": 0}):
        with pytest.raises(specdl.UsageError):
            specdl.check(spec(), **machine)
    compilation, _ = analyse(spec())
    message = refused(spec(), 1000).message
    assert message == refused(spec(), 1000, backend="torch").message
    assert f"{compilation.plan.bytes.total:,}" in message


def test_the_fix_is_the_same_batch_and_not_sure():
    from specdl.analysis import memory_findings
    from specdl.plan.machine import Limit

    value = linear(100, 10)
    value["data"]["batch_size"] = 100_000
    compilation, _ = analyse(value)
    (finding,) = memory_findings(compilation, Limit(8 << 20, "this machine has"), known(compilation))
    (edit,) = finding.fix.edits
    assert isinstance(edit, Replace)
    assert edit.path == ("data", "batch_size")
    assert finding.help == f'"batch_size": {edit.value}'
    assert not finding.fix.sure


def test_where_one_sample_is_too_much_no_batch_is_named():
    finding = refused(linear(10**12))
    assert finding.help is None
    assert finding.notes[-1].message.startswith("a batch of 1 would still take ")


def test_data_that_is_larger_than_the_model_is_told_of():
    value = spec(data={"source": {"type": "random", "train": 2**31 - 1}, "batch_size": 8})
    finding = refused(value, 1 << 30)
    assert finding.path == "$.data.source"
    assert finding.notes[0].message.startswith("the data takes ")
    assert finding.help is None


def test_layers_of_one_line_are_told_as_one():
    value = spec(
        blocks={"body": {"layers": [{"type": "linear", "out_features": 6, "name": "fc"}]}},
        model={
            "input": {"shape": [6]},
            "layers": [
                {"type": "block", "block": "body", "repeat": 30, "name": "deep"},
                {"type": "linear", "out_features": 3},
            ],
        },
    )
    note = refused(value, 1000).notes[0]
    assert note.message.startswith("`deep.0.fc` and 29 more of this line take ")
    assert note.place.path == "$.blocks.body.layers[0]"


HUGE = {
    "wide": linear(10**12),
    "wider": linear(10**18),
    "a product of two": linear(10**12, 10**12),
    "widths beyond int64": linear(10**18, 10**18, 10**18),
    "a large batch": linear(10**6, data={"source": {"type": "disc", "train": 9}, "batch_size": 2**31 - 1}),
    "repeated": spec(
        blocks={"b": {"layers": [{"type": "linear", "out_features": 10**12}]}},
        model={"input": {"shape": [4]}, "layers": [{"type": "block", "block": "b", "repeat": 500}]},
        loss={"type": "mse"},
        metrics=[],
    ),
    "wide in arithmetic": spec(
        vars={"width": 10**12},
        model={
            "input": {"shape": [4]},
            "layers": [{"type": "linear", "out_features": "${width * width * width}"}],
        },
        loss={"type": "mse"},
        metrics=[],
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_no_machine_has_is_refused_with_the_number(name):
    value = HUGE[name]
    for machine in MACHINES:
        finding = next(each for each in specdl.check(value, **machine) if each.code == "E510")
        compilation, _ = analyse(value)
        total = planned(compilation.plan, **machine).bytes.total
        assert f"{total:,} bytes" in finding.message or f"{total:,} for buffers" in finding.message
        assert total > 2**40


def test_nothing_of_it_grows_with_the_numbers():
    import tracemalloc

    value = linear(10**12)
    specdl.check(value)
    tracemalloc.start()
    specdl.check(value)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20


def test_require_memory_names_them_too(monkeypatch):
    from specdl import compiler

    monkeypatch.setattr(compiler, "free_memory", lambda: 1000)
    with pytest.raises(specdl.ResourceError) as caught:
        specdl.compile(spec(), backend="torch")
    assert caught.value.message.endswith("and 1,000 bytes are free")
    assert any(note.startswith("`fc1` takes ") for note in caught.value.notes)
    assert caught.value.notes[0].endswith(" at $.model.layers[0]")
    assert caught.value.notes[2].endswith(" at $.loss")


def tall(folder, rows):
    """A spec whose input is an npy file of so many rows, of which only the header is there."""
    with (folder / "x.npy").open("wb") as handle:
        head = {"descr": "<f4", "fortran_order": False, "shape": (rows, 6)}
        np.lib.format.write_array_header_1_0(handle, head)
        handle.truncate(handle.tell() + rows * 24)
    np.save(folder / "y.npy", np.zeros(9, np.int64))
    files = {"x": "x.npy", "y": "y.npy"}
    return spec(data={"source": {"type": "npy", "train": files}, "batch_size": 8}, seed=0)


def test_files_that_do_not_fit_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = tall(tmp_path, 10**9)
    (finding,) = specdl.check(value, data=True, max_memory=1 << 30)
    assert (finding.code, finding.path) == ("E510", "$.data.source")
    assert "24,000,000,072 for the data" in finding.message
    assert finding.notes[0].message == "the data takes 22.4 GiB"
    monkeypatch.setattr("specdl.compiler.free_memory", lambda: 1 << 30)
    with pytest.raises(specdl.ResourceError, match="24,000,000,072 for the data"):
        specdl.train(value, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_files_that_fit_are_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (finding, *_) = errors(tall(tmp_path, 8)) or specdl.check(tall(tmp_path, 8), data=True)
    assert finding.code == "E414"


def test_tables_that_do_not_fit_are_estimated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("a,b,c,d,e,f,y\n" + "1,2,3,4,5,6,0\n" * 5000)
    source = {"type": "csv", "path": "a.csv", "target": "y"}
    (finding,) = specdl.check(
        spec(data={"source": source, "batch_size": 8}, seed=0), data=True, max_memory=300_000
    )
    assert finding.path == "$.data.source"
    assert finding.message.startswith("a run would take about ")


def test_a_check_that_passes_loads_nothing_of_this():
    code = (
        "import sys, specdl; assert specdl.check('models/disc.json') == []; "
        "print([name for name in ('plan.consumers', 'plan.memory', 'plan.disk', 'data.examine', 'data.ahead')"
        " if f'specdl.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
