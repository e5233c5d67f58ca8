import pickle

import numpy as np

from nullprobe import worlds
from nullprobe.auditing.readings import Readings
from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions


def test_what_a_reader_has_factored_stays_where_it_is_and_is_found_again():
    w = worlds.gaussian(n=120, d=6, random_state=0)
    z = concept(w.y)
    parts = partitions(z, groups=None, n_splits=4, rng=np.random.default_rng(0))
    reader = Readings(z, parts, seed=0).of(w.X)
    order = np.arange(120)[:, None]
    seen = reader.read(order, ["raw", "family"])
    sent = pickle.dumps(reader)
    assert len(sent) < 6 * w.X.nbytes  # rows, concept and partitions; no factor and no kernel
    received = pickle.loads(sent)
    assert received.read(order, ["raw", "family"]) == seen
    factored = received.data
    assert pickle.loads(sent).data is factored
    noise = np.random.default_rng(1).normal(size=w.X.shape)
    other = pickle.loads(pickle.dumps(Readings(z, parts, seed=0).of(noise)))
    assert other.read(order, ["raw"])["raw"] < seen["raw"]
