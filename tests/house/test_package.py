"""The package as users meet it: its public names, their docstrings, and that they come late."""

import ast
import doctest
import inspect
import json
import pickle
import pkgutil
import pydoc
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import nullprobe
from nullprobe import LEACE, InputError

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "nullprobe"
TREE = ast.parse((SOURCE / "__init__.py").read_text("utf-8"))
MODULES = nullprobe._MODULES
PACKAGES = {"corpora", "models", "plot", "studies", "worlds"}
# Rooms whose __all__ is public: every room that has one, but for the command line.
ROOMS = (
    "claims",
    "corpora",
    "erasers",
    "models",
    "moments",
    "nulls",
    "plot",
    "probes",
    "studies",
    "worlds",
)
# Public names whose docstring has no example, and why.
NO_EXAMPLE = {
    "CapturedFolder": "opens a folder that a language model filled; models.capture_to shows it",
    **dict.fromkeys(
        ("capture_images", "capture_images_to", "load_vision"),
        "needs a vision encoder and images; docs/images.md shows it",
    ),
    "load_embedder": "needs sentence-transformers; docs/embeddings.md shows it",
    "audit_use": "audits a language model; docs/models.md shows it",
    "ModelAudit": "audit_model shows it",
}
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/methods").glob("*.md")]


def fresh(code, *, absent=""):
    """Run code in a new process, where a package may be absent; return what it prints, as JSON."""
    head = f"""
import json, sys
class Absent:
    def find_spec(self, name, *_):
        if name == {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
    command = [sys.executable, "-W", "error", "-c", head + code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def typed():
    """Return module → names of what type checkers see."""
    (block,) = [
        node for node in TREE.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]  # fmt: skip
    return {
        alias.name: f"nullprobe.{alias.name}" if node.module == "nullprobe" else node.module
        for node in block.body
        for alias in node.names
    }


def style(name):
    """Return the key by which names are sorted: constants, classes, the rest, as ruff sorts."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def test_all_is_sorted_and_has_the_names_of_the_table_alone():
    (listed,) = [
        ast.literal_eval(node.value) for node in TREE.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]  # fmt: skip
    assert listed == sorted({*MODULES, "__version__"}, key=style)
    assert nullprobe.__all__ == listed


def test_type_checkers_see_the_names_of_the_table():
    assert typed() == MODULES


@pytest.mark.parametrize("name", nullprobe.__all__)
def test_a_public_name_is_what_its_module_has_of_that_name(name):
    value = getattr(nullprobe, name)
    if name in PACKAGES:
        assert value is sys.modules[f"nullprobe.{name}"]
    elif name != "__version__":
        assert value is getattr(import_module(MODULES[name]), name)
        assert inspect.isclass(value) or inspect.isfunction(value)
        assert value.__name__ == name


def test_no_file_has_the_name_of_something_else_that_is_public():
    # Importing nullprobe.x sets the attribute x of nullprobe, whatever it was before.
    files = {module.name for module in pkgutil.iter_modules(nullprobe.__path__)}
    assert files & set(nullprobe.__all__) == PACKAGES
    for room in map(import_module, [f"nullprobe.{room}" for room in ROOMS]):
        assert not {file.name for file in pkgutil.iter_modules(room.__path__)} & set(room.__all__)


def test_every_room_with_public_names_is_tried():
    packages = [module.name for module in pkgutil.iter_modules(nullprobe.__path__) if module.ispkg]
    listing = {
        room for room in packages if "__all__" in (SOURCE / room / "__init__.py").read_text("utf-8")
    }
    assert listing == {*ROOMS, "cli"}


@pytest.mark.parametrize("module", ["nullprobe", *(f"nullprobe.{room}" for room in ROOMS)])
def test_a_public_function_or_class_has_a_docstring_with_an_example(module):
    room = import_module(module)
    values = {name: getattr(room, name) for name in room.__all__}
    documented = {
        name: value.__doc__ or ""  # not inspect.getdoc, which takes the docstring of a base class
        for name, value in values.items()
        if inspect.isclass(value) or inspect.isfunction(value)
    }
    # The rest: tables of the room, packages and the version.
    rest = {*values} - {*documented}
    assert all(
        isinstance(values[name], dict) or name in {*PACKAGES, "__version__"} for name in rest
    )

    def has_example(text):
        _, heading, examples = inspect.cleandoc(text).partition("\nExamples\n--------\n")
        return bool(heading) and any(e.want for e in doctest.DocTestParser().get_examples(examples))

    assert all(documented.values())
    without = {name for name, text in documented.items() if not has_example(text)}
    assert without == {*NO_EXAMPLE} & {*documented}


@cache
def defined():
    """Return the names of the functions, classes and methods of the source."""
    trees = [ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")]
    tops = [node for tree in trees for node in tree.body]
    functions = {node.name for node in tops if isinstance(node, ast.FunctionDef)}
    classes = [node for node in tops if isinstance(node, ast.ClassDef)]
    methods = {
        node.name for one in classes for node in one.body if isinstance(node, ast.FunctionDef)
    }
    return functions, {one.name for one in classes}, methods


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_imports_calls_or_names_is_public(page):
    text = page.read_text("utf-8")
    functions, classes, methods = defined()
    public = set(nullprobe.__all__).union(*(getattr(nullprobe, room).__all__ for room in ROOMS))

    imported = re.findall(r"from nullprobe import ([\w, ]+)", text)
    assert {name for line in imported for name in line.split(", ")} <= set(nullprobe.__all__)
    called = set(re.findall(r"(?<![\w.])([a-z]\w+)\(", text)) & functions
    assert called - methods - set(re.findall(r"def (\w+)\(", text)) <= public
    assert set(re.findall(r"`([A-Z]\w*)\b", text)) & classes <= public
    for dotted in re.findall(r"`(nullprobe(?:\.\w+)+)(?![\w/])", text):
        assert pydoc.locate(dotted) is not None, dotted


def test_dir_and_help_have_every_public_name_and_no_other():
    assert dir(nullprobe) == sorted(nullprobe.__all__)
    page = pydoc.plain(pydoc.render_doc(nullprobe))
    assert all(name in page for name in set(MODULES) - PACKAGES)


def test_a_star_import_brings_every_public_name():
    names = {}
    exec("from nullprobe import *", names)
    assert set(nullprobe.__all__) <= set(names)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'nullprobe' has no attribute 'Leace'"):
        _ = nullprobe.Leace
    with pytest.raises(ImportError, match="cannot import name 'Leace'"):
        exec("from nullprobe import Leace")


@pytest.mark.slow
def test_packages_are_attributes_without_being_imported():
    packages = {module.name for module in pkgutil.iter_modules(nullprobe.__path__) if module.ispkg}
    assert {*nullprobe._PACKAGES} == packages - PACKAGES - {"_core", "cli"}
    code = """
import nullprobe
before = "nullprobe.claims" in sys.modules
print(json.dumps([before, nullprobe.claims is sys.modules["nullprobe.claims"]]))
"""
    assert fresh(code) == [False, True]


@pytest.mark.slow
def test_a_name_is_imported_once():
    code = """
import nullprobe
before = "Holds" in vars(nullprobe)
print(json.dumps([before, nullprobe.Holds is vars(nullprobe)["Holds"]]))
"""
    assert fresh(code) == [False, True]


@pytest.mark.slow
def test_pickles_open_where_nothing_was_imported():
    estimator = LEACE().fit([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]], [0, 0, 1, 1])
    objects = (InputError("rows"), nullprobe.Holds.YES, estimator, LEACE, nullprobe.leace)
    code = f"""
import pickle
error, holds, estimator, cls, function = pickle.loads({pickle.dumps(objects)!r})
import nullprobe
print(json.dumps([
    type(error) is nullprobe.InputError, holds is nullprobe.Holds.YES,
    isinstance(estimator, nullprobe.LEACE), cls is nullprobe.LEACE, function is nullprobe.leace,
    estimator.transform([[2.0, 2.0]]).tolist(),
]))
"""
    assert fresh(code) == [*[True] * 5, estimator.transform([[2.0, 2.0]]).tolist()]


@pytest.mark.slow
@pytest.mark.parametrize("absent", ["torch", pytest.param("transformers", marks=pytest.mark.slow)])
def test_without_the_extra_all_but_models_works_and_models_say_what_to_install(absent):
    code = """
import pydoc
names = {}
exec("from nullprobe import *", names)
import nullprobe
pydoc.render_doc(nullprobe)
errors = []
for name in ("models", "audit_use", "audit_model"):
    try:
        getattr(nullprobe, name)
    except ModuleNotFoundError as error:
        errors.append([error.name, str(error)])
print(json.dumps([sorted(set(nullprobe._MODULES) - set(names)), dir(nullprobe), errors]))
"""
    missing, names, errors = fresh(code, absent=absent)
    assert missing == ["audit_model", "audit_use", "models"]
    assert names == sorted(set(nullprobe.__all__) - {"audit_model", "audit_use", "models"})
    assert [name for name, _ in errors] == [absent] * 3
    assert all("pip install 'nullprobe[models]'" in message for _, message in errors)
