"""What the pages of `docs/newcomers/` show is what `specdl check` says, line for line.

In a page a `yaml` or `json` block is a whole spec, and a `text` block behind it what is said of it. A line
`...` in that stands for lines that are left out; without one the block is the whole output. A block with
`name=iris.yaml` behind its language is a file that lies beside the specs that come after it, such as a base
that they extend. One with `fixed` behind it is the spec before it after `--fix`, with `fixed=unsafe` after
`--unsafe-fixes`. Blocks of other languages, and specs with no `text` behind them, are not run.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from specdl.cli.main import main
from tests.check.cases import FENCE, Block, Runner

PAGES = sorted((Path(__file__).parents[1] / "docs" / "newcomers").glob("*.md"))


@dataclass(frozen=True)
class Shown:
    """A spec of a page with a block that shows what comes of it; `files` lie beside it."""

    spec: Block
    outcome: Block
    files: tuple[Block, ...] = field(default=(), repr=False)

    def words(self):
        """The command line, with every file written into the working folder."""
        for file in self.files:
            Path(file.options["name"]).write_bytes(file.bytes)
        name = self.spec.options.get("name", f"spec.{self.spec.language}")
        Path(name).write_bytes(self.spec.bytes)
        fixed = self.outcome.options.get("fixed")
        return ["check", name, *({None: [], "unsafe": ["--unsafe-fixes"]}.get(fixed, ["--fix"]))]


def blocks(page):
    """The fenced blocks of a page, in order."""
    for match in FENCE.finditer(page.read_text("utf-8")):
        language, *options = match["info"].split()
        yield Block(language, dict(each.partition("=")[::2] for each in options), match["text"])


def shown(page):
    """What a page shows of its specs."""
    files, spec = [], None
    for block in blocks(page):
        if "name" in block.options:
            files.append(block)
        if spec and (block.language == "text" or "fixed" in block.options):
            yield Shown(spec, block, tuple(files))
        elif block.language in ("yaml", "json"):
            spec = block
        else:
            spec = None


def examples():
    """Every example of every page as a parameter of a test."""
    return [
        pytest.param(each, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, each in enumerate(shown(page), 1)
    ]


def parts(text):
    """The runs of lines between lines of dots."""
    found = [[]]
    for line in text.splitlines():
        if line.strip() == "...":
            found.append([])
        else:
            found[-1].append(line)
    return found


def says(output, text):
    """Whether a text has all lines of an output, save those that a line of dots stands for."""
    lines, wanted = [line for line in output.splitlines() if line], parts(text)
    runs = [[line for line in run if line] for run in wanted]
    if len(runs) == 1:
        return lines == runs[0]
    if lines[: len(runs[0])] != runs[0] or lines[len(lines) - len(runs[-1]) :] != runs[-1]:
        return False
    at, end = len(runs[0]), len(lines) - len(runs[-1])
    for run in runs[1:-1]:
        at = next((i + len(run) for i in range(at, end) if lines[i : i + len(run)] == run), end + 1)
    return at <= end


@pytest.mark.parametrize("example", examples())
def test_the_command_says_what_the_page_shows(example, tmp_path, monkeypatch, capsys):
    Runner(tmp_path, monkeypatch, capsys)
    words = example.words()
    main(words)
    out, err = capsys.readouterr()
    if example.outcome.language == "text":
        assert says(out + err, example.outcome.text), out + err
    else:
        assert Path(words[1]).read_text("utf-8") == example.outcome.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_ten_mistakes(page):
    told = [line for each in shown(page) for line in each.outcome.text.splitlines()]
    assert sum(line.startswith(("error[", "warning[")) for line in told) >= 10


@pytest.mark.parametrize("text", ["a\nb\n\nc\nd", "a\n...\nd", "...\nb\nc\n...", "a\n...\nc\n..."])
def test_lines_of_dots_stand_for_lines(text):
    assert says("a\n\nb\nc\nd\n", text)


@pytest.mark.parametrize("text", ["a\nb\nc", "...\nc\nb\n...", "b\n...", "...\nc", "a\nc\n..."])
def test_lines_that_are_not_there_are_missed(text):
    assert not says("a\n\nb\nc\nd\n", text)
