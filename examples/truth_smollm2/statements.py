"""Statements of the study: cities, animals and numbers, affirmed and negated, true and false.

Three label sets are told apart. A statement *matches* if its two names belong together (Paris,
France). Its *polarity* is affirmed or negated. Its *truth* is their product: an affirmed match and
a negated mismatch are true. In each form every name occurs as often in a true as in a false
statement, and as often affirmed as negated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

CITIES = {
    "France": ("Paris", "Lyon"), "Italy": ("Rome", "Milan"), "Spain": ("Madrid", "Seville"),
    "Germany": ("Berlin", "Munich"), "England": ("London", "Liverpool"),
    "Scotland": ("Edinburgh", "Glasgow"), "Austria": ("Vienna", "Salzburg"),
    "Greece": ("Athens", "Thessaloniki"), "Ireland": ("Dublin", "Cork"),
    "Norway": ("Oslo", "Bergen"), "Portugal": ("Lisbon", "Porto"), "Poland": ("Warsaw", "Krakow"),
    "Hungary": ("Budapest", "Debrecen"), "Finland": ("Helsinki", "Turku"),
    "Belgium": ("Brussels", "Antwerp"), "Denmark": ("Copenhagen", "Aarhus"),
    "Egypt": ("Cairo", "Alexandria"), "Morocco": ("Rabat", "Casablanca"),
    "Nigeria": ("Lagos", "Abuja"), "Kenya": ("Nairobi", "Mombasa"), "Ghana": ("Accra", "Kumasi"),
    "Japan": ("Tokyo", "Osaka"), "China": ("Beijing", "Shanghai"), "India": ("Delhi", "Mumbai"),
    "Peru": ("Lima", "Cusco"), "Colombia": ("Bogota", "Medellin"),
    "Canada": ("Toronto", "Vancouver"), "Australia": ("Sydney", "Melbourne"),
    "Russia": ("Moscow", "Kazan"), "Turkey": ("Istanbul", "Ankara"), "Iraq": ("Baghdad", "Basra"),
    "Iran": ("Tehran", "Isfahan"), "Afghanistan": ("Kabul", "Kandahar"),
    "Pakistan": ("Karachi", "Lahore"), "Vietnam": ("Hanoi", "Hue"),
    "Philippines": ("Manila", "Cebu"), "Sweden": ("Stockholm", "Gothenburg"),
    "Switzerland": ("Zurich", "Geneva"), "Chile": ("Santiago", "Valparaiso"),
    "Cuba": ("Havana", "Camaguey"),
}  # fmt: skip
ANIMALS = {
    "bird": "robin sparrow eagle owl penguin parrot swan crow pigeon falcon",
    "fish": "salmon trout shark tuna cod carp herring eel pike sardine",
    "mammal": "dog horse whale bat lion rabbit bear dolphin mouse goat",
    "insect": "bee ant butterfly wasp beetle moth fly mosquito grasshopper cricket",
    "reptile": "snake lizard crocodile turtle gecko iguana alligator tortoise chameleon viper",
}
NUMBERS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
)

# Affirmed and negated, and what a reader of the affirmed form is to continue.
CITY_FORMS = (
    ("The city of {a} is in {b}.", "The city of {a} is not in {b}."),
    ("{a} is a city in {b}.", "{a} is not a city in {b}."),
    ("You will find {a} on a map of {b}.", "You will not find {a} on a map of {b}."),
)
ANIMAL_FORMS = (
    ("{An} {a} is a kind of {b}.", "{An} {a} is not a kind of {b}."),
    ("The {a} belongs to the {b} family.", "The {a} does not belong to the {b} family."),
    ("Every {a} is {an} {b}.", "Not every {a} is {an} {b}."),
)
NUMBER_FORMS = (
    ("The number {a} is larger than {b}.", "The number {a} is not larger than {b}."),
    ("You get more if you take {a} than if you take {b}.",
     "You do not get more if you take {a} than if you take {b}."),
    ("When you count, {a} comes after {b}.", "When you count, {a} does not come after {b}."),
)  # fmt: skip


class Statement(NamedTuple):
    """One statement and what is known of it."""

    text: str
    topic: str
    form: int
    entity: str
    other: str
    match: bool
    affirmed: bool

    @property
    def truth(self) -> bool:
        """Whether the statement is true."""
        return self.match == self.affirmed


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _said(form: str, a: str, b: str) -> str:
    return form.format(a=a, b=b, an=_article(b), An=_article(a).capitalize())


def _all(
    topic: str, forms: Sequence[tuple[str, str]], triples: Iterator[tuple[int, str, str, str]]
) -> Iterator[Statement]:
    """Yield four statements for each form, name a, its match and a mismatch."""
    for f, a, right, wrong in triples:
        for k, form in enumerate(forms[f]):
            for b, match in ((right, True), (wrong, False)):
                yield Statement(_said(form, a, b), topic, f, a, b, match, affirmed=k == 0)


def _named(members: Mapping[str, Sequence[str]], f: int) -> Iterator[tuple[int, str, str, str]]:
    """Yield each name with its class and another class; each class is as often the other one."""
    classes = sorted(members)
    for i, right in enumerate(classes):
        for j, a in enumerate(members[right]):
            shift = 1 + (5 * f + j) % (len(classes) - 1)
            yield f, a, right, classes[(i + shift) % len(classes)]


def cities(forms: Sequence[int] = (0, 1, 2)) -> list[Statement]:
    """Return the statements about 80 cities of 40 countries: 320 for each form."""
    return [s for f in forms for s in _all("cities", CITY_FORMS, _named(CITIES, f))]


def animals() -> list[Statement]:
    """Return the statements about 50 animals of five classes, "every" only where it is the same.

    "Not every robin is a bird" is false and "not every robin is a fish" is true, as with negations.
    """
    members = {kind: names.split() for kind, names in ANIMALS.items()}
    return [s for f in range(3) for s in _all("animals", ANIMAL_FORMS, _named(members, f))]


def numbers() -> list[Statement]:
    """Return comparisons of two numbers; each pair stands in both orders.

    Most numbers are compared with smaller and with larger ones, so no single word tells the answer.
    A probe that learns a size for each word can tell it: these statements need no knowledge beyond
    that, and serve for transfer between topics only.
    """
    found, names = [], NUMBERS.split()
    pairs = [(low, high) for step in (3, 5) for low, high in zip(names, names[step:], strict=False)]
    for f, forms in enumerate(NUMBER_FORMS):
        for low, high in pairs:
            for k, form in enumerate(forms):
                for a, b in ((high, low), (low, high)):
                    match, affirmed = a == high, k == 0
                    entity = f"{low} and {high}"
                    text = _said(form, a, b)
                    found.append(Statement(text, "numbers", f, entity, b, match, affirmed))
    return found


def agreement() -> list[tuple[str, str, str]]:
    """Return (beginning, right verb, noun): the subject's number decides how it goes on."""
    nouns = "key door book dog car boy girl king tree ship cup clock bird lamp coat star".split()
    nouns += "table chair letter picture song river road bridge garden train lion horse".split()
    places = ("cabinet", "cabinets"), ("house", "houses"), ("wall", "walls")
    return [
        (f"The {noun}{'s' if many else ''} near the {place}", "are" if many else "is", noun)
        for noun in nouns
        for singular, plural in places
        for place in (singular, plural)
        for many in (False, True)
    ]
