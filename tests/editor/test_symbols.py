from specdl.editor.symbols import symbols

from .tools import DISC, analysed, view


def tree(found, depth=0):
    for each in found:
        yield f"{'  ' * depth}{each.name}: {each.sort} {each.detail}".rstrip()
        yield from tree(each.children, depth + 1)


def test_sections_and_layers_with_their_shapes():
    found = list(tree(symbols(view(DISC))))
    assert found[:4] == ["specdl: value 1", "name: value disc", "vars: section", "  width: variable 8"]
    assert "    layers: list" in found
    assert "      fc: layer linear f32[50,8]" in found
    start = found.index("model: section")
    assert found[start + 4 : start + 11] == [
        "    fc1: layer linear f32[50,8]",
        "    body: layer block f32[50,4]",
        "    up: layer linear f32[50,8]",
        "    sum: layer add f32[50,8]",
        "    head: layer linear f32[50,2]",
        "  output: value head",
        "loss: section mse",
    ]


def test_layers_inside_layers():
    text = DISC.replace(
        "{type: add, inputs: [fc1, up], name: sum}",
        "{type: residual, name: sum, layers: [{type: tanh, name: t}]}",
    )
    found = list(tree(symbols(view(text))))
    at = found.index("    sum: layer residual f32[50,8]")
    assert found[at + 1] == "      t: layer tanh f32[50,8]"


def test_each_part_holds_its_name_and_its_parts():
    def holds(each):
        assert each.span[0] <= each.head[0] <= each.head[1] <= each.span[1]
        for inner in each.children:
            assert each.span[0] <= inner.span[0] <= inner.span[1] <= each.span[1]
            holds(inner)

    text = (
        '{"specdl": 1, "model": {"layers": [{"type": "tanh"}, {"type": "relu", "inputs": ["a"]}]}, "x": {}}'
    )
    for each in [*symbols(view(DISC)), *symbols(view(text, ".json"))]:
        holds(each)
    model = symbols(view(text, ".json"))[1]
    assert text[slice(*model.span)] == text[text.index('"model"') : text.index(', "x"')]
    assert text[slice(*model.children[0].children[0].span)] == '{"type": "tanh"}'


def test_a_broken_text_has_an_outline():
    before = analysed(DISC)
    after = analysed(DISC + "optim: [", before=before)
    assert [each.name for each in symbols(after.view)][:4] == ["specdl", "name", "vars", "blocks"]
    assert "      fc: layer linear f32[50,8]" in list(tree(symbols(after.view)))
