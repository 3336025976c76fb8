import subprocess
import sys
from pathlib import Path

from specdl.cli.main import main

ROOT = Path(__file__).parent.parent.parent


def test_without_its_extra_it_says_what_to_install(monkeypatch, capsys):
    for name in [
        name for name in sys.modules if name.startswith(("pygls", "lsprotocol", "specdl.editor.server"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    monkeypatch.setitem(sys.modules, "pygls", None)
    assert main(["lsp"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install 'specdl[lsp]'" in err


def test_help_needs_no_extra(capsys):
    assert main(["lsp", "--help"]) == 0
    assert "Language Server Protocol" in capsys.readouterr().out


def test_the_server_never_imports_torch():
    code = "import sys, specdl.editor.server, specdl.editor.features; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
