"""Among other people's programs: scikit-learn, pandas, PyTorch.

nn.py imports none of them.  Their tools take a Network as one of their own,
their tables go in, and their arithmetic comes to the same numbers.
"""

import functools
import time
import warnings

import numpy as np
import pytest

import nn
from support import (
    ACTIVATIONS,
    PARAMS,
    ROOT,
    Frame,
    clusters,
    furthest,
    iris,
    learned,
    run,
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
from sklearn.multiclass import OneVsRestClassifier  # noqa: E402
from sklearn.naive_bayes import GaussianNB  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils import estimator_checks, validation  # noqa: E402

FOLDS = model_selection.StratifiedKFold(10, shuffle=True, random_state=0)
CONFIGURATIONS = {
    "as it comes": {},
    "Adam": {"optimizer": nn.Adam(0.01)},
    "mini-batches": {"batch_size": 8, "activation": "relu", "epochs": 50},
    "momentum": {"optimizer": nn.SGD(0.05, momentum=0.9, nesterov=True),
                 "activation": "sigmoid", "batch_size": None, "epochs": 200},
    "float32": {"dtype": "float32"},
    "stochastic": {"batch_size": 1, "epochs": 20, "hidden_size": 4},
    "portable": {"arithmetic": "portable", "epochs": 60, "hidden_size": 16},
}


@pytest.fixture(autouse=True)
def numpy_errors_are_raised():
    """Not here: other programs may underflow."""
    with np.errstate(all="warn", under="ignore"):
        yield


# scikit-learn's own examination

@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_check_estimator_finds_no_failure(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # they provoke many on purpose
        results = estimator_checks.check_estimator(
            nn.Network(**CONFIGURATIONS[name]), on_fail=None, on_skip=None)
    assert {result["check_name"]: repr(result["exception"])
            for result in results
            if result["status"] not in ("passed", "skipped")} == {}
    assert sum(result["status"] == "passed" for result in results) > 45


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

def test_a_clone_has_the_settings_and_nothing_learnt():
    X, y = clusters()
    network = nn.Network(hidden_size=3, optimizer=nn.SGD(0.2, momentum=0.5))
    copied = clone(network.fit(X, y))
    assert not hasattr(copied, "params_")
    assert repr(copied) == repr(clone(copied))
    assert copied.optimizer == network.optimizer
    assert copied.optimizer is not network.optimizer
    copied.set_params(optimizer__momentum=0.9)
    assert network.optimizer.momentum == 0.5
    assert learned(clone(network).fit(X, y)) == learned(network)


class Penalised(nn.Network):
    """A subclass with a setting of its own."""

    def __init__(self, penalty=0.5, epochs=2, optimizer=None):
        super().__init__(epochs=epochs, optimizer=optimizer)
        self.penalty = penalty


def test_a_subclass_is_cloned_and_searched_by_its_own_settings():
    assert clone(Penalised(0.7)).penalty == 0.7
    search = model_selection.GridSearchCV(Penalised(), {
        "penalty": [0.1, 0.2], "optimizer__learning_rate": [0.1]}, cv=2)
    found = search.fit(*clusters()).best_estimator_
    assert type(found) is Penalised and found.penalty in (0.1, 0.2)


# Tools that train networks

def test_a_pipeline_scales_and_classifies():
    X, y = iris()
    pipeline = make_pipeline(StandardScaler(), nn.Network())
    pipeline.fit(X * [1, 10, 100, 1000] + 500, y)
    assert pipeline.score(X * [1, 10, 100, 1000] + 500, y) > 0.95
    alone = nn.Network().fit(X, y)
    assert furthest(pipeline[-1].params_, alone.params_) < 1e-6
    assert pipeline.set_params(network__epochs=3)[-1].epochs == 3


@pytest.mark.parametrize("optimizer", [None, nn.SGD(momentum=0.5),
                                       nn.Adam()], ids=repr)
def test_a_grid_search_reaches_into_the_optimizer(optimizer):
    before = repr(optimizer)
    search = model_selection.GridSearchCV(
        nn.Network(16, optimizer=optimizer, batch_size=16, epochs=40),
        {"optimizer__learning_rate": [1e-6, 0.1]}, n_jobs=2, cv=3)
    search.fit(*iris())
    assert repr(optimizer) == before
    low, high = search.cv_results_["mean_test_score"]
    assert low < 0.8 < 0.9 < high
    assert search.best_params_ == {"optimizer__learning_rate": 0.1}
    best = search.best_estimator_.optimizer
    assert best.learning_rate == 0.1
    assert type(best) is (type(optimizer) if optimizer else nn.SGD)
    assert search.estimator.optimizer is optimizer


def test_cross_validation_gives_the_scores_of_a_loop():
    X, y = iris()
    network = nn.Network(epochs=50)
    scores = model_selection.cross_val_score(network, X, y, cv=FOLDS)
    assert scores.tolist() == [
        nn.Network(epochs=50).fit(X[train], y[train]).score(X[test], y[test])
        for train, test in FOLDS.split(X, y)]
    assert not hasattr(network, "params_")
    P = model_selection.cross_val_predict(network, X, y, cv=3,
                                          method="predict_proba")
    assert P.shape == (150, 3)
    assert metrics.log_loss(y, P) < 0.5


@pytest.mark.parametrize("build", [
    lambda network: calibration.CalibratedClassifierCV(network, cv=3),
    lambda network: ensemble.StackingClassifier(
        [("network", network)], GaussianNB(), cv=3),
    lambda network: ensemble.VotingClassifier(
        [("network", network), ("bayes", GaussianNB())], voting="soft"),
    lambda network: ensemble.BaggingClassifier(
        network, n_estimators=4, max_features=0.75, random_state=0),
    OneVsRestClassifier],
    ids=["calibration", "stacking", "voting", "bag", "one against all"])
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
    plain, named = nn.Network(epochs=5).fit(X, y), nn.Network(epochs=5)
    names = named.fit(table(X, columns=NAMES), y).feature_names_in_
    assert (names.tolist(), names.dtype) == (NAMES, object)
    assert named.n_features_in_ == 4
    assert snapshot(named.params_) == snapshot(plain.params_)
    assert np.array_equal(named.predict_proba(table(X, columns=NAMES)),
                          plain.predict_proba(X))
    parts = nn.Network().partial_fit(table(X, columns=NAMES), y)
    for network in (parts, parts.partial_fit(table(X, columns=NAMES), y),
                    nn.Network.load(named.save(tmp_path / "named"))):
        assert network.feature_names_in_.tolist() == NAMES
        with pytest.raises(ValueError, match="feature names should match"):
            network.predict(table(X, columns=NAMES[::-1]))
    named.fit(X, y)
    for network in (named, plain, nn.Network.load(
            plain.save(tmp_path / "plain"))):
        assert not hasattr(network, "feature_names_in_")


@pytest.mark.parametrize("table", TABLES)
def test_names_that_are_no_strings_are_no_names(table):
    X, y = clusters()
    network = nn.Network(epochs=1).fit(table(X, columns=range(4)), y)
    assert not hasattr(network, "feature_names_in_")
    assert network.predict(table(X, columns=range(4))).shape == (40,)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("method", "given"), [
    ("predict", 1), ("predict_proba", 1), ("score", 2), ("partial_fit", 2),
    ("loss_and_gradients", 2)])
def test_names_on_one_side_only_bring_a_warning(method, given, table):
    X, y = clusters()
    named = nn.Network(epochs=1).fit(table(X, columns=NAMES), y)
    plain = nn.Network(epochs=1).fit(X, y)
    getattr(plain, method)(*(X, y)[:given])
    valid = ("X does not have valid feature names, but Network was fitted "
             "with feature names")
    for network, other, message in (
            (named, X, valid), (named, table(X, columns=range(4)), valid),
            (plain, table(X, columns=NAMES), "X has feature names, but "
             "Network was fitted without feature names")):
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
    with pytest.warns(exceptions.DataConversionWarning,
                      match="column-vector y"):
        column = nn.Network(epochs=3).fit(X, y[:, None])
    assert learned(column) == learned(nn.Network(epochs=3).fit(X, y))


def test_not_fitted_is_an_error_of_both():
    network, (X, y) = nn.Network(epochs=0), clusters()
    for ask in (network.predict, network.predict_proba, network.save):
        with pytest.raises(nn.NotFittedError) as caught:
            ask(X)
        assert isinstance(caught.value, exceptions.NotFittedError)
    with pytest.raises(exceptions.NotFittedError):
        validation.check_is_fitted(network)
    validation.check_is_fitted(network.fit(X, y))


ALONE = """
import sys, nn
try:
    nn.Network().predict([[1.0]])
except nn.NotFittedError as error:
    assert type(error) is nn.NotFittedError
network = nn.Network(epochs=2).fit([[0.0], [1.0]], [0, 1])
repr(network), network.get_params(), network.score([[0.0]], [0])
print({"sklearn", "pandas", "scipy", "joblib"} & sys.modules.keys())
"""


def test_nn_works_without_importing_scikit_learn():
    done = run("-B", "-c", ALONE, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("set()\n", "")


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

def test_the_defaults_are_as_good_and_as_quick_as_those_of_mlpclassifier():
    scores, seconds = np.zeros(2), np.zeros(2)
    for X, y in (datasets.load_wine(return_X_y=True),
                 datasets.load_breast_cancer(return_X_y=True),
                 datasets.make_moons(1_000, noise=0.3, random_state=0),
                 datasets.make_classification(
                     2_000, 20, n_informative=15, n_redundant=2, n_classes=20,
                     n_clusters_per_class=1, class_sep=2.0, random_state=0)):
        for train, test in model_selection.StratifiedKFold(
                3, shuffle=True, random_state=0).split(X, y):
            Z = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
            for i, one in enumerate((nn.Network(),
                                     MLPClassifier(random_state=0))):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")     # theirs has not ended
                    begun = time.process_time()
                    one.fit(Z[train], y[train])
                seconds[i] += time.process_time() - begun
                scores[i] += one.score(Z[test], y[test]) / 12
    assert scores[0] >= scores[1] > 0.9, scores
    assert seconds[0] <= seconds[1], seconds


def test_digits_are_read_at_97_percent():
    X, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order] / 16, y[order]
    network = nn.Network(64, "tanh", nn.SGD(0.1, 0.9), 32, 15)
    network.fit(X[360:], y[360:])
    assert network.score(X[:360], y[:360]) >= 0.97


@functools.cache
def ten_folds(estimator):
    """Mean accuracy on iris."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # theirs would like more epochs
        return model_selection.cross_val_score(
            make_pipeline(StandardScaler(), estimator), *iris(),
            cv=FOLDS).mean()


MLP = MLPClassifier((16,), "tanh", random_state=0, max_iter=500)


@pytest.mark.parametrize("settings", [
    {}, {"hidden_size": 16, "activation": "tanh", "batch_size": 16},
    {"hidden_size": 16, "activation": "tanh", "batch_size": None,
     "epochs": 200, "optimizer": nn.SGD(0.1, momentum=0.9)},
    {"hidden_size": 16, "activation": "tanh", "optimizer": nn.Adam(0.01)}],
    ids=repr)
def test_ten_fold_accuracy_on_iris_is_that_of_mlpclassifier(settings):
    ours = ten_folds(nn.Network(**settings))
    assert ours >= ten_folds(MLP) - 0.01
    assert ours > 0.93
