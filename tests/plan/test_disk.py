import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

import specdl
from specdl import analysis
from specdl.analysis import analyse
from specdl.core.types import TensorType
from specdl.plan import disk
from specdl.plan.disk import checkpoint_bytes, checkpoints_at_once, file_bytes
from specdl.plan.machine import free_disk
from tests.cli.conftest import spec


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"a": (3,)},
        {"fc1.weight": (25, 2), "fc1.bias": (25,), "head.weight": (2, 25)},
        {f"layer{n}.weight": (n + 1, 7) for n in range(40)},
        {"Größe.weight": (5, 5), "é": (1,), "日本.bias": (9,)},
        {"scalar": (), "empty": (0, 3)},
    ],
)
def test_the_size_of_a_file_to_the_byte(shapes):
    types = {name: TensorType(shape) for name, shape in shapes.items()}
    saved = safetensors.torch.save({name: torch.zeros(shape) for name, shape in shapes.items()})
    assert file_bytes(types) == len(saved)


def test_the_size_of_a_file_with_several_dtypes():
    types = {"a": TensorType((3,), "float64"), "z": TensorType((2, 2), "int64"), "b": TensorType((5,))}
    tensors = {
        "a": torch.zeros(3, dtype=torch.float64),
        "z": torch.zeros((2, 2), dtype=torch.int64),
        "b": torch.zeros(5),
    }
    assert file_bytes(types) == len(safetensors.torch.save(tensors))


@pytest.mark.parametrize("pad", range(8))
def test_the_order_in_a_file_is_by_size_of_element_first(pad):
    types = {"a" * (pad + 1): TensorType((10,)), "z": TensorType((1,), "float64")}
    tensors = {"a" * (pad + 1): torch.zeros(10), "z": torch.zeros(1, dtype=torch.float64)}
    assert file_bytes(types) == len(safetensors.torch.save(tensors))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_checkpoint_of_a_run(tmp_path, optimizer):
    value = spec(optimizer={"type": optimizer, "lr": 0.01})
    run = specdl.train(value, out=tmp_path / "run", backend="torch")
    folder = run.path / "checkpoints" / (run.path / "checkpoints" / "latest").read_text().strip()
    written = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    compilation, _ = analyse(value)
    assert checkpoint_bytes(compilation.plan.schedules["train"].program) == written


def test_checkpoints_at_once():
    assert checkpoints_at_once(2, None) == 4
    assert checkpoints_at_once(2, 100) == 4
    assert checkpoints_at_once(5, 3) == 3


def test_free_disk_of_what_is_not_there_yet(tmp_path):
    assert free_disk(tmp_path / "a" / "b") == free_disk(tmp_path)


def told(monkeypatch, value, free):
    monkeypatch.setattr(analysis, "free_disk", lambda path: free)
    monkeypatch.setattr(disk, "free_disk", lambda path: free)
    return specdl.check(value)


def test_check_warns_of_checkpoints_that_do_not_fit(monkeypatch):
    value = spec(train={"epochs": 20, "keep": 3})
    compilation, _ = analyse(value)
    size = checkpoint_bytes(compilation.plan.schedules["train"].program)
    assert told(monkeypatch, value, 5 * size) == []
    (finding,) = told(monkeypatch, value, 5 * size - 1)
    assert (finding.code, finding.severity, finding.path) == ("W520", "warning", "$.train.keep")
    assert finding.message.startswith(f"5 checkpoints would take {5 * size:,} bytes, {size:,} bytes each")
    assert finding.help == '"keep": 2'
    (finding,) = told(monkeypatch, value, 3 * size - 1)
    assert finding.help == "specdl train SPEC --out DIR writes to another disk"


def test_where_there_is_plenty_nothing_is_added_up(monkeypatch):
    monkeypatch.setattr(disk, "file_bytes", None)
    assert told(monkeypatch, spec(), 1 << 40) == []
    assert told(monkeypatch, spec(), None) == []


def test_training_is_refused_before_anything_is_written(monkeypatch, tmp_path):
    from specdl.runner import folder

    monkeypatch.setattr(folder, "free_disk", lambda path: 1000)
    with pytest.raises(specdl.ResourceError) as caught:
        specdl.train(spec(), out=tmp_path / "run", backend="torch")
    assert (caught.value.code, caught.value.exit_code) == ("E520", 4)
    assert list(Path(tmp_path / "run").iterdir()) == []


def test_what_a_resumed_run_has_written_already_counts(monkeypatch, tmp_path):
    from specdl.runner import folder

    value = spec()
    compilation, _ = analyse(value)
    size = checkpoint_bytes(compilation.plan.schedules["train"].program)
    specdl.train(value, out=tmp_path, backend="torch")
    held = folder.RunFolder(tmp_path).checkpoints.nbytes()
    assert held > size
    (tmp_path / "result.json").unlink()
    monkeypatch.setattr(folder, "free_disk", lambda path: 4 * size - held)
    specdl.train(value, out=tmp_path, backend="torch", resume=True)
    (tmp_path / "result.json").unlink()
    held = folder.RunFolder(tmp_path).checkpoints.nbytes()
    monkeypatch.setattr(folder, "free_disk", lambda path: 4 * size - held - 1)
    with pytest.raises(specdl.ResourceError, match="of them are there"):
        specdl.train(value, out=tmp_path, backend="torch", resume=True)


def test_a_dry_run_looks_at_the_disk_too(monkeypatch, tmp_path, capsys):
    from specdl.cli.main import main
    from specdl.runner import folder

    file = tmp_path / "spec.json"
    file.write_text(json.dumps(spec()))
    words = ["train", str(file), "--dry-run", "--backend", "torch", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    monkeypatch.setattr(folder, "free_disk", lambda path: 1000)
    assert main(words) == 4
    assert "error[E520]" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_run_that_writes_few_checkpoints_needs_room_for_few(monkeypatch):
    value = spec(train={"epochs": 1, "keep": 2**63 - 1})
    compilation, _ = analyse(value)
    size = checkpoint_bytes(compilation.plan.schedules["train"].program)
    steps = 40 // 8  # as many as the samples make batches
    assert told(monkeypatch, value, steps * size) == []
    (finding,) = told(monkeypatch, value, steps * size - 1)
    assert finding.help == f'"keep": {steps - 3}'
