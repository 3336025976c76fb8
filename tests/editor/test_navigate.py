import pytest

from specdl.editor import navigate

from .tools import DISC, analysed, view


def lines(goals):
    """The line and the text of each place."""
    return [(goal.lines.at(goal.span[0])[0], goal.lines.text[slice(*goal.span)]) for goal in goals]


def at(needle, within=None, text=DISC):
    return text.index(needle, text.index(within) if within else 0) + 1


def defined(needle, within=None, text=DISC):
    return lines(navigate.definition(view(text), at(needle, within, text)))


@pytest.mark.parametrize(
    ("needle", "within", "wanted"),
    [
        ("step", "block: step", (5, "step")),
        ("fc1", "inputs: [fc1", (17, "fc1")),
        ("fc", "inputs: [fc]", (8, "fc")),
        ("head", "output: head", (25, "head")),
        ("width", "${width}", (3, "width")),
        ("units", "${units * 2}", (6, "units")),
        ("units", "with: {units", (6, "units")),
    ],
)
def test_definitions(needle, within, wanted):
    assert defined(needle, within) == [wanted]


def test_definitions_in_texts_with_mistakes():
    text = DISC.replace("metrics: [accuracy]", "metrics: [accuracy")
    assert defined("fc1", "inputs: [fc1", text) == [(17, "fc1")]
    assert defined("up", "inputs: [fc1, up", text) == [(23, "up")]


def test_names_without_a_layer_are_nowhere():
    assert defined("up", "inputs: [fc1, up", DISC.replace("name: up", "name: down")) == []


def test_a_layer_without_a_name_is_at_its_type():
    text = DISC.replace("name: up}", "}").replace("[fc1, up]", "[fc1, linear2]")
    assert defined("linear2", None, text) == [(23, "linear")]


def test_inputs_by_name():
    text = DISC.replace("input: {shape: [2]}", "inputs: {a: {shape: [2]}, b: {shape: [2]}}")
    text = text.replace("name: fc1,", "name: fc1, inputs: [b],")
    assert defined("b", "inputs: [b]", text) == [(15, "b")]


def test_a_dotted_name_leads_into_a_layer():
    text = DISC.replace("output: head", "output: body.0.fc")
    assert defined("body", "output:", text) == [(8, "fc")]


def test_tied_parameters_lead_to_their_layer():
    text = DISC.replace("name: head}", "name: head, tie: {weight: fc1.weight}}")
    assert defined("fc1", "tie:", text) == [(17, "fc1")]


def test_extends_leads_to_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(DISC, "utf-8")
    text = "extends: base.yaml\nname: other\nvars: {width: 9}\n"
    found = navigate.definition(view(text), at("base", None, text))
    assert [goal.file for goal in found] == [str(tmp_path / "base.yaml")]


def test_names_that_the_base_declares_lead_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text("vars: {width: 9}\n", "utf-8")
    text = "extends: base.yaml\n" + DISC.replace("vars: {width: 8}\n", "")
    found = navigate.definition(view(text), at("width", "${width}", text))
    assert [(goal.file, goal.span) for goal in found] == [("base.yaml", (7, 12))]


def test_all_readers_of_a_layer():
    found = lines(navigate.references(view(DISC), at("fc1", "name: fc1")))
    assert found == [(17, "fc1"), (22, "body"), (24, "fc1")]
    assert lines(navigate.references(view(DISC), at("fc1", "name: fc1"), declaration=False)) == found[1:]


def test_all_uses_of_a_variable_and_a_block():
    assert lines(navigate.references(view(DISC), at("width", "vars"))) == [(3, "width"), (17, "width")]
    assert lines(navigate.references(view(DISC), at("step"))) == [(5, "step"), (19, "step")]
    found = lines(navigate.references(view(DISC), at("units", "params")))
    assert [line for line, _ in found] == [6, 8, 9, 20]


def applied(text, edits):
    for each in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: each.start] + each.text + text[each.end :]
    return text


@pytest.mark.parametrize(
    ("needle", "within", "name"),
    [
        ("fc1", "inputs: [fc1", "first"),
        ("step", "blocks", "stage"),
        ("width", "${width}", "w"),
        ("units", "with", "n"),
        ("head", "output", "last"),
    ],
)
def test_renaming_keeps_the_spec_as_it_is(needle, within, name):
    before = view(DISC)
    made = navigate.rename(before, at(needle, within), name)
    assert made.refused is None
    text = applied(DISC, made.edits)
    assert needle not in [word for word in text.replace("{", " ").replace("}", " ").replace(",", " ").split()
                          if needle != "step"]  # fmt: skip
    after = analysed(text)
    assert not [each for each in after.findings if each.severity == "error"]
    assert len(after.numbers.compilation.graph.nodes) == len(before.numbers.compilation.graph.nodes)


@pytest.mark.parametrize(
    ("needle", "within", "name", "why"),
    [
        ("fc1", "name: fc1", "up", "there is a `up` already"),
        ("fc1", "name: fc1", "a.b", "a name is a word without dots"),
        ("width", "vars", "9a", "cannot be a name in expressions"),
        ("sgd", None, "adam", "no name here"),
    ],
)
def test_renaming_is_refused(needle, within, name, why):
    made = navigate.rename(view(DISC), at(needle, within), name)
    assert why in made.refused
    assert made.edits == ()


def test_what_can_be_renamed():
    assert navigate.renamed(view(DISC), at("fc1", "inputs: [fc1")) == (
        (DISC.index("fc1, up"), DISC.index(", up]")),
        "fc1",
    )
    assert navigate.renamed(view(DISC), at("linear", "layers")) is None
