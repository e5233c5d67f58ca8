"""Stand-ins for trained models: an exact observer, asked as a model is."""

import numpy as np


class Exact:
    """Expects what an observer of a corpus expects."""

    def __init__(self, corpus, observer="full"):
        self.corpus, self.observer = corpus, observer

    def continuing(self, model=None):
        """Return the function from texts (n, t) to log P (n, V) of the next word."""
        return self.following

    def following(self, ids):
        """Return log P (n, V) of the next word, by asking for each word whether it comes."""
        grammar = self.corpus.grammars[self.observer]
        slot = grammar.slots[ids.shape[1]]
        weights = self.settings(ids)
        group = np.zeros(len(grammar.prior), int) if slot.group is None else slot.group
        p = np.stack(
            [w @ slot.table[c][group] for w, c in zip(weights, slot.contexts(ids), strict=True)]
        )
        with np.errstate(divide="ignore"):
            return np.log(p)

    def after_each_word(self, ids, model=None):
        """Return log P (n, V, V) of the next word, after each text and then each word."""
        n, words = len(ids), np.arange(len(self.corpus.words))
        longer = np.column_stack([np.repeat(ids, len(words), axis=0), np.tile(words, n)])
        return self.following(longer).reshape(n, len(words), -1)

    def settings(self, ids):
        """Return P (n, S) of settings after texts, straight from Bayes' rule."""
        grammar = self.corpus.grammars[self.observer]
        weights = np.tile(grammar.prior, (len(ids), 1))
        for t in range(ids.shape[1]):
            slot = grammar.slots[t]
            group = np.zeros(len(grammar.prior), int) if slot.group is None else slot.group
            weights *= slot.table[slot.contexts(ids)[:, None], group, ids[:, t, None]]
        # After an impossible text it expects what it expected at first: a model expects something.
        weights[~weights.any(axis=1)] = grammar.prior
        return weights / weights.sum(axis=1, keepdims=True)
