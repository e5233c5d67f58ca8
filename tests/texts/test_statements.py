"""A file of texts checked before any capture: findings, templates, groups, balanced subsets."""

import numpy as np
import polars
import pytest

from nullprobe import InputError, Statements, check_statements, text_cards
from nullprobe.texts.templates import templates

CITIES = {
    "Italy": ["Rome", "Milan", "Turin", "Naples"],
    "France": ["Paris", "Lyon", "Nice", "Lille"],
    "Japan": ["Tokyo", "Kyoto", "Osaka", "Kobe"],
    "Spain": ["Madrid", "Seville", "New Town", "Bilbao"],
}
FORMS = ("The city of {} is in {}.", "People say that {} lies in {}.")
NEGATED = "The city of {} is not in {}."


def statements(forms=FORMS, negated=()):
    """Return every city with every country: texts, whether they are true, and their cities."""
    rows = [
        (form.format(city, other), (country == other) != (form in negated), city)
        for country, cities in CITIES.items()
        for city in cities
        for other in CITIES
        for form in (*forms, *negated)
    ]
    texts, y, cities = zip(*rows, strict=True)
    return list(texts), np.array(y), np.array(cities)


WORDS = "lamp clock boat stone river cloud chair wall bird tree road glass door field".split()


def free(n, rng, length=8):
    """Return n texts of random words."""
    return [" ".join(rng.choice(WORDS, size=length, replace=False)) for _ in range(n)]


def imbalance(values, y):
    """Return the largest difference of the numbers of both labels over the distinct values."""
    codes = np.unique(values, return_inverse=True)[1]
    return int(np.abs(np.bincount(codes, y) - np.bincount(codes, ~y)).max())


# What a word, sign or length adds to a text with the label, and what the finding is named by.
GIVE_AWAYS = {
    "word": (lambda text: f"{text} zebra", "zebra"),
    "first word": (lambda text: f"zebra {text}", "zebra"),
    "sign": (lambda text: f"{text}!", "'!'"),
    "inner sign": (lambda text: text.replace(" ", ", ", 1), "','"),
    "capitals": (lambda text: text.upper(), "capital"),
    "ending": (lambda text: f"{text}ness", "ess"),
    "length": (lambda text: f"{text} {text}", "number of"),
    "two spaces": (lambda text: text.replace(" ", "  ", 1), "two spaces"),
    "twice": (lambda text: f"{text} {text.split()[-1]}", "twice"),
    "digits": (lambda text: f"{text} {len(text)}", "digit"),
}


@pytest.mark.parametrize("name", GIVE_AWAYS)
def test_what_goes_with_the_label_is_named_with_its_rows(name):
    change, part = GIVE_AWAYS[name]
    rng = np.random.default_rng(0)
    y = rng.permutation(200) % 2 == 1
    texts = [change(text) if label else text for text, label in zip(free(200, rng), y, strict=True)]
    (card,) = text_cards(texts, y)
    named = [one for one in card.findings if part in "; ".join((one.name, *one.also))]
    assert named
    best = max(named, key=lambda one: one.auc)
    assert best.auc > 0.9
    assert best.p_value < 1e-9
    assert np.isin(best.rows, np.flatnonzero(y)).mean() > 0.9


@pytest.mark.parametrize("name", ["exactly one of 'ping' and 'pung'", "'ping' before 'pong'"])
def test_two_words_that_say_nothing_alone_are_found_together(name):
    rng = np.random.default_rng(1)
    y = rng.permutation(300) % 2 == 1
    texts = []
    for text, label in zip(free(300, rng, 5), y, strict=True):
        first = rng.random() < 0.5
        if "pung" in name:
            one, other = "ping" if first else "pang", "pung" if first != label else "pong"
            texts.append(f"{one} {text} {other}")
        else:
            one, other = ("ping", "pong") if label else ("pong", "ping")
            start, *middle, end = text.split()
            texts.append(" ".join([start, one, *middle[: rng.integers(1, 4)], other, end]))
    (card,) = text_cards(texts, y)
    best = card.findings[0]
    assert best.auc == 1.0
    assert name in (best.name, *best.also)


@pytest.mark.slow
def test_random_labels_give_nothing_away_in_nineteen_of_twenty_files():
    texts, _, cities = statements()
    drawn = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        y = rng.permutation(len(texts)) % 2 == 1
        drawn.append(bool(text_cards(texts, y)[0].findings))
        # Labels that are constant in each group, where rows are anything but independent.
        member = np.unique(cities, return_inverse=True)[1]
        pure = (rng.permutation(16) % 2 == 1)[member]
        drawn.append(bool(text_cards(texts, pure, cities)[0].findings))
    assert np.mean(drawn) <= 0.05


def test_copies_of_a_text_count_once():
    rng = np.random.default_rng(2)
    texts = free(12, rng)
    y = rng.permutation(12) % 2 == 1
    (card,) = text_cards(texts * 30, np.tile(y, 30))
    assert not card.findings


def test_entities_and_negations_are_not_confused():
    texts, _, _ = statements(negated=(NEGATED,))
    result = templates(texts)
    assert set(result.template) == {
        "the city of _ is in _ .", "people say that _ lies in _ .", "the city of _ is not in _ .",
    }  # fmt: skip
    cities, countries = result.slots
    assert len(cities) == 16
    assert "new town" in cities
    assert set(countries) == {"italy", "france", "japan", "spain"}


def test_texts_that_are_written_freely_have_no_templates():
    assert not templates(free(200, np.random.default_rng(3))).any


def test_a_balanced_subset_is_balanced_in_templates_entities_and_findings():
    texts, y, cities = statements(negated=(NEGATED,))
    result = check_statements(texts, y)
    rows = result.balanced
    assert any("'not'" in one.name for one in result.findings)
    # Each city once right and once wrong in each form: no subset is larger.
    assert len(rows) == 2 * 16 * 3
    assert not result.why_not
    for values in (result.templates.template, *result.templates.fillers, cities):
        assert imbalance(np.array(values)[rows], y[rows]) == 0
    assert imbalance(np.array([" not " in text for text in texts])[rows], y[rows]) == 0
    assert not text_cards([texts[i] for i in rows], y[rows])[0].findings


def test_a_balanced_file_keeps_all_rows():
    texts, y, _ = statements()
    rows = check_statements(texts, y).balanced
    again = check_statements([texts[i] for i in rows], y[rows])
    assert len(again.balanced) == len(rows) == 64


def test_where_no_subset_is_balanced_the_reason_names_the_finding():
    texts = [f"{name} is {word}old." for cities in CITIES.values() for name in cities
             for word in ("", "not ")]  # fmt: skip
    result = check_statements(texts, np.arange(32) % 2)
    assert len(result.balanced) == 0
    assert "0 of 32 rows" in result.why_not


def test_entities_with_one_label_are_a_finding():
    texts, _, cities = statements()
    y = np.isin(cities, sorted(set(cities))[::2])
    findings = check_statements(texts, y).findings
    (entities,) = [one for one in findings if one.kind == "entities"]
    assert "16 entities" in entities.name
    assert len(entities.rows) == len(texts)
    # If the cities are the groups, they are not evidence any more.
    assert not [
        one for one in check_statements(texts, y, cities).findings if one.kind == "entities"
    ]


def test_groups_are_suggested_from_columns_and_from_entities():
    texts, y, cities = statements()
    columns = {"city": cities, "row": np.arange(len(texts)), "topic": np.repeat("geo", len(texts))}
    grouping = check_statements(texts, y, columns=columns).grouping
    assert (grouping.column, grouping.slot) == ("city", 0)
    with_groups = check_statements(texts, y, cities).grouping
    assert (with_groups.n_groups, with_groups.smallest, with_groups.largest) == (16, 8, 8)
    assert with_groups.n_pure == 0


def test_copies_and_contradictions_are_counted():
    texts, y, _ = statements()
    more = [texts[0], texts[1].upper(), texts[2]]
    labels = [y[0], y[1], not y[2]]
    copies = check_statements(texts + more, [*y, *labels]).copies
    assert (copies.n_exact, copies.n_near) == (4, 2)
    assert copies.contradictory.tolist() == [2, len(texts) + 2]


def test_chats_and_pairs_are_texts():
    rng = np.random.default_rng(4)
    y = rng.permutation(40) % 2 == 1
    said = [
        f"{text} zebra" if label else text for text, label in zip(free(40, rng), y, strict=True)
    ]
    for texts in (
        [[{"role": "user", "content": text}] for text in said],
        [("Answer:", text) for text in said],
    ):
        assert "zebra" in check_statements(texts, y).findings[0].name


def test_a_result_prints_its_verdict_first_and_comes_as_a_frame():
    texts, y, _ = statements(negated=(NEGATED,))
    result = check_statements(texts, y, name="statement\x1b[2J")
    assert isinstance(result, Statements)
    first = str(result).splitlines()[0]
    assert first.startswith("What gives the label away")
    assert "\x1b" not in str(result)
    frame = result.to_frame(kind="polars")
    assert isinstance(frame, polars.DataFrame)
    assert frame["name"][0] == result.findings[0].name
    assert frame["n_rows"][0] == len(result.findings[0].rows)


@pytest.mark.parametrize(
    ("texts", "y", "part"),
    [
        ("a text", [0, 1], "sequence"),
        ([], [], "at least one"),
        (["a", 3], [0, 1], "words"),
        ([[1, 2], [3]], [0, 1], "words"),
        (["a", "b", "c"], [0, 1, 2], "two classes"),
        (["a", "b"], [0.5, 1.5], "two classes"),
        (["a", "b"], [1, 1], "two classes"),
    ],
)
def test_what_cannot_be_checked_is_refused(texts, y, part):
    with pytest.raises(InputError) as refusal:
        check_statements(texts, y)
    assert part in refusal.value.required
