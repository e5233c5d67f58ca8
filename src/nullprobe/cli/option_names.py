"""Option names: messages of the library in the words of the command line.

The library names its parameters (`pass draws=1999`); whoever typed a command needs the option
(`pass --draws 1999`). All messages are translated here, and nowhere else.
"""

from __future__ import annotations

import re

# Parameters whose options have other names.
RENAMED = {
    "random_state": "seed",
    "layers": "layer-list",
    "n_draws": "draws",
    "n_permutations": "permutations",
    "n_surrogates": "surrogates",
    "probe_rows": "absence",
}
# Parameters whose values messages may name.
NAMED = (
    "adapter", "alpha", "claims", "confounds", "depth", "device", "draws", "dtype", "duplicates",
    "eraser", "groups", "independent", "kind", "loss", "match", "max_length", "max_rank",
    "min_effect", "n_features", "n_probe", "n_splits", "order", "positive_fraction", "probe",
    "quantization", "rank", "revision", "sample", "shrinkage", "target", "temperature", "tokens",
    "tol", "validation_fraction", *RENAMED,
)  # fmt: skip
# What a message asks for in Python, and what does it here.
PHRASES = {
    "pass the group of each row": "name their column with --groups",
    "Name the groups, if rows form any": "Name the groups with --groups, if rows form any",
    "or declare the order": "or declare the order with --order",
    "pass ContrastPairs(negative, positive, y)": "pass --pairs",
    "pass the pairs alone, made with ContrastPairs(negative, positive, y)": "pass --pairs",
    "name parts of the series as groups": "name parts of the series with --groups",
    "name the series that rows belong to as groups": "name the series of each row with --groups",
    "pass numbers, or take it as labels": "name a column of numbers, or pass --kind labels",
    "pass it as d=64": "pass it as --d 64",
    "pass the place of each row": "name the column of their places with --order",
    "omit groups if rows are independent": "leave --groups out if rows are independent",
    "or a larger alpha": "or a larger --alpha",
    "fill these values or drop these rows": "fill these values or drop these rows (audit, compare "
    "and fit drop them with --missing drop)",
    "leave eraser out": "leave --eraser out",
    "leave claims out": "leave --claims out",
    "leave confounds out": "leave --confounds out",
    "drop these columns, name them as concept or groups, or leave them out": "drop these columns, "
    "or name them with --leave-out (in an audit, --text, --confounds and --groups as well)",
    "rename one to 'X', or leave the others out": "rename one to 'X', leave the others out with "
    "--leave-out, choose one with --site (fit, moments), or audit each with --layers and a pattern "
    "such as 'layer.*'",
}
_QUOTED = r"(?<![\w'\"(\-])"  # neither part of a longer word, nor a value, nor inside a call
_VALUE = re.compile(rf"{_QUOTED}({'|'.join(NAMED)})=(True\b|[\w.%+-]*\w|'[^']*'|\"[^\"]*\")?")
_UNDERSCORED = re.compile(rf"{_QUOTED}({'|'.join(name for name in NAMED if '_' in name)})(?![\w=])")


def option(parameter: str) -> str:
    """Return the option of a parameter.

    Examples
    --------
    >>> option("validation_fraction"), option("random_state")
    ('--validation-fraction', '--seed')
    """
    return "--" + RENAMED.get(parameter, parameter).replace("_", "-")


def in_options(message: str) -> str:
    """Return a message of the library with options in place of parameters.

    Examples
    --------
    >>> in_options("pass draws=1999, or independent=True")
    'pass --draws 1999, or --independent'
    >>> in_options("leave n_surrogates out; 'draws=3' must name a column")
    "leave --surrogates out; 'draws=3' must name a column"
    """
    for phrase, translated in PHRASES.items():
        message = message.replace(phrase, translated)
    message = _VALUE.sub(_named, message)
    return _UNDERSCORED.sub(lambda one: option(one[1]), message)


def _named(one: re.Match[str]) -> str:
    value = (one[2] or "").strip("'\"")
    return option(one[1]) if value in ("", "True") else f"{option(one[1])} {value}"
