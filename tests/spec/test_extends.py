import io
import itertools
import json
import os
from pathlib import Path

import pytest

from specdl.analysis import analyse, reading
from specdl.core.diagnostics import Finding, Fix, Replace
from specdl.core.errors import SpecError
from specdl.spec import extends
from specdl.spec.document import Document, read
from specdl.spec.validate import validate
from tests.spec.specs import disc


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    return home


def write(name, value):
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return name


def refused(source, overrides=(), allow=()):
    with pytest.raises(SpecError) as raised:
        read(source, overrides, allow)
    return [(each.code, each.file) for each in raised.value.diagnostics]


def test_whole_values_are_taken_and_nothing_is_merged():
    write("base.json", disc())
    write("child.json", {"extends": "base.json", "name": "child", "optimizer": {"type": "adam"}})
    document = read("child.json")
    assert document.value == disc() | {"name": "child", "optimizer": {"type": "adam"}}
    spec, findings = validate(document)
    assert findings == []
    assert spec == validate(read(document.value))[0]


def test_null_takes_away_what_the_base_says():
    write("base.json", disc())
    write("child.json", {"extends": "base.json", "schedule": None})
    assert validate(read("child.json"))[0].schedule is None


def test_positions_are_in_the_file_that_says_it():
    write("base.yaml", "specdl: 1\nmodel:\n  layers: []\nname: base\ndata: {batch_size: 60}\n")
    write("sub/mid.yaml", "extends: ../base.yaml\n\ndata: {batch_size: 50}\n")
    write("child.yaml", "extends: sub/mid.yaml\nname: child\n")
    document = read("child.yaml")
    paths = [("name",), ("data", "batch_size"), ("model", "layers"), ("extends",), ("loss",), ()]
    places = {path: (document.home(path).file, document.position(path).line) for path in paths}
    assert places == {
        ("name",): ("child.yaml", 2),
        ("data", "batch_size"): ("sub/mid.yaml", 3),
        ("model", "layers"): ("base.yaml", 3),
        ("extends",): ("child.yaml", 1),
        ("loss",): ("child.yaml", 1),
        (): ("child.yaml", 1),
    }


def test_a_setting_of_the_base_stands_in_no_file():
    write("base.json", disc())
    write("child.json", {"extends": "base.json"})
    document = read("child.json", ["optimizer.lr=0.5"])
    assert document.position(("optimizer", "lr")) is None
    assert document.position(("optimizer", "type")).line == 1
    assert validate(document)[0].optimizer.lr == 0.5


def test_a_dict_extends_files_of_the_working_folder():
    write("base.json", disc())
    document = read({"extends": "base.json", "name": "child"})
    assert (document.value["name"], document.home(("model",)).file) == ("child", "base.json")


def test_standard_input_extends_files_of_the_working_folder(monkeypatch):
    write("base.json", disc())

    text = json.dumps({"extends": "base.json", "name": "child"})
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert read("-").value == disc() | {"name": "child"}


def test_a_document_that_is_read_stays_as_it_is():
    write("base.json", disc())
    document = read({"extends": "base.json"})
    assert read(document) is document


def test_a_base_lies_in_the_folder_of_the_spec_the_working_folder_or_an_allowed_one(tmp_path):
    write("../far/base.json", disc())
    write("../far/child.json", {"extends": "base.json", "name": "child"})
    write("../far/sub/child.json", {"extends": "../base.json", "name": "child"})
    write("near.json", {"extends": "../far/base.json"})
    assert read("../far/child.json").value["name"] == "child"
    assert refused("../far/sub/child.json") == [("E610", "../far/sub/child.json")]
    assert read("../far/sub/child.json", allow=[tmp_path / "far"]).value["name"] == "child"
    assert refused("near.json") == [("E610", "near.json")]
    assert read("near.json", allow=[tmp_path / "far"]).value == disc()


def test_a_base_in_a_folder_below_may_extend_its_neighbours_above():
    write("common.json", disc())
    write("sub/base.json", {"extends": "../common.json", "seed": 3})
    write("child.json", {"extends": "sub/base.json"})
    assert read("child.json").value == disc() | {"seed": 3}


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    write("../far/base.json", disc())
    os.symlink(tmp_path / "far" / "base.json", "link.json")
    assert refused({"extends": "link.json"}) == [("E610", None)]


def test_devices_and_folders_are_no_bases():
    os.mkfifo("pipe.json")
    Path("folder.json").mkdir()
    assert refused({"extends": "pipe.json"}) == [("E415", None)]
    assert refused({"extends": "folder.json"}) == [("E415", None)]


def test_a_chain_is_bounded():
    names = [f"{number}.json" for number in range(extends.MAX_FILES + 1)]
    for name, following in itertools.pairwise(names):
        write(name, {"extends": following})
    write(names[-1], disc())
    assert read("1.json").value == disc()
    assert refused("0.json")[0][0] == "E127"


def whole(**limits):
    document = Document({"extends": "mid.json"})
    try:
        return extends.Chain((Path(),), **limits).whole(document).value
    except SpecError as error:
        return [(each.code, each.file) for each in error.diagnostics]


def test_all_files_together_are_bounded():
    write("base.json", disc())
    write("mid.json", {"extends": "base.json"})
    size = Path("base.json").stat().st_size + Path("mid.json").stat().st_size
    values = len(read("base.json").values) + 2
    assert whole(bytes_left=size, values_left=values) == disc()
    assert whole(bytes_left=size - 1) == [("E005", "base.json")]
    assert whole(values_left=values - 1) == [("E005", "base.json")]


def test_what_a_base_says_can_be_wrong_like_anything_else():
    write("base.json", "{")
    write("list.json", "[]")
    write("new.json", {"specdl": 2})
    assert refused({"extends": "base.json"}) == [("E003", "base.json")]
    assert refused({"extends": "list.json"}) == [("E113", "list.json")]
    assert refused({"extends": "new.json"}) == [("E101", "new.json")]
    assert refused({"extends": ""}) == [("E128", None)]


def test_paths_of_the_data_begin_where_data_is_written():
    write("sub/a.csv", "x,y\n1,2\n2,3\n")
    source = {"type": "csv", "path": "a.csv", "features": ["x"], "target": "y"}
    base = disc() | {"data": {"source": source, "batch_size": 1}, "metrics": []}
    base["model"]["layers"][-1]["out_features"] = 1
    base["model"]["input"] = {"shape": [1]}
    write("sub/base.json", base)
    write("child.json", {"extends": "sub/base.json"})
    compilation, findings = analyse("child.json")
    assert findings == []
    assert (reading(compilation).folder, reading(compilation).allowed) == (Path("sub"), (Path(),))


def test_fixes_are_for_the_file_that_was_checked():
    write("base.json", {"specdl": "1"})
    write("child.json", {"extends": "base.json", "name": "child"})
    document = read("child.json")
    (found,) = [each for each in document.diagnose(validate(document)[1]) if each.code == "E101"]
    assert (found.file, found.fix) == ("base.json", None)
    own = Fix("write it", (Replace(("name",), "other"),))
    assert document.locate(Finding("E101", "", ("name",), fix=own)).fix is not None
    assert document.locate(Finding("E101", "", ("specdl",), fix=own)).fix is None
