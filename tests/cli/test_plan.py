import pytest

from specdl.plan.plan import make
from tests.cli.conftest import spec


def test_figures(specdl, small):
    figures = specdl("plan", small, "--backend", "torch", "--format", "json").json
    assert figures["parameters"] == 6 * 5 + 5 + 5 * 3 + 3
    assert figures["macs"] == 6 * 5 + 5 * 3
    assert figures["flops"] == 2 * figures["macs"] + 5 + 5 + 3
    assert figures["flops_step"] > 3 * 8 * figures["macs"]
    assert figures["native_instructions"] == 0
    assert figures["instructions"] == 2 + 1 + 1 + 4 + 4
    sections = ("params", "gradients", "optimizer", "state", "activations", "scratch")
    assert list(figures["bytes"]) == [*sections, "total", "lower_bound"]
    assert figures["bytes"]["total"] == sum(figures["bytes"][name] for name in sections)
    assert figures["bytes"]["lower_bound"] <= figures["bytes"]["total"]


def test_layers(specdl, small):
    layers = specdl("plan", small, "--backend", "torch", "--format", "json").json["layers"]
    assert [each["name"] for each in layers] == ["fc1", "fc1.activation", "head"]
    assert layers[0] == {
        "name": "fc1",
        "type": "linear",
        "shape": "f32[batch,5]",
        "parameters": 35,
        "macs": 30,
        "flops": 65,
        "bytes": (128 + 64) * (2 * 3 + 1),  # adam: with its state twice, for the guard, and a gradient
    }


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_every_byte_is_somebodys(specdl, small, backend):
    figures = specdl("plan", small, "--backend", backend, "--format", "json").json
    told = figures["memory"]["consumers"]
    assert sum(each["total"] for each in told) == figures["bytes"]["total"]
    sections = ("params", "gradients", "optimizer", "state", "activations", "scratch", "data")
    for each in told:
        assert each["total"] == sum(each[section] for section in sections)
    for section in ("params", "gradients", "optimizer", "state"):
        assert sum(each[section] for each in told) == figures["bytes"][section]
    layers = {each["name"]: each["bytes"] for each in figures["layers"]}
    assert layers == {each["name"]: each["total"] for each in told if each["kind"] == "layer"}
    assert figures["data_bytes"] == 60 * (6 * 4 + 8)


def test_what_takes_most_is_told_with_its_place(specdl, small):
    figures = specdl("plan", small, "--format", "json").json
    largest = figures["memory"]["largest"]
    assert len(largest) == 3
    assert [each["total"] for each in largest] == sorted((each["total"] for each in largest), reverse=True)
    first = next(each for each in largest if each["path"] == "$.model.layers[0]")
    text = small.read_text().splitlines()[first["line"] - 1][first["column"] - 1 :]
    assert text.startswith("{")
    out = specdl("plan", small).out
    assert f"{first['message']}, at {small}:{first['line']}:{first['column']}" in out
    assert f"most is held {figures['memory']['fullest']}" in out
    assert "the samples take 1,920 bytes beside" in out


def test_a_shared_parameter_counts_once(specdl, write):
    value = spec()
    value["model"]["layers"].insert(1, {"type": "linear", "out_features": 6, "name": "back"})
    value["model"]["layers"].insert(
        2, {"type": "linear", "out_features": 5, "name": "again", "tie": {"weight": "fc1.weight"}}
    )
    figures = specdl("plan", write(value), "--format", "json").json
    assert {each["name"]: each["parameters"] for each in figures["layers"]}["again"] == 5
    assert sum(each["parameters"] for each in figures["layers"]) == figures["parameters"]


def test_tables(specdl, small):
    done = specdl("plan", small)
    lines = done.out.splitlines()
    assert lines[0] == "small, input: f32[batch,6], batches of 8"
    assert lines[2].split() == ["layer", "type", "result", "parameters", "MACs", "FLOPs", "bytes"]
    rows = [line.split() for line in lines[3 : lines.index("", 3)]]
    assert rows[-1][:4] == ["total", "53", "45", "103"]
    numbers = [int(row[-1].replace(",", "")) for row in rows]
    assert sum(numbers[:-1]) == numbers[-1]
    assert [row[0] for row in rows[3:-1]] == ["loss", "batch", "shared"]
    assert "lower bound" in done.out
    assert done.err == ""


def test_frozen_parameters_are_told(specdl, write):
    value = spec()
    value["model"]["layers"][0]["trainable"] = False
    assert "35 parameters are frozen" in specdl("plan", write(value)).out


def test_program(specdl, small):
    done = specdl("plan", small, "--backend", "torch", "--program")
    assert "  fc1.y = linear.forward(input, fc1.weight, fc1.bias)" in done.out
    assert "  finite = isfinite(" in done.out
    figures = specdl("plan", small, "--backend", "torch", "--program", "--format", "json").json
    assert len(figures["program"]) == figures["instructions"]
    for each in figures["program"]:
        (line,) = (line for line in done.out.splitlines() if line.startswith(f"  {each['text']} "))
        assert f"# {len(each['calls'])} call" in line
        if each["scratch_bytes"]:
            assert line.endswith(f"{each['scratch_bytes']:,} bytes of scratch")


def test_program_of_a_native_backend(specdl, small, monkeypatch):
    count = specdl("plan", small, "--format", "json").json["instructions"]
    marked = ["native", "native, fused with fc1.y", "torch", "a view"] + ["native"] * (count - 4)
    monkeypatch.setattr("specdl.backends.choice.marks", lambda plan: marked)
    lines = [line for line in specdl("plan", small, "--program").out.splitlines() if "  # " in line]
    assert [line.partition("  # ")[2] for line in lines] == marked
    figures = specdl("plan", small, "--program", "--format", "json").json
    assert figures["native_instructions"] == count - 1
    assert [each["native"] for each in figures["program"]] == [mark != "torch" for mark in marked]


@pytest.mark.parametrize("backend", ["torch", "auto"])
@pytest.mark.parametrize("limit", ["6kB", "10kB", "1MB", "8GiB"])
def test_the_largest_batch_is_the_largest(specdl, small, limit, backend):
    from specdl.analysis import analyse
    from specdl.backends.choice import planned

    found = specdl("plan", small, "--fit", limit, "--backend", backend, "--format", "json").json["fit"]
    compilation, _ = analyse(small)
    programs = {name: each.program for name, each in compilation.plan.schedules.items()}

    def total(rows):
        return planned(make(programs, rows), backend).bytes.total

    assert found["data_bytes"] == 60 * (6 * 4 + 8)
    assert total(found["batch_size"]) == found["total"] <= found["limit"] - found["data_bytes"]
    assert total(found["batch_size"] + 1) > found["limit"] - found["data_bytes"]


@pytest.mark.parametrize("backend", ["torch", "auto"])
@pytest.mark.parametrize("limit", ["10kB", "30kB", "1MB"])
def test_check_agrees_on_the_batch_that_fits(specdl, small, limit, backend):
    rows = specdl("plan", small, "--fit", limit, "--backend", backend, "--format", "json").json["fit"][
        "batch_size"
    ]

    def checked(rows):
        batch = f"data.batch_size={rows}"
        return specdl("check", small, "--set", batch, "--max-memory", limit, "--backend", backend)

    assert "E510" not in checked(rows).out
    for more in (rows + 1, 100 * rows):
        assert f'"batch_size": {rows}\n' in checked(more).out


def test_data_leaves_less_for_the_batch(specdl, small):
    done = specdl("plan", small, "--fit", "10kB", "--backend", "torch")
    assert "the largest batch that fits in 10,000 bytes beside 1,920 bytes of data is " in done.out
    large = ("--set", "data.source.train=1000")
    done = specdl("plan", small, "--fit", "10kB", "--backend", "torch", *large)
    assert done.out.endswith("not even one sample fits in 10,000 bytes beside 32,640 bytes of data\n")
    assert done.code == 4


def test_not_even_one_sample(specdl, small):
    done = specdl("plan", small, "--fit", "1kB", "--format", "json")
    assert (done.code, done.json["fit"]["batch_size"]) == (4, 0)
    done = specdl("plan", small, "--fit", "1kB")
    assert done.code == 4
    assert "not even one sample fits in 1,000 bytes" in done.out
    assert "`fc1` takes " in done.out
    assert specdl("plan", small, "--fit", "1GB").code == 0


def test_a_backend_that_is_not_there(specdl, small, monkeypatch):
    monkeypatch.setattr("specdl.backends.choice.find", lambda tell: None)
    done = specdl("plan", small, "--backend", "c")
    assert done.code == 2
    assert "error[E530]: no C compiler found" in done.err
    assert specdl("plan", small, "--device", "cuda").code == 2
