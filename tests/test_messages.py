"""What each error says, word for word.

The key of an entry is an expression, the value what comes of it: the name of
the error and its message.  Whoever changes a message changes it here too, and
sees it beside its neighbours.
"""

import ast
import json
import os
import string
import sys
import warnings

import numpy as np
import pytest

import nn
from helpers import ROOT
from store import adapter


class Nothing:
    """An optimizer that does not do its part."""

    def start(self, theta):
        return None

    def step(self, theta, gradient, state):
        pass


class Own(Nothing):
    """An optimizer of the user's own, which cannot be saved."""

    def __repr__(self):
        return "Own()"

    def start(self, theta):
        return {}


class Liar(nn.Network):
    """A network whose gradient has lost its arrays."""

    def loss_and_gradients(self, X, y):
        return 0.0, {}


X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), [0, 1]
LETTERS = json.dumps([*string.ascii_uppercase])


def fitted(kind=nn.Network, **settings):
    return kind(2, epochs=1, **settings).fit(X, y)


def swollen():
    """A network with weights that overflow."""
    network = fitted()
    network.params_.update(b1=np.full(2, 9.0), W2=np.full((2, 1), 1.7e308))
    return network


def damaged(name, data):
    """Load a model after putting other bytes into one of its files."""
    path = fitted().save("models") / name
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    return nn.Network.load("models")


def damaged_version(name):
    """The path of a version without one of its files."""
    path = fitted().save("models")
    (path / name).unlink()
    return path


def empty_folder(name):
    os.makedirs(name)
    return name


def altered(old='"seed": 0', new='"seed": 0', weights=bytes):
    """Load a model after a change that put the digests right again."""
    network = nn.Network(2, optimizer=nn.SGD(), epochs=0).fit(X, y)
    path = network.save("models")
    config = (path / "config.json").read_text()
    assert old in config
    files = {"config.json": config.replace(old, new, 1).encode(),
             "weights.npz": weights((path / "weights.npz").read_bytes())}
    for name, data in adapter.reseal(files).items():
        (path / name).write_bytes(data)
    return nn.Network.load("models")


class Sparse:
    """What scipy's sparse matrices have and arrays have not."""

    tocsr = None


MESSAGES = {
    # Functions.
    "nn.sigmoid([[1.0], [1.0, 2.0]])":
        "ValueError: z has rows of different lengths; give an array of "
        "numbers",
    'nn.tanh(["a"])':
        "TypeError: z has the dtype <U1; give an array of numbers",
    'nn.relu(float("nan"))':
        "ValueError: z contains NaN, or is complex and infinite; give "
        "numbers only",
    "nn.softmax([])":
        "ValueError: z has the shape (0,); give rows of at least one number",
    "nn.softmax(1.0)":
        "ValueError: z has the shape (); give rows of at least one number",
    'nn.log_softmax([float("inf")])':
        "ValueError: z contains infinity; give finite numbers",
    "nn.binary_cross_entropy([[1.0]], [1])":
        "ValueError: logits has the shape (1, 1); give one logit to each "
        "row, as an array of the shape (n,)",
    "nn.binary_cross_entropy([1.0], [1, 0])":
        "ValueError: targets has the shape (2,) and logits has 1 rows; give "
        "one class index to each row",
    "nn.binary_cross_entropy([1.0], [2])":
        "ValueError: targets contains something else than the class indices "
        "0 to 1",
    "nn.binary_cross_entropy([1.0], [1j])":
        "ValueError: targets contains something else than the class indices "
        "0 to 1",
    "nn.binary_cross_entropy([1.0], [1 + 0j])":
        "ValueError: targets contains something else than the class indices "
        "0 to 1",
    'nn.binary_cross_entropy([1.0], ["a"])':
        "TypeError: targets has the dtype <U1; give an array of numbers",
    "nn.cross_entropy([1.0], [1])":
        "ValueError: logits has the shape (1,); give at least one row, as an "
        "array of the shape (n, k)",
    "nn.cross_entropy([[1.0, 2.0, 3.0]], [0.5])":
        "ValueError: targets contains something else than the class indices "
        "0 to 2",
    "nn.cross_entropy([[1.7e308, -1.7e308]], [1])":
        "ValueError: the loss overflows; give smaller logits",
    # Labels.
    "nn.accuracy([0, 1], [0])":
        "ValueError: y_true has 2 labels and y_pred 1; give one prediction "
        "to each true label",
    'nn.accuracy([0, 1], ["a", "b"])':
        "TypeError: y_true has the dtype int64 and y_pred has <U1; strings "
        "and numbers are never equal",
    'nn.accuracy(["a", "b"], [0, 1])':
        "TypeError: y_true has the dtype <U1 and y_pred has int64; strings "
        "and numbers are never equal",
    "nn.accuracy(None, [0])":
        "ValueError: This requires y to be passed, but the target y_true is "
        "None; give one label to each row",
    "nn.accuracy([0], None)":
        "ValueError: This requires y to be passed, but the target y_pred is "
        "None; give one label to each row",
    "nn.accuracy([[0], [0, 1]], [0])":
        "ValueError: y_true has rows of different lengths; give one label to "
        "each row",
    'nn.accuracy([0], ["a", 1])':
        "TypeError: y_pred mixes strings with other labels; give labels that "
        "are all strings, or none",
    "nn.accuracy([1j], [0])":
        "TypeError: y_true has the dtype complex128; give labels that are "
        "ints, bools or strings",
    "nn.accuracy([[0, 1], [1, 0]], [0])":
        "ValueError: y_true has the shape (2, 2); give at least one label, "
        "as an array of the shape (n,)",
    "nn.accuracy([], [])":
        "ValueError: y_true has the shape (0,); give at least one label, as "
        "an array of the shape (n,)",
    "nn.accuracy([0.5], [0])":
        "ValueError: Unknown label type: continuous. y_true contains "
        "fractions, NaN or infinity; give class labels",
    'nn.accuracy([0], [float("nan")])':
        "ValueError: Unknown label type: continuous. y_pred contains "
        "fractions, NaN or infinity; give class labels",
    'nn.accuracy(np.array([0, "a"], object), [0])':
        "TypeError: y_true holds objects of type int, str; give labels that "
        "are all ints, all bools or all strings",
    "nn.accuracy([0], np.array([[0, 1], [1, 0]], object))":
        "ValueError: y_pred has the shape (2, 2); give at least one label, "
        "as an array of the shape (n,)",
    "nn.accuracy(np.array([], object), [0])":
        "ValueError: y_true has the shape (0,); give at least one label, as "
        "an array of the shape (n,)",
    "nn.confusion_matrix([0, 1], [0])":
        "ValueError: y_true has 2 labels and y_pred 1; give one prediction "
        "to each true label",
    'nn.confusion_matrix([0], ["a"])':
        "TypeError: y_true has the dtype int64 and y_pred has <U1; strings "
        "and numbers are never equal",
    # Settings.
    "fitted(optimizer=nn.SGD(learning_rate=-1))":
        "ValueError: learning_rate is -1; give a number of at least 0, and "
        "finite",
    'fitted(optimizer=nn.SGD(learning_rate="fast"))':
        "TypeError: learning_rate is 'fast'; give a number",
    "fitted(optimizer=nn.SGD(momentum=1))":
        "ValueError: momentum is 1; give a number of at least 0 and below 1",
    "fitted(optimizer=nn.SGD(nesterov=1))":
        "TypeError: nesterov is 1; give True or False",
    'fitted(optimizer=nn.Adam(learning_rate=float("inf")))':
        "ValueError: learning_rate is inf; give a number of at least 0, and "
        "finite",
    "fitted(optimizer=nn.Adam(beta1=1.0))":
        "ValueError: beta1 is 1.0; give a number of at least 0 and below 1",
    "fitted(optimizer=nn.Adam(beta2=-0.1))":
        "ValueError: beta2 is -0.1; give a number of at least 0 and below 1",
    "fitted(optimizer=nn.Adam(epsilon=0))":
        "ValueError: epsilon is 0; give a number of at least 5e-324, and "
        "finite",
    'fitted(optimizer="adam")':
        "TypeError: optimizer is 'adam'; give SGD(...), Adam(...) or an "
        "object with the methods start and step",
    "fitted(optimizer=nn.SGD)":
        "TypeError: optimizer is <class 'nn.SGD'>; give SGD(...), Adam(...) "
        "or an object with the methods start and step",
    "fitted(optimizer=Nothing())":
        "TypeError: the optimizer's start returned None; let it return a "
        "dict of arrays, {} if it needs none",
    "nn.Network(0).fit(X, y)":
        "ValueError: hidden_size is 0; give a whole number of at least 1 and "
        "at most 1000000",
    "nn.Network(2.0).fit(X, y)":
        "TypeError: hidden_size is 2.0; give a whole number",
    "nn.Network(10**9).fit(X, y)":
        "ValueError: hidden_size is 1000000000; give a whole number of at "
        "least 1 and at most 1000000",
    'nn.Network(activation="softplus").fit(X, y)':
        "ValueError: activation is 'softplus'; give one of 'sigmoid', "
        "'tanh', 'relu'",
    "nn.Network(batch_size=0).fit(X, y)":
        "ValueError: batch_size is 0; give a whole number of at least 1",
    'nn.Network(batch_size="all").fit(X, y)':
        "TypeError: batch_size is 'all'; give a whole number",
    "nn.Network(epochs=-1).fit(X, y)":
        "ValueError: epochs is -1; give a whole number of at least 0",
    "nn.Network(epochs=True).fit(X, y)":
        "TypeError: epochs is True; give a whole number",
    "nn.Network(seed=-1).fit(X, y)":
        "ValueError: seed is -1; give a whole number of at least 0 and at "
        "most 340282366920938463463374607431768211455",
    'nn.Network(dtype="float16").fit(X, y)':
        "ValueError: dtype is 'float16'; give one of 'float64', 'float32'",
    'nn.Network(arithmetic="exact").fit(X, y)':
        "ValueError: arithmetic is 'exact'; give one of 'blas', 'portable'",
    "network.partial_fit(X, y, epochs=-1)":
        "ValueError: epochs is -1; give a whole number of at least 0",
    "network.partial_fit(X, y, epochs=1.0)":
        "TypeError: epochs is 1.0; give a whole number",
    'network.set_params(colour="red")':
        "ValueError: 'colour' is no setting of this network; choose from "
        "['hidden_size', 'activation', 'optimizer', 'batch_size', 'epochs', "
        "'seed', 'dtype', 'arithmetic', 'optimizer__learning_rate', "
        "'optimizer__momentum', 'optimizer__nesterov']",
    'network.set_params(optimizer__colour="red")':
        "ValueError: 'optimizer__colour' is no setting of this network; "
        "choose from ['hidden_size', 'activation', 'optimizer', "
        "'batch_size', 'epochs', 'seed', 'dtype', 'arithmetic', "
        "'optimizer__learning_rate', 'optimizer__momentum', "
        "'optimizer__nesterov']",
    # Data.
    "network.predict([[1.0], [1.0, 2.0]])":
        "ValueError: X has rows of different lengths; give an array of the "
        "shape (n_samples, n_features)",
    "network.predict([1.0, 2.0])":
        "ValueError: X has the shape (2,); give an array of the shape "
        "(n_samples, n_features). Reshape your data with X.reshape(1, -1) if "
        "it is one row, or X.reshape(-1, 1) if it is one feature",
    "network.predict(np.ones((0, 2)))":
        "ValueError: Found array with 0 sample(s) (shape=(0, 2)) while a "
        "minimum of 1 is required.",
    "network.predict(np.ones((2, 0)))":
        "ValueError: Found array with 0 feature(s) (shape=(2, 0)) while a "
        "minimum of 1 is required.",
    "network.predict([[1j, 0]])":
        "ValueError: Complex data not supported: X has the dtype complex128; "
        "give real numbers",
    "network.predict(np.array([[nn, 1]], object))":
        "TypeError: X holds Python objects (float() argument must be a "
        "string or a real number, not 'module'); give an array of real "
        "numbers",
    'network.predict([["a", "b"]])':
        "TypeError: X has the dtype <U1; give real numbers",
    "network.predict([[1.0, 2.0, 3.0]])":
        "ValueError: X has 3 features, but Network is expecting 2 features "
        "as input; give as many as in fit",
    'network.predict([[1.0, float("nan")]])':
        "ValueError: X contains NaN or infinity, or numbers too large for "
        "float64; remove or replace them",
    'fitted(dtype="float32").predict([[1e300, 0.0]])':
        "ValueError: X contains NaN or infinity, or numbers too large for "
        "float32; remove or replace them",
    "network.predict(Sparse())":
        "TypeError: X is a sparse matrix; give X.toarray() instead",
    "nn.Network().predict(X)":
        "NotFittedError: this Network is not fitted yet; call fit first",
    'network.fit(frame.set_axis(["a", 1], axis=1), y)':
        "TypeError: Feature names are only supported if all input features "
        "have string names, but X has some of another type; convert them "
        "with X.columns = X.columns.astype(str)",
    "network.predict(frame)":
        "UserWarning: X has feature names, but Network was fitted without "
        "feature names",
    "network.fit(frame, y).predict(X)":
        "UserWarning: X does not have valid feature names, but Network was "
        "fitted with feature names",
    'network.fit(frame, y).predict(frame[["b", "a"]])':
        "ValueError: The feature names should match those that were passed "
        "during fit.\nFeature names must be in the same order as they were "
        "in fit.\n",
    'network.fit(frame, y).predict(frame.set_axis(["a", "c"], axis=1))':
        "ValueError: The feature names should match those that were passed "
        "during fit.\nFeature names unseen at fit time:\n- c\nFeature names "
        "seen at fit time, yet now missing:\n- b\n",
    "network.fit(X, None)":
        "ValueError: This requires y to be passed, but the target y is None; "
        "give one label to each row",
    "network.fit(X, [[0], [1]])":
        "UserWarning: A column-vector y was passed when a 1d array was "
        "expected. Please change the shape of y to (n_samples,), for example "
        "with ravel().",
    "network.fit(X, [1, 1])":
        "ValueError: y contains one class only, 1; give at least two",
    "network.fit(X, [0])":
        "ValueError: y contains one class only, 0; give at least two",
    'network.fit([[float("inf"), 0.0], [0.0, 0.0]], y)':
        "ValueError: X contains NaN or infinity, or numbers too large for "
        "float64; remove or replace them",
    "network.partial_fit(X, [0, 2])":
        "ValueError: y contains the unknown label 2; the network knows [0, 1]",
    'network.partial_fit(X, ["a", "b"])':
        "TypeError: y has the dtype <U1 and classes_ has int64; strings and "
        "numbers are never equal",
    "network.partial_fit(X, y, classes=[0, 2])":
        "ValueError: classes is [0, 2], but the network knows [0, 1]; leave "
        "it out, or call fit",
    'network.partial_fit(X, y, classes=[0, "a"])':
        "TypeError: classes mixes strings with other labels; give labels "
        "that are all strings, or none",
    "network.partial_fit(X, y, classes=[1])":
        "ValueError: classes contains one class only, 1; give at least two",
    "network.partial_fit([[1.0]], [1])":
        "ValueError: X has 1 features, but Network is expecting 2 features "
        "as input; give as many as in fit",
    "network.set_params(hidden_size=3).partial_fit(X, y)":
        "ValueError: hidden_size is 3, but the network was begun with 2; set "
        "it back, or call fit",
    'network.set_params(dtype="float32").partial_fit(X, y)':
        "ValueError: dtype is 'float32', but the network was begun with "
        "'float64'; set it back, or call fit",
    "network.score(X, [0])":
        "ValueError: X has 2 rows and y has 1 labels; give one label to each "
        "row",
    "network.evaluate(X, [0, 5])":
        "ValueError: y contains the unknown label 5; the network knows [0, 1]",
    "network.evaluate(X, [0, 0.5])":
        "ValueError: Unknown label type: continuous. y contains fractions, "
        "NaN or infinity; give class labels",
    "network.set_params(activation='bend').predict(X)":
        "ValueError: activation is 'bend'; give one of 'sigmoid', 'tanh', "
        "'relu'",
    "network.set_params(arithmetic='mental').score(X, y)":
        "ValueError: arithmetic is 'mental'; give one of 'blas', 'portable'",
    "network.fit(X, y, callback=3)":
        "TypeError: callback is 3; give a function of (network, epoch, loss)",
    'network.partial_fit(X, y, callback="no")':
        "TypeError: callback is 'no'; give a function of (network, epoch, "
        "loss)",
    # Numbers that run away.
    'nn.Network(8, "relu", nn.SGD(1e300), epochs=9).fit(X + 1e10, y)':
        "FloatingPointError: training diverged in epoch 2: the loss is nan. "
        "The network is as it was before the call. Try a smaller learning "
        "rate, less momentum, or features scaled to about 1",
    'nn.Network(8, "relu", nn.SGD(1e300), epochs=1).fit(X + 1e10, y)':
        "FloatingPointError: training diverged in epoch 1: a weight is not "
        "finite. The network is as it was before the call. Try a smaller "
        "learning rate, less momentum, or features scaled to about 1",
    "fitted(optimizer=nn.SGD(1e308)).apply_gradients("
    "{**network.params_, 'b1': [1e9, 1e9]})":
        "FloatingPointError: training diverged in epoch 2: a weight is not "
        "finite. The network is as it was before the call. Try a smaller "
        "learning rate, less momentum, or features scaled to about 1",
    "swollen().predict(X)":
        "ValueError: the numbers in X, or the weights, are so large that the "
        "network overflows; scale the features to about 1",
    "swollen().loss_and_gradients(X, y)":
        "ValueError: the numbers in X, or the weights, are so large that the "
        "network overflows; scale the features to about 1",
    # What a user puts in place of the weights.
    '[network.params_.pop("b2"), network.predict(X)]':
        "ValueError: params_ has the arrays {'W1': (2, 2), 'b1': (2,), 'W2': "
        "(2, 1)}; put arrays of the shapes {'W1': (2, 2), 'b1': (2,), 'W2': "
        "(2, 1), 'b2': (1,)} there",
    '[network.params_.pop("b1"), network.predict(X)]':
        "ValueError: params_ has the arrays {'W1': (2, 2), 'W2': (2, 1), "
        "'b2': (1,)}; put arrays of the shapes {'W1': (2, 2), 'b1': (2,), "
        "'W2': (2, 1), 'b2': (1,)} there",
    "[network.params_.update(b1=np.ones(3)), network.predict(X)]":
        "ValueError: params_ has the arrays {'W1': (2, 2), 'b1': (3,), 'W2': "
        "(2, 1), 'b2': (1,)}; put arrays of the shapes {'W1': (2, 3), 'b1': "
        "(3,), 'W2': (3, 1), 'b2': (1,)} there",
    '[network.params_.update(b1=np.array(["a", "b"])), network.predict(X)]':
        "ValueError: params_ holds something else than real numbers; put "
        "arrays of floats there",
    "network.apply_gradients(3)":
        "ValueError: gradients must be a dict with the keys ['W1', 'b1', "
        "'W2', 'b2'], as loss_and_gradients gives it, not 3",
    'network.apply_gradients({"W1": 0})':
        "ValueError: gradients must be a dict with the keys ['W1', 'b1', "
        "'W2', 'b2'], as loss_and_gradients gives it, not {'W1': 0}",
    'network.apply_gradients({**network.params_, "W1": np.ones(3)})':
        "ValueError: the gradient W1 has the shape (3,) and the dtype "
        "float64; give real numbers of the shape (2, 2)",
    'network.apply_gradients({**network.params_, "W1": 1j * np.ones((2, 2))})':
        "ValueError: the gradient W1 has the shape (2, 2) and the dtype "
        "complex128; give real numbers of the shape (2, 2)",
    'network.apply_gradients({**network.params_, "b1": ["a", "b"]})':
        "TypeError: b1 has the dtype <U1; give an array of numbers",
    "fitted(dtype='float32').apply_gradients("
    "{**network.params_, 'b1': [1.0, 1e39]})":
        "ValueError: the gradient b1 is not finite in float32; give smaller "
        "numbers",
    'network.apply_gradients({**network.params_, "b1": [1.0, float("inf")]})':
        "ValueError: the gradient b1 is not finite in float64; give smaller "
        "numbers",
    # Gradient checking.
    "nn.gradient_check(3, X, y)":
        "TypeError: network is 3; give a fitted Network",
    "nn.gradient_check(nn.Network(), X, y)":
        "NotFittedError: this Network is not fitted yet; call fit first",
    'nn.gradient_check(network, X, ["a", "b"])':
        "TypeError: y has the dtype <U1 and classes_ has int64; strings and "
        "numbers are never equal",
    "nn.gradient_check(network, X, y, step=0)":
        "ValueError: step is 0; give a number of at least 5e-324, and finite",
    'nn.gradient_check(network, X, y, step="small")':
        "TypeError: step is 'small'; give a number",
    "nn.gradient_check(fitted(Liar), X, y)":
        "ValueError: loss_and_gradients gave []; it has to give ['W1', 'W2', "
        "'b1', 'b2']",
    # Models on the disk.
    'nn.Network().save("models")':
        "NotFittedError: this Network is not fitted yet; call fit first",
    "network.save(3)":
        "TypeError: directory is 3; give a string or a Path",
    'network.save("a\\0b")':
        "ValueError: directory is 'a\\x00b', and no name can hold a null "
        "character; leave it out",
    'network.save(network.save("models"))':
        "ValueError: models/v0001 is a version already; give the directory "
        "above it",
    '[open("models", "x").close(), network.save("models")]':
        "ValueError: models is not a directory; give one, in which the "
        "model's versions are to be",
    'fitted(optimizer=Own()).save("models")':
        "TypeError: optimizer is Own(), and only SGD and Adam can be saved, "
        "since loading runs no code but ours; to save the rest, call "
        "set_params(optimizer=SGD()) first",
    "[setattr(network, 'loss_curve_', [0.5] * 200_000), "
    "network.save('models')]":
        "ValueError: the config takes 1267659 bytes, more than load would "
        "read; shorten the loss curve, for example with network.loss_curve_ "
        "= network.loss_curve_[-10_000:]",
    '[setattr(network, "loss_curve_", (0.5,)), network.save("models")]':
        "ValueError: the config holds more than JSON can keep; give plain "
        "lists, dicts, numbers and whole characters",
    'nn.Network.load("models")':
        "_ModelNotFound: models has no version; it has none at all; give a "
        "model's directory, or save the model first",
    'nn.Network.load("models", version=2)':
        "_ModelNotFound: models has no version 2; it has none at all; give a "
        "model's directory, or save the model first",
    '[network.save("models"), nn.Network.load("models", version=2)]':
        "_ModelNotFound: models has no version 2; it has [1]; give a model's "
        "directory, or save the model first",
    'nn.Network.load("models", version=0)':
        "ValueError: version is 0; give a whole number of at least 1",
    'nn.Network.load("models", version="v0001")':
        "TypeError: version is 'v0001'; give a whole number",
    "nn.Network.load(None)":
        "TypeError: directory is None; give a string or a Path",
    "nn.Network.load(empty_folder('models/v0000'))":
        "_ModelNotFound: models/v0000 has no version; it has none at all; "
        "give a model's directory, or save the model first",
    "nn.Network.load(damaged_version('config.json'))":
        "ModelFormatError: models/v0001/config.json is missing, or is not a "
        "regular file of at most 2000000 bytes; load another version, or "
        "train again",
    "nn.versions(3)":
        "TypeError: directory is 3; give a string or a Path",
    'damaged("config.json", None)':
        "ModelFormatError: models/v0001/config.json is missing, or is not a "
        "regular file of at most 2000000 bytes; load another version, or "
        "train again",
    'damaged("weights.npz", None)':
        "ModelFormatError: models/v0001/weights.npz is missing, or is not a "
        "regular file of at most 1278 bytes; load another version, or train "
        "again",
    'damaged("weights.npz", b"PK")':
        "ModelFormatError: models/v0001/weights.npz is damaged, or belongs "
        "to another config; load another version, or train again",
    'damaged("config.json", b"{}")':
        "ModelFormatError: config.json is damaged: its digest does not "
        "match; load another version, or train again",
    'damaged("config.json", b"," * 200_000)':
        "ModelFormatError: config.json has 200000 bytes, more than a config "
        "needs; load another version, or train again",
    # Models that somebody has changed.
    'altered(\'"format": 1\', \'"format": 2\')':
        "ModelFormatError: config.json: format is 2; expected 1; load "
        "another version, or train again",
    'altered(\'"seed": 0\', \'"seed": 0, "path": 0\')':
        "ModelFormatError: config.json: hyperparameters is {'activation': "
        "'tanh', 'arithmetic': 'blas', 'batch_size': None, 'dtype': "
        "'float64', ...}; expected exactly the keys hidden_size, activation, "
        "optimizer, batch_size, epochs, seed, dtype, arithmetic; load "
        "another version, or train again",
    'altered(\'"hidden_size": 2\', \'"hidden_size": 0\')':
        "ModelFormatError: config.json: hidden_size is 0; expected a whole "
        "number, at least 1; load another version, or train again",
    'altered(\'"momentum": 0.0\', \'"momentum": 1.0\')':
        "ModelFormatError: config.json: momentum is 1.0; expected a finite "
        "number, at least 0 and below 1; load another version, or train again",
    'altered(\'"learning_rate": 0.1\', \'"learning_rate": -0.1\')':
        "ModelFormatError: config.json: learning_rate is -0.1; expected a "
        "finite number, at least 0; load another version, or train again",
    'altered(\'"name": "SGD"\', \'"name": "sgd"\')':
        "ModelFormatError: config.json: optimizer is 'sgd'; expected 'SGD' "
        "or 'Adam'; load another version, or train again",
    'altered(\'"nesterov": false\', \'"nesterov": 0\')':
        "ModelFormatError: config.json: nesterov is 0; expected False or "
        "True; load another version, or train again",
    'altered(\'"batch_size": null\', \'"batch_size": 0\')':
        "ModelFormatError: config.json: batch_size is 0; expected a whole "
        "number, at least 1, or null; load another version, or train again",
    'altered(\'"nn_version": "1.0.0"\', \'"nn_version": 1\')':
        "ModelFormatError: config.json: nn_version is 1; expected a string; "
        "load another version, or train again",
    'altered(\'"feature_names": null\', \'"feature_names": [1]\')':
        "ModelFormatError: config.json: feature_names is [1]; expected a "
        "list, each item a string, or null; load another version, or train "
        "again",
    'altered(\'"feature_names": null\', \'"feature_names": ["a"]\')':
        "ModelFormatError: config.json: the number of feature_names is 1; "
        "expected 2; load another version, or train again",
    'altered(\'"uinteger": 0\', \'"uinteger": -1\')':
        "ModelFormatError: config.json: uinteger is -1; expected a whole "
        "number, at least 0 and below 4294967296; load another version, or "
        "train again",
    'altered(\'"inc": "\', \'"inc": "-\')':
        "ModelFormatError: config.json: inc is "
        "'-87136372517...9403783844777'; expected an odd number below "
        "2**128, as a string; load another version, or train again",
    'altered(\'"state": "\', \'"state": "0\')':
        "ModelFormatError: config.json: state is "
        "'013662613734...8880891475984'; expected a number below 2**128, as "
        "a string; load another version, or train again",
    'altered(\'"data_digest": "\', \'"data_digest": "x\')':
        "ModelFormatError: config.json: data_digest is "
        "'xff7b09f24b0...2587a53e02e6f'; expected 64 hexadecimal digits, or "
        "null; load another version, or train again",
    'altered(\'"loss_curve": []\', \'"loss_curve": [1]\')':
        "ModelFormatError: config.json: loss_curve is [1]; expected a list, "
        "each item a finite number with a decimal point; load another "
        "version, or train again",
    'altered(\'"loss_curve": []\', \'"loss_curve": [1.0]\')':
        "ModelFormatError: config.json: the length of loss_curve is 1; "
        "expected 0; load another version, or train again",
    'altered(\'"n_features_in": 2\', \'"n_features_in": 3\')':
        'ModelFormatError: config.json: shapes is \'{\\n  "W1": [... "b2": '
        '[1]\\n}\'; expected \'{\\n  "W1": [3, 2],\\n  "b1": [2],\\n  "W2": '
        '[2, 1],\\n  "b2": [1]\\n}\'; load another version, or train again',
    'altered(\'"values": [0, 1]\', \'"values": [1, 0]\')':
        "ModelFormatError: config.json: classes is {'dtype': '<i8', "
        "'values': [1, 0]}; expected two or more labels of that dtype in "
        "rising order; load another version, or train again",
    "altered('[0, 1]', '[0]')":
        "ModelFormatError: config.json: classes is {'dtype': '<i8', "
        "'values': [0]}; expected two or more labels of that dtype in rising "
        "order; load another version, or train again",
    "altered('[0, 1]', '[0, 0]')":
        "ModelFormatError: config.json: classes is {'dtype': '<i8', "
        "'values': [0, 0]}; expected two or more labels of that dtype in "
        "rising order; load another version, or train again",
    "altered('nesterov', 'path')":
        "ModelFormatError: config.json: optimizer is {'learning_rate': 0.1, "
        "'momentum': 0.0, 'name': 'SGD', 'path': False}; expected exactly "
        "the keys name, learning_rate, momentum, nesterov; load another "
        "version, or train again",
    "altered('format', 'path')":
        "ModelFormatError: config.json: the config is {'classes': {'dtype': "
        "'<i8', 'values': [0, 1]}, 'data_digest': "
        "'ff7b09f24b07...2587a53e02e6f', 'environment': {}, 'epochs_done': "
        "0, ...}; expected exactly the keys format, nn_version, "
        "hyperparameters, classes, n_features_in, feature_names, shapes, "
        "epochs_done, loss_curve, random_state, data_digest, environment, "
        "weights_sha256; load another version, or train again",
    'altered(\'i8",\\n    "values": [0, 1]\', '
    '\'U99999",\\n    "values": \' + LETTERS)':
        "ModelFormatError: config.json: classes is {'dtype': '<U99999', "
        "'values': ['A', 'B', 'C', 'D', 'E', 'F', ...]}; expected two or "
        "more labels of that dtype in rising order; load another version, or "
        "train again",
    'altered(\'"seed": 0\', \'"seed": \' + "1" * 2000)':
        "ModelFormatError: config.json cannot be read: ValueError('a... 2000 "
        "digits'); load another version, or train again",
    'altered(\'"seed": 0\', \'"seed": 0,\\n    "seed": 0\')':
        "ModelFormatError: config.json is not as save writes it; load "
        "another version, or train again",
    "altered(weights=lambda data: data[:-1])":
        "ModelFormatError: weights.npz has 1277 bytes; the config tells of "
        "arrays that take 1278; load another version, or train again",
    'altered(weights=lambda data: data.replace(b"(2, 2)", b"(2,2) "))':
        "ModelFormatError: weights.npz is damaged, or not as save writes it; "
        "load another version, or train again",
    'nn._pack_arrays({"W1": np.broadcast_to(0.0, 2**30)})':
        "ValueError: the weights take more than 4 GB, the most that "
        "save can write; give a smaller hidden_size",
}


def frame(X, columns):
    return pytest.importorskip("pandas").DataFrame(X, columns=columns)


@pytest.mark.parametrize("expression", MESSAGES)
def test_an_error_says(expression, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)     # and without scikit-learn's own classes
    monkeypatch.delitem(sys.modules, "sklearn.exceptions", raising=False)
    monkeypatch.setattr(nn, "_environment", dict)
    names = {**globals(), "network": fitted()}
    if "frame" in expression:
        names["frame"] = frame(X, ["a", "b"])
    with warnings.catch_warnings(), pytest.raises(Exception) as raised:
        warnings.simplefilter("error")
        eval(expression, names)
    error = raised.value
    assert f"{type(error).__name__}: {error}" == MESSAGES[expression]


def test_no_message_is_missing_here():
    said = "\n".join(MESSAGES.values())
    for node in ast.walk(ast.parse((ROOT / "nn.py").read_text("utf-8"))):
        if isinstance(node, ast.Raise) and node.exc is not None:
            for part in ast.walk(node.exc):
                if isinstance(part, ast.Constant) and (
                        isinstance(part.value, str)):
                    assert part.value in said, f"nn.py:{part.lineno}"
