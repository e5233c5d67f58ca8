"""Brief: one line for each claim, eraser or reader, and nothing else."""

from support import comparisons, documents, saved_results

from nullprobe.comparing.recommendation import Recommendation
from nullprobe.report.text import brief


def test_each_claim_has_a_line_with_its_verdict():
    document = documents.sample()
    lines = list(brief.audits([document]))
    assert len(lines) == len(document["claims"])
    for line, claim in zip(lines, document["claims"], strict=True):
        assert f": {claim['holds']}; takes" in line
        assert "comes from" in line


def test_lines_of_several_audits_name_the_representation():
    several = documents.layers(2)
    lines = list(brief.audits(several))
    assert len(lines) == sum(len(one["claims"]) for one in several)
    assert {line.split(",")[0] for line in lines} == {one["representation"] for one in several}


def test_each_eraser_has_a_line_and_the_recommendation_comes_last():
    advice = Recommendation(True, None, None, None, "leace", 0.05, ("None erases.", "And so on."))
    document = comparisons.sample(recommendation=advice).document().plain()
    lines = list(brief.erasers(document))
    assert len(lines) == len(document["rows"]) + 1
    assert lines[0] == (
        "nothing erased: linear AUC 0.910; halfspace balanced accuracy 0.830; rbf AUC 0.950"
    )
    assert lines[1].startswith("leace: linear AUC 0.520; rbf AUC 0.940; moves rows 1.000 times")
    assert any(line.startswith("oracle_leace (uses the labels): ") for line in lines)
    assert "mimic (uses the labels): every class needs more rows." in lines
    assert lines[-1] == "None erases."


def test_each_reader_of_pairs_has_a_line():
    document = saved_results.pairs()
    lines = list(brief.pairs(document))
    assert len(lines) == len(document["rows"]) + len(document["labels"])
    for line, row in zip(lines, document["rows"], strict=False):
        assert line.startswith(f"{row['name']}: truth ")
