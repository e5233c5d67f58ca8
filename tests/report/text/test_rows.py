"""What was found of rows and features is said in words, whatever of it there is."""

import pytest

from nullprobe.report.text.rows import notes

SEEN = {"correlation": 0.05, "p_value": 0.0025, "length": 6}


@pytest.mark.parametrize(
    ("record", "heading", "words"),
    [
        ({"copies": {"exact": 4, "near": 2, "rule": "group"}}, "Copied rows", ["4", "2", "groups"]),
        ({"copies": {"exact": 4, "near": 2, "rule": "drop"}}, "Copied rows", ["dropped"]),
        (
            {"copies": {"exact": 4, "near": 0, "rule": "drop", "dropped": 2, "other_labels": 1}},
            "Copied rows",
            ["dropped: 2", "1 with other labels"],
        ),
        ({"copies": {"in_large_sets": 600}}, "Copied rows", ["600 rows", "tight sets"]),
        (
            {"copies": {"exact": 4, "near": 2, "rule": "group", "in_large_sets": 600}},
            "Copied rows",
            ["groups. About 600"],
        ),
        ({"copies": {"across_groups": 7, "rule": "keep"}}, "Copied rows", ["7", "other groups"]),
        ({"dependence": {"independent": True}}, "Neighbours in the file", ["not compared"]),
        ({"dependence": SEEN}, "Neighbours in the file", ["6 rows", "too short"]),
        ({"dependence": {**SEEN, "blocks": 40}}, "Neighbours in the file", ["40", "all verdicts"]),
        (
            {"dependence": {**SEEN, "blocks": 40, "withheld": ["gone"], "by_blocks": ["readable"]}},
            "Neighbours in the file",
            ["Gone", "withheld", "Readable"],
        ),
        (
            {"dependence": {"order": "one series", "length": 6, "blocks": 40}},
            "Neighbours in the file",
            ["one series", "40"],
        ),
        (
            {
                "set_aside": {
                    "features": {f"f{i}": "has one value" for i in range(7)},
                    "how_many": 7,
                    "raw_with_them": 0.9,
                    "erased_with_them": 0.8,
                }
            },
            "Features set aside",
            ["7 features were", "f4", "0.800", "..."],
        ),
        (
            {
                "set_aside": {
                    "features": {"f0": "is a linear combination of others"},
                    "how_many": 1,
                    "raw_with_them": 0.9,
                    "erased_with_them": 0.8,
                }
            },
            "Features set aside",
            ["1 feature was", "f0 (is a linear combination of others)", "add nothing"],
        ),
        (
            {"set_aside": {"features": {"f0": "has one value"}, "how_many": 1}},
            "Features set aside",
            ["1 feature was", "f0 (has one value)"],
        ),
        ({"copies": {"across_groups": 1, "rule": "keep"}}, "Copied rows", ["1 row is a copy"]),
        (
            {"outlying": {"rows": [3, 5], "how_many": 2, "classes": {"rare": 2}}},
            "Outlying rows",
            ["rare (2)"],
        ),
        ({"outlying": {"rows": [3], "how_many": 1}}, "Outlying rows", ["1 row lies", "3"]),
    ],
)
def test_each_finding_has_a_sentence(record, heading, words):
    ((found, said),) = notes(record)
    assert found == heading
    assert all(word in said for word in words), said
    assert said.endswith(".")


def test_nothing_found_needs_no_words():
    assert list(notes({"groups": 0})) == []
