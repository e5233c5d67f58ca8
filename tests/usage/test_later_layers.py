"""Self-repair: what later layers add to an interchange, and what they restore."""

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import Layers, audit_use
from nullprobe.models import capture
from nullprobe.models.behaviour import Texts
from nullprobe.models.edited_states import edited_states
from nullprobe.models.editing.patching import Patch, Places
from nullprobe.usage.later_layers import later_outputs
from nullprobe.worlds.zoo.kinds import FEATURES
from nullprobe.worlds.zoo.network import network
from nullprobe.worlds.zoo.weights import add_products

N = 120
SEEDS = [(0, 16, 3), (1, 32, 4), (2, 48, 6)]  # seed, width, depth


def judged(made, **changes):
    drawn = made.texts(N, made.random_state)
    options = {"n_draws": 39, "batch_size": 256, "random_state": 1, **changes}
    site = options.pop("site", made.site)
    found = audit_use(
        made.model, made.tokenizer, drawn.texts, drawn.y, site, answers=drawn.answers,
        groups=drawn.pair, pairs=[str(k) for k in drawn.pair], **options,
    )  # fmt: skip
    return found[site]["used"], found


def interchange(claim):
    return next(m for m in claim.shown["use"]["methods"] if m["name"] == "interchange")


def left_by_hand(made):
    """Return the share of the partner's difference that is left if the concept alone is swapped.

    The coordinate of the concept is set at the site by a hook; the share is along the difference of
    class means at the last output.
    """
    drawn = made.texts(N, made.random_state)
    q = torch.as_tensor(made.directions[FEATURES.index("concept")], dtype=torch.float32)
    batch = made.tokenizer(drawn.texts, return_tensors="pt")["input_ids"]
    layers, seen = made.model.model.layers, {}
    partner = np.arange(N) ^ 1

    def run(edit):
        handles = [
            layers[-1].register_forward_hook(lambda m, a, out: seen.update(last=out[:, -1])),
            layers[-2].register_forward_hook(edit),
        ]
        with torch.no_grad():
            made.model(input_ids=batch)
        for handle in handles:
            handle.remove()
        return seen["last"].double().numpy()

    def keep(_, __, out):
        seen["site"] = out[:, -1]

    def swap(_, __, out):
        edited = out.clone()
        gap = (seen["site"][partner] - out[:, -1]) @ q
        edited[:, -1] += gap[:, None] * q
        return edited

    before = run(keep)
    after = run(swap)
    means = np.stack([before[drawn.y == y].mean(axis=0) for y in (0, 1)])
    u = means[drawn.y[partner]] - means[drawn.y]
    return ((after - before) * u).sum() / ((before[partner] - before) * u).sum()


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "width", "depth"), SEEDS)
def test_a_second_copy_that_a_later_layer_adds_is_seen_as_repair(seed, width, depth):
    made = network("two copies", random_state=seed, width=width, depth=depth)
    claim, _ = judged(made)
    (last,) = interchange(claim)["later"]
    assert last["site"] == f"layers.{depth - 1}.output"
    assert last["value"] == pytest.approx(left_by_hand(made), abs=0.03)
    assert last["value"] < 0.8
    assert last["interval"][1] < 0.95
    assert any("self-repair" in warning for warning in claim.warnings)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "width", "depth"), SEEDS)
def test_without_a_copy_no_repair_is_seen(seed, width, depth):
    made = network("linear", random_state=seed, width=width, depth=depth)
    claim, _ = judged(made)
    one = interchange(claim)
    for later in one["later"]:
        assert later["value"] == pytest.approx(1, abs=0.02)
    assert one["added"]["value"] == pytest.approx(one["effect"], abs=0.02)  # the last layer answers
    assert not any("self-repair" in warning for warning in claim.warnings)


def compensating(seed, undone):
    """Return a network whose layer before the last answers, and whose last layer undoes a part."""
    made = network("linear", random_state=seed, width=32, depth=4)
    rest = np.linalg.svd(made.directions)[2][len(FEATURES) :]
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for layer, size in ((2, 1.0), (3, -undone)):
            terms = [("concept", "one", "out", size)]
            add_products(made.model, layer, terms, made.directions, (rest, rng))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("undone", [0.0, 0.6])
def test_a_later_layer_that_undoes_a_part_makes_the_effect_smaller_than_the_frozen_one(undone):
    claim, _ = judged(compensating(3, undone))
    one = interchange(claim)
    direct, added = one["direct"]["value"], one["added"]
    assert one["effect"] == pytest.approx(direct + added["value"], abs=1e-5)
    if undone:
        assert added["interval"][1] < 0
        assert 0.3 < -added["value"] / direct < 0.9
        assert "later layers undo" in claim.reason
    else:
        assert added["value"] == pytest.approx(0, abs=0.02 * direct)
        assert "later layers undo" not in claim.reason


@pytest.mark.slow
def test_what_later_layers_do_is_on_the_page_and_in_the_document(tmp_path):
    claim, found = judged(network("two copies"), title="copies")
    read = Layers.from_json(found.to_json())
    assert read == found
    one = interchange(claim)
    assert interchange(read[next(iter(read))]["used"])["added"]["value"] == pytest.approx(
        one["added"]["value"], rel=1e-5
    )
    found.to_html(tmp_path / "use.html")
    page = (tmp_path / "use.html").read_text("utf-8")
    assert "layers.2.output" in page
    assert "What is left at later layers" in page


@pytest.mark.parametrize(
    ("site", "expected"),
    [("embeddings", [0, 1]), ("layers.0.output", [1]), ("layers.0.mlp_input", [0, 1]),
     ("layers.1.output", []), ("final_norm", [])],
)  # fmt: skip
@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_later_outputs_are_those_that_an_edit_can_reach(family, site, expected):
    assert later_outputs(tiny.model_of(family), site) == [f"layers.{k}.output" for k in expected]


@pytest.mark.parametrize("family", ["gpt2", "llama", "mixtral"])
@pytest.mark.parametrize("batch_size", [2, 64])
def test_edited_states_are_those_of_the_patched_text_alone(family, batch_size):
    """Whole states of a partner at the first output; each text is run by itself, too."""
    model, tokenizer, texts = tiny.model_of(family), tiny.word_tokenizer(), tiny.texts(7)
    first, last = "layers.0.output", "layers.1.output"
    every = capture(model, tokenizer, texts, [first, last])
    donors = np.roll(every[first], 1, axis=0)
    encoded = Texts(model, tokenizer, texts, batch_size=batch_size)
    places = Places.of([np.array([len(ids) - 1]) for ids in encoded.ids])
    edit = {first: Patch(donors, places=places)}
    before, after = edited_states(encoded, places, edit, [last])[last]
    np.testing.assert_allclose(before, every[last], atol=1e-5)
    for i in range(7):
        alone = Texts(model, tokenizer, texts[i : i + 1])
        here = Places.of([np.array([len(alone.ids[0]) - 1])])
        one = edited_states(alone, here, {first: Patch(donors[i : i + 1], places=here)}, [last])
        np.testing.assert_allclose(after[i], one[last][1][0], atol=1e-5)
    assert np.abs(after - before).max() > 1e-2
