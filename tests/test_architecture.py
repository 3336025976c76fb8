"""What holds of the package's text as a whole; each rule is also shown to find a planted fault."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from specdl.core.catalog import Catalog
from specdl.data.registry import CATALOGS as DATA
from specdl.ops.registry import CATALOGS as OPS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "specdl"

ORDER = "core ops data spec graph program loops plan lint backends".split()
ORDER += "analysis runner testing compiler training editor cli".split()
"""A package, or a module of the top level, imports only from those before it."""
FACE = "cli"
"""Names of `specdl` itself stand for all of it: the public API, for the command line alone."""
PLACE = {name: place for place, name in enumerate(ORDER)}
APART = {("data", "ops")}
"""Neighbours that do not import each other; `spec` unites them."""
TORCHLESS = ORDER[: ORDER.index("plan") + 1]
"""Packages that never import torch but through `specdl.core.lazy`."""
HEAVY = ("torch", "jsonschema", "rich", "sklearn", "safetensors")
"""What takes long to import, and is not needed to check and plan."""

ENTRY_FOLDERS = ("ops/layers", "ops/activations", "ops/losses", "ops/optimizers")
ENTRY_FOLDERS += ("ops/inits", "ops/schedules", "ops/metrics", "data/sources", "data/transforms")
"""Where a file is an entry of a spec."""
FILE_LINES, ENTRY_LINES, FUNCTION_LINES = 400, 150, 50

FORBIDDEN_NAMES = {"eval", "exec", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
FORBIDDEN_WORDS = {"autograd", "requires_grad", "requires_grad_", "enable_grad", "set_grad_enabled"}
FORBIDDEN_CALLS = {"torch.load", "os.system", "os.popen", "yaml.load", "yaml.full_load", "yaml.unsafe_load"}
FALSE_OPTIONS = {"allow_pickle", "shell"}


@dataclass(frozen=True)
class Module:
    """A file of the package: its path below `specdl/`, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def home(self) -> str:
        """The package, or module of the top level, that the file belongs to."""
        return self.path.split("/", 1)[0].removesuffix(".py")

    @property
    def is_entry(self) -> bool:
        folder, _, name = self.path.rpartition("/")
        return folder in ENTRY_FOLDERS and not name.startswith("_")


MODULES = [
    Module(str(path.relative_to(PACKAGE)), path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
]
ENTRIES = [module for module in MODULES if module.is_entry]


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module named by an import, wherever it stands: in functions and for types too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            if node.module == "specdl":
                yield from (f"specdl.{alias.name}" for alias in node.names)


def imports_to_the_right(module: Module) -> Iterator[str]:
    """Imports from a package that comes later in the order."""
    if module.home not in ORDER:
        return
    for name in imported(module.tree):
        top, _, rest = name.partition(".")
        if name.startswith("."):
            yield f"the relative import of {name}"
        if top != "specdl" or rest in {"", "__version__"}:
            continue
        other = rest.split(".", 1)[0]
        other = other if other in ORDER else FACE
        if PLACE[other] > PLACE[module.home] or (module.home, other) in APART:
            yield f"{module.home} imports {name}"


def imports_of_torch(module: Module) -> Iterator[str]:
    """Imports of torch where it has to stay away."""
    if module.home in TORCHLESS:
        yield from (name for name in imported(module.tree) if name.split(".", 1)[0] == "torch")


def lengths(module: Module) -> Iterator[str]:
    """A file or a function that is too long; a docstring is no part of a function's length."""
    lines, limit = len(module.text.splitlines()), ENTRY_LINES if module.is_entry else FILE_LINES
    if lines > limit:
        yield f"{lines} lines of at most {limit}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            said = node.body[0] if ast.get_docstring(node) is not None else None
            docstring = said.end_lineno - said.lineno + 1 if said and said.end_lineno else 0
            length = node.end_lineno - node.lineno + 1 - docstring
            if length > FUNCTION_LINES:
                yield f"{node.name} has {length} lines of at most {FUNCTION_LINES}"


def forbidden(module: Module) -> Iterator[str]:
    """What could run code from a file or a spec, or lean on torch's own gradients."""
    tree = module.tree
    for name in imported(tree):
        if (FORBIDDEN_MODULES | FORBIDDEN_WORDS) & set(name.split(".")):
            yield name
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (a.name for a in node.names if forbids(f"{node.module}.{a.name}"))
        elif isinstance(node, ast.Name | ast.Attribute):
            name = ast.unparse(node)
            if forbids(name):
                yield name
        elif isinstance(node, ast.Call):
            yield from forbidden_options(node)


def forbids(name: str) -> bool:
    """Whether a dotted name is one that may not occur."""
    last = name.rpartition(".")[2]
    plain = name.removeprefix("builtins.")
    return last in FORBIDDEN_WORDS or plain in FORBIDDEN_NAMES or name in FORBIDDEN_CALLS


def forbidden_options(call: ast.Call) -> Iterator[str]:
    """Options of a call that may not be given, or may be nothing but False."""
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    yield from (f"{name}={value}" for name, value in given.items() if name in FORBIDDEN_WORDS)
    yield from (f"{n}={value}" for n, value in given.items() if n in FALSE_OPTIONS and value != "False")
    if ast.unparse(call.func) in {"np.load", "numpy.load"} and "allow_pickle" not in given:
        yield "np.load without allow_pickle=False"


def undocumented(module: Module) -> Iterator[str]:
    """Public classes and functions, and the module itself, that have no docstring."""
    tree = module.tree
    if tree.body and ast.get_docstring(tree) is None:
        yield "the module"
    for node in tree.body:
        named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if named and not node.name.startswith("_") and ast.get_docstring(node) is None:
            yield node.name


RULES: list[Callable[[Module], Iterator[str]]] = [
    imports_to_the_right,
    imports_of_torch,
    lengths,
    forbidden,
    undocumented,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps(rule):
    faults = [f"{module.path}: {fault}" for module in MODULES for fault in rule(module)]
    assert not faults, "\n".join(faults)


LONG = "def f():\n" + "    pass\n" * 50

PLANTED = [
    (imports_to_the_right, "ops/a.py", "from specdl.spec.model import ModelSpec"),
    (imports_to_the_right, "ops/a.py", "from specdl.data.base import Source"),
    (imports_to_the_right, "data/a.py", "import specdl.ops.base"),
    (imports_to_the_right, "core/a.py", "def f():\n    from specdl import graph"),
    (imports_to_the_right, "core/a.py", "if TYPE_CHECKING:\n    from specdl.ops.base import Op"),
    (imports_to_the_right, "plan/a.py", "from ..runner import model"),
    (imports_to_the_right, "runner/a.py", "from specdl.cli.main import main"),
    (imports_to_the_right, "runner/a.py", "from specdl import train"),
    (imports_of_torch, "plan/a.py", "def f():\n    import torch.nn"),
    (imports_of_torch, "ops/metrics/a.py", "from torch import Tensor"),
    (lengths, "core/a.py", "\n" * 401),
    (lengths, "ops/layers/a.py", "\n" * 151),
    (lengths, "core/a.py", LONG),
    (lengths, "core/a.py", "class C:\n" + "".join(f"  {line}\n" for line in LONG.splitlines())),
    (forbidden, "a.py", "x = eval('1')"),
    (forbidden, "a.py", "run = exec"),
    (forbidden, "a.py", "import builtins\nbuiltins.eval('1')"),
    (forbidden, "a.py", "from builtins import eval as harmless"),
    (forbidden, "a.py", "import pickle"),
    (forbidden, "a.py", "from pickle import loads"),
    (forbidden, "a.py", "torch.load('x')"),
    (forbidden, "a.py", "from torch import load"),
    (forbidden, "a.py", "from torch.autograd import grad"),
    (forbidden, "a.py", "from torch import autograd"),
    (forbidden, "a.py", "torch.autograd.grad(y, x)"),
    (forbidden, "a.py", "x.requires_grad_()"),
    (forbidden, "a.py", "torch.zeros(3, requires_grad=True)"),
    (forbidden, "a.py", "np.load(path, allow_pickle=True)"),
    (forbidden, "a.py", "np.load(path, allow_pickle=flag)"),
    (forbidden, "a.py", "np.load(path)"),
    (forbidden, "a.py", "subprocess.run('ls', shell=True)"),
    (forbidden, "a.py", "os.system('ls')"),
    (forbidden, "a.py", "yaml.load(text)"),
    (undocumented, "a.py", "import os"),
    (undocumented, "a.py", '"""Said."""\nclass A:\n    pass'),
    (undocumented, "a.py", '"""Said."""\ndef f():\n    pass'),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_rules_find_planted_faults(rule, path, text):
    assert len(list(rule(Module(path, text)))) >= 1


SOUND = [
    (imports_to_the_right, "spec/a.py", "import specdl.ops.base\nfrom specdl.data.base import Source"),
    (imports_to_the_right, "ops/a.py", "from specdl.ops.base import Op"),
    (imports_to_the_right, "runner/a.py", "from specdl import __version__"),
    (imports_to_the_right, "cli/a.py", "from specdl import train"),
    (imports_of_torch, "ops/metrics/a.py", "from specdl.core.lazy import torch"),
    (imports_of_torch, "runner/a.py", "import torch"),
    (lengths, "core/a.py", 'def f():\n    """\n' + "    said\n" * 60 + '    """\n'),
    (forbidden, "a.py", "np.load(path, allow_pickle=False)\nre.compile('x')\nWORDS = ('requires_grad',)"),
    (undocumented, "a.py", '"""Said."""\ndef _f():\n    pass'),
    (undocumented, "__init__.py", ""),
]


@pytest.mark.parametrize(("rule", "path", "text"), SOUND)
def test_rules_let_pass_what_is_sound(rule, path, text):
    assert list(rule(Module(path, text))) == []


def test_checking_and_planning_import_nothing_heavy():
    names = [".".join(("specdl", *Path(module.path).with_suffix("").parts)) for module in MODULES]
    light = [name for name in names if name.split(".")[1] in (*TORCHLESS, "compiler")]
    light = [name.removesuffix(".__init__") for name in light]
    assert len(light) > 50
    code = f"import sys, importlib\nfor name in {light!r}: importlib.import_module(name)\n"
    code += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("module", ENTRIES, ids=lambda module: module.path)
def test_every_entry_has_a_test_file_of_its_name(module):
    folder, _, name = module.path.rpartition("/")
    assert (ROOT / "tests" / folder / f"test_{name}").is_file()


CLASSES = [
    pytest.param(catalog, tag, id=f"{catalog.category}-{tag}")
    for catalog in (*OPS.values(), *DATA.values())
    for tag in catalog.index
]


def test_every_entry_folder_has_a_catalog():
    folders = {package for catalog in (*OPS.values(), *DATA.values()) for package in catalog.packages}
    assert folders == {"specdl." + folder.replace("/", ".") for folder in ENTRY_FOLDERS}


@pytest.mark.parametrize(("catalog", "tag"), CLASSES)
def test_the_tag_is_the_name_of_the_file(catalog: Catalog, tag: str):
    cls = catalog.get(tag)
    assert cls is not None
    assert cls.__module__.rpartition(".")[2] == tag
    annotation = cls.model_fields["type"].annotation
    assert (get_origin(annotation), get_args(annotation)) == (Literal, (tag,))
    assert cls.model_fields["type"].default == tag


@pytest.mark.parametrize(("catalog", "tag"), CLASSES)
def test_every_option_is_described(catalog: Catalog, tag: str):
    cls = catalog.get(tag)
    assert cls is not None
    assert list(undescribed(cls)) == []


def undescribed(cls: type[BaseModel]) -> Iterator[str]:
    """The options of an entry that say nothing about themselves."""
    fields: dict[str, FieldInfo] = dict(cls.model_fields)
    yield from (name for name, field in fields.items() if name != "type" and not field.description)


def test_undescribed_options_are_found():
    class Vague(BaseModel):
        type: Literal["vague"] = "vague"
        size: int = 1

    assert list(undescribed(Vague)) == ["size"]
