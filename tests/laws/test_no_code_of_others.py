"""No call that reads a model or a tokenizer may run code that lies beside it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READERS = {"from_pretrained", "from_config"}
FILES = [
    path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
]


def lacking(code):
    """Return the lines of calls that do not say trust_remote_code=False themselves."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(code))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in READERS
        and not any(
            word.arg == "trust_remote_code"
            and isinstance(word.value, ast.Constant)
            and word.value.value is False
            for word in call.keywords
        )
    ]


def test_every_call_says_that_code_of_others_is_not_trusted():
    found = {
        str(path.relative_to(ROOT)): lacking(path.read_text("utf-8"))
        for path in FILES
        if any(name in path.read_text("utf-8") for name in READERS)
    }
    assert {path: lines for path, lines in found.items() if lines} == {}
    assert sum(calls_in(path) for path in FILES) > 10


def calls_in(path):
    text = path.read_text("utf-8")
    return sum(text.count(f".{name}(") for name in READERS)


@pytest.mark.parametrize(
    "call",
    [
        "AutoModel.from_pretrained('x')",
        "kind.from_pretrained('x', **options)",
        "kind.from_config(config, trust_remote_code=True)",
        "kind.from_config(config, trust_remote_code=trusted)",
    ],
)
def test_the_law_can_be_broken(call):
    assert lacking(call) == [1]
