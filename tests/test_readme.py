"""The README's Python runs as written, and prints what it says."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [text for tag, text in fenced if tag == language]


def test_the_python_runs_and_the_program_is_the_one_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks("python"):
        exec(compile(block, str(README), "exec"), names)
    shown = [block for block in blocks("") if block.startswith("program(")]
    assert capsys.readouterr().out == shown[0]


def test_the_spec_is_the_one_that_ships():
    import json

    from specdl.spec.document import read

    (spec,) = (json.loads(block) for block in blocks("json"))
    shipped = read("models/iris.yaml").value
    assert {name: value for name, value in shipped.items() if name in spec} == spec
