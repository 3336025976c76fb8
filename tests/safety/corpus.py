"""Every spec that there is in the repository: what ships, what tests show, good and bad."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("models", "tests/check/good", "tests/lint", "tests/spec", "tests/golden")
"""Where specs stand as files of their own."""
GOOD = "tests/check/good"
MARKDOWN = ("tests/spec/cases", "tests/check", "specdl/codes")
"""Where specs stand in fenced blocks."""
FENCE = re.compile(
    r"^(?P<ticks>`{3,4})(?P<kind>yaml|json)\b[^\n]*\n(?P<text>.*?)^(?P=ticks)$", re.DOTALL | re.MULTILINE
)
SUFFIXES = {".json", ".yaml", ".yml"}


def files():
    """The files that are specs, or parts of one."""
    return [
        file
        for folder in FOLDERS
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in SUFFIXES and file.is_file() and not file.is_symlink()
    ]


def sections():
    """The sections of Markdown that hold a spec: file, title and text."""
    for folder in MARKDOWN:
        for file in sorted((ROOT / folder).rglob("*.md")):
            for text in re.split(r"(?m)^(?=## )", file.read_text("utf-8"))[1:]:
                if FENCE.search(text):
                    yield file, text.split("\n", 1)[0].removeprefix("## ").strip(), text


def texts(largest):
    """The bytes of every spec, its suffix, and whether it is good, of those no longer than `largest`."""
    found = {(file.read_bytes(), file.suffix[1:]): file.is_relative_to(ROOT / GOOD) for file in files()}
    for _, title, text in sections():
        for match in FENCE.finditer(text):
            found.setdefault((match["text"].encode("utf-8"), match["kind"]), title == "Passes")
    kinds = {"yml": "yaml"}
    return [
        (data, kinds.get(kind, kind), good) for (data, kind), good in found.items() if len(data) <= largest
    ]
