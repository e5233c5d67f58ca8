"""Check that prose and names are plain English: `python .ci/plain_english.py [FILE ...]`.

Prose is every docstring, comment and string of `src`, and the text of `docs` and of the pages at
the root, outside code blocks. Names are those of modules, functions, classes, parameters, variables
and attributes. What is forbidden, and the exceptions, stand in `plain_english.toml` next to this
file.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RULES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
GENERATED = ("docs/calibration.md", "docs/results.md")


class Violation(NamedTuple):
    """Where a rule is broken, and what to write instead."""

    path: str
    line: int
    text: str
    write: str

    def __str__(self) -> str:
        """Return it in one line, as linters do."""
        return f"{self.path}:{self.line}: {self.text!r}: write {self.write}"


def phrases(text: str, path: str, line: int, rules: dict[str, Any]) -> Iterator[Violation]:
    """Yield the forbidden phrases of a text that starts at a line."""
    for exception in rules["exceptions"]["phrases"]:
        text = text.replace(exception, "")
    for key in rules["exceptions"].get("keys", ()):
        text = "" if text == key else text.replace(f'"{key}"', "").replace(f"`{key}`", "")
    for rule in rules["phrases"]:
        # A phrase may be broken over two lines.
        pattern = rule["find"].replace(" ", r"\s+")
        for match in re.finditer(pattern, text, re.IGNORECASE):
            where = line + text.count("\n", 0, match.start())
            yield Violation(path, where, " ".join(match.group().split()), rule["write"])


def words(name: str) -> list[str]:
    """Return the words of a name: `_toldBy_x` and `ToldBy` hold "told" and "by"."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def names(name: str, path: str, line: int, rules: dict[str, Any]) -> Iterator[Violation]:
    """Yield a violation if a name holds a word that says nothing."""
    if name not in rules["exceptions"]["names"]:
        for word in sorted(set(words(name)).intersection(rules["names"]["words"])):
            yield Violation(path, line, name, f"a noun in place of {word!r}")


def _defined(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the names that a module defines, with their lines; each name once."""
    seen: set[str] = set()
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr
        elif isinstance(node, ast.ImportFrom | ast.Import):
            name = " ".join(alias.asname or "" for alias in node.names)
        if name and name not in seen:
            seen.add(name)
            yield name, getattr(node, "lineno", 1)


def _fields(tree: ast.AST) -> set[str]:
    """Return the annotated fields of classes."""
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    fields = (one.target for body in bodies for one in body if isinstance(one, ast.AnnAssign))
    return {field.id for field in fields if isinstance(field, ast.Name)}


def of_python(source: str, path: str, rules: dict[str, Any]) -> Iterator[Violation]:
    """Yield the violations of a Python file."""
    tree = ast.parse(source)
    keys = _fields(tree).intersection(rules["exceptions"].get("keys", ()))
    for name, line in [(Path(path).stem, 1), *_defined(tree)]:
        if name not in keys:
            yield from names(name, path, line, rules)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from phrases(node.value, path, node.lineno, rules)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from phrases(token.string, path, token.start[0], rules)


def of_page(source: str, path: str, rules: dict[str, Any]) -> Iterator[Violation]:
    """Yield the violations of a Markdown page, outside its code blocks."""
    prose = re.sub(
        r"^```.*?^```", lambda m: "\n" * m.group().count("\n"), source, flags=re.M | re.S
    )
    yield from phrases(prose, path, 1, rules)


def checked(paths: list[str], rules: dict[str, Any] = RULES) -> list[Violation]:
    """Return the violations of files, by their paths from the root."""
    return [
        violation
        for path in paths
        for of in (of_python if path.endswith(".py") else of_page,)
        for violation in of((ROOT / path).read_text("utf-8"), path, rules)
    ]


def every() -> list[str]:
    """Return the files that are checked: those that are not generated and not pending."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    files = [*pages, *(ROOT / "src").rglob("*.py")]
    pending = (*GENERATED, *RULES["pending"]["paths"])
    paths = sorted(str(file.relative_to(ROOT)) for file in files)
    return [path for path in paths if not path.startswith(pending)]


def main() -> int:
    """Print the violations; return 1 if there are any."""
    violations = checked(sys.argv[1:] or every())
    for violation in violations:
        print(violation)
    return int(bool(violations))


if __name__ == "__main__":
    raise SystemExit(main())
