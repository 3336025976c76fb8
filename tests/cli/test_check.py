import json
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, spec


def test_a_sound_spec(specdl, small):
    done = specdl("check", small)
    assert (done.code, done.out) == (0, "")
    assert re.fullmatch(r"no findings; the spec's hash is [0-9a-f]{12}\n", done.err)


def test_the_hash_of_one_spec_without_errors(specdl, small, write):
    done = specdl("check", small, "--format", "json")
    known = done.json["hash"]
    assert specdl("check", small).err == f"no findings; the spec's hash is {known[:12]}\n"
    assert "hash" not in specdl("check", small, small, "--format", "json").json
    assert specdl("check", write({"specdl": 1}, "bad.json"), "--format", "json").json["hash"] is None
    warned = specdl("check", write(spec(vars={"a": 1}), "warned.json"), "--format", "json").json
    assert (len(warned["diagnostics"]), warned["hash"]) == (1, known)


def test_every_finding_of_every_spec(specdl, write):
    one = write(spec(name=1, seed=-1), "one.json")
    two = write(spec(nmae=spec()["name"]), "two.json")
    done = specdl("check", one, two, "--format", "concise")
    assert done.code == 1
    assert [line.split(": ")[1] for line in done.out.splitlines()] == [
        "error[E113]",
        "error[E114]",
        "error[E111]",
    ]
    assert done.out.splitlines()[2].startswith(f"{two}:")
    assert done.err == "3 errors in 2 specs; 1 fixable with --unsafe-fixes\n"


def test_human_form_shows_the_line(specdl, write):
    done = specdl("check", write('{\n  "specdl": 1,\n  "name": 7\n}'))
    assert '3 |   "name": 7' in done.out.replace("3  |", "3 |")
    assert "^" in done.out


def test_json(specdl, write):
    path = write('{\n  "specdl": 1,\n  "nmae": "x"\n}')
    done = specdl("check", path, "--format", "json")
    assert done.code == 1
    assert done.json["ok"] is False
    unknown = next(each for each in done.json["diagnostics"] if each["code"] == "E111")
    assert unknown["file"] == str(path)
    assert (unknown["line"], unknown["column"], unknown["end_line"], unknown["end_column"]) == (3, 3, 3, 9)
    assert unknown["path"] == "$.nmae"
    assert unknown["severity"] == "error"
    assert unknown["help"] == "did you mean `name`?"


def test_json_of_a_sound_spec(specdl, small):
    value = specdl("check", small, "--format", "json").json
    assert len(value.pop("hash")) == 64
    assert value == {"version": 1, "ok": True, "diagnostics": []}


def test_memory_alone_ends_with_four(specdl, small):
    done = specdl("check", small, "--max-memory", "1kB")
    assert done.code == 4
    assert "error[E510]" in done.out
    assert "`--max-memory` allows 1,000 bytes" in done.out


def test_other_errors_go_before_memory(specdl, small, write):
    wrong = write({"specdl": 1}, "wrong.json")
    assert specdl("check", small, wrong, "--max-memory", "1kB").code == 1


def test_warnings_count_where_strict(specdl, write):
    path = write(spec(seed=0, data={"source": {"type": "npz", "path": "gone.npz"}, "batch_size": 8}))
    assert specdl("check", path).code == 0
    done = specdl("check", path, "--strict", "--format", "json")
    assert done.code == 1
    assert done.json["ok"] is False
    assert [each["code"] for each in done.json["diagnostics"]] == ["W410"]


def test_a_file_that_is_not_there(specdl, small):
    done = specdl("check", small, "gone.json", "--format", "json")
    assert done.code == 2
    assert done.json["ok"] is False
    assert "there is no file `gone.json`" in done.err


def test_set(specdl, small):
    done = specdl("check", small, "--set", "optimizer.lr=-1", "--format", "json")
    (found,) = done.json["diagnostics"]
    assert (done.code, found["code"], found["path"]) == (1, "E114", "$.optimizer.lr")
    assert specdl("check", small, "--set", "optimizer").code == 2


def test_standard_input_only_once(specdl):
    done = specdl("check", "-", "-")
    assert done.code == 2
    assert "standard input can only be read once" in done.err


PLUGIN = '''
from typing import Literal
from specdl.ops.base import Formula, Signature


class Twice(Formula):
    """Twice each element."""

    type: Literal["twice"] = "twice"

    def signature(self, x):
        return Signature(out={"y": x})

    def forward(self, x, *, y):
        y[:] = 2.0 * x

    def backward(self, dy, *, dx):
        dx[:] = 2.0 * dy
'''


@pytest.mark.parametrize("command", ["check", "plan", "render", "train", "gradcheck"])
def test_plugins(shell, write, tmp_path, command):
    plugin = write(PLUGIN, "twice_ops.py")
    value = spec()
    value["model"]["layers"].append({"type": "twice"})
    path = write(value)
    words = ["--out", tmp_path / "run"] if command == "train" else []
    assert shell(command, path, "--plugin", plugin, *words).code == 0
    assert shell(command, path, *words).code == 1
    assert shell(command, path, "--plugin", "no.such.module", *words).code == 2


def test_github(specdl, write):
    done = specdl("check", write('{\n  "specdl": 1,\n  "nmae": "x"\n}'), "--format", "github")
    assert done.code == 1
    assert done.out.splitlines()[-1].startswith("::error file=")
    assert all(line.startswith("::error file=") for line in done.out.splitlines())
    assert done.err == "6 errors\n"


def test_sarif(specdl, write):
    done = specdl("check", write('{\n  "specdl": 1,\n  "nmae": "x"\n}'), "gone.json", "--format", "sarif")
    (run,) = json.loads(done.out)["runs"]
    assert done.code == 2
    assert run["invocations"][0]["exitCode"] == 2
    assert run["invocations"][0]["executionSuccessful"] is False
    assert {each["ruleId"] for each in run["results"]} == {"E111", "E112", "E310"}


def test_a_thousand_equal_mistakes_are_one(specdl, write):
    value = spec(seed=0)
    value["model"]["layers"] = [{"type": "linear", "out_features": 4, "bais": True} for _ in range(1000)]
    path = write(value)
    done = specdl("check", path, "--format", "json")
    (found,) = done.json["diagnostics"]
    assert (found["count"], len(found["places"])) == (1000, 1000)
    (result,) = json.loads(specdl("check", path, "--format", "sarif").out)["runs"][0]["results"]
    assert (result["occurrenceCount"], len(result["relatedLocations"])) == (1000, 999)
    done = specdl("check", path)
    assert done.out.count("error[E111]") == 1
    assert " and 996 more places\n" in done.out
    assert done.err == "1,000 errors; 1,000 fixable with --unsafe-fixes\n"
    assert specdl("check", path, "--format", "concise").out.count("\n") == 1


def test_commands_that_find_mistakes_tell_them_as_json_too(specdl, write):
    path = write(spec(seed=-1))
    for command in ("plan", "bench", "gradcheck"):
        done = specdl(command, path, "--format", "json")
        assert (done.code, done.json["diagnostics"][0]["code"]) == (1, "E114")
        assert "error[E114]" in done.err


def test_only_what_needs_them_imports_the_formats(shell, write):
    code = "import sys; from specdl.cli.main import main; main(['check', sys.argv[1]]); "
    code += "print(sorted(name for name in sys.modules if name.startswith('specdl.core.formats.')))"
    done = subprocess.run(
        [sys.executable, "-c", code, write({"specdl": 1})],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines()[-1] == "['specdl.core.formats.human', 'specdl.core.formats.marks']"


def test_a_machine_that_is_not_there_is_told_once(specdl, small, monkeypatch):
    monkeypatch.setattr("specdl.backends.choice.available", lambda: False)
    for words, said in (
        (("--backend", "c"), "error[E530]: no C compiler found"),
        (("--device", "cuda"), "error: this version runs on the CPU"),
        (("--threads", "5000"), "error: `threads` is 5000"),
    ):
        done = specdl("check", small, small, *words)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(said)
        assert done.err.count("error") == 1
