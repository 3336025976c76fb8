import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.data.base import DataSpec, Need, SplitSpec, TargetSpec
from specdl.data.load import prepare_inputs
from specdl.data.sources.csv import Column, Csv
from tests.data.helpers import classes, complaints, f32, f64, i64, loaded, reading, values

POINTS = "x1,x2,label\n0.5,1,0\n2,-3e2,1\n4,0,1\n"


def table(folder, text, need, options=None, **more):
    """What loading a table gives."""
    (folder / "a.csv").write_text(text)
    return loaded(Csv(path="a.csv", **(options or {})), need, folder, **more)


def faults(folder, text, need, options=None, **more):
    """What loading a table finds."""
    (folder / "a.csv").write_text(text)
    return complaints(loaded, Csv(path="a.csv", **(options or {})), need, folder, **more)


LABEL = {"target": "label"}


def test_columns_by_name(tmp_path):
    options = {"features": ("x2", "x1"), "target": "label"}
    part = table(tmp_path, POINTS, classes(2), options).parts["train"]
    assert part.inputs["input"].tolist() == [[1, 0.5], [-300, 2], [0, 4]]
    assert part.inputs["input"].dtype == np.float32
    assert part.targets["target"].tolist() == [0, 1, 1]
    assert part.targets["target"].dtype == np.int64


def test_features_are_all_columns_but_the_target(tmp_path):
    part = table(tmp_path, POINTS, classes(2), LABEL).parts["train"]
    assert part.inputs["input"].tolist() == [[0.5, 1], [2, -300], [4, 0]]


def test_the_target_may_be_named_by_from(tmp_path):
    spec = TargetSpec.model_validate({"from": "label"})
    part = table(tmp_path, POINTS, classes(2), target=spec).parts["train"]
    assert part.inputs["input"].shape == (3, 2)
    assert part.targets["target"].tolist() == [0, 1, 1]
    other = TargetSpec.model_validate({"from": "x1"})
    assert faults(tmp_path, POINTS, classes(2), LABEL, target=other) == [
        "E411 $.data.target.from: the target is `x1` here and `label` in the source"
    ]


def test_an_autoencoder_needs_no_target(tmp_path):
    spec = TargetSpec.model_validate({"from": "input"})
    data = table(tmp_path, POINTS, values(2), LABEL, target=spec)
    assert data.parts["train"].targets["target"].tolist() == [[0.5, 1], [2, -300], [4, 0]]


def test_several_inputs_and_targets(tmp_path):
    need = Need(
        {"a": f32(2), "k": i64(1)},
        {"t": f32(2), "u": i64()},
        {"t": "value", "u": "index"},
        {"u": 2},
        {"k": 3},
    )
    options = {
        "features": {"a": ("x", "z"), "k": ("color",)},
        "target": {"t": ("p", "q"), "u": "kind"},
        "columns": {"color": "categorical"},
    }
    text = "x,color,z,p,q,kind\n1,red,2,3,4,no\n5,blue,6,7,8,yes\n0,green,0,0,0,no\n"
    data = table(tmp_path, text, need, options)
    part = data.parts["train"]
    assert part.inputs["a"].tolist() == [[1, 2], [5, 6], [0, 0]]
    assert part.inputs["k"].tolist() == [[2], [0], [1]]
    assert part.targets["t"].tolist() == [[3, 4], [7, 8], [0, 0]]
    assert part.targets["u"].tolist() == [0, 1, 0]
    assert data.labels == {"u": ("no", "yes")}
    assert data.fitted == {
        "features": {"a": ["x", "z"], "k": ["color"]},
        "categories": {"color": ["blue", "green", "red"]},
    }


def test_class_names_are_sorted_and_numbers_by_value(tmp_path):
    text = "x,label\n1,b\n2,a\n3,b\n"
    data = table(tmp_path, text, classes(2, f32(1)), LABEL)
    assert data.labels == {"target": ("a", "b")}
    assert data.parts["train"].targets["target"].tolist() == [1, 0, 1]
    text = "x,label\n1,10\n2,9\n3,10\n"
    options = {**LABEL, "columns": {"label": "categorical"}}
    data = table(tmp_path, text, classes(2, f32(1)), options)
    assert data.labels == {"target": ("9", "10")}
    assert data.parts["train"].targets["target"].tolist() == [1, 0, 1]


def test_categories_are_vectors(tmp_path):
    text = "a,color,b,label\n1,red,2,0\n3,blue,4,1\n"
    options = {**LABEL, "columns": {"color": "categorical"}}
    data = table(tmp_path, text, classes(2, f32(4)), options)
    assert data.parts["train"].inputs["input"].tolist() == [[1, 0, 1, 2], [3, 1, 0, 4]]


def test_values_are_numbers(tmp_path):
    data = table(tmp_path, "x,y\n1,2.5\n2,-1\n", values(1, input=f64(1)), {"target": "y"})
    assert data.parts["train"].targets["target"].tolist() == [[2.5], [-1]]
    assert data.labels == {}


def test_other_parts_take_the_training_files_categories(tmp_path):
    (tmp_path / "t.csv").write_text("label,color\nb,red\n")
    options = {**LABEL, "columns": {"color": "categorical"}, "test": "t.csv"}
    data = table(tmp_path, "color,label\nblue,a\nred,b\n", classes(2), options)
    assert data.parts["test"].inputs["input"].tolist() == [[0, 1]]
    assert data.parts["test"].targets["target"].tolist() == [1]
    (tmp_path / "t.csv").write_text("label,color\nc,green\n")
    assert faults(tmp_path, "color,label\nblue,a\nred,b\n", classes(2), options) == [
        (
            "E412 $.data.source: line 2 of `t.csv` has `green` in `color`, "
            "which is none of the 2 categories of the training file"
        ),
        "  note: they are `blue` and `red`",
        (
            "E412 $.data.source.target: line 2 of `t.csv` has `c` in `label`, "
            "which is none of the 2 classes of the training file"
        ),
        "  note: they are `a` and `b`",
    ]


def test_a_later_part_with_words_where_training_has_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("x,label\n1,0\n1,many\n")
    assert faults(tmp_path, "x,label\n1,0\n", classes(2, f32(1)), {**LABEL, "test": "t.csv"}) == [
        "E415 $.data.source.target: line 3 of `t.csv` has `many` in `label`, where a number was expected"
    ]


def test_other_parts_take_the_training_files_order(tmp_path):
    (tmp_path / "t.csv").write_text("more,x2,label,x1\n9,1,0,2\n")
    data = table(tmp_path, POINTS, classes(2), {**LABEL, "test": "t.csv"})
    assert data.parts["test"].inputs["input"].tolist() == [[2, 1]]


def test_delimiters_marks_quotes_and_files_without_a_header(tmp_path):
    text = '\ufeff"x;1";label\n"1";0\n\n 2 ;1\n'
    assert table(tmp_path, text, classes(2, f32(1)), {**LABEL, "delimiter": ";"}).parts["train"].rows == 2
    data = table(tmp_path, "1,0\n2,1\n", classes(2, f32(1)), {"header": ("x", "y"), "target": "y"})
    assert data.parts["train"].inputs["input"].tolist() == [[1], [2]]


def test_a_column_that_is_not_there(tmp_path):
    options = {"features": ("x1", "x3"), "target": "lable", "columns": {"size": "numeric"}}
    columns = "  note: its columns are `x1`, `x2` and `label`"
    assert faults(tmp_path, POINTS, classes(2), options) == [
        "E411 $.data.source.columns.size: `a.csv` has no column `size`",
        columns,
        "E411 $.data.source.features: `a.csv` has no column `x3`",
        columns,
        "E411 $.data.source.target: `a.csv` has no column `lable`",
        columns,
        "  help: did you mean `label`?",
    ]


def test_a_target_that_is_not_said(tmp_path):
    assert faults(tmp_path, POINTS, classes(2)) == [
        "E411 $.data.source: the source does not say which column is the target",
        '  help: "target": "label"',
    ]
    need = Need({"a": f32(1), "b": f32(1)}, {"target": i64()}, {"target": "index"}, {"target": 2})
    assert faults(tmp_path, POINTS, need, LABEL) == [
        "E411 $.data.source: the source does not say which columns each of `a` and `b` takes",
        '  help: "features": {"a": ["x1"], "b": ["x1"]}',
    ]


def test_cells_that_are_wrong_are_told_by_column(tmp_path):
    text = "x1,x2,label\n1,red,0\n,2,1\nnan,blue,1\n1,inf,0\n1,2,\n1_0,3,0\n1,2\n"
    assert faults(tmp_path, text, classes(2), LABEL) == [
        "E415 $.data.source: line 2 of `a.csv` has `red` in `x2`, where a number was expected",
        "  note: it stands at a.csv:2:3",
        "  note: so is 1 more cell",
        '  help: "columns": {"x2": "categorical"}',
        "E413 $.data.source: line 3 of `a.csv` has no value in `x1`",
        "  note: it stands at a.csv:3:1",
        "  note: so is 1 more cell",
        '  help: "missing": "drop"',
        "E413 $.data.source: line 5 of `a.csv` has `inf` in `x2`, where a finite number was expected",
        "  note: it stands at a.csv:5:3",
        "E413 $.data.source.target: line 6 of `a.csv` has no value in `label`",
        "  note: it stands at a.csv:6:5",
        '  help: "missing": "drop"',
        "E415 $.data.source: line 7 of `a.csv` has `1_0` in `x1`, where a number was expected",
        "  note: it stands at a.csv:7:1",
        '  help: "columns": {"x1": "categorical"}',
        "E415 $.data.source: line 8 of `a.csv` has 2 cells for 3 columns",
    ]


def test_nan_is_wrong_where_it_does_not_mean_missing(tmp_path):
    options = {**LABEL, "missing_as": ("?",), "missing": "drop"}
    assert faults(tmp_path, "x1,x2,label\n1,nan,0\n?,1,0\n", classes(2), options) == [
        "E413 $.data.source: line 2 of `a.csv` has `nan` in `x2`, where a finite number was expected",
        "  note: it stands at a.csv:2:3",
    ]


HOLES = "x1,x2,label\n1,,0\n,4,1\n3,5,\n5,6,1\n"


def test_missing_values_are_left_out_or_filled(tmp_path):
    dropped = table(tmp_path, HOLES, classes(2), {**LABEL, "missing": "drop"}).parts["train"]
    assert dropped.inputs["input"].tolist() == [[5, 6]]
    label = {"columns": {"label": Column(missing="drop")}}
    filled = table(tmp_path, HOLES, classes(2), {**LABEL, **label, "missing": -1}).parts["train"]
    assert filled.inputs["input"].tolist() == [[1, -1], [-1, 4], [5, 6]]
    columns = {"label": Column(missing="drop"), "x1": Column(missing=7.5)}
    data = table(tmp_path, HOLES, classes(2), {**LABEL, "columns": columns, "missing": "mean"})
    assert data.parts["train"].inputs["input"].tolist() == [[1, 5], [7.5, 4], [5, 6]]
    assert data.fitted["fill"] == {"input": {"1": 5.0}}


def test_means_are_of_the_training_part(tmp_path):
    text = "x,label\n" + "".join(f"{n if n % 3 else ''},0\n" for n in range(40))
    options = {**LABEL, "missing": "mean"}
    data = table(tmp_path, text, classes(1, f64(1)), options, split=SplitSpec(validation=0.25))
    train = data.parts["train"].inputs["input"][:, 0]
    there = train[np.isin(train, [n for n in range(40) if n % 3])]
    (mean,) = data.fitted["fill"]["input"].values()
    assert mean == there.mean()
    assert set(train) - set(there) <= {mean}
    rest = set(data.parts["validation"].inputs["input"][:, 0])
    assert mean in rest
    spec = DataSpec(source=Csv(path="a.csv"), batch_size=1)
    found = prepare_inputs(spec, data.fitted, np.array([[np.nan], [3.0]]), classes(1, f64(1)))
    assert found["input"].tolist() == [[mean], [3.0]]


def test_a_mean_behind_a_categorical_column(tmp_path):
    text = "color,x,label\nred,4,0\nblue,,1\ngreen,8,1\n"
    options = {**LABEL, "columns": {"color": "categorical"}, "missing": "mean"}
    data = table(tmp_path, text, classes(2, f32(4)), options)
    assert data.fitted["fill"] == {"input": {"3": 6.0}}
    assert data.parts["train"].inputs["input"].tolist() == [[0, 0, 1, 4], [1, 0, 0, 6], [0, 1, 0, 8]]


def test_raw_inputs_stay_as_they_are_when_gaps_are_filled(tmp_path):
    need = classes(2, f64(1))
    data = table(tmp_path, "x,label\n1,0\n,1\n", need, {**LABEL, "missing": "mean"})
    x = np.array([[np.nan]])
    spec = DataSpec(source=Csv(path="a.csv"), batch_size=1)
    assert prepare_inputs(spec, data.fitted, x, need)["input"].tolist() == [[1]]
    assert np.isnan(x).all()


@pytest.mark.parametrize("policy", ["mean", 0, "category"])
def test_what_stands_for_missing_features_does_not_stand_for_a_target(tmp_path, policy):
    text = "x,label\n1,0\n2,\n"
    label = {**LABEL, "columns": {"label": "numeric"}, "missing": policy}
    assert faults(tmp_path, text, classes(2, f32(1)), label) == [
        "E413 $.data.source.target: line 3 of `a.csv` has no value in `label`",
        "  note: it stands at a.csv:3:3",
        '  help: "missing": "drop"',
    ]


def test_a_mean_does_not_stand_for_a_category(tmp_path):
    options = {**LABEL, "columns": {"color": "categorical"}, "missing": "mean"}
    assert faults(tmp_path, "color,label\nred,0\n,1\n", classes(2), options)[0] == (
        "E413 $.data.source: line 3 of `a.csv` has no value in `color`"
    )


def test_lines_are_those_of_the_file_where_cells_have_several(tmp_path):
    text = 'note,x,label\n"one\ntwo\nthree",1,0\nfour,red,1\n'
    options = {**LABEL, "features": ("x",)}
    assert faults(tmp_path, text, classes(2, f32(1)), options)[0] == (
        "E415 $.data.source.features: line 5 of `a.csv` has `red` in `x`, where a number was expected"
    )


def test_a_missing_category_may_be_one(tmp_path):
    text = "color,label\nred,0\n,1\n"
    color = {"color": Column(kind="categorical", missing="category")}
    data = table(tmp_path, text, classes(2), {**LABEL, "columns": color})
    assert data.parts["train"].inputs["input"].tolist() == [[0, 1], [1, 0]]
    assert data.fitted["categories"] == {"color": ["", "red"]}


def test_policies_that_a_column_cannot_have(tmp_path):
    columns = {"x1": Column(missing="category"), "x2": Column(kind="categorical", missing="mean")}
    columns["label"] = Column(kind="numeric", missing="mean")
    assert faults(tmp_path, POINTS, classes(2), {**LABEL, "columns": columns}) == [
        (
            "E115 $.data.source.columns.x1.missing: "
            "`category` cannot stand for what is missing in `x1`, a numeric column"
        ),
        '  help: "missing": "drop"',
        (
            "E115 $.data.source.columns.x2.missing: "
            "`mean` cannot stand for what is missing in `x2`, a categorical column"
        ),
        '  help: "missing": "drop"',
        (
            "E115 $.data.source.columns.label.missing: "
            "`mean` cannot stand for what is missing in `label`, a target"
        ),
        '  help: "missing": "drop"',
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "E415 $.data.source.path: `a.csv` is empty"),
        (b"x,label\n", "E415 $.data.source.path: `a.csv` has no rows to read"),
        (
            b'x,label\n"1,0\n',
            "E415 $.data.source.path: line 2 of `a.csv` cannot be read as CSV: unexpected end of data",
        ),
        (b"x,label\n1\n", "E415 $.data.source: line 2 of `a.csv` has 1 cell for 2 columns"),
        (b"x,x,label\n1,2,0\n", "E415 $.data.source.path: `a.csv` has more than one column `x`"),
    ],
)
def test_files_that_are_no_table(tmp_path, content, told):
    (tmp_path / "a.csv").write_bytes(content)
    assert complaints(loaded, Csv(path="a.csv", target="label"), classes(2, f32(1)), tmp_path) == [told]


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x,label\n\0\x01\xff\xfe\0")
    told = complaints(loaded, Csv(path="a.csv", target="label"), classes(2, f32(1)), tmp_path)
    assert told == ["E415 $.data.source.path: `a.csv` is not UTF-8: byte 0xff in line 2"]


@pytest.mark.parametrize(
    ("content", "encoding", "line"),
    [
        (b"x,label\n\xff\xfe,1\n", "WINDOWS-1252", 2),
        (b"x,label\n" + b"1,0\n" * 5000 + b"\xff,1\n", "WINDOWS-1252", 5002),
        (b"\xff\xfex\0,\0", "UTF-16", 1),
    ],
)
def test_text_in_another_encoding(tmp_path, content, encoding, line):
    (tmp_path / "a.csv").write_bytes(content)
    assert complaints(loaded, Csv(path="a.csv", target="label"), classes(2, f32(1)), tmp_path) == [
        f"E415 $.data.source.path: `a.csv` is not UTF-8: byte 0xff in line {line}",
        f"  help: iconv -f {encoding} -t UTF-8 a.csv > utf8.csv",
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x1f\x8b\x08\0", "packed by gzip, and no CSV"),
        (b"PK\x03\x04\0", "a zip file, perhaps of a spreadsheet, and no CSV"),
    ],
)
def test_a_packed_file(tmp_path, content, what):
    (tmp_path / "a.csv").write_bytes(content)
    first, _ = complaints(loaded, Csv(path="a.csv", target="label"), classes(2, f32(1)), tmp_path)
    assert first == f"E415 $.data.source.path: `a.csv` is {what}"


def test_a_column_without_a_name_is_not_passed_over(tmp_path):
    text = ",x,,label\n0,1.5,2,0\n1,2.5,3,1\n"
    (tmp_path / "a.csv").write_text(text)
    assert complaints(loaded, Csv(path="a.csv", target="label"), classes(2, f32(1)), tmp_path) == [
        "E415 $.data.source.path: column 1 of `a.csv` has no name; so it is with 1 more",
        '  help: "features": ["x"]',
    ]
    named = Csv(path="a.csv", target="label", features=("x",))
    assert loaded(named, classes(2, f32(1)), tmp_path).parts["train"].rows == 2


def test_decimal_commas(tmp_path):
    options = {**LABEL, "delimiter": ";"}
    assert faults(tmp_path, "x;label\n1.5;0\n 2,5;1\n-3,5e2;0\n", classes(2, f32(1)), options) == [
        (
            "E417 $.data.source: line 3 of `a.csv` has `2,5` in `x`: "
            "a number has a point before its decimals, and no comma"
        ),
        "  note: it stands at a.csv:3:2",
        "  note: so is 1 more cell",
        "  help: write `2.5`",
    ]
    assert faults(tmp_path, "x1,x2,label\n1,5,2,5,0,0\n1,5,2,5,1,0\n", classes(2), LABEL) == [
        (
            "E417 $.data.source: line 2 of `a.csv` has 6 cells for 3 columns, "
            "as if its numbers had decimal commas"
        ),
        "  note: so is 1 more cell",
        "  help: write `1.5`",
    ]


@pytest.mark.parametrize("other", [";", "\t", "|"])
def test_another_delimiter(tmp_path, other):
    text = POINTS.replace(",", other)
    written = other.replace("\t", "\\t")
    wanted = [
        f"E418 $.data.source.path: `a.csv` has `{written}` between its cells, and `,` was expected",
        f'  help: "delimiter": "{written}"',
    ]
    assert faults(tmp_path, text, classes(2), LABEL) == wanted
    assert faults(tmp_path, text, classes(2)) == wanted
    assert table(tmp_path, text, classes(2), {**LABEL, "delimiter": other}).parts["train"].rows == 3


def test_a_comma_where_something_else_was_told(tmp_path):
    assert faults(tmp_path, POINTS, classes(2), {**LABEL, "delimiter": ";"})[0] == (
        "E418 $.data.source.path: `a.csv` has `,` between its cells, and `;` was expected"
    )


def test_a_column_whose_name_has_a_semicolon(tmp_path):
    options = {"features": ("a;b",), "target": "a;b"}
    assert table(tmp_path, "a;b\n1\n0\n", classes(2, f32(1)), options).parts["train"].rows == 2


@pytest.mark.parametrize(
    ("options", "header"),
    [
        (LABEL, '"x1", "x2", "label"'),
        ({}, '"x1", "x2", "y"'),
        ({"features": ("a", "b"), "target": "c"}, '"a", "b", "c"'),
        ({"features": ("a",), "target": "c"}, '"x1", "x2", "c"'),
    ],
)
def test_a_file_that_begins_with_numbers(tmp_path, options, header):
    text = POINTS.partition("\n")[2]
    assert faults(tmp_path, text, classes(2), options) == [
        "E419 $.data.source.path: `a.csv` begins with numbers, and the names of its columns were expected",
        f'  help: "header": [{header}]',
    ]


def test_columns_whose_names_are_numbers(tmp_path):
    options = {"features": ("1", "2"), "target": "3"}
    assert table(tmp_path, "1,2,3\n0.5,1,0\n", classes(2), options).parts["train"].rows == 1


def test_labels_outside_the_classes_are_told_by_line(tmp_path):
    assert faults(tmp_path, "x,label\n1,0\n\n2,3\n3,7\n", classes(3, f32(1)), LABEL) == [
        (
            "E412 $.data.source.target: line 4 of `a.csv` has the label 3, "
            "and the model has 3 classes, numbered from 0 to 2"
        ),
        "  note: so is 1 more",
    ]
    assert faults(tmp_path, "x,label\n1,a\n2,b\n3,c\n", classes(2, f32(1)), LABEL) == [
        "E412 $.data.source.target: `target` has 3 classes, and the model's output has 2",
        "  note: the classes are `a`, `b`, `c`",
    ]


def test_what_a_file_holds_does_not_steer_the_terminal(tmp_path):
    told = faults(tmp_path, "x,label\n\x1b[31m" + "z" * 60 + ",0\n", classes(2, f32(1)), LABEL)
    assert told[0] == (
        "E415 $.data.source: line 2 of `a.csv` has "
        f"`\N{REPLACEMENT CHARACTER}[31m{'z' * 32}...` in `x`, where a number was expected"
    )


def test_a_file_to_predict_on(tmp_path):
    source = Csv(path="a.csv", target="label", columns={"color": "categorical"}, missing="drop")
    (tmp_path / "a.csv").write_text("color,x,label\nblue,1,0\nred,2,1\n")
    data = loaded(source, classes(2, f32(3)), tmp_path)
    new = tmp_path / "new.csv"
    new.write_text("x,color\n5,red\n6,blue\n")
    found = source.read_inputs(new, classes(2, f32(3)), data.fitted)
    assert found["input"].tolist() == [[0, 1, 5], [1, 0, 6]]
    new.write_text("x,color\n5,green\n")
    assert complaints(source.read_inputs, new, classes(2, f32(3)), data.fitted)[0].startswith("E412")
    new.write_text("x,color\n,red\n")
    assert complaints(source.read_inputs, new, classes(2, f32(3)), data.fitted)[0] == (
        "E413 $.data.source: line 2 of `new.csv` has no value in `x`"
    )


def test_a_missing_file_of_a_part(tmp_path):
    (tmp_path / "a.csv").write_text(POINTS)
    source = Csv(path="a.csv", target="label", test="b.csv")
    assert complaints(source.read, reading(classes(2), tmp_path))[0] == (
        "E410 $.data.source.test: there is no file `b.csv`"
    )


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6).filter(
    lambda word: word.strip() == word and word not in Csv(path="a").missing_as and "\0" not in word
)


@given(rows=st.lists(st.tuples(NUMBERS, WORDS, NUMBERS), min_size=1, max_size=12))
def test_what_is_written_is_read(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    text = io.StringIO()
    csv.writer(text).writerows([("a", "w", "b"), *rows])
    (folder / "a.csv").write_bytes(text.getvalue().encode())
    source = Csv(path="a.csv", features=("a", "b"), target="w", columns={"w": "categorical"})
    data = loaded(source, classes(12, f64(2)), folder)
    part = data.parts["train"]
    assert part.inputs["input"].tolist() == [[a, b] for a, _, b in rows]
    assert [data.labels["target"][code] for code in part.targets["target"]] == [word for _, word, _ in rows]


def test_faults_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "a.csv").write_text("x,label\nred,0\n")
    (tmp_path / "t.csv").write_text("x,label\n1,0\ninf,1\n")
    source = Csv(path="a.csv", test="t.csv", target="label")
    told = complaints(loaded, source, classes(2, f32(1)), tmp_path)
    assert [line for line in told if line.startswith("E")] == [
        "E415 $.data.source: line 2 of `a.csv` has `red` in `x`, where a number was expected",
        "E413 $.data.source: line 3 of `t.csv` has `inf` in `x`, where a finite number was expected",
    ]


def test_what_no_file_says_is_told_once(tmp_path):
    for name in ("a.csv", "t.csv"):
        (tmp_path / name).write_text("x,label\n1,0\n")
    told = complaints(loaded, Csv(path="a.csv", test="t.csv"), classes(2, f32(1)), tmp_path)
    assert told[0] == "E411 $.data.source: the source does not say which column is the target"
    assert len(told) == 2
