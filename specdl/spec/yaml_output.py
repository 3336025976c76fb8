"""Plain data as YAML that reads back to the same, by YAML 1.2's rules as by the old ones."""

from __future__ import annotations

from typing import Any

import yaml

from specdl.spec.text import Reading
from specdl.spec.yaml_text import plain


class Dumper(yaml.SafeDumper):
    """PyYAML's, with quotes around whatever a spec's reader would take for a number, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def text(value: Any) -> str:
    """The YAML of plain data, with what is innermost in flow style."""
    dumped: str = yaml.dump(
        value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
    return dumped


def quoted(dumper: Dumper, value: str) -> yaml.ScalarNode:
    """Text, in quotes where it looks like something else."""
    looks = plain(value, 0, Reading(value))
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if looks == value else "'")


Dumper.add_representer(str, quoted)
