"""docs/_static/nn.js reaches the bits of nn.py, run by V8.

V8 comes from PyPI as mini-racer.  Numbers are handed over as text that both
languages read as the same float.
"""

import hashlib
import itertools
import json

import numpy as np
import pytest

import experiments
import nn
from support import ROOT

racer = pytest.importorskip("py_mini_racer")
PORTABLE = nn._ARITHMETIC["portable"]
HELP = """
const bits = (x) => {
  if (Number.isNaN(x)) return "NaN";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
};
function trained(X, t, settings, epochs) {
  const network = nn.start(X, t, settings);
  for (let i = 0; i < epochs; i++) nn.epoch(network);
  return [nn.weights_sha256(network), network.loss_curve,
          nn.logits(network, X), nn.evaluate(network, X, t)];
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
        expected = getattr(PORTABLE, name)(x)
    digits = np.char.mod("%016x", expected.view(np.uint64))
    digits[np.isnan(expected)] = "NaN"          # of which there are many
    assert run(f"{json.dumps(x.tolist())}.map((x) => bits(nn.{name}(x)))") == (
        digits.tolist())


@pytest.mark.parametrize("shape", [
    (1, 1, 1), (5, 4, 3), (3, 127, 5), (3, 128, 5), (3, 129, 5), (2, 700, 2)])
def test_sums_and_products_give_the_same_bits(shape, run):
    n, depth, m = shape
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(n, depth)), rng.normal(size=(depth, m))
    product, totals = PORTABLE.dot(a, b), PORTABLE.total(a, axis=1)
    a, b = a.tolist(), b.tolist()
    assert run(f"nn.dot({a}, {b})") == product.tolist()
    assert run(f"{a}.map(nn.total)") == totals.tolist()


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


@pytest.mark.parametrize("size", [0, 3, 55, 56, 63, 64, 1_000])
def test_sha256_is_that_of_python(size, run):
    message = np.random.default_rng(size).bytes(size)
    assert (run(f"nn.sha256(new Uint8Array({list(message)}))")
            == hashlib.sha256(message).hexdigest())


def same_network(run, network, X, y):
    """Train a network in both languages; all that can be seen is equal."""
    network.fit(X, y)
    t = np.searchsorted(network.classes_, y)
    settings = {name: getattr(network, name) for name in (
        "hidden_size", "activation", "batch_size", "seed")}
    settings |= vars(network.optimizer)
    digest, curve, logits, found = run(
        f"trained({X.tolist()}, {t.tolist()}, {json.dumps(settings)}, "
        f"{network.epochs})")
    assert digest == experiments.weights_sha256(network)
    assert curve == network.loss_curve_
    assert found == network.evaluate(X, y)
    outputs = network.predict_proba(X)
    if len(network.classes_) == 2:
        outputs, last = outputs[:, 1], "([z]) => nn.sigmoid(z)"
    else:
        last = "nn.softmax"
    assert run(f"{logits}.map({last})") == outputs.tolist()


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
