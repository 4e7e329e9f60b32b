"""Bad input: an error that says what was given, what was expected and what
to do, and a network that is exactly as it was."""

import math

import numpy as np
import pytest

import fuzz
import nn
from helpers import clusters, fitted, snapshot

NAN = math.nan


class Sparse:
    """What a sparse matrix looks like from outside."""

    shape = (40, 4)

    def tocsr(self):
        return self


def with_one(value, row=3, column=2):
    """Good data but for one number."""
    X = clusters()[0]
    X[row, column] = value
    return X


def objects(value):
    X = clusters()[0].astype(object)
    X[3, 2] = value
    return X


BAD_X = [
    (with_one(NAN), ValueError, "X contains NaN or infinity"),
    (with_one(math.inf), ValueError, "X contains NaN or infinity"),
    (with_one(-math.inf, -1, -1), ValueError, "X contains NaN or infinity"),
    (with_one(NAN).astype(np.float32), ValueError, "NaN or infinity"),
    (np.ones((40, 3)), ValueError, "3 features.*expecting 4.*as many as in"),
    (np.ones((40, 5)), ValueError, "5 features.*expecting 4"),
    (np.ones((0, 4)), ValueError, r"0 sample\(s\).*\(0, 4\).*minimum of 1"),
    (np.ones((40, 0)), ValueError, r"0 feature\(s\).*\(40, 0\).*minimum"),
    (np.ones(40), ValueError, r"shape \(40,\).*reshape\(-1, 1\)"),
    (np.ones((2, 5, 4)), ValueError, r"shape \(2, 5, 4\); give.*n_features"),
    (3.0, ValueError, r"shape \(\); give"),
    ([[1, 2, 3, 4], [1, 2, 3]], ValueError, "rows of different lengths; give"),
    (np.ones((40, 4), complex), ValueError, "Complex data not supported"),
    (Sparse(), TypeError, r"sparse.*toarray\(\)"),
    (np.full((40, 4), "1"), TypeError, "dtype <U1; give real numbers"),
    (np.full((40, 4), b"1"), TypeError, "dtype [|]?S1; give real numbers"),
    (np.full((40, 4), "2020", "M8[D]"), TypeError, "dtype .*; give real"),
    (objects("x"), (TypeError, ValueError), "X.*give"),
    (objects({}), (TypeError, ValueError), "X.*give"),
    (objects(2j), (TypeError, ValueError), "X.*give|Complex data not supp"),
    (objects(10 ** 400), (TypeError, ValueError), "X.*(give|remove)"),
    (objects(None), (TypeError, ValueError), "X.*(give|remove)"),
    (None, (TypeError, ValueError), "X.*give"),
    ({"a": 1}, (TypeError, ValueError), "X.*give"),
    ("text", (TypeError, ValueError), "X.*give"),
]
BAD_Y = [
    (np.zeros(40, int), ValueError, "one class only, 0; give at least two"),
    (np.full(40, "a"), ValueError, "one class only, 'a'"),
    (np.arange(39) % 3, ValueError, "40 rows.*39.*one label to each row"),
    (np.arange(41) % 3, ValueError, "40 rows.*41"),
    (np.linspace(0, 1, 40), ValueError, "Unknown label type: continuous.*"
                                        "give class labels"),
    (np.array([0, 1, NAN, 2] * 10), ValueError, "y.*NaN.*give class labels"),
    (np.array([0, 1, math.inf, 2] * 10), ValueError, "y.*give class labels"),
    ([], ValueError, r"y has the shape \(0,\); give at least one label"),
    (np.zeros((40, 2), int), ValueError, r"y has the shape \(40, 2\).*\(n,\)"),
    (3, ValueError, r"y has the shape \(\).*\(n,\)"),
    ([[0], [0, 1]], ValueError, "y has rows of different lengths; give one"),
    (np.ones(40, complex), TypeError, "y has the dtype complex128; give"),
    (np.full(40, b"a"), TypeError, "y has the dtype .*; give labels that"),
    (np.full(40, "2020", "M8[D]"), TypeError, "y has the dtype .*; give"),
    (np.array([0, "a"] * 20, object), TypeError, "types? int, str; give"),
    ([None, 1] * 20, TypeError, "type NoneType, int|int, NoneType"),
    (np.array([(), {}] * 20, object), TypeError, "dict, tuple; give"),
    (None, ValueError, "requires y to be passed.*y is None; give one label"),
    ({"a": 1}, TypeError, "y holds objects of type dict; give labels"),
]
UNKNOWN_Y = [
    ([0, 1, 2, 9] * 10, ValueError, r"unknown label 9; .*\[0, 1, 2\]"),
    ([-1] * 40, ValueError, "unknown label -1"),
    (["0", "1"] * 20, (TypeError, ValueError), "dtype <U1|unknown label"),
]
SETTINGS = [
    ("hidden_size", 0, ValueError, "at least 1"),
    ("hidden_size", -3, ValueError, "at least 1"),
    ("hidden_size", 2.0, TypeError, "give a whole number"),
    ("hidden_size", True, TypeError, "give a whole number"),
    ("hidden_size", None, TypeError, "give a whole number"),
    ("hidden_size", np.timedelta64(3, "s"), TypeError, "give a whole number"),
    ("hidden_size", (5, 5), TypeError, "give a whole number"),
    ("activation", "Tanh", ValueError, "give one of 'sigmoid', 'tanh', 're"),
    ("activation", None, ValueError, "give one of 'sigmoid'"),
    ("activation", ["tanh"], ValueError, "give one of 'sigmoid'"),
    ("optimizer", "adam", TypeError, "give SGD.*Adam"),
    ("optimizer", 0.1, TypeError, "give SGD.*Adam"),
    ("optimizer", object(), TypeError, "start and step"),
    ("batch_size", 0, ValueError, "at least 1"),
    ("batch_size", -1, ValueError, "at least 1"),
    ("batch_size", 1.5, TypeError, "give a whole number"),
    ("batch_size", "auto", TypeError, "give a whole number"),
    ("batch_size", False, TypeError, "give a whole number"),
    ("epochs", -1, ValueError, "at least 0"),
    ("epochs", 1.0, TypeError, "give a whole number"),
    ("epochs", None, TypeError, "give a whole number"),
    ("seed", -1, ValueError, "at least 0"),
    ("seed", 0.5, TypeError, "give a whole number"),
    ("seed", None, TypeError, "give a whole number"),
    ("dtype", "float16", ValueError, "give one of 'float64', 'float32'"),
    ("dtype", "int", ValueError, "give one of 'float64'"),
    ("dtype", None, ValueError, "give one of 'float64'"),
    ("arithmetic", "exact", ValueError, "give one of 'blas', 'portable'"),
    ("arithmetic", 1, ValueError, "give one of 'blas'"),
]
OPTIMIZERS = [
    (nn.SGD(-0.1), ValueError, "^learning_rate is -0.1; give a number"),
    (nn.SGD("fast"), TypeError, "^learning_rate is 'fast'; give a number"),
    (nn.SGD(0.1, 1.0), ValueError, "^momentum is 1.0; .*below 1"),
    (nn.SGD(nesterov="yes"), TypeError, "^nesterov is 'yes'; give True"),
    (nn.Adam(NAN), ValueError, "^learning_rate is nan; give a number"),
    (nn.Adam(beta1=1), ValueError, "^beta1 is 1; .*below 1"),
    (nn.Adam(beta2=-1), ValueError, "^beta2 is -1; give a number"),
    (nn.Adam(epsilon=0), ValueError, "^epsilon is 0; give a number"),
]
ASK = {
    "predict": lambda network, X, y: network.predict(X),
    "predict_proba": lambda network, X, y: network.predict_proba(X),
    "score": lambda network, X, y: network.score(X, y),
    "evaluate": lambda network, X, y: network.evaluate(X, y),
    "loss_and_gradients": lambda network, X, y: network.loss_and_gradients(
        X, y),
    "gradient_check": nn.gradient_check,
}
TRAIN = {
    "fit": lambda network, X, y: network.fit(X, y),
    "partial_fit": lambda network, X, y: network.partial_fit(X, y),
}


def unchanged(network, call, error, match):
    """The error is raised, and the network is left as it was."""
    before = snapshot(network)
    with pytest.raises(error, match=match) as caught:
        call()
    assert not isinstance(caught.value, nn.ModelFormatError)
    assert snapshot(network) == before


@pytest.mark.parametrize("method", [*ASK, *TRAIN])
@pytest.mark.parametrize("X, error, match", BAD_X, ids=range(len(BAD_X)))
def test_bad_rows_are_refused(method, X, error, match):
    if method == "fit" and "expecting" in match:
        pytest.skip("fit starts afresh, with any number of features")
    network, _, y = fitted()
    unchanged(network, lambda: {**ASK, **TRAIN}[method](network, X, y),
              error, match)


@pytest.mark.parametrize("X, error, match", BAD_X, ids=range(len(BAD_X)))
@pytest.mark.parametrize("method", TRAIN)
def test_bad_rows_leave_a_new_network_new(method, X, error, match):
    if "expecting" in match:
        pytest.skip("a new network takes any number of features")
    network = nn.Network()
    unchanged(network, lambda: TRAIN[method](network, X, clusters()[1]),
              error, match)


@pytest.mark.parametrize("method", TRAIN)
@pytest.mark.parametrize("y, error, match", BAD_Y, ids=range(len(BAD_Y)))
def test_bad_labels_are_refused_in_training(method, y, error, match):
    for network in (nn.Network(), fitted()[0]):
        if method == "partial_fit" and "class only" in match and hasattr(
                network, "params_"):
            continue
        unchanged(network, lambda network=network: TRAIN[method](
            network, clusters()[0], y), error, match)


@pytest.mark.parametrize("method", [
    "score", "evaluate", "loss_and_gradients", "gradient_check",
    "partial_fit"])
@pytest.mark.parametrize("y, error, match", [
    *BAD_Y[2:], *UNKNOWN_Y])
def test_bad_and_unknown_labels_are_refused_by_a_trained_network(
        method, y, error, match):
    network, X, _ = fitted()
    unchanged(network, lambda: {**ASK, **TRAIN}[method](network, X, y),
              error, match)


def test_one_class_is_enough_to_ask_a_trained_network_and_to_go_on():
    network, X, y = fitted()
    assert 0 <= network.score(X[y == 1], y[y == 1]) <= 1
    assert len(network.partial_fit(X[y == 1], y[y == 1]).loss_curve_) == 4


@pytest.mark.parametrize("method", TRAIN)
@pytest.mark.parametrize("setting, value, error, match", SETTINGS)
def test_a_bad_setting_is_refused_in_training(
        method, setting, value, error, match):
    X, y = clusters()
    for network in (nn.Network(), fitted()[0]):
        network.set_params(**{setting: value})
        unchanged(network,
                  lambda network=network: TRAIN[method](network, X, y),
                  error, f"^{setting} is .*; .*{match}")


@pytest.mark.parametrize("optimizer, error, match", OPTIMIZERS)
def test_a_bad_setting_of_the_optimizer_is_refused_in_training(
        optimizer, error, match):
    network, X, y = fitted()
    _, gradients = network.loss_and_gradients(X, y)
    network.optimizer = optimizer
    for call in (lambda: network.fit(X, y), lambda: network.partial_fit(X, y),
                 lambda: network.apply_gradients(gradients)):
        unchanged(network, call, error, match)


@pytest.mark.parametrize("epochs, error", [
    (-1, ValueError), (1.0, TypeError), (None, TypeError), (True, TypeError)])
def test_partial_fit_takes_a_whole_number_of_epochs(epochs, error):
    network, X, y = fitted()
    unchanged(network, lambda: network.partial_fit(X, y, epochs=epochs),
              error, "^epochs is .*; give a whole number")


@pytest.mark.parametrize("setting, value, begun", [
    ("hidden_size", 6, 5), ("dtype", "float32", "'float64'")])
def test_what_belongs_to_the_first_weights_cannot_change_later(
        setting, value, begun):
    network, X, y = fitted()
    _, gradients = network.loss_and_gradients(X, y)
    network.set_params(**{setting: value})
    for call in (lambda: network.partial_fit(X, y),
                 lambda: network.apply_gradients(gradients)):
        unchanged(network, call, ValueError,
                  f"^{setting} is .*begun with {begun}; set it back, or call "
                  "fit")
    assert network.predict(X).shape == (40,)
    assert network.fit(X, y).predict(X).shape == (40,)


@pytest.mark.parametrize("classes, error, match", [
    ([0, 1], ValueError, r"^classes is \[0, 1\], but.*\[0, 1, 2\]; leave it"),
    ([0, 1, 2, 3], ValueError, "leave it out, or call fit"),
    (["0", "1", "2"], ValueError, "leave it out"),
    ([1], ValueError, "one class only|leave it out"),
    ([0.5, 1.5], ValueError, "classes contains fractions"),
    ([None, 1], TypeError, "^classes holds objects of type"),
    ([], ValueError, "^classes has the shape"),
])
def test_other_classes_are_refused_by_a_trained_network(classes, error, match):
    network, X, y = fitted()
    unchanged(network, lambda: network.partial_fit(X, y, classes=classes),
              error, match)


def test_a_label_outside_the_named_classes_is_refused():
    X, y = clusters()
    network = nn.Network()
    unchanged(network, lambda: network.partial_fit(X, y, classes=[0, 1]),
              ValueError, r"unknown label 2; .*\[0, 1\]")
    unchanged(network, lambda: network.partial_fit(X, y, classes="ab"),
              (TypeError, ValueError), "classes.*give")


@pytest.mark.parametrize("method", TRAIN)
@pytest.mark.parametrize("callback", [5, "print", [print]])
def test_a_callback_that_cannot_be_called_is_refused(method, callback):
    network, X, y = fitted()
    unchanged(network, lambda: getattr(network, method)(
        X, y, callback=callback), TypeError, "callback")


@pytest.mark.parametrize("call", [
    lambda network: network.predict([[1.0]]),
    lambda network: network.predict_proba([[1.0]]),
    lambda network: network.score([[1.0]], [0]),
    lambda network: network.evaluate([[1.0]], [0]),
    lambda network: network.loss_and_gradients([[1.0]], [0]),
    lambda network: network.apply_gradients({}),
    lambda network: nn.gradient_check(network, [[1.0]], [0])])
def test_a_new_network_asks_to_be_fitted_first(call):
    network = nn.Network()
    unchanged(network, lambda: call(network), nn.NotFittedError,
              "not fitted yet; call fit first")
    unchanged(network, lambda: call(network), AttributeError, "not fitted")
    unchanged(network, lambda: call(network), ValueError, "not fitted")
    assert not hasattr(network, "params_")


def test_the_error_classes_are_those_of_the_contract():
    assert issubclass(nn.NotFittedError, ValueError)
    assert issubclass(nn.NotFittedError, AttributeError)
    assert issubclass(nn.ModelFormatError, ValueError)


def gradients(**changes):
    return {**fitted()[0].loss_and_gradients(*clusters())[1], **changes}


@pytest.mark.parametrize("given, error, match", [
    ({}, ValueError, "gradients must be a dict with the keys.*W1"),
    ([], (TypeError, ValueError), "gradients must be a dict"),
    (None, (TypeError, ValueError), "gradients must be a dict"),
    (gradients(W3=np.ones(2)), ValueError, "gradients must be a dict with"),
    (gradients(b2=np.ones(2)), ValueError, r"b2.*\(2,\).*shape \(3,\)"),
    (gradients(W1=np.ones((5, 4))), ValueError, r"W1.*\(5, 4\).*\(4, 5\)"),
    (gradients(b1=1.0), ValueError, r"b1.*\(\).*shape \(5,\)"),
    (gradients(b2=[1, NAN, 2]), ValueError, "b2 contains NaN.*; give"),
    (gradients(b2=[1, math.inf, 2]), ValueError, "b2 is not finite.*; give"),
    (gradients(b2=np.ones(3, complex)), ValueError, "b2.*real numbers"),
    (gradients(b2=["a", "b", "c"]), TypeError, "b2 has the dtype.*give"),
    (gradients(b2=[1, [2], 3]), (TypeError, ValueError), "b2.*give"),
    (gradients(b2=None), (TypeError, ValueError), "b2.*give"),
])
def test_bad_gradients_are_refused(given, error, match):
    network = fitted()[0]
    unchanged(network, lambda: network.apply_gradients(given), error, match)


def test_gradients_too_large_for_float32_are_refused_or_called_divergence():
    network = fitted(dtype="float32")[0]
    unchanged(network, lambda: network.apply_gradients(gradients(
        b2=[1e300, 0, 0])), (ValueError, FloatingPointError),
        "float32|infinity|diverged")


@pytest.mark.parametrize("method", [*ASK, *TRAIN])
def test_numbers_too_large_for_float32_are_refused(method):
    network, X, y = fitted(dtype="float32")
    X[3, 2] = 1e39
    unchanged(network, lambda: {**ASK, **TRAIN}[method](network, X, y),
              ValueError, "too large for float32; remove or replace")


@pytest.mark.parametrize("size", [1e-30, 1e-42, 1e-300, 5e-324])
@pytest.mark.parametrize("method", [*ASK, *TRAIN])
def test_numbers_too_small_for_float32_are_zero(method, size):
    network, X, y = fitted(dtype="float32")
    {**ASK, **TRAIN}[method](network, np.abs(X) * 0 + size, y)


@pytest.mark.parametrize("dtype, size", [("float64", 1.7e308),
                                         ("float32", 3e38)])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_the_largest_numbers_never_give_a_nan(dtype, size, activation):
    network = fitted(dtype=dtype, activation=activation)[0]
    X = [[size] * 4, [-size] * 4, [size, -size] * 2, [-size, size] * 2]
    for call in (lambda: network.predict_proba(X),
                 lambda: network.evaluate(X, [0, 1, 2, 0])["loss"],
                 lambda: network.loss_and_gradients(X, [0, 1, 2, 0])[0]):
        try:
            assert not np.isnan(call()).any()
        except (ValueError, FloatingPointError) as error:
            assert "so large" in str(error) or "too large" in str(error)


def test_gradient_check_takes_networks_only():
    for thing in (None, "network", nn.Network, 3):
        with pytest.raises(TypeError, match="network"):
            nn.gradient_check(thing, [[1.0]], [0])


# Functions.

FUNCTIONS = [nn.sigmoid, nn.tanh, nn.relu, nn.softmax, nn.log_softmax,
             lambda z: nn.cross_entropy(z, [0]),
             lambda z: nn.binary_cross_entropy(z, [0])]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("values, error, match", [
    ("text", TypeError, "has the dtype <U4; give an array of numbers"),
    ([["a"]], TypeError, "has the dtype <U1; give an array of numbers"),
    ([b"a"], TypeError, "has the dtype .*; give an array of numbers"),
    (None, TypeError, "has the dtype object; give an array of numbers"),
    ([{}], TypeError, "has the dtype object; give an array of numbers"),
    ([10 ** 400], TypeError, "has the dtype object; give an array"),
    (np.array(["2020"], "M8[D]"), TypeError, "has the dtype .*; give"),
    ([[1], [1, 2]], ValueError, "has rows of different lengths; give an arr"),
    ([NAN], ValueError, "contains NaN.*; give numbers"),
    ([[0.0, NAN]], ValueError, "contains NaN.*; give numbers"),
    ([complex(0, NAN)], ValueError, "contains NaN.*; give numbers"),
    ([complex(1, math.inf)], ValueError, "contains .*infinit.*; give"),
])
def test_functions_refuse_what_are_no_numbers(function, values, error, match):
    with pytest.raises(error, match=f"^(z|logits) {match}"):
        function(values)


@pytest.mark.parametrize("function", FUNCTIONS[3:])
@pytest.mark.parametrize("values, match", [
    ([[math.inf, 0]], "contains infinity; give finite numbers"),
    ([[-math.inf, 0]], "contains infinity; give finite numbers"),
    (1.0, r"shape \(\); give rows of at least one"),
    (np.ones((3, 0)), r"shape \(3, 0\); give rows of at least one"),
])
def test_rows_of_logits_are_finite_and_not_empty(function, values, match):
    with pytest.raises(ValueError, match=match):
        function(values)


@pytest.mark.parametrize("loss, z, shapes", [
    (nn.cross_entropy, np.ones((3, 2)), [np.ones(2), np.ones((2, 2, 2)),
                                         np.ones((0, 2))]),
    (nn.binary_cross_entropy, np.ones(3), [np.ones((3, 1)), np.ones(0)])])
def test_losses_refuse_other_shapes(loss, z, shapes):
    for logits in shapes:
        with pytest.raises(ValueError, match="logits has the shape .*; give"):
            loss(logits, [1] * len(logits))
    for targets in ([0, 1], [0, 1, 1, 1], [[0, 1, 1]], 1, []):
        with pytest.raises(ValueError, match="targets has the shape .*3 rows;"
                                             " give one class index"):
            loss(z, targets)


@pytest.mark.parametrize("targets, error, match", [
    ([0, 2, 1], ValueError, "class indices 0 to 1"),
    ([0, -1, 1], ValueError, "class indices 0 to 1"),
    ([0, 0.5, 1], ValueError, "class indices 0 to 1"),
    ([0, math.inf, 1], ValueError, "class indices 0 to 1"),
    ([0, 1j, 1], ValueError, "class indices 0 to 1"),
    ([0, NAN, 1], ValueError, "targets contains NaN"),
    (["0", "1", "1"], TypeError, "targets has the dtype"),
    ([None, 1, 0], TypeError, "targets has the dtype"),
])
def test_losses_refuse_targets_that_are_no_class_index(targets, error, match):
    for loss, z in ((nn.cross_entropy, np.ones((3, 2))),
                    (nn.binary_cross_entropy, np.ones(3))):
        with pytest.raises(error, match=match):
            loss(z, targets)


@pytest.mark.parametrize("metric", [nn.accuracy, nn.confusion_matrix])
@pytest.mark.parametrize("true, pred, error, match", [
    ([1, 2], [1], ValueError, "y_true has 2 labels and y_pred 1; give one"),
    ([], [], ValueError, r"y_true has the shape \(0,\); give at least one"),
    ([[1, 2]], [1], ValueError, r"y_true has the shape \(1, 2\)"),
    ([1], 1, ValueError, r"y_pred has the shape \(\)"),
    ([0.5], [1], ValueError, "y_true contains fractions.*class labels"),
    ([1], [NAN], ValueError, "y_pred contains fractions, NaN"),
    ([1j], [1], TypeError, "y_true has the dtype complex128; give labels"),
    ([b"a"], [b"a"], TypeError, "y_true has the dtype .*; give labels"),
    (["1"], [1], TypeError, "y_true.*<U1.*y_pred.*int.*never equal"),
    ([None], [1], TypeError, "y_true holds objects of type NoneType"),
    ([1], [[1], [1, 2]], ValueError, "y_pred has rows of different lengths"),
])
def test_metrics_refuse_what_are_no_labels(metric, true, pred, error, match):
    with pytest.raises(error, match=match):
        metric(true, pred)


def test_labels_in_a_column_are_taken_with_a_warning():
    X, y = clusters()
    with pytest.warns(UserWarning, match="column-vector y.*ravel"):
        network = nn.Network(epochs=3).fit(X, y[:, None])
    assert snapshot(network.params_) == snapshot(
        nn.Network(epochs=3).fit(X, y).params_)


# Anything at all.

@pytest.mark.parametrize("part", range(10))
def test_whatever_is_passed_the_outcome_is_a_result_or_a_plain_error(
        part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fuzz.run(50, start=50 * part) == 50
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("result", [
    math.nan, [1.0, math.nan], {"loss": np.float32(math.nan)},
    np.array([1, math.nan]), (0, (complex(0, math.nan),))])
def test_the_fuzzer_sees_a_nan_in_a_result(result):
    assert fuzz.has_nan(result)
    assert not fuzz.has_nan([1.0, math.inf, "nan", None, np.array(["nan"])])


def test_the_fuzzer_sees_an_error_that_nobody_meant():
    for accident in (lambda: int("x"), lambda: [][1], lambda: 1 / 0,
                     lambda: np.exp(np.array([1e4])), lambda: np.ones(2) @ 3):
        with pytest.raises(AssertionError):
            fuzz.outcome(accident)
    with pytest.raises(AssertionError, match="NaN"):
        fuzz.outcome(lambda: math.nan)
    kind, error = fuzz.outcome(lambda: nn.softmax(None))
    assert kind == "error" and isinstance(error, TypeError)
    assert fuzz.outcome(lambda: nn.relu(-1.0)) == ("result", 0.0)
