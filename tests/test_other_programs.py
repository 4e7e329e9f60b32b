"""Among other people's programs: scikit-learn, pandas, PyTorch.

nn.py imports none of them.  Their tools take a Network as one of their own,
their tables go in, and their arithmetic comes to the same numbers.
"""

import pickle
import time

import numpy as np
import pytest

import nn
from support import (
    ACTIVATIONS,
    PARAMS,
    Frame,
    clusters,
    iris,
    learned,
    snapshot,
)

pytest.importorskip("sklearn", minversion="1.6")
pd = pytest.importorskip("pandas")

from sklearn import (  # noqa: E402
    calibration,
    datasets,
    ensemble,
    exceptions,
    inspection,
    metrics,
    model_selection,
)
from sklearn.base import clone, is_classifier  # noqa: E402
from sklearn.naive_bayes import GaussianNB  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils import estimator_checks, validation  # noqa: E402

# Other programs warn on purpose, or wish for more epochs.
whatever_they_warn_of = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def numpy_errors_are_raised():
    """Not here: other programs may underflow."""
    with np.errstate(all="warn", under="ignore"):
        yield


# scikit-learn's own examination

@whatever_they_warn_of
@pytest.mark.parametrize("network", [
    nn.Network(), nn.Network(8, "sigmoid", nn.Adam(0.01), 8, dtype="float32"),
    nn.Network(16, batch_size=None, arithmetic="portable")], ids=repr)
def test_check_estimator_finds_no_failure(network):
    estimator_checks.check_estimator(network)


def test_names_of_columns_are_checked_as_scikit_learn_checks_them():
    estimator_checks.check_dataframe_column_names_consistency(
        "Network", nn.Network(epochs=2))


def test_scikit_learn_sees_a_classifier():
    assert is_classifier(nn.Network())
    tags = nn.Network().__sklearn_tags__()
    assert tags.target_tags.required
    assert tags.classifier_tags.multi_class
    assert not tags.input_tags.sparse


# Copies and settings

class Penalised(nn.Network):
    """A subclass with a setting of its own."""

    def __init__(self, penalty=0.5, epochs=2, optimizer=None):
        super().__init__(epochs=epochs, optimizer=optimizer)
        self.penalty = penalty


def test_a_clone_has_the_settings_and_nothing_learnt():
    X, y = clusters()
    network = Penalised(0.7, optimizer=nn.SGD(0.2, momentum=0.5)).fit(X, y)
    copied = clone(network)
    assert not hasattr(copied, "params_")
    assert (copied.penalty, copied.optimizer) == (0.7, network.optimizer)
    assert learned(clone(copied).fit(X, y)) == learned(network)
    copied.set_params(optimizer__momentum=0.9)
    assert network.optimizer.momentum == 0.5


# Tools that train networks

@pytest.mark.parametrize("optimizer", [None, nn.Adam()], ids=repr)
def test_a_grid_search_reaches_into_the_optimizer(optimizer):
    before = repr(optimizer)
    search = model_selection.GridSearchCV(
        nn.Network(16, optimizer=optimizer, batch_size=16, epochs=40),
        {"optimizer__learning_rate": [1e-6, 0.1]}, n_jobs=2, cv=3)
    search.fit(*iris())
    assert search.estimator.optimizer is optimizer
    assert repr(optimizer) == before
    low, high = search.cv_results_["mean_test_score"]
    assert low < 0.8 < 0.9 < high
    best = search.best_estimator_.optimizer
    assert type(best) is type(optimizer or nn.SGD())
    assert best.learning_rate == 0.1


@pytest.mark.parametrize("build", [
    lambda network: calibration.CalibratedClassifierCV(network, cv=3),
    lambda network: ensemble.VotingClassifier(
        [("network", network), ("bayes", GaussianNB())], voting="soft"),
    lambda network: ensemble.BaggingClassifier(
        network, n_estimators=4, max_features=0.75, random_state=0)],
    ids=["calibration", "voting", "bag"])
def test_tools_built_on_a_network_classify(build):
    X, y = iris()
    tool = build(nn.Network(epochs=50, batch_size=16)).fit(X, y)
    assert tool.score(X, y) > 0.9
    assert np.allclose(tool.predict_proba(X).sum(axis=1), 1)


def test_the_importance_of_features_is_found():
    X = np.random.default_rng(0).normal(size=(200, 3))
    network = nn.Network(optimizer=nn.SGD(0.5)).fit(X, X[:, 1] > 0)
    means = inspection.permutation_importance(
        network, X, X[:, 1] > 0, random_state=0).importances_mean
    assert np.argmax(means) == 1
    assert means[1] > 0.3 > 0.1 > max(means[0], means[2])


# Tables with names

class Arrow(Frame):
    """A table as pyarrow's: its columns are arrays, its names apart."""

    def __init__(self, X, columns):
        super().__init__(X, list(np.transpose(X)))
        self.column_names = [*columns]


NAMES = ["w", "x", "y", "z"]
TABLES = [Frame, Arrow, pd.DataFrame]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_taken_like_its_array_and_its_names_are_kept(
        table, tmp_path):
    X, y = clusters()
    frame = table(X, columns=NAMES)
    network, plain = nn.Network(epochs=5), nn.Network(epochs=5).fit(X, y)
    assert network.fit(frame, y).feature_names_in_.dtype == object
    assert snapshot(network.params_) == snapshot(plain.params_)
    assert np.array_equal(network.predict_proba(frame),
                          plain.predict_proba(X))
    parts = nn.Network().partial_fit(frame, y).partial_fit(frame, y)
    for named in network, parts, nn.Network.load(network.save(tmp_path)):
        assert named.feature_names_in_.tolist() == NAMES
        with pytest.raises(ValueError, match="feature names should match"):
            named.predict(table(X, columns=NAMES[::-1]))
    for other in X, table(X, columns=range(4)):     # numbers are no names
        assert network.fit(other, y).predict(other).shape == (40,)
        assert not hasattr(network, "feature_names_in_")
    assert not hasattr(nn.Network.load(network.save(tmp_path)),
                       "feature_names_in_")


@pytest.mark.parametrize(("method", "given"), [
    ("predict", 1), ("predict_proba", 1), ("score", 2), ("partial_fit", 2),
    ("loss_and_gradients", 2)])
def test_names_on_one_side_only_bring_a_warning(method, given):
    X, y = clusters()
    frame = Frame(X, columns=NAMES)
    named, plain = (nn.Network(epochs=1).fit(data, y) for data in (frame, X))
    getattr(plain, method)(*(X, y)[:given])
    for network, other, message in (
            (named, X, "X does not have valid feature names, but Network was "
             "fitted with feature names"),
            (plain, frame, "X has feature names, but Network was fitted "
             "without feature names")):
        with pytest.warns(UserWarning) as seen:
            getattr(network, method)(*(other, y)[:given])
        assert [(str(one.message), one.filename) for one in seen] == [
            (message, __file__)]


def test_pandas_columns_and_labels_of_every_kind_are_understood():
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [.5, 0, 1, 2],
                          "c": [True, False, True, False]})
    network = nn.Network(epochs=2).fit(table, [0, 0, 1, 1])
    assert network.feature_names_in_.tolist() == ["a", "b", "c"]
    X, y = clusters()
    names = np.array(["a", "b", "c"])[y]
    plain = nn.Network(epochs=5).fit(X, names)
    for kind in (str, object, "category"):
        labels = pd.Series(names).astype(kind)
        network = nn.Network(epochs=5).fit(X, labels)
        assert learned(network) == learned(plain)
        assert network.score(X, labels) == plain.score(X, names)


# Warnings and errors that are theirs as well as ours

def test_a_column_of_labels_is_taken_with_their_warning():
    X, y = clusters()
    with pytest.warns(exceptions.DataConversionWarning):
        nn.Network(epochs=1).fit(X, y[:, None])


def test_not_fitted_is_an_error_of_both():
    network, (X, y) = nn.Network(epochs=0), clusters()
    for ask in (network.predict, network.predict_proba, network.save):
        with pytest.raises(nn.NotFittedError) as caught:
            ask(X)
        assert isinstance(caught.value, exceptions.NotFittedError)
        again = pickle.loads(pickle.dumps(caught.value))
        assert repr(again) == repr(caught.value) == (
            "NotFittedError('this Network is not fitted yet; call fit first')")
    with pytest.raises(exceptions.NotFittedError):
        validation.check_is_fitted(network)
    validation.check_is_fitted(network.fit(X, y))


# The same numbers

@pytest.mark.parametrize("k", [2, 4])
def test_metrics_and_losses_agree_with_scikit_learn(k):
    X, y = clusters(k, 60)
    network = nn.Network(epochs=20).fit(X, y)
    predicted = network.predict(X)
    assert nn.accuracy(y, predicted) == metrics.accuracy_score(y, predicted)
    assert np.array_equal(nn.confusion_matrix(y, predicted),
                          metrics.confusion_matrix(y, predicted))
    assert np.isclose(network.evaluate(X, y)["loss"], metrics.log_loss(
        y, network.predict_proba(X)), rtol=1e-12)


@pytest.mark.parametrize("optimizer", [
    nn.SGD(0.1), nn.SGD(0.05, 0.9), nn.SGD(0.05, 0.9, True), nn.Adam(0.01)],
    ids=repr)
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_training_lands_where_pytorch_lands(activation, k, optimizer):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    X, y = iris() if k == 3 else clusters(2, 60)
    network = nn.Network(16, activation, optimizer, batch_size=None,
                         epochs=0).fit(X, y)
    p = {name: torch.tensor(value.copy(), requires_grad=True)
         for name, value in network.params_.items()}
    if type(optimizer) is nn.Adam:
        theirs = torch.optim.Adam(p.values(), optimizer.learning_rate)
    else:
        theirs = torch.optim.SGD(
            p.values(), optimizer.learning_rate, optimizer.momentum,
            nesterov=optimizer.nesterov)
    inputs = torch.tensor(X)
    t = torch.tensor(np.searchsorted(network.classes_, y))
    for _ in range(300):
        A1 = getattr(torch, activation)(inputs @ p["W1"] + p["b1"])
        Z2 = A1 @ p["W2"] + p["b2"]
        loss = (torch.nn.functional.cross_entropy(Z2, t) if k > 2 else
                torch.nn.functional.binary_cross_entropy_with_logits(
                    Z2[:, 0], t.double()))
        theirs.zero_grad()
        loss.backward()
        theirs.step()
    network.partial_fit(X, y, epochs=300)
    assert max(np.abs(network.params_[name] - p[name].detach().numpy()).max()
               for name in PARAMS) < 1e-9
    assert abs(network.loss_curve_[-1] - loss.item()) < 1e-9


# How good it is

def accuracy(estimator, X, y, folds):
    """On scaled features, the mean over some folds."""
    return model_selection.cross_val_score(
        make_pipeline(StandardScaler(), estimator), X, y,
        cv=model_selection.StratifiedKFold(
            folds, shuffle=True, random_state=0)).mean()


@whatever_they_warn_of
def test_the_defaults_are_as_good_and_as_quick_as_those_of_mlpclassifier():
    scores, seconds = np.zeros(2), np.zeros(2)
    for X, y in (datasets.load_wine(return_X_y=True),
                 datasets.load_breast_cancer(return_X_y=True),
                 datasets.make_moons(1_000, noise=0.3, random_state=0),
                 datasets.make_classification(
                     2_000, 20, n_informative=15, n_redundant=2, n_classes=20,
                     n_clusters_per_class=1, class_sep=2.0, random_state=0)):
        for i, one in enumerate((nn.Network(), MLPClassifier(random_state=0))):
            begun = time.process_time()
            scores[i] += accuracy(one, X, y, folds=3) / 4
            seconds[i] += time.process_time() - begun
    assert scores[0] >= scores[1] > 0.9, scores
    assert seconds[0] <= seconds[1], seconds


def test_digits_are_read_at_97_percent():
    X, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order] / 16, y[order]
    network = nn.Network(64, "tanh", nn.SGD(0.1, 0.9), 32, 15)
    network.fit(X[360:], y[360:])
    assert network.score(X[:360], y[:360]) >= 0.97


@whatever_they_warn_of
def test_ten_fold_accuracy_on_iris_is_that_of_mlpclassifier():
    theirs = MLPClassifier((16,), "tanh", random_state=0, max_iter=500)
    least = max(0.93, accuracy(theirs, *iris(), folds=10) - 0.01)
    for ours in (nn.Network(), nn.Network(16, "tanh", batch_size=16),
                 nn.Network(16, "tanh", nn.Adam(0.01))):
        assert accuracy(ours, *iris(), folds=10) >= least
