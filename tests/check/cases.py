"""Whole runs of `specdl check` as Markdown: a file holds cases, each a section of its own.

A section says in a paragraph what the case shows. Then come fenced blocks: the spec (`yaml` or `json`);
other files (any language, with `name=a.csv` behind it); a spec that comes by standard input (`stdin`
behind it); words for the command line (`args`) and for `--set` (`set`); and the `output`: standard
output, standard error and the exit code, character for character. `escaped` behind a language says that
`\\x00` and `\\u00e9` stand for a byte and for a character, and that the last line has no end. A block with
`format=json` behind it holds what is printed in that format: of `sarif` the results alone. One with `fixed`
behind it holds the spec after `--fix`, with `fixed=unsafe` after `--unsafe-fixes`.

`SPECDL_UPDATE=1 pytest tests/check tests/spec/test_cases.py` writes what is printed now into the files, for
reading with `git diff`.
"""

import io
import json
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from specdl.cli.main import main
from tests.core.formats.test_json import VALIDATOR as FINDINGS
from tests.core.formats.test_sarif import LOG

FENCE = re.compile(
    r"^(?P<ticks>`{3,4})(?P<info>\w[^\n]*)\n(?P<text>.*?)^(?P=ticks)$\n?", re.DOTALL | re.MULTILINE
)
STRICT = {"json": FINDINGS, "sarif": LOG}
"""What outputs for machines are held to."""
ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4,6})")
HASH = re.compile(r"""(hash is |"hash": ")([0-9a-f]{12,64})""")
"""What changes with every option that an op gets."""
HERE = "/here"
"""Stands for the folder that a case runs in."""
FREE_DISK = 2**39
"""What the disk of every case has free."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what else its first line says, and its text."""

    language: str
    options: dict
    text: str

    @property
    def printed(self):
        """Whether it holds what comes out, and not what goes in."""
        return self.language == "output" or bool({"format", "fixed"} & set(self.options))

    @property
    def bytes(self):
        if "escaped" not in self.options:
            return self.text.encode("utf-8")
        text, parts, at = self.text.removesuffix("\n"), [], 0
        for match in ESCAPE.finditer(text):
            parts.append(text[at : match.start()].encode("utf-8"))
            parts.append(bytes([int(match[1], 16)]) if match[1] else chr(int(match[2], 16)).encode("utf-8"))
            at = match.end()
        return b"".join([*parts, text[at:].encode("utf-8")])


@dataclass(frozen=True)
class Case:
    """A section of a file of cases."""

    text: str

    @property
    def blocks(self):
        for match in FENCE.finditer(self.text):
            language, *options = match["info"].split()
            yield Block(language, dict(each.partition("=")[::2] for each in options), match["text"])

    def block(self, language):
        return next((each for each in self.blocks if each.language == language), None)

    def words(self):
        """The command line, and the bytes on standard input; files are written into the working folder."""
        given, stdin = [], b""
        for block in self.blocks:
            named, spec = block.options.get("name"), block.language in ("yaml", "json")
            if "stdin" in block.options:
                given, stdin = ["-"], block.bytes
            elif named:
                Path(named).parent.mkdir(parents=True, exist_ok=True)
                Path(named).write_bytes(block.bytes)
            elif spec and not block.printed:
                given = [f"spec.{block.language}"]
                Path(given[0]).write_bytes(block.bytes)
        settings, args = self.block("set"), self.block("args")
        for line in settings.text.splitlines() if settings else ():
            given += ["--set", line]
        extra = shlex.split(args.text) if args else []
        return (extra if extra[:1] == ["check"] else ["check", *given, *extra]), stdin


def cases(folder):
    """The cases of a folder as parameters of a test."""
    found = []
    for file in sorted(folder.glob("*.md")):
        for number, text in enumerate(sections(file)[1:], 1):
            title = text.split("\n", 1)[0].removeprefix("## ").strip()
            found.append(pytest.param(file, number, id=f"{file.stem}: {title}"))
    return found


def sections(file):
    """The parts of a file: what stands before the first case, then each case."""
    return re.split(r"(?m)^(?=## )", file.read_text("utf-8"))


class Runner:
    """Runs cases in this process, each in a folder of its own."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self.monkeypatch, self.capsys = folder / HERE[1:], monkeypatch, capsys
        self.folder.mkdir()
        monkeypatch.chdir(self.folder)
        monkeypatch.setattr("specdl.plan.disk.free_disk", lambda path: FREE_DISK)
        for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
            monkeypatch.delenv(name, raising=False)

    def __call__(self, case, *more):
        """The exit code, standard output and standard error."""
        words, stdin = case.words()
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        self.capsys.readouterr()
        code = main([*words, *more])
        out, err = self.capsys.readouterr()
        return code, self.plain(out), self.plain(err)

    def plain(self, text):
        """A text in which the folder that everything is in is the root, and hashes are zeros."""
        for above in (self.folder.resolve().parent, self.folder.parent):
            text = text.replace(f"{above}/", "/").replace(str(above), "/")
        return HASH.sub(lambda match: match[1] + "0" * len(match[2]), text)

    def expected(self, case, block):
        """What a block of a case has to hold."""
        if block.language == "output":
            code, out, err = self(case)
            assert "this is a fault of specdl" not in err, err
            told = "\n\n".join(each.rstrip("\n") for each in (out, err) if each)
            return f"{told}\nexit {code}\n"
        if "fixed" in block.options:
            self(case, "--unsafe-fixes" if block.options["fixed"] == "unsafe" else "--fix")
            return Path(f"spec.{block.language}").read_bytes().decode("utf-8")
        form = block.options["format"]
        _, out, _ = self(case, "--format", form)
        if form in STRICT:
            STRICT[form].validate(json.loads(out))
        return results(out) if form == "sarif" else out


def results(log):
    """The results of a SARIF log, without the places of their rules: these move with every new rule."""
    found = json.loads(log)["runs"][0]["results"]
    plain = [{key: value for key, value in each.items() if key != "ruleIndex"} for each in found]
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def verify(file, number, runner):
    """Hold a case to what its file says, or write into the file what is printed now."""
    parts = sections(file)
    case = Case(parts[number])
    if os.environ.get("SPECDL_UPDATE"):
        parts[number] = updated(case, runner)
        file.write_text("".join(parts).rstrip() + "\n", "utf-8")
        return
    wanted = [each for each in case.blocks if each.printed]
    assert any(each.language == "output" for each in wanted)
    for block in wanted:
        assert runner.expected(case, block) == block.text


def updated(case, runner):
    """The text of a case with what is printed now."""
    text = case.text

    def replaced(match):
        language, *options = match["info"].split()
        block = Block(language, dict(each.partition("=")[::2] for each in options), match["text"])
        if not block.printed:
            return match[0]
        return f"{match['ticks']}{match['info']}\n{runner.expected(case, block)}{match['ticks']}\n"

    if case.block("output") is None:
        text = f"{text.rstrip()}\n\n```output\n```\n\n"
    return FENCE.sub(replaced, text)
