"""Network among scikit-learn's own tools, which nn.py never imports."""

import functools
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import nn
from helpers import PARAMS, ROOT, clusters, furthest, iris

pytest.importorskip("sklearn", minversion="1.6")
pd = pytest.importorskip("pandas")

from sklearn.base import clone, is_classifier  # noqa: E402
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.ensemble import (  # noqa: E402
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import (  # noqa: E402
    DataConversionWarning,
    NotFittedError,
)
from sklearn.inspection import permutation_importance  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import confusion_matrix as sklearns_matrix  # noqa: E402
from sklearn.metrics import log_loss  # noqa: E402
from sklearn.model_selection import (  # noqa: E402
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402
from sklearn.utils.validation import check_is_fitted  # noqa: E402

FOLDS = StratifiedKFold(10, shuffle=True, random_state=0)
CONFIGURATIONS = {
    "as it comes": {},
    "Adam": {"optimizer": nn.Adam(0.01)},
    "mini-batches": {"batch_size": 8, "activation": "relu", "epochs": 50},
    "momentum": {"optimizer": nn.SGD(0.05, momentum=0.9, nesterov=True),
                 "activation": "sigmoid"},
    "float32": {"dtype": "float32"},
    "stochastic": {"batch_size": 1, "epochs": 20, "hidden_size": 4},
    "portable": {"arithmetic": "portable", "epochs": 60},
}


@pytest.fixture(autouse=True)
def numpy_errors_are_raised():
    """Not here: scikit-learn may underflow."""
    with np.errstate(all="warn", under="ignore"):
        yield


def measured(*names):
    """iris as a frame with these column names, and its species."""
    X, y = iris()
    return pd.DataFrame(X, columns=list(names)), pd.Series(y)


CENTIMETRES = ["sepal length", "sepal width", "petal length", "petal width"]


# scikit-learn's own examination

def examine(network):
    """The results of all of scikit-learn's checks of one estimator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")   # they provoke many on purpose
        return check_estimator(network, on_fail=None, on_skip=None)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_check_estimator_finds_no_failure(name):
    results = examine(nn.Network(**CONFIGURATIONS[name]))
    failures = {result["check_name"]: repr(result["exception"])
                for result in results
                if result["status"] not in ("passed", "skipped")}
    assert failures == {}
    assert sum(r["status"] == "passed" for r in results) > 45


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
    for name in PARAMS:
        assert np.array_equal(clone(network).fit(X, y).params_[name],
                              network.params_[name])


def test_a_network_can_be_pickled_as_joblib_does():
    X, y = clusters()
    network = nn.Network(epochs=5).fit(X, y)
    again = pickle.loads(pickle.dumps(network))
    assert np.array_equal(again.predict_proba(X), network.predict_proba(X))
    for name in PARAMS:
        assert np.array_equal(again.partial_fit(X, y).params_[name],
                              network.partial_fit(X, y).params_[name])


# Tools that train networks

def test_a_pipeline_scales_and_classifies():
    X, y = iris()
    raw = X * [1, 10, 100, 1000] + 500
    pipeline = make_pipeline(StandardScaler(), nn.Network())
    pipeline.fit(raw, y)
    alone = nn.Network().fit(X, y)
    assert pipeline.score(raw, y) > 0.95
    assert furthest(pipeline[-1].params_, alone.params_) < 1e-6
    assert pipeline.set_params(network__epochs=3)[-1].epochs == 3


@pytest.mark.parametrize("optimizer", [None, nn.SGD(momentum=0.5),
                                       nn.Adam()], ids=repr)
def test_a_grid_search_reaches_into_the_optimizer(optimizer):
    X, y = iris()
    rates, before = [1e-6, 0.1], repr(optimizer)
    search = GridSearchCV(
        nn.Network(optimizer=optimizer, batch_size=16, epochs=40),
        {"optimizer__learning_rate": rates}, n_jobs=2, cv=3)
    search.fit(X, y)
    assert repr(optimizer) == before
    low, high = search.cv_results_["mean_test_score"]
    assert low < 0.8 < 0.9 < high
    assert search.best_params_ == {"optimizer__learning_rate": 0.1}
    best = search.best_estimator_.optimizer
    assert best.learning_rate == 0.1
    assert type(best) is (type(optimizer) if optimizer else nn.SGD)
    assert search.estimator.optimizer is optimizer


def test_a_search_in_a_pipeline_over_optimizers_and_sizes():
    X, y = iris()
    pipeline = Pipeline([("scale", StandardScaler()),
                         ("network", nn.Network(epochs=30))])
    search = GridSearchCV(pipeline, {
        "network__optimizer": [None, nn.SGD(0.5), nn.Adam(0.05)],
        "network__hidden_size": [2, 8]}, cv=3)
    search.fit(X, y)
    assert len(search.cv_results_["params"]) == 6
    assert search.best_score_ > 0.9


def test_cross_validation_gives_the_scores_of_a_loop():
    X, y = iris()
    network = nn.Network(epochs=50)
    scores = cross_val_score(network, X, y, cv=FOLDS)
    loop = [nn.Network(epochs=50).fit(X[train], y[train])
            .score(X[test], y[test]) for train, test in FOLDS.split(X, y)]
    assert scores.tolist() == loop
    assert not hasattr(network, "params_")
    P = cross_val_predict(network, X, y, cv=3, method="predict_proba")
    assert P.shape == (150, 3)
    assert log_loss(y, P) < 0.5


def test_calibration():
    X, y = iris()
    network = nn.Network(epochs=50, batch_size=16)
    calibrated = CalibratedClassifierCV(network, cv=3)
    P = calibrated.fit(X, y).predict_proba(X)
    assert np.allclose(P.sum(axis=1), 1)
    assert calibrated.score(X, y) > 0.9


def test_bagging():
    X, y = iris()
    bag = BaggingClassifier(nn.Network(epochs=50, batch_size=16),
                            n_estimators=4, max_features=0.75,
                            random_state=0, n_jobs=2)
    assert bag.fit(X, y).score(X, y) > 0.9
    weights = [each.params_["W1"].ravel()[:3] for each in bag.estimators_]
    assert len({tuple(w) for w in weights}) == 4


def test_soft_voting_is_the_mean_of_probabilities():
    X, y = iris()
    voters = [("network", nn.Network(epochs=50)),
              ("other", nn.Network(seed=1, hidden_size=4, epochs=50)),
              ("line", LogisticRegression())]
    vote = VotingClassifier(voters, voting="soft").fit(X, y)
    t = np.searchsorted(np.unique(y), y)
    P = np.mean([clone(voter).fit(X, t).predict_proba(X)
                 for _, voter in voters], axis=0)
    assert np.allclose(vote.predict_proba(X), P, atol=1e-12)
    assert vote.score(X, y) > 0.9


def test_stacking_one_against_the_rest_and_learning_curves():
    X, y = iris()
    network = nn.Network(epochs=30, batch_size=16)
    stack = StackingClassifier([("network", network)], cv=3)
    assert stack.fit(X, y).score(X, y) > 0.9
    assert OneVsRestClassifier(network).fit(X, y).score(X, y) > 0.9
    _, _, scores = learning_curve(network, X, y, cv=3, shuffle=True,
                                  train_sizes=[0.5, 1.0], random_state=0)
    assert np.isfinite(scores).all()


def test_permutation_importance_finds_the_feature_that_matters():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    network = nn.Network(optimizer=nn.SGD(0.5)).fit(X, X[:, 1] > 0)
    means = permutation_importance(network, X, X[:, 1] > 0,
                                   random_state=0).importances_mean
    assert np.argmax(means) == 1
    assert means[1] > 0.3 > 0.1 > max(means[0], means[2])


def test_confusion_matrix_is_scikit_learns():
    X, y = iris()
    guess = nn.Network(epochs=10).fit(X, y).predict(X)
    assert np.array_equal(nn.confusion_matrix(y, guess),
                          sklearns_matrix(y, guess))


# pandas

def test_a_frame_goes_in_and_its_names_come_out():
    X, y = measured(*CENTIMETRES)
    network = nn.Network(epochs=20).fit(X, y)
    assert network.feature_names_in_.tolist() == CENTIMETRES
    assert network.feature_names_in_.dtype == object
    assert network.n_features_in_ == 4
    plain = nn.Network(epochs=20).fit(X.to_numpy(), y.to_numpy())
    assert not hasattr(plain, "feature_names_in_")
    assert np.array_equal(network.predict_proba(X),
                          plain.predict_proba(X.to_numpy()))
    assert set(network.predict(X)) <= set(y)


def test_labels_of_pandas_of_every_kind_are_understood():
    X, y = measured(*CENTIMETRES)
    plain = nn.Network(epochs=5).fit(X, y.to_numpy())
    for labels in (y, y.astype(object), y.astype("category")):
        network = nn.Network(epochs=5).fit(X, labels)
        assert np.array_equal(network.params_["W1"], plain.params_["W1"])
        assert network.score(X, labels) == plain.score(X, y)


def test_a_frame_of_ints_floats_and_bools_is_a_table():
    X = pd.DataFrame({"a": [1, 2, 3, 4], "b": [.5, 0, 1, 2],
                      "c": [True, False, True, False]})
    network = nn.Network(epochs=2).fit(X, [0, 0, 1, 1])
    assert network.predict(X).shape == (4,)
    assert network.feature_names_in_.tolist() == ["a", "b", "c"]


def test_names_stay_through_save_and_load(tmp_path):
    X, y = measured(*CENTIMETRES)
    network = nn.Network(epochs=5).fit(X, y)
    again = nn.Network.load(network.save(tmp_path))
    assert again.feature_names_in_.tolist() == CENTIMETRES
    assert np.array_equal(again.predict(X), network.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(X[CENTIMETRES[::-1]])
    plain = nn.Network(epochs=5).fit(X.to_numpy(), y)
    assert not hasattr(nn.Network.load(plain.save(tmp_path)),
                       "feature_names_in_")


def test_names_end_with_the_next_fit_and_stay_in_partial_fit():
    X, y = measured(*CENTIMETRES)
    network = nn.Network(epochs=5).fit(X, y).partial_fit(X, y)
    assert network.feature_names_in_.tolist() == CENTIMETRES
    with pytest.raises(ValueError, match="feature names should match"):
        network.partial_fit(X[CENTIMETRES[::-1]], y)
    network.fit(X.to_numpy(), y)
    assert not hasattr(network, "feature_names_in_")


METHODS = {
    "predict": lambda network, X, y: network.predict(X),
    "predict_proba": lambda network, X, y: network.predict_proba(X),
    "score": lambda network, X, y: network.score(X, y),
    "partial_fit": lambda network, X, y: network.partial_fit(X, y),
    "loss_and_gradients":
        lambda network, X, y: network.loss_and_gradients(X, y),
}


@pytest.mark.parametrize("method", METHODS)
def test_missing_and_other_names_are_noticed(method):
    X, y = measured(*CENTIMETRES)
    call = METHODS[method]
    named = nn.Network(epochs=2).fit(X, y)
    plain = nn.Network(epochs=2).fit(X.to_numpy(), y)
    other = X.rename(columns={"petal width": "weight"})
    call(plain, X.to_numpy(), y)
    call(named, X, y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        call(named, pd.DataFrame(X.to_numpy()), y)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        call(plain, X, y)
    with pytest.raises(ValueError, match="- weight") as caught:
        call(named, other, y)
    assert "- petal width" in str(caught.value)
    with pytest.raises(ValueError, match="same order"):
        call(named, X[CENTIMETRES[::-1]], y)


@pytest.mark.parametrize("method", METHODS)
def test_an_array_where_a_frame_was_is_noticed(method):
    X, y = measured(*CENTIMETRES)
    named = nn.Network(epochs=2).fit(X, y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        METHODS[method](named, X.to_numpy(), y)


def test_names_of_mixed_types_are_refused():
    X, y = measured("a", "b", "c", 3)
    with pytest.raises(TypeError, match="string names"):
        nn.Network().fit(X, y)


def test_a_frame_with_numbered_columns_has_no_names():
    X, y = measured(0, 1, 2, 3)
    assert not hasattr(nn.Network(epochs=1).fit(X, y), "feature_names_in_")


# Warnings and errors that are theirs as well as ours

def test_a_column_of_labels_is_taken_with_their_warning():
    X, y = clusters()
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        column = nn.Network(epochs=3).fit(X, y[:, None])
    assert np.array_equal(column.params_["W1"],
                          nn.Network(epochs=3).fit(X, y).params_["W1"])


def test_not_fitted_is_an_error_of_both():
    X, _ = clusters()
    for method in ("predict", "predict_proba", "save"):
        with pytest.raises(NotFittedError) as caught:
            getattr(nn.Network(), method)(X)
        assert isinstance(caught.value, nn.NotFittedError)
    with pytest.raises(NotFittedError):
        check_is_fitted(nn.Network())
    check_is_fitted(nn.Network(epochs=0).fit(*clusters()))


ALONE = """
import sys, warnings
sys.path.insert(0, {root!r})
import nn
network = nn.Network(epochs=2)
try:
    network.predict([[1.0]])
except nn.NotFittedError as error:
    assert type(error) is nn.NotFittedError
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    network.fit([[0.0], [1.0]], [[0], [1]])
assert [w.category for w in seen] == [UserWarning], seen
repr(network), network.get_params(), network.score([[0.0]], [0])
loaded = {{name.split(".")[0] for name in sys.modules}}
print(sorted(loaded & {{"sklearn", "pandas", "scipy", "joblib"}}))
"""


def test_nn_works_without_importing_scikit_learn():
    done = subprocess.run(
        [sys.executable, "-c", ALONE.format(root=str(ROOT))],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# How good it is

@functools.cache
def theirs():
    """Ten-fold accuracy on iris of scikit-learn's network of this size."""
    X, y = iris()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # it would like more epochs
        return cross_val_score(make_pipeline(
            StandardScaler(), MLPClassifier((16,), "tanh", random_state=0,
                                            max_iter=500)),
            X, y, cv=FOLDS).mean()


@pytest.mark.parametrize("settings", [
    {"batch_size": 16}, {"optimizer": nn.SGD(0.1, momentum=0.9)},
    {"optimizer": nn.Adam(0.01)}], ids=repr)
def test_ten_fold_accuracy_on_iris_is_that_of_mlpclassifier(settings):
    X, y = iris()
    ours = cross_val_score(
        make_pipeline(StandardScaler(), nn.Network(**settings)),
        X, y, cv=FOLDS).mean()
    assert ours >= theirs() - 0.01
    assert ours > 0.93
