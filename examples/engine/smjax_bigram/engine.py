"""What computes, imported in the worker alone; what is asked of it `smjax.worker.engines.Engine` says."""

from itertools import pairwise

import numpy as np

from smjax.core.records.answer import Ran
from smjax.worker.engines import Engine


def make(request, model):
    return Bigram(model.config.n_vocab, float(request.resolved.scenario.engine_args["smoothing"]))


class Bigram(Engine):
    def __init__(self, n_vocab, smoothing):
        self.n_vocab, self.smoothing, self.pairs = n_vocab, smoothing, []

    def scores(self, token):
        """Logarithms of the probabilities of what follows `token`, f64[V]."""
        counts = np.full(self.n_vocab, self.smoothing)
        np.add.at(counts, [after for before, after in self.pairs if before == token], 1)
        return np.log(counts / counts.sum())

    def answer(self, prompt, n_ids, heard):
        self.pairs, last = list(pairwise(prompt.tolist())), prompt[-1]
        for _ in range(n_ids):
            last = self.scores(last).argmax()
            heard(np.array([last], np.int32))

    def check(self, prompt):
        error = abs(np.exp(self.scores(prompt[-1])).sum() - 1)
        assert error < 1e-9, f"probabilities: expected a sum of 1, found {error:g} more or less"
        return {"sum": error}

    def evaluate(self, ids, n_gen):
        greedy = []
        self.answer(ids, n_gen, lambda new: greedy.extend(new.tolist()))
        nll = -float(np.mean([self.scores(before)[after] for before, after in self.pairs])) if self.pairs else None
        return {"nll_mean": nll, "logits": self.scores(ids[-1]).tolist(), "greedy": greedy}

    def describe(self, answer):
        answer.resolved = Ran("counts", "auto", "none")
        answer.bytes_per_token = 8 * self.n_vocab
