"""Referees: PyTorch, scikit-learn, pandas.  Skipped where they are not."""

import numpy as np
import pytest

import nn
from helpers import ACTIVATIONS, clusters, furthest, iris

RUNS = {
    "sgd": (nn.SGD(0.1), 300, lambda torch, p: torch.optim.SGD(p, 0.1)),
    "momentum": (nn.SGD(0.05, 0.9), 300,
                 lambda torch, p: torch.optim.SGD(p, 0.05, 0.9)),
    "nesterov": (nn.SGD(0.05, 0.9, True), 300,
                 lambda torch, p: torch.optim.SGD(p, 0.05, 0.9,
                                                  nesterov=True)),
    "adam": (nn.Adam(0.01), 200, lambda torch, p: torch.optim.Adam(p, 0.01)),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_training_lands_where_pytorch_lands(activation, k, run):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    optimizer, steps, build = RUNS[run]
    X, y = iris() if k == 3 else clusters(2, 60)
    network = nn.Network(16, activation, optimizer, epochs=0).fit(X, y)
    with np.errstate(all="ignore"):
        p = {name: torch.tensor(value.copy(), requires_grad=True)
             for name, value in network.params_.items()}
        theirs = build(torch, list(p.values()))
        inputs = torch.tensor(X)
        t = torch.tensor(np.searchsorted(network.classes_, y))
        for _ in range(steps):
            A1 = getattr(torch, activation)(inputs @ p["W1"] + p["b1"])
            Z2 = A1 @ p["W2"] + p["b2"]
            loss = (torch.nn.functional.cross_entropy(Z2, t) if k > 2 else
                    torch.nn.functional.binary_cross_entropy_with_logits(
                        Z2[:, 0], t.double()))
            theirs.zero_grad()
            loss.backward()
            theirs.step()
    network.partial_fit(X, y, epochs=steps)
    landed = {name: value.detach().numpy() for name, value in p.items()}
    assert max(np.abs(network.params_[name] - landed[name]).max()
               for name in landed) < 1e-9
    assert abs(network.loss_curve_[-1] - loss.item()) < 1e-9


def test_digits_are_read_at_97_percent():
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order] / 16, y[order]
    network = nn.Network(64, optimizer=nn.SGD(0.1, 0.9), batch_size=32,
                         epochs=15).fit(X[360:], y[360:])
    assert network.score(X[:360], y[:360]) >= 0.97


@pytest.mark.parametrize("k", [2, 4])
def test_metrics_and_losses_agree_with_scikit_learn(k):
    metrics = pytest.importorskip("sklearn.metrics")
    X, y = clusters(k, 60)
    network = nn.Network(epochs=20).fit(X, y)
    predicted = network.predict(X)
    assert nn.accuracy(y, predicted) == metrics.accuracy_score(y, predicted)
    assert (nn.confusion_matrix(y, predicted)
            == metrics.confusion_matrix(y, predicted)).all()
    assert np.isclose(network.evaluate(X, y)["loss"], metrics.log_loss(
        y, network.predict_proba(X)), rtol=1e-12)


def test_a_data_frame_is_taken_like_its_array():
    pandas = pytest.importorskip("pandas")
    X, y = clusters()
    names = np.array(["a", "b", "c"])[y]
    frame = pandas.DataFrame(X, columns=list("wxyz"))
    one = nn.Network(epochs=5, batch_size=7).fit(X, names)
    other = nn.Network(epochs=5, batch_size=7).fit(frame,
                                                   pandas.Series(names))
    assert furthest(other.params_, one.params_) == 0
    assert (other.predict(frame) == one.predict(X)).all()
    assert other.classes_.tolist() == ["a", "b", "c"]


def test_cross_entropy_is_pytorch_s():
    torch = pytest.importorskip("torch")
    z = np.random.default_rng(0).normal(size=(9, 4)) * 3
    t = np.arange(9) % 4
    with np.errstate(all="ignore"):
        theirs = torch.nn.functional.cross_entropy(torch.tensor(z),
                                                   torch.tensor(t)).item()
    assert abs(nn.cross_entropy(z, t) - theirs) < 1e-14
