"""What each diagnostic's code means, in a paragraph: the text of `specdl explain CODE`.

Codes are stable and grouped by stage: E0 reading, E1 schema, E2 shapes and graph, E3 training,
E4 data, E5 resources, E6 safety, E7 checkpoints and runs; W are warnings.
"""

from __future__ import annotations

from collections.abc import Mapping

TEXT = """
E001: The file is empty, or holds nothing but blanks and comments. `specdl init` writes a spec to start
from.

E002: The file is not UTF-8, the encoding of JSON and YAML. The message names the first byte that does
not fit; an editor can save the file again as UTF-8.

E003: The text breaks a rule of JSON or of YAML: a comma, quote or bracket is missing or too many, or a
line is indented differently from its neighbours. The mark shows where reading stopped; what is missing
is often on the line before.

E004: A key stands twice in one mapping. Most readers silently keep the last; here it is an error, since
one of the two would do nothing. Take one away.

E005: The document is too large or too deeply nested. The limits are far above what models need, and keep
a file from anybody from exhausting memory.

E006: A number is NaN, infinite or too large for a float64. A spec holds finite numbers only.

E007: This is valid YAML that a spec cannot say: tags, merge keys, several documents, an anchor inside
what it names. JSON and YAML specs say the same, so what JSON lacks is left out.

E101: `specdl` is the version of the format, and this program reads version 1.

E110: `type` names what is not there. A tag is the name in this program's catalogs: `specdl explain`
without an argument lists them. An op of your own is made known by `--plugin MODULE`.

E111: A key, or an option of a type, that is not known in its place. It would do nothing, so it is an
error; mostly it is a slip, and the help names the key that was meant.

E112: A key that has no default is missing. The mark is at the mapping that lacks it.

E113: A value has the wrong type: text where a number was expected, a number where a list was. Nothing is
converted silently: `"10"` is text, and `1.0` is not a whole number.

E114: A value has the right type and is outside its range, or a list has too few or too many values.
`specdl explain TYPE` shows the range of each option.

E115: A value is none of the choices that the key has.

E116: A name cannot be used: it is empty, has characters that names do not have, or means something
already, as `input` does. Layer names have no dots, since blocks make the dots.

E117: Two keys stand side by side of which only one can be, as `loss` and `losses`.

E120: What stands in `${...}` is not arithmetic on declared names: numbers, names, + - * / // % **,
parentheses, `min` and `max`.

E121: An expression names a variable that `vars`, or the block's `params`, does not declare.

E122: Variables are defined by one another in a circle, so none of them has a value.

E123: A layer uses a block that `blocks` does not have.

E124: A block's parameters do not fit: one is unknown, missing, or of another type than `params` says.

E125: A block uses itself, directly or through others, or blocks are nested too deep. It would never end.

E126: Blocks make more layers than the limit, or `repeat` cannot be used as it is.

E210: Types do not fit: an op cannot take inputs of these shapes or dtypes. Types are written as
`f32[50,25]`, the batch first; the notes say where each input was made.

E211: `inputs` or `output` names what is not there. A layer reads inputs of the model and layers before
it.

E212: A layer reads itself or one that comes later. The graph has no cycles; put the layers in an order
in which each is made before it is read.

E213: Two layers, or a layer and an input, have the same name. Parameters are named by their layer, so
names are unique.

E214: `tie` cannot share this parameter: the layer it names has none of that name, its shape differs, or
it comes later.

E215: `model.output`, or a loss's `output`, names what no layer makes.

E230: An op of a plug-in breaks its contract: its gradient is not that of its forward formula, or it
leaves part of a result unwritten. `specdl.testing.check_op` is the check, for its author's own tests.

E310: There is nothing to minimise: training needs `loss`, or `losses` where there are several outputs.

E311: The loss cannot apply to this output and target, by shape or by encoding. mse on class labels needs
"target": {"encode": "one_hot"}; cross_entropy needs an axis of classes.

E312: `train` says how long to train by `epochs` or by `steps`, and by one of them only.

E313: A batch is larger than the training part, and `drop_last` leaves out the last partial batch: no
step would ever be taken.

E314: A metric cannot apply to this output and target: accuracy, for one, needs classes.

E410: A file that the spec names is not there. Paths are relative to the folder of the spec.

E411: A column that the spec names is not in the file. The message lists those that are.

E412: A label is outside of the classes: the output's last axis says how many there are, and class
numbers count from 0.

E413: The data has NaN, an infinite number or a missing value. One of them makes every weight NaN within
a step. `missing` of the csv source says what to do with empty cells.

E414: Samples do not have the shape that the model's input or target has, or arrays differ in their
number of rows.

E415: A file cannot be read as what it should be: it is damaged, of another format, or no regular file.

E416: The parts of the data do not fit together: training has no samples, or a source with parts of its
own is also split.

E510: A run would take more memory than there is. The bytes are exact and known before anything is
allocated: `specdl plan SPEC` shows them by section, and `--fit 8GiB` the largest batch that fits.

E520: The disk has not the room that a run writes: its checkpoints are as large as parameters and
optimiser state together, and `train.keep` says how many stay.

E530: Native code cannot be made here: the C compiler fails, does not end, or makes what cannot be loaded.
The same program runs on torch, with the same results and slower. `CC` names another compiler, and
`pip install 'specdl[native]'` brings one.

E530: Native code cannot be made here: no C compiler is found, or the one that is found does not work.
The environment's CC names one, gcc and clang are found on the PATH, and `pip install 'specdl[native]'`
brings its own. Without one everything runs on torch.

E610: The spec names a file outside of its own folder and the working folder. A spec may come from
anybody, so what it reads stays where its user looks; `--allow-path DIR` allows one more folder.

E611: The file holds pickled Python objects. Loading them could run code, so they are never loaded; save
plain arrays.

E701: There is no run in the folder. `specdl train SPEC --out DIR` makes one.

E702: The folder for a new run is taken. `--resume` goes on with the run in it; `--out` names another
folder.

E703: The run in the folder was made from another spec, so it cannot be resumed with this one. What may
change between the two is `$schema`, `description`, `train.keep` and `train.checkpoint_every`: nothing that is
computed depends on them. The length of the training is no such thing: schedules are measured by it.

E704: The run in the folder was made with other data: going on with what it is now would not be the run
it was.

E705: A file of the run is damaged: its checksum is not the one that was written down, or it is cut
short.

E706: The checkpoint is of another model: names or shapes of its weights differ.

E707: Another process is training in this folder. Two would overwrite each other's files.

E708: A file of the run cannot be read or written, for the reason that the system gives.

E720: Training met a value that is not finite, and stopped before the update: the weights are those of
the step before. The message names the first kernel whose result was not finite. A lower learning rate,
normalised inputs or a loss that works on logits are the usual ways out.

E730: Weights do not fit the model: a parameter is missing, unknown or of another shape.

W410: A file that the spec names is not there. Plain `check` only warns, since a spec is often checked
where its data is not; `check --data` and `train` make it an error.
"""
"""A paragraph for each code."""


def paragraphs(text: str) -> Mapping[str, str]:
    r"""Paragraphs `CODE: text` by their codes, each on one line.

    >>> paragraphs("E1: one\ntwo\n\nE2: three")
    {'E1': 'one two', 'E2': 'three'}
    """
    split = (" ".join(each.split()).partition(": ") for each in text.strip().split("\n\n"))
    return {code: said for code, _, said in split}


PAGES = paragraphs(TEXT)


def page(code: str) -> str | None:
    """The paragraph of a code in either case, or None for one that is not known."""
    return PAGES.get(code.upper())
