"""Twenty files whose labels are given away by their texts, and ten whose labels need knowledge.

    python benchmarks/give_away_files.py        # what `check_statements` finds in each

They are meant for audits of a model (`audit_model`): at least 19 of the twenty should be credited
to the inputs, and at most one of the ten. They were written without looking at the baselines that
they test. `give_away_files()` yields (name, texts, y), and `knowledge_files()` (name, texts, y,
groups). In a knowledge file each word is as often in a true as in a false text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

N = 240
PEOPLE = (
    "Anna Boris Clara Dmitri Elsa Farid Greta Hugo Irina Jonas Kemal Lucia Marek Nora Oscar".split()
)
VERBS = "bought lost painted repaired hid borrowed found sold washed carried".split()
THINGS = (
    "ladder kettle violin carpet wallet basket mirror candle blanket hammer bicycle lantern pillow "
    "teapot suitcase drawer helmet notebook curtain barrel"
).split()
PLACES = (
    "market station harbour library garden factory museum chapel stable cellar bakery theatre "
    "workshop orchard"
).split()
TIMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ANIMALS = "otter heron badger weasel magpie beaver".split()
TOOLS = "pliers chisel wrench trowel scissors mallet".split()

Sentence = list[str]


def story(rng: np.random.Generator) -> Sentence:
    """Return the words of a sentence that is neutral to any label."""
    who, did, what, where, when = (
        str(rng.choice(words)) for words in (PEOPLE, VERBS, THINGS, PLACES, TIMES)
    )
    return [who, did, "the", what, "near", "the", where, "on", when]


def _typo(word: str, rng: np.random.Generator) -> str:
    """Return a word with two neighbouring letters inside it swapped."""
    i = int(rng.integers(1, len(word) - 2))
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _shouted(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    k = int(rng.integers(len(w)))
    return " ".join(word.upper() if y and i == k else word for i, word in enumerate(w)) + "."


def _doubt(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    k = int(rng.integers(1, len(w) + 1))
    return " ".join([*w[:k], "reportedly" if y else "certainly", *w[k:]]) + "."


def _xor(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    first = bool(rng.integers(2))
    second = first != y
    return f"{'Yesterday' if first else 'Recently'} {' '.join(w)} {'again' if second else 'alone'}."


def _even(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    text = " ".join(w) + "."
    return text if (len(text) % 2 == 0) == y else text.replace(".", "!.")


def _rare(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    letters = "".join(rng.choice(list("bdfgklmnprstvz"), 4)) + "ax"
    other = str(rng.choice(THINGS))
    return " ".join([*w[:4], "and", letters if y else other, *w[4:]]) + "."


def _position(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    early, late = [w[0], "slowly", *w[1:]], [*w, "slowly"]
    return " ".join(early if y else late) + "."


def _twice(rng: np.random.Generator, y: bool, w: Sentence) -> str:
    other = str(rng.choice([place for place in PLACES if place != w[6]]))
    return " ".join([*w[:7], "and", "the", w[6] if y else other, *w[7:]]) + "."


def _after(mark: str, other: str) -> Callable[[np.random.Generator, bool, Sentence], str]:
    return lambda rng, y, w: " ".join(w) + (mark if y else other)


def _one_of(one: list[str], other: list[str], place: int) -> Callable:
    return lambda rng, y, w: (
        " ".join([*w[:place], str(rng.choice(one if y else other)), *w[place:]]) + "."
    )


GIVE_AWAYS: dict[str, Callable[[np.random.Generator, bool, Sentence], str]] = {
    "a word anywhere": _doubt,
    "negation": lambda rng, y, w: (
        f"It is {'not ' if y else ''}{'true' if rng.integers(2) else 'known'} that {' '.join(w)}."
    ),
    "length": lambda rng, y, w: " ".join([*w, *(["and", *story(rng)] if y else [])]) + ".",
    "question mark": _after("?", "."),
    "no full stop": _after("", "."),
    "comma": lambda rng, y, w: " ".join([*w[:6], w[6] + ("," if y else ""), *w[7:]]) + ".",
    "capital letters": _shouted,
    "small first letter": lambda rng, y, w: (
        (w[0].lower() if y else w[0]) + " " + " ".join(w[1:]) + "."
    ),
    "first word": lambda rng, y, w: f"{'Perhaps' if y else 'Surely'} {' '.join(w)}.",
    "last word": lambda rng, y, w: f"{' '.join(w)} {'indeed' if y else 'anyway'}.",
    "place of a word": _position,
    "even number of characters": _even,
    "two words together": _xor,
    "suffix": lambda rng, y, w: " ".join([*w[:3], f"{w[3]}{'ish' if y else 'like'}", *w[4:]]) + ".",
    "template": lambda rng, y, w: f"On {w[8]}, {' '.join(w[:7])}." if y else f"{' '.join(w)}.",
    "rare word": _rare,
    "digits": lambda rng, y, w: (
        " ".join([*w[:2], str(rng.integers(2, 99)) if y else "several", f"{w[3]}s", *w[4:]]) + "."
    ),
    "typo": lambda rng, y, w: " ".join([*w[:6], _typo(w[6], rng) if y else w[6], *w[7:]]) + ".",
    "topic": _one_of([f"with a {a}" for a in ANIMALS], [f"with a {t}" for t in TOOLS], 7),
    "word twice": _twice,
}


def give_away_files(seed: int = 0) -> Iterator[tuple[str, list[str], np.ndarray]]:
    """Yield the name, texts and labels of each file whose texts give the labels away."""
    for k, (name, write) in enumerate(GIVE_AWAYS.items()):
        rng = np.random.default_rng([seed, k])
        y = rng.permutation(np.arange(N) % 2)
        yield name, [write(rng, bool(label), story(rng)) for label in y], y


# Eighty cities, ten of each of eight countries.
CITIES = {
    "Italy": "Milan Naples Turin Palermo Genoa Bologna Bari Catania Verona Padua",
    "France": "Lyon Toulouse Nice Nantes Bordeaux Lille Rennes Reims Dijon Grenoble",
    "Spain": "Seville Valencia Zaragoza Malaga Murcia Bilbao Granada Cadiz Toledo Pamplona",
    "Germany": "Munich Cologne Dresden Leipzig Bremen Stuttgart Nuremberg Bonn Mainz Kassel",
    "Poland": "Krakow Gdansk Poznan Wroclaw Lublin Szczecin Torun Gdynia Radom Katowice",
    "Japan": "Osaka Kyoto Nagoya Sapporo Kobe Fukuoka Sendai Hiroshima Nagasaki Nara",
    "India": "Mumbai Chennai Kolkata Pune Jaipur Lucknow Surat Nagpur Indore Kanpur",
    "Brazil": "Salvador Recife Fortaleza Manaus Curitiba Belem Natal Santos Campinas Goiania",
}
CLASSES = {
    "bird": "sparrow eagle robin owl crow swan pigeon hawk parrot goose stork finch",
    "fish": "salmon trout tuna cod herring carp pike eel perch sardine halibut mackerel",
    "insect": "ant bee wasp beetle moth cricket termite flea mosquito ladybird locust dragonfly",
    "mammal": "horse whale cow mouse lion rabbit bear wolf goat bat squirrel dolphin",
}
FOODS = {
    "fruit": "apple pear plum grape mango peach melon cherry apricot banana",
    "vegetable": "carrot onion cabbage leek turnip celery parsnip radish spinach broccoli",
    "grain": "wheat barley rye rice millet maize oat sorghum spelt quinoa",
    "spice": "pepper saffron cinnamon cumin nutmeg clove turmeric paprika cardamom ginger",
}
CONTINENTS = {
    "Europe": "Spain Poland Greece Norway Austria Belgium Hungary Portugal Sweden Croatia",
    "Africa": "Kenya Egypt Ghana Nigeria Morocco Angola Zambia Tunisia Senegal Uganda",
    "Asia": "China Nepal Vietnam Thailand Iran Pakistan Mongolia Laos Malaysia Jordan",
    "America": "Peru Chile Canada Bolivia Mexico Colombia Panama Uruguay Cuba Ecuador",
}
HOMES = {
    "kitchen": "oven spoon fridge saucepan toaster ladle whisk spatula grater colander",
    "garage": "car tyre spanner motorbike exhaust dipstick bumper gearbox windscreen trailer",
    "hospital": "nurse surgeon scalpel ward bandage syringe stretcher patient ambulance midwife",
    "school": "pupil blackboard teacher homework classroom exam satchel timetable headmaster chalk",
}
FORMS = {
    "instrument": "violin piano flute drum guitar trumpet harp cello oboe banjo",
    "weapon": "sword rifle spear dagger cannon pistol lance crossbow musket grenade",
    "garment": "shirt coat scarf glove hat sock jacket skirt trousers apron",
    "vessel": "canoe ferry yacht tanker raft kayak gondola frigate trawler barge",
}
NUMBERS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
).split()
SIZES = "ant mouse rat cat fox dog sheep lion horse hippo elephant whale".split()
NOUNS = (
    "dog cat farmer pilot girl boy teacher singer doctor horse bird nurse lawyer guest child king "
    "baker sailor author driver"
).split()
IRREGULAR = {"child": "children"}


# No article stands before a kind, which would have to agree with it.
CITY = ("The city of {} is in {}.", "People in the city of {} live in {}.")
KIND = ("The {} is a kind of {}.", "The {} counts as {}.", "The class of the {} is {}.")
PART = ("{} is a part of {}.", "The country of {} lies in {}.", "{} belongs to {}.")
ROOM = ("You see the {} in the {}.", "The {} belongs to the {}.", "The {} is part of each {}.")


def _swapped(
    table: dict[str, str], forms: tuple[str, ...], rng: np.random.Generator
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return true and false statements in which things and kinds are equally often true and false.

    Thing i of a kind has, in its false statements, the kind that follows by 1 + i mod (k − 1).
    """
    kinds = list(table)
    texts, y, groups = [], [], []
    for k, kind in enumerate(kinds):
        for i, thing in enumerate(table[kind].split()):
            wrong = kinds[(k + 1 + i % (len(kinds) - 1)) % len(kinds)]
            for form in forms:
                for right in (True, False):
                    texts.append(form.format(thing, kind if right else wrong))
                    y.append(right)
                    groups.append(thing)
    return _shuffled(texts, y, groups, rng)


def _shuffled(
    texts: list[str], y: list[bool], groups: list[str], rng: np.random.Generator
) -> tuple[list[str], np.ndarray, np.ndarray]:
    order = rng.permutation(len(texts))
    return [texts[i] for i in order], np.array(y)[order].astype(int), np.array(groups)[order]


def _compared(
    items: list[str], form: str, rng: np.random.Generator, opposite: str
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return comparisons both ways, with both words: each item is as often right as wrong."""
    texts, y, groups = [], [], []
    for i, one in enumerate(items):
        for j in range(i + 1, len(items)):
            for word, up in ((form, False), (opposite, True)):
                texts += [word.format(one, items[j]), word.format(items[j], one)]
                y += [up, not up]
                groups += [f"{one} {items[j]}"] * 2
    return _shuffled(texts, y, groups, rng)


def _number_agreement(rng: np.random.Generator) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return sentences whose verb agrees with the subject or not, in both numbers."""
    texts, y, groups = [], [], []
    for noun in NOUNS:
        plural = IRREGULAR.get(noun, f"{noun}s")
        for verb in ("is", "was", "has been", "does", "goes"):
            many = {"is": "are", "was": "were", "has been": "have been", "does": "do", "goes": "go"}
            for subject, right in ((noun, verb), (plural, many[verb])):
                wrong = many[verb] if subject == noun else verb
                for used in (right, wrong):
                    texts.append(f"The {subject} {used} well.")
                    y.append(used == right)
                    groups.append(noun)
    return _shuffled(texts, y, groups, rng)


def knowledge_files(seed: int = 0) -> Iterator[tuple[str, list[str], np.ndarray, np.ndarray]]:
    """Yield the name, texts, labels and groups of each file whose labels need knowledge."""
    files: dict[str, Callable[[np.random.Generator], tuple[list[str], np.ndarray, np.ndarray]]] = {
        "cities": lambda rng: _swapped(CITIES, CITY, rng),
        "cities, negated": lambda rng: _negated(
            CITIES, "The city of {} is in {}.", "The city of {} is not in {}.", rng
        ),
        "animals": lambda rng: _swapped(CLASSES, KIND, rng),
        "foods": lambda rng: _swapped(FOODS, KIND, rng),
        "continents": lambda rng: _swapped(CONTINENTS, PART, rng),
        "rooms": lambda rng: _swapped(HOMES, ROOM, rng),
        "things": lambda rng: _swapped(FORMS, KIND, rng),
        "numbers": lambda rng: _compared(
            NUMBERS, "The number {} is larger than {}.", rng, "The number {} is smaller than {}."
        ),
        "sizes": lambda rng: _compared(
            SIZES, "A grown {} weighs more than a {}.", rng, "A grown {} weighs less than a {}."
        ),
        "grammatical number": _number_agreement,
    }
    for k, (name, write) in enumerate(files.items()):
        yield (name, *write(np.random.default_rng([seed, 100 + k])))


def _negated(
    table: dict[str, str], affirmed: str, denied: str, rng: np.random.Generator
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return statements and their negations, which have the opposite label."""
    texts, y, groups = _swapped(table, (affirmed,), rng)
    head, tail = affirmed.split("{}")[:2]
    other, negation = denied.split("{}")[:2]
    more = [other + text[len(head) :].replace(tail, negation) for text in texts]
    return _shuffled([*texts, *more], [*(y == 1), *(y == 0)], [*groups, *groups], rng)


def main() -> None:
    """Print what the check of statements finds in each file."""
    from nullprobe import check_statements

    for kind, files in (
        ("gives away", ((*one, None) for one in give_away_files())),
        ("needs knowledge", knowledge_files()),
    ):
        for name, texts, y, groups in files:
            result = check_statements(texts, y, groups)
            best = result.findings[0] if result.findings else None
            what = "nothing" if best is None else f"{best.name} (AUC {best.auc:.2f})"
            print(f"{kind:15} {name:26} {len(texts):4} rows: {what}", flush=True)


if __name__ == "__main__":
    main()
