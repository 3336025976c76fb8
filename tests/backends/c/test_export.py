import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import specdl
from specdl.backends.c.compiler import COMMON, find, flags
from specdl.backends.c.export import export
from specdl.backends.c.export_face import HEADERS, checked, identifier
from specdl.backends.c.export_plan import require_native
from specdl.core.errors import UsageError
from specdl.data.elementwise import Filled, Scaled
from tests.backends.c import exported
from tests.backends.c.compilers import NEEDS_COMPILER

pytestmark = NEEDS_COMPILER
BATCH, STEPS, LR = 7, 20, 0.05
ROWS = 2 * BATCH + 3


def linear(out, **more):
    return {"type": "linear", "out_features": out, **more}


def spec(layers, loss, optimizer, *, inputs=None, dtype="float32", batch=BATCH, **more):
    model = {"layers": layers, "dtype": dtype, **(inputs or {"input": {"shape": [5]}})}
    return {
        "specdl": 1,
        "name": "odd-net.1",
        "data": {"source": {"type": "random", "train": 32}, "batch_size": batch},
        "model": model,
        "loss": {"type": loss},
        "optimizer": optimizer,
        "train": {"epochs": 1},
        **more,
    }


MOMENTUM = {"type": "sgd", "lr": LR, "momentum": 0.9}
ADAM = {"type": "adam", "lr": LR}
DEEP = [
    linear(33, activation="sigmoid"),
    {"type": "residual", "layers": [linear(7, activation="relu"), linear(33, activation="tanh")]},
    linear(3, name="last_one"),
]
TWO = {
    "loss": None,
    "losses": [
        {"type": "cross_entropy", "output": "kind", "target": "kind_of"},
        {"type": "mse", "output": "amount", "target": "amount_of", "weight": 0.5},
    ],
}


def two_inputs():
    layers = [
        {"type": "flatten", "inputs": ["image"], "name": "pixels"},
        linear(9, activation="relu", name="look"),
        {"type": "concat", "inputs": ["look", "row"], "name": "both"},
        linear(5, name="kind"),
        linear(1, inputs=["both"], name="amount"),
    ]
    value = spec(layers, "mse", MOMENTUM | {"nesterov": True})
    del value["model"]["input"]
    value["model"] |= {"inputs": {"image": {"shape": [1, 3, 5]}, "row": {"shape": [6]}}}
    value["model"]["output"] = ["kind", "amount"]
    value |= TWO
    del value["loss"]
    return value


SPECS = {
    "momentum": spec(DEEP, "mse", MOMENTUM),
    "adam": spec(DEEP, "cross_entropy", ADAM),
    "two inputs": two_inputs(),
    "float64": spec(DEEP, "cross_entropy", ADAM, dtype="float64"),
    "rows in lanes": spec(DEEP, "cross_entropy", MOMENTUM, batch=20),
    "one layer": spec([linear(1)], "mse", {"type": "sgd", "lr": LR}, inputs={"input": {"shape": [1]}}),
}
CASES = [
    ("momentum", 16),
    ("adam", 32),
    ("two inputs", 64),
    ("float64", 16),
    ("rows in lanes", 64),
    ("one layer", 16),
]


def drawn(model, doors, rows, generator):
    """Random samples for doors, as torch has them; classes for indices."""
    found = {}
    for door in doors:
        shape = (rows, *door.shape)
        if door.dtype == "int64":
            found[door.value] = torch.randint(0, 3, shape, generator=generator)
        else:
            numbers = torch.randn(shape, generator=generator, dtype=torch.float64)
            found[door.value] = numbers.to(getattr(torch, door.dtype))
    return found


def predictions(model, x):
    """The outputs of a model one after another, batch by batch."""
    parts = []
    for at in range(0, ROWS, BATCH):
        outputs = model.forward({name: each[at : at + BATCH] for name, each in x.items()})
        outputs = outputs if isinstance(outputs, dict) else {"y": outputs}
        parts.append([each.numpy().copy() for each in outputs.values()])
    return np.concatenate([np.concatenate(each).reshape(-1) for each in zip(*parts, strict=True)])


def close(have, want, tolerance):
    np.testing.assert_allclose(have, want, rtol=tolerance, atol=tolerance * np.abs(want).max())


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]} {case[1]}")
def trained(request, tmp_path_factory):
    """A case's model, its face, and the numbers that the program under the sanitizers gives."""
    name, vector_bytes = request.param
    model = specdl.compile(SPECS[name], backend="torch")
    folder = tmp_path_factory.mktemp("export")
    face = exported.face_of(model, vector_bytes=vector_bytes)
    exported.written(face, model, folder)
    generator = torch.Generator().manual_seed(1)
    x = drawn(model, face.plan.inputs, ROWS, generator)
    most = model.spec.data.batch_size
    batches = [(most, 3, 1, most)[step % 4] for step in range(STEPS)]
    doors = (*face.plan.inputs, *face.plan.targets)
    steps = [drawn(model, doors, rows, generator) for rows in batches]
    body = exported.predicting(face, ROWS) + exported.training(face, batches, LR)
    exported.compiled(face, folder, body, exported.sanitizers())
    outputs = ROWS * sum(door.size for door in face.plan.outputs)
    weights = sum(each.count for each in face.plan.parameters)
    arrays = [each.numpy() for group in (x, *steps) for each in group.values()]
    real = np.dtype(model.spec.model.dtype)
    found = exported.run(folder, arrays, outputs + STEPS + weights, real)
    parts = np.split(found, [outputs, outputs + STEPS])
    return SimpleNamespace(
        name=name, model=model, face=face, folder=folder, x=x, steps=steps, parts=parts, arrays=arrays
    )


def stepped(trained, model):
    """Losses and weights of a model after the same steps."""
    targets = {door.value for door in trained.face.plan.targets}
    losses = []
    for batch in trained.steps:
        x = {name: each for name, each in batch.items() if name not in targets}
        y = {name: each for name, each in batch.items() if name in targets}
        losses.append(model.train_step(x, y, lr=LR))
    weights = [model.parameters[each.name].numpy().reshape(-1) for each in trained.face.plan.parameters]
    return np.array(losses), np.concatenate(weights)


def test_it_predicts_what_the_model_predicts(trained):
    close(trained.parts[0], predictions(trained.model, trained.x), 1e-6)


def test_it_trains_as_the_native_backend_does(trained):
    model = specdl.compile(SPECS[trained.name], backend="c")
    losses, weights = stepped(trained, model)
    tolerance = 1e-12 if trained.name == "float64" else 2e-6
    close(trained.parts[1], losses, tolerance)
    close(trained.parts[2], weights, 5 * tolerance)


def test_it_compiles_without_a_warning(trained, tmp_path):
    for name, command in exported.compilers().items():
        for level in ("-O0", "-O2"):
            line = [*command, *exported.STRICT, level, "-c", f"{trained.face.name}.c", "-o"]
            exported.build([*line, str(tmp_path / f"{name}.o")], trained.folder)


def test_the_header_suits_cxx(trained, tmp_path):
    program = f'#include "{trained.face.name}.h"\nint main() {{ {trained.face.name}_free(nullptr); }}\n'
    (tmp_path / "main.cc").write_text(program)
    for command in exported.compilers().values():
        line = [*command, "-x", "c++", "-Wall", "-Wextra", "-Werror", f"-I{trained.folder}", "-c"]
        exported.build([*line, str(tmp_path / "main.cc"), "-o", str(tmp_path / "main.o")], tmp_path)


def test_with_equal_vectors_and_flags_it_is_the_native_backend_bit_for_bit(tmp_path):
    value = SPECS["momentum"]
    native = specdl.compile(value, backend="c")
    start = specdl.compile(value, backend="torch")
    width = native.plan.goal.target.vector_bytes
    face = exported.face_of(start, vector_bytes=width)
    exported.written(face, start, tmp_path)
    toolchain = find()
    options = [each for each in flags(toolchain, width) if each not in ("-shared", "-fPIC")]
    assert set(options) >= {"-O2", "-ffp-contract=fast"} <= set(COMMON)
    generator = torch.Generator().manual_seed(2)
    batches = [BATCH, 3] * 10
    doors = (*face.plan.inputs, *face.plan.targets)
    steps = [drawn(start, doors, rows, generator) for rows in batches]
    exported.compiled(face, tmp_path, exported.training(face, batches, LR), options)
    count = sum(each.count for each in face.plan.parameters)
    arrays = [each.numpy() for group in steps for each in group.values()]
    found = exported.run(tmp_path, arrays, len(batches) + count, np.float32)
    losses, weights = stepped(SimpleNamespace(face=face, steps=steps), native)
    assert found[: len(batches)].tolist() == losses.tolist()
    assert found[len(batches) :].tobytes() == weights.tobytes()


DOORS = """
    char *memory = aligned_alloc(64, ODD_MODEL_BYTES + 64), bytes[ODD_WEIGHTS_BYTES];
    if (odd_init(memory + 8) || odd_init(NULL) || !odd_init(memory + 64)) return 10;
    odd_free((odd_model *)(memory + 64));
    odd_free(NULL);
    free(memory);
    float x[ODD_BATCH * ODD_X_SIZE] = {0}, target[ODD_BATCH * ODD_TARGET_SIZE] = {0}, y[ODD_Y_SIZE] = {5};
    odd_predict(model, 0, x, y);
    if (y[0] != 5) return 11;
    float few = odd_train_step(model, 0, x, target, 0.1);
    float many = odd_train_step(model, ODD_BATCH + 1, x, target, 0.1);
    if (few == few || many == many) return 12;
    odd_save(model, bytes);
    float before = odd_weights(model, 0)[0], loss;
    x[1] = 0.0f / zero;
    loss = odd_train_step(model, ODD_BATCH, x, target, 0.1);
    if (loss == loss || odd_steps(model) != 0 || odd_weights(model, 0)[0] != before) return 13;
    x[1] = 0;
    loss = odd_train_step(model, ODD_BATCH, x, target, 0.1);
    if (loss != loss || odd_steps(model) != 1) return 14;
    odd_weights(model, 0)[0] = 3;
    if (odd_load(model, bytes, ODD_WEIGHTS_BYTES - 1) != -1 || odd_weights(model, 0)[0] != 3) return 15;
    if (odd_load(model, bytes, ODD_WEIGHTS_BYTES) || odd_weights(model, 0)[0] != before) return 16;
    if (odd_weights(model, -1) || odd_weights(model, ODD_PARAMETERS)) return 17;
    size_t count = 0;
    for (int k = 0; k < ODD_PARAMETERS; k++) {
        if (odd_parameters[k].offset != count || !odd_parameters[k].trained) return 18;
        count += odd_parameters[k].count;
    }
    if (count * sizeof(float) != ODD_WEIGHTS_BYTES || odd_parameters[0].shape[1] != ODD_X_SIZE) return 19;
"""
LOADING = """
    if (odd_load_file(model, "none.bin") != -1 || odd_load_file(model, "main.c") != -1) return 20;
    fwrite(odd_weights(model, 0), sizeof(float), odd_parameters[0].count, out);
"""


def test_every_function_does_what_the_header_says(tmp_path):
    model = specdl.compile(SPECS["momentum"], backend="torch")
    face = exported.face_of(model, name="odd")
    exported.written(face, model, tmp_path)
    body = f"    volatile float zero = 0;\n{DOORS}"
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=address"]
    exported.sanitizers()
    exported.compiled(face, tmp_path, body, flags)
    exported.run(tmp_path, [], 0, np.float32)


def test_weights_in_a_file(tmp_path):
    model = specdl.compile(SPECS["adam"], backend="torch")
    face = exported.face_of(model, name="odd", train=False, inside=False)
    exported.written(face, model, tmp_path)
    first = next(iter(model.parameters.values())).numpy()
    stored = np.fromfile(tmp_path / "odd.bin", "<f4")
    assert stored[: first.size].tolist() == first.reshape(-1).tolist()
    assert len(stored) == model.graph.parameter_count
    assert not re.search("train_step|odd_steps|real begin", (tmp_path / "odd.c").read_text())
    exported.compiled(face, tmp_path, LOADING, [*exported.STRICT, *exported.sanitizers()])
    assert exported.run(tmp_path, [], first.size, np.float32).tolist() == first.reshape(-1).tolist()


def test_raw_samples_are_filled_and_scaled(tmp_path):
    model = specdl.compile(SPECS["adam"], backend="torch")
    rng = np.random.default_rng(0)
    mean, std = 100 * rng.normal(size=5), 0.1 + rng.random(5)
    filled = np.array([np.nan, 7.5, np.nan, np.nan, np.nan])
    face = exported.face_of(model, train=False, steps={"input": (Filled(filled), Scaled(mean, std))})
    exported.written(face, model, tmp_path)
    raw = (mean + std * rng.normal(size=(ROWS, 5))).astype(np.float32)
    raw[::3, 1] = np.nan
    exported.compiled(face, tmp_path, exported.predicting(face, ROWS), exported.sanitizers())
    found = exported.run(tmp_path, [raw], 3 * ROWS, np.float32)
    whole = np.where(np.isnan(raw), 7.5, raw)
    x = torch.from_numpy(((whole.astype(np.float64) - mean) / std).astype(np.float32))
    close(found, predictions(model, {"input": x}), 1e-6)


def test_a_target_that_is_the_input_is_not_asked_for(tmp_path):
    value = spec([linear(2), linear(5)], "mse", MOMENTUM)
    value["data"]["target"] = {"from": "input"}
    model = specdl.compile(value, backend="torch")
    (target,) = model.graph.targets
    face = exported.face_of(model, reflected={target: "input"})
    exported.written(face, model, tmp_path)
    x = drawn(model, face.plan.inputs, BATCH, torch.Generator().manual_seed(3))
    exported.compiled(face, tmp_path, exported.training(face, [BATCH], LR), exported.sanitizers())
    count = sum(each.count for each in face.plan.parameters)
    found = exported.run(tmp_path, [x["input"].numpy()], 1 + count, np.float32)
    close(found[:1], np.array([model.train_step(x["input"], x["input"], lr=LR)]), 1e-6)


def test_a_model_that_has_nothing_to_train(tmp_path):
    value = spec([{"type": "scale", "factor": 2.0}], "mse", MOMENTUM)
    model = specdl.compile(value, backend="torch")
    face = exported.face_of(model)
    exported.written(face, model, tmp_path)
    x = drawn(model, face.plan.inputs, BATCH, torch.Generator().manual_seed(3))
    exported.compiled(face, tmp_path, exported.training(face, [BATCH], LR), exported.sanitizers())
    assert not face.plan.parameters
    assert x


def test_no_word_of_a_spec_is_in_the_c():
    value = SPECS["two inputs"]
    model = specdl.compile(value, backend="torch")
    face = exported.face_of(model)
    files = export(face, {name: each.numpy() for name, each in model.parameters.items()}, {"more": ["ü"]})
    words = "image row pixels look kind amount kind_of amount_of both weight bias".split()
    for name in (f"{face.name}.c", f"{face.name}.h"):
        text = files[name].decode("ascii")
        assert not [word for word in ("kind_of", "amount_of", "pixels", "look.weight") if word in text]
    table = json.loads(files[f"{face.name}.json"])
    assert table["more"] == ["ü"]
    assert [each["name"] for each in table["inputs"]] == ["image", "row"]
    assert [each["c"] for each in table["targets"]] == ["target0", "target1"]
    assert {part for each in table["parameters"] for part in each["name"].split(".")} <= set(words)
    assert [each["offset"] for each in table["parameters"]][:2] == [0, 9 * 15]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("disc-tanh", "disc_tanh"),
        ("odd-net.1", "odd_net_1"),
        ("2nd", "model_2nd"),
        ("", "model"),
        ("müller", "m_ller"),
        ("math", "model_math"),
        ("*/ evil", "evil"),
        ("_x", "x"),
        ("a" * 99, "a" * 48),
    ],
)
def test_identifiers(text, name):
    assert identifier(text) == name
    assert checked(name) == name


@pytest.mark.parametrize("name", ["", "2nd", "a-b", "a b", "ü", "_x", "a" * 49, "x\n", *sorted(HEADERS)])
def test_names_that_are_none(name):
    with pytest.raises(UsageError, match="is no name for C files"):
        checked(name)


def test_what_is_left_to_torch_is_named():
    instr = SimpleNamespace(node="pool1", kernel="max_pool.forward")
    nests = SimpleNamespace(
        nests=[SimpleNamespace(kind="rows"), SimpleNamespace(kind="torch", instrs=(1,))],
        program=SimpleNamespace(instrs=[None, instr]),
    )
    with pytest.raises(UsageError, match=r"`pool1` \(max_pool.forward\) has no native code"):
        require_native(nests)


def test_weights_of_another_shape_are_refused():
    model = specdl.compile(SPECS["one layer"], backend="torch")
    weights = {name: np.zeros((2, 2)) for name in model.parameters}
    with pytest.raises(UsageError, match=r"is \[2, 2\], the model's is"):
        export(exported.face_of(model), weights)
