"""docs/_static/nn.js reaches the bits of nn.py, run by V8.

V8 comes from PyPI as mini-racer.  Numbers are handed over as text that both
languages read as the same float.
"""

import itertools
import json

import numpy as np
import pytest

import experiments
import nn
from support import ROOT

racer = pytest.importorskip("py_mini_racer")
HELP = """
function bits(numbers) {
  const one_nan = (x) => Number.isNaN(x) ? NaN : x;
  const bytes = Float64Array.from(numbers, one_nan).buffer;
  return [...new BigUint64Array(bytes)].map(String);
}
function trained(X, t, settings, epochs) {
  const network = nn.start(X, t, settings);
  for (let i = 0; i < epochs; i++) nn.epoch(network);
  return [nn.weights_sha256(network), network.loss_curve,
          nn.evaluate(network, X, t)];
}
"""


@pytest.fixture(scope="module")
def run():
    """Run JavaScript that sees nn, and give what it says, by way of JSON."""
    context = racer.MiniRacer()
    context.eval((ROOT / "docs/_static/nn.js").read_text("utf-8") + HELP)
    return lambda script: json.loads(context.eval(f"JSON.stringify({script})"))


def hard_and_random():
    """100,000 floats: of every size and sign, in the usual range, the ends."""
    rng = np.random.default_rng(1)
    patterns = rng.integers(0, 2 ** 64, 40_000, np.uint64).view(np.float64)
    halves = (rng.integers(-1080, 1080, 4_976) + 0.5) * np.log(2)
    ends = [0.0, -0.0, np.inf, -np.inf, np.nan, -1, 1, 5e-324, -5e-324,
            2.0 ** -1022, 1.7976931348623157e308, 709.782712893384,
            709.7827128933841, -745.1332191019411, -745.1332191019412, 22,
            -708.3964185322641, 710, -746, 2.0 ** -53, -2.0 ** -53, 2 ** 53,
            -0.9999999999999999, 0.5]
    x = [patterns, rng.uniform(-750, 750, 15_000), rng.uniform(-2, 2, 40_000),
         halves, ends]
    return np.concatenate(x)


@pytest.mark.parametrize("name", ["exp", "tanh", "log1p"])
def test_a_function_gives_the_same_bits(name, run):
    x = hard_and_random()
    assert len(x) == 100_000
    with np.errstate(all="ignore"):
        expected = getattr(nn._ARITHMETIC["portable"], name)(x)
    expected[np.isnan(expected)] = np.nan       # of which there are many
    assert run(f"bits({json.dumps(x.tolist())}.map(nn.{name}))") == (
        expected.view(np.uint64).astype(str).tolist())


@pytest.mark.parametrize("seed", [
    0, 1, 42, 2 ** 32 - 1, 2 ** 32, 2 ** 64 + 3, 2 ** 128 - 1, 2 ** 200 + 17])
def test_random_numbers_are_those_of_numpy(seed, run):
    """Both kinds of draw in turn: a shuffle keeps half of a number."""
    ours = np.random.default_rng(seed)
    expected, calls = [], []
    for n in (1, 2, 3, 10, 257, 3_000):
        expected += [ours.random(2).tolist(), ours.permutation(n).tolist()]
        calls += ["[g.random(), g.random()]", f"g.permutation({n})"]
    given = run(f"((g) => [{', '.join(calls)}])(new nn.Generator({seed}n))")
    assert given == expected


def same_network(run, network, X, y):
    """Train a network in both languages; all that can be seen is equal."""
    network.fit(X, y)
    t = np.searchsorted(network.classes_, y).tolist()
    settings = json.dumps(network.get_params() | vars(network.optimizer),
                          default=repr)
    assert run(f"trained({X.tolist()}, {t}, {settings}, {network.epochs})") \
        == [experiments.weights_sha256(network), network.loss_curve_,
            network.evaluate(X, y)]


@pytest.mark.parametrize("activation, classes, batch_size, momentum, seed", [
    *itertools.product(["tanh", "sigmoid", "relu"], [2, 3, 5], [None, 1, 8],
                       [0.0, 0.9], [0]),
    *itertools.product(["tanh", "relu"], [2, 3], [7], [0.5], [1, 2 ** 40])])
def test_a_network_trains_to_the_same_bits(activation, classes, batch_size,
                                           momentum, seed, run):
    rng = np.random.default_rng([classes, seed])
    d, h = rng.integers(1, 9, 2).tolist()
    X, y = rng.normal(size=(29, d)), np.arange(29) % classes
    same_network(run, nn.Network(
        h, activation, nn.SGD(0.1, momentum), batch_size, 8, seed,
        arithmetic="portable"), X, y)


@pytest.mark.parametrize("name", ["xor", "softmax_toy", "iris"])
def test_an_experiment_ends_with_the_same_digest(name, run):
    options = experiments.parse([name, "--arithmetic", "portable"])
    problem = experiments.PROBLEMS[name](options.seed)
    same_network(run, experiments.new_network(options),
                 *problem.part(problem.train))
