"""What a benchmark found: text for people, data for programs, and a section of docs/measurements.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.benchmarks.driver import Figure, Options
from tests.benchmarks.workloads import ROOT

MEASUREMENTS = ROOT / "docs" / "measurements.md"


@dataclass(frozen=True)
class Report:
    """A section: `key` names it among those recorded, `data` has the figures as JSON would."""

    key: str
    title: str
    lines: Sequence[str]
    data: Any

    @property
    def text(self) -> str:
        """The section as Markdown."""
        return "\n".join([f"## {self.title}", "", *self.lines])


def write(report: Report, path: Path = MEASUREMENTS) -> None:
    """Put a report into the place of the last one with its key, or at the end."""
    begin, end = f"<!-- bench {report.key} -->", f"<!-- end {report.key} -->"
    section = f"{begin}\n{report.text}\n{end}"
    text = path.read_text(encoding="utf-8")
    if begin in text:
        before, rest = text.split(begin, 1)
        text = before + section + rest.split(end, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    path.write_text(text, encoding="utf-8")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


def number(value: float) -> str:
    """Three significant digits, or whole."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def us(figure: Figure | str | None) -> str:
    """A figure's microseconds, or a dash."""
    return number(figure.us) if isinstance(figure, Figure) else "-"


def as_data(figures: dict[str, Figure | str]) -> dict[str, Any]:
    """Figures as JSON would have them."""
    return {
        peer: {"us_per_step": figure.us, "rounds": figure.rounds, **figure.facts}
        if isinstance(figure, Figure)
        else {"error": figure}
        for peer, figure in figures.items()
    }


def conditions(options: Options) -> str:
    """Where and how it was measured, in a sentence."""
    versions = [f"{name} {version}" for name in ("torch", "jax") if (version := installed(name))]
    cores = f"{options.threads} core{'' if options.threads == 1 else 's'}"
    march = f", specdl's code for {options.march}" if options.march else ""
    return (
        f"{processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {', '.join(versions)}. "
        f"Every process on {cores}{march}, rounds in turns: {options.rounds}; medians."
    )


def installed(name: str) -> str | None:
    """The version of a package that is there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def suffix(options: Options) -> str:
    """What sets apart reports of one command under other conditions."""
    return "".join(f"-{word}" for word in (f"{options.threads}", options.march) if word)
