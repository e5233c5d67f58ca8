"""The order of docs/design.md, and what the imports of a module have against it."""

import ast
from pathlib import Path

import nullprobe

ROOT = Path(nullprobe.__file__).parent

# Each line may import from the lines above it, not from its own and not from below.
ORDER = [
    ["_version"],
    ["_threads"],
    ["_array"],
    ["_linalg"],
    ["_check"],
    ["_seeds"],
    ["_files"],
    ["_captured"],
    ["_formats"],
    ["_layout", "_saving"],
    ["readers", "concepts"],
    ["_spread", "splits", "reading"],
    ["_concept_sums", "pair_labels"],
    ["moments", "_record", "pairs"],
    ["class_moments", "task_moments"],
    ["probes"],
    ["erasers"],
    ["models"],
    ["measures"],
    ["nulls"],
    ["claims"],
    ["carrying"],
    ["report", "evidence", "trials"],
    ["audited", "comparison", "pair_comparison"],
    ["audit", "model_audit", "compare", "compare_pairs"],
    ["cli"],
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
RANK |= {"worlds": RANK["report"]}  # only cli may draw worlds; what they may import is below

LAST = len(ORDER)  # the step of files that STEPS does not name

# What siblings in a folder share; its rooms may import it, it may import none of them.
BASE = {
    "probes": "linear",
    "nulls": "null",
    "worlds": "world",
}

# A page is made in steps, not of siblings: each line may import from the lines above it.
# So are erasers: files, maps, the shell round them, then the methods, none of which sees another.
# Tasks of the command line see what it is told (options, typed) and what it audits (subject).
# Nonlinear probes share more than linear ones do.
STEPS = {
    "probes": [
        ["linear"],
        ["nonlinear"],
        ["paired", "descent", "design", "label_vectors", "nullspace"],
        ["conjugate"],
        ["newton", "many", "pair_rounds"],
        ["contrast_loss", "calibration", "halfspace_search", "penalty_path"],
        ["lda", "quadratic", "radial", "neighbours", "mlp"],  # the family of strongest.py
        [],
    ],
    "erasers": [
        ["store"],
        ["affine", "labelled"],
        ["concept_shift", "class_transport", "predictors"],
        ["estimator", "fits", "game", "loading", "procrustes", "shapes"],
        [],
    ],
    "models": [
        ["loading", "sites", "tokens", "turns", "families", "folds"],
        ["hooks", "biases", "stream"],
        ["edit", "forward"],
        ["work"],
        ["capture"],
        [],
    ],
    "measures": [
        ["expected", "kernel_readers", "labellings", "part"],
        ["kept"],
        ["three_way"],
        [],
    ],
    "claims": [["observation"], ["verdict"], []],
    "evidence": [
        ["given", "several", "observing", "workers"],
        ["beside", "consistency", "removals"],
        ["rereading"],
        [],
    ],
    "worlds": [["world", "facts"], ["training", "weights"], []],
    "cli": [["options", "model_options", "typed", "subject"], []],
    "report": [
        ["words", "portrait", "bins", "looks", "overview"],
        ["document", "tables", "seen", "scatter", "untested"],
        ["figures", "own_figures", "shell", "comparison_figures"],
        ["claim"],
        ["page"],
    ],
}

# The commands: they import what they run inside the function that runs it, so that --help and a
# mistyped option answer at once. Nobody else imports late, and app.py alone imports them.
COMMANDS = {
    ("cli", name) for name in ("app", "audit_commands", "eraser_commands", "model_commands")
}

# Only _array.py imports other array libraries, and torch whatever runs a model.
RUN_MODELS = {("model_audit",), *(("worlds", name) for name in ("training", "weights", "organism"))}
LIBRARIES = {"torch", "array_api_compat", "dask"}


def modules():
    """Return every module as (name parts, is a package, source)."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        package = parts[-1] == "__init__"
        found.append((parts[:-1] if package else parts, package, path.read_text("utf-8")))
    return found


KNOWN = {parts for parts, _, _ in modules()}


def imports(parts, package, source, known):
    """Return (target parts, inside a function) for imports of nullprobe, and other tops."""
    tree = ast.parse(source)
    delayed = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
    }
    # What is for type checkers alone is never imported.
    never = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING"
        for inner in ast.walk(outer)
    }
    own, others = [], set()
    for node in ast.walk(tree):
        if id(node) in never:
            continue
        targets = []
        if isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            stem = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                here = ("nullprobe", *parts) if package else ("nullprobe", *parts[:-1])
                stem = here[: len(here) - node.level + 1] + stem
            # "from a import b" may name a module b, or something that a defines.
            for alias in node.names:
                whole = (*stem, alias.name)
                targets.append(whole if whole[1:] in known else stem)
        for target in targets:
            if target[0] == "nullprobe":
                own.append((target[1:], id(node) in delayed))
            else:
                others.add(target[0])
    return own, others


def violations(parts, package, source, known=KNOWN):
    """Return what is wrong with the imports of one module, in words."""
    name = ".".join(parts) or "__init__"
    own, others = imports(parts, package, source, known)
    wrong = []
    if parts != ("_array",) and parts[:1] != ("models",) and parts not in RUN_MODELS:
        wrong += [f"{name} imports {other}" for other in sorted(others & LIBRARIES)]
    for target, delayed in own:
        if delayed and parts not in COMMANDS:
            wrong.append(f"{name} imports {'.'.join(target)} inside a function")
        elif not allowed(parts, package, target):
            wrong.append(f"{name} imports {'.'.join(target) or 'the top'}")
    return wrong


def allowed(parts, package, target):
    if not parts:
        # The top shows what the rooms hold, all but those that need torch.
        return target[:1] != ("models",)
    if parts == ("__main__",):
        return target == ("cli",)
    if not target:
        return False
    room, other = parts[0], target[0]
    if room == other:
        # A room's __init__ gathers its files; a file sees only the base of its room.
        base = BASE.get(room)
        if parts in COMMANDS:
            return True
        if room in STEPS and not package:
            steps = {name: i for i, names in enumerate(STEPS[room]) for name in names}
            return target[1:] != () and steps.get(target[1], LAST) < steps.get(parts[1], LAST)
        return package if parts[1:] == () else target[1:] == (base,) and parts[1:] != (base,)
    if room == "worlds":
        return other in ("_check", "_seeds", "pairs")  # the form that pairs are handed over in
    if other == "worlds":
        return room == "cli"
    if other == "models":
        return room in ("model_audit", "cli")
    return RANK[other] < RANK[room]
