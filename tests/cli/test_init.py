def test_a_spec_that_checks_and_trains(specdl, tmp_path):
    done = specdl("init", tmp_path)
    path = tmp_path / "model.json"
    assert done.code == 0
    assert f"wrote {path}" in done.err
    assert specdl("check", "--data", "--strict", path).code == 0
    assert specdl("train", path, "--out", tmp_path / "run", "--set", "train.epochs=1").code == 0


def test_a_file_is_never_overwritten(specdl, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("mine", encoding="utf-8")
    done = specdl("init", path)
    assert done.code == 2
    assert "is there already" in done.err
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_new_folder(specdl, tmp_path):
    assert specdl("init", tmp_path / "new" / "folder").code == 0
    assert (tmp_path / "new" / "folder" / "model.json").is_file()


def test_another_name_than_json(specdl, tmp_path):
    done = specdl("init", tmp_path / "spec.yaml")
    assert done.code == 2
    assert not (tmp_path / "spec.yaml").exists()


def test_standard_output(specdl, shell):
    done = specdl("init", "-")
    assert shell("check", "-", stdin=done.out).code == 0
