import hashlib

import pytest

from specdl.runner.errors import RunError
from specdl.runner.records import MetricsFile, TimingFile, read_lines
from specdl.runner.state import Mark


def test_lines_are_whole_and_there_at_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    file = MetricsFile(path, Mark())
    file.append({"step": 1, "loss": 0.1 + 0.2})
    assert path.read_bytes() == b'{"step": 1, "loss": 0.30000000000000004}\n'
    file.append({"loss": float("nan"), "of": [float("inf")]})
    assert read_lines(path)[1] == {"loss": None, "of": [None]}
    content = path.read_bytes()
    assert file.mark() == Mark(len(content), hashlib.sha256(content).hexdigest())
    file.close()


def test_what_comes_after_the_mark_is_cut_off(tmp_path):
    path = tmp_path / "metrics.jsonl"
    file = MetricsFile(path, Mark())
    file.append({"step": 1})
    mark = file.mark()
    file.append({"step": 2, "more": "x" * 100})
    file.close()
    again = MetricsFile(path, mark)
    assert path.stat().st_size == mark.bytes
    again.append({"step": 3})
    whole = path.read_bytes()
    assert again.mark() == Mark(len(whole), hashlib.sha256(whole).hexdigest())
    assert read_lines(path) == [{"step": 1}, {"step": 3}]
    again.close()


@pytest.mark.parametrize("content", [b"", b'{"step": 2}\n', b'{"step": 1}'])
def test_a_file_that_lost_what_the_mark_knows_is_refused_and_left(tmp_path, content):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(content)
    known = b'{"step": 1}\n'
    with pytest.raises(RunError, match="lost or changed lines") as caught:
        MetricsFile(path, Mark(len(known), hashlib.sha256(known).hexdigest()))
    assert caught.value.code == "E705"
    assert path.read_bytes() == content


def test_a_line_that_was_cut_off_is_ended(tmp_path):
    path = tmp_path / "timing.jsonl"
    path.write_bytes(b'{"step": 1}\n{"st')
    for step in (2, 3):
        file = TimingFile(path)
        file.append({"step": step})
        file.close()
    assert path.read_bytes() == b'{"step": 1}\n{"st\n{"step": 2}\n{"step": 3}\n'


def test_reading_leaves_out_a_last_line_that_was_cut_off(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert read_lines(path) == []
    path.write_bytes(b'{"a": 1}\n{"b"')
    assert read_lines(path) == [{"a": 1}]
    path.write_bytes(b'{"a": 1\n{"b": 2}\n')
    with pytest.raises(RunError, match="is not JSON"):
        read_lines(path)
