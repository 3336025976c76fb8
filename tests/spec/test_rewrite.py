"""What is worked out of a text's outline once, however much is wrong with the text."""

from pathlib import Path

import pytest

from specdl.core.errors import SpecError
from specdl.spec import rewrite
from specdl.spec.document import of_text
from specdl.spec.outline import of_json


def test_keys_that_stand_twice_are_mended_with_one_outline(monkeypatch):
    outlined = []
    monkeypatch.setattr(rewrite, "of_json", lambda text: outlined.append(text) or of_json(text))
    text = "[" + ",\n".join(f'{{"a{i}": 1, "a{i}": 1}}' for i in range(50)) + "]"
    with pytest.raises(SpecError) as caught:
        of_text(text.encode(), "a.json", Path())
    fixes = [each.fix for each in caught.value.diagnostics]
    assert len(fixes) == 50
    assert all(fix is not None and fix.sure for fix in fixes)
    assert len(outlined) == 1


def test_no_key_is_taken_away_where_something_else_is_wrong():
    with pytest.raises(SpecError) as caught:
        of_text(b'{"a": 1, "a": 1, "b": 1e999}', "a.json", Path())
    assert [(each.code, each.fix) for each in caught.value.diagnostics] == [("E004", None), ("E006", None)]
