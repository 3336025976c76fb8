import json
import subprocess
import sys
from pathlib import Path

import pytest

from specdl import __version__
from specdl.cli import explain, init
from specdl.cli.main import COMMANDS, main
from specdl.core.errors import CompilerFault

COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(specdl, command):
    done = specdl(command, "--help")
    assert done.code == 0
    assert done.out.startswith(f"usage: specdl {command} ")
    assert done.err == ""
    assert f"  {command} " in specdl("--help").out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_that_takes_long(command):
    code = f"""
import sys
from specdl.cli.main import main
main([*{command.split()!r}, "--help"])
heavy = ("torch", "numpy", "pydantic", "rich", "yaml", "jsonschema", "safetensors", "specdl.analysis")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(specdl):
    assert specdl("--version").out == f"specdl {__version__}\n"


def test_no_command_is_a_request_for_help(specdl):
    done = specdl()
    assert done.code == 0
    assert done.out == specdl("--help").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chek"], "there is no command `chek`; did you mean `check`?"),
        (["frobnicate"], "there is no command `frobnicate`; commands: check, plan,"),
        (["check"], "the following arguments are required: SPEC"),
        (["plan", "a.json", "--fit", "much"], "`much` is no size: write 8GiB, 500MB or a number of bytes"),
        (["train", "a.json", "--threads", "0"], "`0` is no whole number from 1"),
        (["plan", "a.json", "--prog"], "unrecognized arguments: --prog"),
    ],
)
def test_wrong_usage_ends_with_two(specdl, words, said):
    done = specdl(*words)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


def test_the_module_runs_as_the_script(shell):
    assert shell("--version").out == f"specdl {__version__}\n"


def test_a_fault_of_specdl_says_so(specdl, monkeypatch):
    def broken(args):
        raise CompilerFault("two values overlap")

    monkeypatch.setattr(explain, "run", broken)
    done = specdl("explain", "linear")
    assert done.code == 2
    assert done.err.startswith(
        "specdl: this is a fault of specdl, not of your spec: CompilerFault: two values overlap\n"
    )
    details = Path(done.err.partition("the details are in ")[2].partition(";")[0])
    assert "Traceback" not in done.err
    assert "Traceback" in details.read_text(encoding="utf-8")
    details.unlink()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "specdl: interrupted"),
        (MemoryError(), 4, "error[E510]: there is not enough memory"),
        (OSError(28, "No space left on device", "out.csv"), 4, "error: `out.csv`: No space left on device"),
        (PermissionError(13, "Permission denied", "out.csv"), 2, "error: `out.csv`: Permission denied"),
    ],
)
def test_what_ends_a_command(specdl, monkeypatch, error, code, said):
    def ends(args):
        raise error

    monkeypatch.setattr(init, "run", ends)
    done = specdl("init")
    assert (done.code, done.err) == (code, said + "\n")


def test_a_reader_that_stops_is_no_error(small):
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from specdl.cli.main import entry_point; entry_point()",
            "plan",
            small,
            "--program",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_findings_are_json_too_where_json_was_asked_for(specdl, write):
    done = specdl("plan", write({"specdl": 1}), "--format", "json")
    assert done.code == 1
    assert done.json["ok"] is False
    assert done.json["diagnostics"][0]["code"] == "E112"
    assert "error[E112]" in done.err


@pytest.mark.parametrize("words", [["check"], ["plan", "--program", "--fit", "1MB"], ["render"]])
def test_torch_stays_away(small, words):
    code = f"""
import sys
from specdl.cli.main import main
code = main([*{words!r}, {str(small)!r}])
heavy = ("torch", "numpy", "rich", "sklearn", "jsonschema", "safetensors")
print([name for name in heavy if name in sys.modules])
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_is_said_of_mistakes_stays_away_where_there_is_none(small):
    code = f"""
import sys
from specdl.cli.main import main
code = main(["check", {str(small)!r}])
said = ("complaints", "hindsight", "json_faults", "suggestions", "unchosen", "unknown", "words", "writing")
print([name for name in said if f"specdl.spec.{{name}}" in sys.modules])
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["explain", "linear"], ["explain"], ["schema"], ["init", "-"]])
def test_torch_stays_away_without_a_spec(words):
    code = f"""
import sys
from specdl.cli.main import main
code = main({words!r})
print("torch" in sys.modules)
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"


def test_a_spec_from_standard_input(shell, small):
    done = shell("plan", "-", "--format", "json", stdin=small.read_text(encoding="utf-8"))
    assert json.loads(done.out)["name"] == "small"


def test_no_colours_but_on_a_terminal(specdl, write):
    assert "\x1b" not in specdl("check", write({"specdl": 1})).out


@pytest.mark.parametrize(
    ("variables", "colours"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_on_a_terminal(write, monkeypatch, capsys, variables, colours):
    for name in COLOURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    main(["check", str(write({"specdl": 1}))])
    assert ("\x1b[" in capsys.readouterr().out) is colours


@pytest.mark.parametrize(
    ("variables", "colours"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"CLICOLOR_FORCE": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_without_a_terminal(write, monkeypatch, capsys, variables, colours):
    for name in COLOURS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    main(["check", str(write({"specdl": 1}))])
    assert ("\x1b[" in capsys.readouterr().out) is colours
