"""A neural network with one hidden layer, in one file, to read and to use.

Copy this file beside your own program.  It needs NumPy and nothing else.

>>> import numpy as np
>>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
>>> y = np.array(["same", "different", "different", "same"])
>>> network = Network(hidden_size=8, epochs=500,
...                   optimizer=SGD(learning_rate=0.5, momentum=0.9))
>>> network.fit(X, y).predict(X).tolist()
['same', 'different', 'different', 'same']

It classifies rows of numbers: two classes with one sigmoid output, more
with a softmax.  It trains by full-batch, mini-batch or stochastic gradient
descent, with momentum or with Adam.  It checks its own gradients, saves
itself and loads itself back.  The same seed in the same installation gives
the same bits.

It has no second hidden layer, no convolution, no regression, no
regularisation, no GPU and no automatic differentiation, and it never will
have.  Whoever needs these has outgrown it, and can take the four weight
arrays along.

Read from the top: each chapter can be understood from those above it.  Two
parts of the class ``Network`` lean on chapters that come after it: its methods
``save`` and ``load``, and its setting ``arithmetic``.  They can be skipped at
first.  Names that begin with an underscore are for the inside.  What comes
from outside is checked once, where it comes in; the rest trusts that.
"""

from __future__ import annotations

import copy
import ctypes
import errno
import hashlib
import inspect
import json
import math
import os
import platform
import re
import reprlib
import shutil
import stat
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__version__ = "1.0.0"
__license__ = "MIT"

__all__ = [
    "sigmoid", "tanh", "relu", "softmax", "log_softmax",
    "binary_cross_entropy", "cross_entropy",
    "accuracy", "confusion_matrix",
    "SGD", "Adam",
    "NotFittedError", "ModelFormatError", "Network",
    "gradient_check", "versions",
]

# Notation
# ========
#
# A neural network is a function with many adjustable numbers in it.  A row of
# numbers goes in, the *features* of one thing, such as four lengths measured
# on a flower.  Out comes a probability for each *class* that the thing may
# belong to, such as three species.  (Those are the *iris* data of Fisher 1936,
# which return in examples and figures all through.)
#
# Between the two lie *layers*.  In the first, each of a few *units* multiplies
# every feature by a number of its own, a *weight*, adds up, adds one number
# more, its *bias*, and bends the sum by a curve, the *activation*.  This layer
# is called hidden, since nobody outside sees what it gives.  The second layer
# does the same with what the first one gave, but for the bend: its sums are
# the *outputs*, and they are turned into probabilities.
#
# Nobody chooses the weights and biases, the *parameters*.  They begin at
# random.  Then rows whose class is known, by a *label*, are put through, and
# the *loss* says in one number how wrong the answers are.  Each parameter has
# a *slope*: how fast the loss grows when it grows, all others kept still.
# All slopes together are the *gradient*.  A step moves every parameter a
# little against its slope, so that the loss falls, and *training* is a great
# many such steps.  The rows that are put through before one step are a
# *batch*.  When every row has had its turn, an *epoch* is over.
#
# A formula uses the symbols of the first column, and the code beneath it the
# names of the second.  The sizes are *n* rows, *d* features, *h* hidden units,
# *k* outputs and, of weights and biases together, *p* parameters.  Two classes
# need one output, three or more need one each.  A small letter with an index
# is one entry of the array with the capital letter: :math:`p_{rj}` is an entry
# of :math:`P`, in row r and column j, and no number of parameters.  An entry
# of :math:`Y` keeps the capital, since y is something else, and
# :math:`z_{rj}` is one of :math:`Z_2` where no other Z is about.
#
# ==============  ========================  =========  =====================
# Symbol          Name in the code          Shape      Meaning
# ==============  ========================  =========  =====================
# :math:`X`       ``X``                     (n, d)     the data, a row each
# :math:`y`       ``y``                     (n,)       the labels, as given
# :math:`t`       ``t``, ``targets``        (n,)       the labels, as indices
# :math:`Y`       ``Y``                     (n, k)     the labels, as 0 and 1
# :math:`W_1`     ``params_["W1"]``         (d, h)     weights, first layer
# :math:`b_1`     ``params_["b1"]``         (h,)       biases, first layer
# :math:`W_2`     ``params_["W2"]``         (h, k)     weights, second layer
# :math:`b_2`     ``params_["b2"]``         (k,)       biases, second layer
# :math:`Z_1`     ``Z1``                    (n, h)     :math:`X W_1 + b_1`
# :math:`A_1`     ``A1``                    (n, h)     hidden activations
# :math:`Z_2`     ``Z2``, ``logits``        (n, k)     :math:`A_1 W_2 + b_2`
# :math:`P`       ``P``                     (n, k)     probabilities
# :math:`L`       ``loss``                  ()         mean loss of the rows
# :math:`D_2`     ``D2``                    (n, k)     slope of L in each Z2
# :math:`D_1`     ``D1``                    (n, h)     slope of L in each Z1
# :math:`\theta`  ``theta``                 (p,)       all parameters, flat
# :math:`g`       ``gradient``              (p,)       slope of L in each one
# :math:`v`       ``velocity``              (p,)       momentum's memory
# :math:`m`       ``mean``                  (p,)       Adam's mean of g
# :math:`s`       ``square``                (p,)       Adam's mean of g²
# :math:`\eta`    ``learning_rate``         ()         size of a step
# :math:`\mu`     ``momentum``              ()         how much v is kept
# ==============  ========================  =========  =====================
#
# A letter that stands for something else in a later chapter is declared there.

Array = NDArray[Any]


# Most arithmetic gives the same bits on every machine.  Five operations do
# not: their last digits depend on the processor and on the libraries.  All
# that follows takes them from a tuple, so that five others can stand in, which
# are slower and give the same bits everywhere.

class _Arithmetic(NamedTuple):
    """The operations whose last bits may differ between machines."""

    dot: Callable[..., Array]
    total: Callable[..., Array]
    exp: Callable[..., Array]
    log1p: Callable[..., Array]
    tanh: Callable[..., Array]


_NUMPY = _Arithmetic(np.ndarray.dot, np.add.reduce,
                     np.exp, np.log1p, np.tanh)


def _numbers(values: ArrayLike, name: str) -> Array:
    """Values as an array of real or complex floats, none of them NaN."""
    try:
        z = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; give an "
                         "array of numbers") from None
    if z.dtype.kind in "biu":
        z = z.astype(np.float64)
    if z.dtype.kind not in "fc":
        raise TypeError(f"{name} has the dtype {z.dtype}; give an array of "
                        "numbers")
    if np.isnan(z).any() or (z.dtype.kind == "c"
                             and not np.isfinite(z).all()):
        raise ValueError(f"{name} contains NaN, or is complex and infinite; "
                         "give numbers only")
    return z


# Activations
# ===========
#
# Two linear layers in a row are one linear layer.  What makes the hidden
# layer worth having is a bend between the two: a function applied to each
# number on its own.  Three are on offer.  They take complex numbers too.  No
# data are complex, but a small imaginary step is the best way of measuring a
# slope, and slopes are what training lives on.
#
# The **sigmoid** squeezes any number into the interval from 0 to 1:
#
# .. math::
#    :label: sigmoid
#
#    \sigma(z) = \frac{1}{1 + e^{-z}}
#
# Written down literally, it overflows: at :math:`z = -1000` the term
# :math:`e^{1000}` is larger than any float.  Multiply numerator and
# denominator by :math:`e^{z}` where z is negative, and the exponential
# never sees a positive number.

def sigmoid(z: ArrayLike) -> Array:
    """Squeeze each number into the interval from 0 to 1.

    ``sigmoid(z) = 1 / (1 + exp(-z))``, element by element.  ``z`` has any
    shape, and the result has the same.  Small results keep their relative
    accuracy: none is rounded to 0 before exp itself underflows.  Complex
    numbers are taken.

    Raises TypeError for anything but numbers, ValueError for NaN, complex
    infinity and rows of different lengths.

    >>> sigmoid([-2.0, 0.0, 1000.0]).round(4).tolist()
    [0.1192, 0.5, 1.0]
    >>> np.allclose(sigmoid(2.0), 1 / (1 + np.exp(-2.0)), rtol=1e-15)
    True
    """
    with np.errstate(under="ignore"):
        return _sigmoid(_numbers(z, "z"), _NUMPY)


def _sigmoid(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    positive = z.real >= 0
    e = ops.exp(np.where(positive, -z, z))
    a: Array = np.divide(np.where(positive, 1, e), 1 + e, out=out)
    return a


# The **hyperbolic tangent** is a sigmoid stretched to run from -1 to 1, and
# squeezed to half its width.  Its outputs centre on zero, and so do the inputs
# of the next layer: some of them pull its sums up and some down, not all one
# way.
#
# .. math::
#    :label: tanh
#
#    \tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} = 2\,\sigma(2z) - 1

def tanh(z: ArrayLike) -> Array:
    """Squeeze each number into the interval from -1 to 1.

    ``tanh(z) = 2 * sigmoid(2 * z) - 1``, element by element.  ``z`` has any
    shape, and the result has the same.  Complex numbers are taken.

    Raises TypeError for anything but numbers, ValueError for NaN, complex
    infinity and rows of different lengths.

    >>> tanh([-1000.0, 0.0, 0.5]).round(4).tolist()
    [-1.0, 0.0, 0.4621]
    >>> np.allclose(tanh(0.5), 2 * sigmoid(1.0) - 1, rtol=1e-15)
    True
    """
    with np.errstate(under="ignore"):
        return np.tanh(_numbers(z, "z"))


def _tanh(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    return ops.tanh(z, out)


# The **rectifier** keeps positive numbers and drops the others.  Of a
# complex number it looks at the real part, so that a small imaginary step does
# not change its mind:
#
# .. math::
#    :label: relu
#
#    \operatorname{relu}(z) = \max(z, 0)

def relu(z: ArrayLike) -> Array:
    """Keep what is positive and put 0 for the rest.

    ``relu(z) = max(z, 0)``, element by element.  ``z`` has any shape, and
    the result has the same.  A complex number is kept where its real part
    is positive.

    Raises TypeError for anything but numbers, ValueError for NaN, complex
    infinity and rows of different lengths.

    >>> relu([-1.5, 0.0, 2.0]).tolist()
    [0.0, 0.0, 2.0]
    """
    return _relu(_numbers(z, "z"), _NUMPY)


def _relu(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    return np.positive(np.where(z.real > 0, z, 0), out=out)


# Training needs the slope of the activation.  All three have one that can
# be had from the output *a* alone, without looking at *z* again.  At its
# corner the rectifier has none, and 0 is as good as any:
#
# .. math::
#    :label: slopes
#
#    \sigma' = a\,(1 - a) \qquad
#    \tanh' = 1 - a^2 \qquad
#    \operatorname{relu}' = \begin{cases} 1 & a > 0 \\
#                                         0 & a = 0 \end{cases}
#
# The table below pairs each activation with its slope.  A step to the
# right and one to the left show that they belong together, on both sides of
# the corner:
#
# >>> z, step = np.array([-0.7, 0.7]), 1e-6
# >>> for activate, slope in _ACTIVATIONS.values():
# ...     rise, fall = activate(z + step, _NUMPY), activate(z - step, _NUMPY)
# ...     a = activate(z, _NUMPY)
# ...     print(np.allclose((rise - fall) / (2 * step), slope(a), atol=1e-9))
# True
# True
# True

_ACTIVATIONS: dict[str, tuple[Callable[..., Array],
                              Callable[[Array], Array]]] = {
    "sigmoid": (_sigmoid, lambda a: a * (1 - a)),
    "tanh": (_tanh, lambda a: 1 - a * a),
    "relu": (_relu, lambda a: a > 0),
}

# With three or more classes the output layer gives a number to each class,
# anything from far below zero to far above.  Such numbers are called *logits*.
# The **softmax** makes them positive and divides by their sum, so that they
# can be read as probabilities.  For one row, with a logit :math:`z_j` to each
# class j:
#
# .. math::
#    :label: softmax
#
#    p_j = \frac{e^{z_j}}{\sum_i e^{z_i}}
#        = \frac{e^{z_j - c}}{\sum_i e^{z_i - c}}
#
# The second form holds for every c.  Taking the row's largest logit for c
# makes the largest exponential 1, and nothing overflows.

def softmax(z: ArrayLike) -> Array:
    """Turn each row of logits into probabilities that sum to 1.

    ``p[j] = exp(z[j]) / sum(exp(z))`` along the last axis.  ``z`` has the
    shape (n, k), or any other with at least one number to a row, and the
    result has the same; with k = 1 every probability is 1.  Adding a number
    to a whole row changes nothing.  Complex numbers are taken.

    Raises TypeError for anything but numbers, ValueError for NaN, infinity
    or an empty row.

    >>> softmax([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]]).round(4).tolist()
    [[0.09, 0.2447, 0.6652], [1.0, 0.0, 0.0]]
    >>> e = np.exp([1.0, 2.0, 3.0])
    >>> np.allclose(softmax([1.0, 2.0, 3.0]), e / e.sum(), rtol=1e-15)
    True
    """
    with np.errstate(under="ignore", over="ignore"):
        return _softmax(_logits(z, "z"), _NUMPY)


def _logits(values: ArrayLike, name: str) -> Array:
    """Values as finite numbers with at least one to a row."""
    z = _numbers(values, name)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"{name} has the shape {z.shape}; give rows of at "
                         "least one number")
    if not np.isfinite(z).all():
        raise ValueError(f"{name} contains infinity; give finite numbers")
    return z


def _softmax(z: Array, ops: _Arithmetic) -> Array:
    e = ops.exp(z - np.maximum.reduce(z, axis=-1, keepdims=True))
    return e / ops.total(e, axis=-1, keepdims=True)


# The loss needs the logarithm of a probability; log is the natural one
# throughout.  Whoever computes the probability first may lose it: one that is
# too small for a float is rounded to 0 (it *underflows*), and the logarithm of
# 0 is minus infinity.  But the logarithm of a quotient is a difference of
# logarithms, which can be computed without the quotient:
#
# .. math::
#    :label: log-softmax
#
#    \log p_j = (z_j - c) - \log \sum_i e^{z_i - c}
#
# One weakness is left.  When the network is sure of itself the sum is 1 and a
# little, and a little vanishes beside 1.  So the largest term, which *is* 1,
# is left out of the sum, and ``log1p``, the logarithm of one plus its
# argument, puts it back:
#
# >>> float(np.log(1 + 1e-20)), float(np.log1p(1e-20))
# (0.0, 1e-20)

def log_softmax(z: ArrayLike) -> Array:
    """Give the logarithm of each row's softmax without computing it first.

    ``log p[j] = z[j] - log(sum(exp(z)))`` along the last axis.  ``z`` has
    the shape (n, k), or any other with at least one number to a row, and the
    result has the same.  No result is rounded to 0 or to minus infinity
    while it can be represented.  Complex numbers are taken.

    Raises TypeError for anything but numbers, ValueError for NaN, infinity
    or an empty row.

    >>> log_softmax([[0.0, 0.0], [1000.0, 0.0]]).round(4).tolist()
    [[-0.6931, -0.6931], [0.0, -1000.0]]
    >>> np.allclose(log_softmax([1.0, 3.0]), np.log(softmax([1.0, 3.0])))
    True
    >>> np.allclose(log_softmax([[0.0, -50.0]])[0, 0], -np.exp(-50.0),
    ...             rtol=1e-13, atol=0)
    True
    """
    with np.errstate(under="ignore", over="ignore"):
        return _log_softmax(_logits(z, "z"), _NUMPY)


def _log_softmax(z: Array, ops: _Arithmetic) -> Array:
    top = np.argmax(z, axis=-1)[..., None]
    shifted = z - np.take_along_axis(z, top, axis=-1)
    e = ops.exp(shifted)
    np.put_along_axis(e, top, 0, axis=-1)
    rest = ops.log1p(ops.total(e, axis=-1, keepdims=True))
    logarithms: Array = shifted - rest
    return logarithms


# Losses
# ======
#
# A loss says how wrong the network is, in one number that training makes
# small.  Both losses below are the surprise at the right answer: minus the
# logarithm of the probability that it was given.  Sure and right costs next to
# nothing, undecided between two classes costs log 2, sure and wrong costs the
# more, the surer the network was.
#
# They take logits, and no probabilities.  A probability of 1e-400 or of
# 1 - 1e-20 cannot be written as a float; the logits that it came from can.
#
# With two classes there is one logit z to a row, and :math:`\sigma(z)` is the
# probability of class 1.  That of class 0 is the rest, :math:`1 - \sigma(z) =
# \sigma(-z)`.  Let :math:`t` be the right class, 0 or 1.  Minus the logarithm
# of its probability is :math:`\log(1 + e^{-z})` or :math:`\log(1 + e^z)`, and
# both are one formula in :math:`u = (1 - 2t)\,z`, which is large when the
# network is sure and wrong:
#
# .. math::
#    :label: binary-cross-entropy
#
#    L = \frac{1}{n} \sum_r \log(1 + e^{u_r}), \qquad
#    \log(1 + e^u) = \max(u, 0) + \log(1 + e^{-|u|})

def binary_cross_entropy(logits: ArrayLike, targets: ArrayLike) -> float:
    """Give the mean loss of one logit a row against targets of 0 or 1.

    ``mean(-log(sigmoid(z)))`` over rows with target 1 and
    ``mean(-log(sigmoid(-z)))`` over rows with target 0, together one mean.
    ``logits`` and ``targets`` have the shape (n,).  One row's loss is
    within a relative 1e-13 of the exact one for logits in ±700, and right
    wherever it can be represented.  Complex logits give a complex loss.

    Raises TypeError for anything but numbers, ValueError for NaN, infinity,
    other shapes, no rows, targets other than 0 and 1, and a loss too large
    for a float.

    >>> loss = binary_cross_entropy([0.5, -2.0], [0, 1])
    >>> np.allclose(loss, np.mean(-np.log([sigmoid(-0.5), sigmoid(-2.0)])))
    True
    >>> np.allclose(binary_cross_entropy([-700.0], [0]), np.exp(-700.0),
    ...             rtol=1e-13, atol=0)
    True
    >>> binary_cross_entropy([-10000.0], [1])
    10000.0
    """
    z = _logits(logits, "logits")
    if z.ndim != 1:
        raise ValueError(f"logits has the shape {z.shape}; give one logit "
                         "to each row, as an array of the shape (n,)")
    t = _targets(targets, len(z), 2)
    with np.errstate(all="ignore"):
        loss: float = _mean(_binary_cross_entropy(z[:, None], t, _NUMPY))
    return loss


def _targets(values: ArrayLike, n: int, k: int) -> Array:
    """Values as n class indices below k."""
    t = _numbers(values, "targets")
    if t.shape != (n,):
        raise ValueError(f"targets has the shape {t.shape} and logits has "
                         f"{n} rows; give one class index to each row")
    if t.dtype.kind == "c" or not np.isin(t, np.arange(k)).all():
        raise ValueError("targets contains something else than the class "
                         f"indices 0 to {k - 1}")
    return t.astype(np.intp)


def _mean(rows: Array) -> Any:
    """The mean of losses (n,), even where their sum would overflow."""
    mean = np.add.reduce(rows) / len(rows)
    if not np.isfinite(mean):
        mean = np.add.reduce(rows / len(rows))
    if not np.isfinite(mean):
        raise ValueError("the loss overflows; give smaller logits")
    return mean.item()


def _binary_cross_entropy(Z2: Array, t: Array, ops: _Arithmetic) -> Array:
    u = np.where(t == 1, -_wide(Z2[:, 0]), _wide(Z2[:, 0]))
    positive = u.real > 0
    tail = ops.log1p(ops.exp(np.where(positive, -u, u)))
    return np.where(positive, u, 0) + tail


def _wide(z: Array) -> Array:
    """z in double precision: a sum over many rows deserves it."""
    wide: Array = z.astype(np.result_type(z, np.float64), copy=False)
    return wide


# With k classes there are k logits, and the loss of a row is minus the
# logarithm of its softmax at the right class:
#
# .. math::
#    :label: cross-entropy
#
#    L = -\frac{1}{n} \sum_r \log p_{r,\,t_r}

def cross_entropy(logits: ArrayLike, targets: ArrayLike) -> float:
    """Give the mean loss of k logits a row against class indices.

    ``mean(-log_softmax(z)[r, targets[r]])`` over the rows r.  ``logits``
    has the shape (n, k), ``targets`` the shape (n,), with whole numbers
    from 0 to k - 1.  One row's loss is within a relative 1e-13 of the exact
    one for logits in ±700, and right wherever it can be represented.
    Complex logits give a complex loss.

    Raises TypeError for anything but numbers, ValueError for NaN, infinity,
    other shapes, no rows, targets that are no class index, and a loss too
    large for a float.

    >>> np.allclose(cross_entropy([[0.0, 0.0]], [1]), np.log(2))
    True
    >>> np.allclose(cross_entropy([[0.0, -700.0]], [0]), np.exp(-700.0),
    ...             rtol=1e-13, atol=0)
    True
    >>> cross_entropy([[10000.0, -10000.0]], [1])
    20000.0
    >>> z, t = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]), [2, 0]
    >>> np.allclose(cross_entropy(z, t), -np.log(softmax(z)[[0, 1], t]).mean())
    True
    """
    z = _logits(logits, "logits")
    if z.ndim != 2 or len(z) == 0:
        raise ValueError(f"logits has the shape {z.shape}; give at least one "
                         "row, as an array of the shape (n, k)")
    t = _targets(targets, *z.shape)
    with np.errstate(all="ignore"):
        loss: float = _mean(_cross_entropy(z, t, _NUMPY))
    return loss


# ``log_softmax`` would do, but it leaves the *largest* class out of its sum.
# The small loss of a right answer is what matters here, so in code the *right*
# class is left out, and comes back through ``log1p``.  Subtract the largest
# logit of a row from all its logits.  Let s be what becomes of the right one,
# and *sum* the exponentials of the others.  Then the loss of the row is
# log1p(sum + exp(s) - 1) - s.  Where the right logit is the largest, s and
# exp(s) - 1 are 0, and a tiny sum keeps all its digits.

def _cross_entropy(Z2: Array, t: Array, ops: _Arithmetic) -> Array:
    z, right = _wide(_by_class(Z2)), (np.arange(len(t)), t)
    left = z - np.maximum.reduce(z, axis=1, keepdims=True)
    e = ops.exp(left)
    e_right, e[right] = e[right], 0
    return _surprise(left[right], e_right, ops.total(e, axis=1), ops)


def _by_class(Z2: Array) -> Array:
    """The same numbers, in memory class by class instead of row by row.

    NumPy is slow along short rows, and this spares most of a softmax's time.
    """
    return np.asfortranarray(Z2)


def _surprise(s: Array, e: Array, others: Array, ops: _Arithmetic) -> Array:
    losses: Array = ops.log1p(others + (e - 1)) - s
    return losses


# Sigmoid with its loss and softmax with its loss share a property that
# makes them the pairs to use.  The slope of a row's loss in a logit is the
# probability minus the truth; of the mean over n rows it is an n-th of that:
#
# .. math::
#    :label: slope-of-the-loss
#
#    \frac{\partial L}{\partial z_{rj}} = \frac{p_{rj} - Y_{rj}}{n}
#
# The curly d means the slope in one number while all others stay as they are.
# With several outputs :math:`Y_{rj}` is 1 if j is the right class of row r,
# else 0; with a single one it is :math:`t_r` itself.  To see it for the
# softmax, write the row's loss as
# :math:`\log \sum_i e^{z_i} - z_t`.  The first term's slope in :math:`z_j`
# is :math:`e^{z_j} / \sum_i e^{z_i}`, which is :math:`p_j`; the second's is
# 1 if j is t.  The sigmoid is a softmax over the two logits 0 and z.
#
# >>> z, step = np.array([[0.2, -0.4, 1.0]]), 1e-6
# >>> rise = cross_entropy(z + [[step, 0, 0]], [2])
# >>> fall = cross_entropy(z - [[step, 0, 0]], [2])
# >>> p_0 = softmax(z)[0, 0]
# >>> bool(abs((rise - fall) / (2 * step) - (p_0 - 0)) < 1e-9)
# True
#
# And for the sigmoid, in the first of two rows:
#
# >>> rise = binary_cross_entropy([0.3 + step, 1.0], [1, 0])
# >>> fall = binary_cross_entropy([0.3 - step, 1.0], [1, 0])
# >>> bool(abs((rise - fall) / (2 * step) - (sigmoid(0.3) - 1) / 2) < 1e-9)
# True


# Metrics
# =======
#
# Training follows the loss, because it has a slope; a count of right answers
# has none, since a small step seldom changes it.  But people ask how many
# answers were right, and of the wrong ones, what was taken for what.

def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Give the share of predictions that are right, from 0 to 1.

    ``count(y_true == y_pred) / n``.  Both have the shape (n,) and hold
    labels: ints, bools, strings or whole floats.

    Raises TypeError for other kinds of labels and for strings compared with
    numbers, ValueError for fractions, lengths that differ and no labels.

    >>> accuracy(["cat", "dog", "dog"], ["cat", "dog", "cat"]) == 2 / 3
    True
    """
    y_true, y_pred = _label_pair(y_true, y_pred)
    return int(np.count_nonzero(y_true == y_pred)) / len(y_true)


def _label_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Two label arrays of one length and one kind."""
    a, b = _labels(y_true, "y_true"), _labels(y_pred, "y_pred")
    if len(a) != len(b):
        raise ValueError(f"y_true has {len(a)} labels and y_pred {len(b)}; "
                         "give one prediction to each true label")
    _same_kind(a, "y_true", b, "y_pred")
    return a, b


def _labels(values: ArrayLike, name: str) -> Array:
    """Values as an (n,) array of ints, bools, strings or whole floats."""
    y = _one_column(values, name)
    if y.dtype.kind in "OT":
        y = _plain_labels(y, name)
    if y.dtype.kind not in "iubUf":
        raise TypeError(f"{name} has the dtype {y.dtype}; give labels that "
                        "are ints, bools or strings")
    if y.ndim != 1 or len(y) == 0:
        raise ValueError(f"{name} has the shape {y.shape}; give at least one "
                         "label, as an array of the shape (n,)")
    if y.dtype.kind == "f":
        given = y
        if y.dtype.itemsize > 8:
            with np.errstate(all="ignore"):     # it may be too large
                y = y.astype(np.float64)
        if not (np.isfinite(y) & (y == given) & (y == np.rint(y))).all():
            raise ValueError(f"Unknown label type: continuous. {name} contains"
                             " fractions, NaN or infinity; give class labels")
    return y


def _one_column(values: ArrayLike, name: str) -> Array:
    """Values as an array; a single column as what it holds, with a warning."""
    if values is None:
        raise ValueError(f"This requires y to be passed, but the target "
                         f"{name} is None; give one label to each row")
    try:
        y = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; give one "
                         "label to each row") from None
    if isinstance(values, (list, tuple)) and y.dtype.kind == "U" and (
            y.ndim == 1 and not all(isinstance(v, str) for v in values)):
        raise TypeError(f"{name} mixes strings with other labels; give "
                        "labels that are all strings, or none")
    if y.ndim == 2 and y.shape[1] == 1:
        _warn("A column-vector y was passed when a 1d array was expected. "
              f"Please change the shape of {name} to (n_samples,), for "
              "example with ravel().", _conversion_warning())
        y = y[:, 0]
    return y


def _warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called us, through however many of our own."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals is globals():
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _conversion_warning() -> type[Warning]:
    """scikit-learn's own warning, if that is imported."""
    found: type[Warning] = getattr(sys.modules.get("sklearn.exceptions"),
                                   "DataConversionWarning", UserWarning)
    return found


def _plain_labels(y: Array, name: str) -> Array:
    """An array of Python objects as one of a single, simple type."""
    labels = [label.item() if isinstance(label, np.generic) else label
              for label in y.ravel().tolist()]
    kinds = {type(label) for label in labels}
    if len(kinds) > 1 or not kinds <= {str, int, bool, float}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(f"{name} holds objects of type {names}; give labels "
                        "that are all ints, all bools or all strings")
    return np.array(labels).reshape(y.shape)


def _same_kind(a: Array, a_name: str, b: Array, b_name: str) -> None:
    if (a.dtype.kind == "U") != (b.dtype.kind == "U"):
        raise TypeError(f"{a_name} has the dtype {a.dtype} and {b_name} has "
                        f"{b.dtype}; strings and numbers are never equal")


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Count what was taken for what: a row to each true label.

    ``C[i, j]`` is the number of rows whose true label is the i-th and whose
    prediction is the j-th of all labels that occur, sorted.  Both arguments
    have the shape (n,); the result is a square of ints, with a row and a
    column to each label that occurs, and sums to n.

    Raises TypeError and ValueError as ``accuracy`` does.

    >>> confusion_matrix(["cat", "dog", "dog"], ["cat", "dog", "cat"]).tolist()
    [[1, 0], [1, 1]]
    """
    y_true, y_pred = _label_pair(y_true, y_pred)
    labels = np.unique(np.concatenate([y_true, y_pred]))
    k = len(labels)
    cells = (k * np.searchsorted(labels, y_true)
             + np.searchsorted(labels, y_pred))
    return np.bincount(cells, minlength=k * k).reshape(k, k)


# Optimizers
# ==========
#
# Where the slope of the loss in a parameter is positive, a smaller parameter
# means a smaller loss; where it is negative, a larger one does.  So a step
# against the gradient leads downhill, if it is so short that the slopes still
# hold where it ends:
#
# .. math::
#    :label: descent
#
#    \theta \leftarrow \theta - \eta\,g
#
# Here :math:`\theta` holds all parameters of the network, its weights and
# biases, in one flat array (p,), and the gradient :math:`g` has the same
# shape; so an optimizer need not know about layers.  The *learning rate*
# :math:`\eta` is a small positive number.
#
# >>> theta = np.array([1.0, 2.0])          # the loss: their squares, summed
# >>> theta -= 0.25 * (2 * theta)
# >>> theta.tolist()
# [0.5, 1.0]
#
# An optimizer here is any object with two methods.  ``start`` is given
# :math:`\theta` and returns what the optimizer wants to remember between
# steps, as a dict of arrays.  ``step`` changes :math:`\theta` and that memory
# in place.  The object itself holds only settings, so that one optimizer can
# serve any number of networks, and a network can be saved with all that it
# needs to train on.  (That works for the two below; one of your own can train
# but not be saved.)
#
# Writing another takes a few lines.  This one looks only at the signs:
#
# >>> class SignDescent:
# ...     def __init__(self, learning_rate=0.01):
# ...         self.learning_rate = learning_rate
# ...     def start(self, theta):
# ...         return {}
# ...     def step(self, theta, gradient, state):
# ...         theta -= self.learning_rate * np.sign(gradient)
# >>> theta = np.array([1.0, 2.0])
# >>> SignDescent(0.5).step(theta, np.array([0.1, -7.0]), {})
# >>> theta.tolist()
# [0.5, 2.5]
#
# **Gradient descent** is :eq:`descent` and no more.  In a narrow valley it
# zigzags from wall to wall.  *Momentum* (Polyak 1964) cancels the zigzag
# out: it adds up past gradients in a velocity :math:`v`, of which a share
# :math:`\mu` is kept at each step.
#
# .. math::
#    :label: momentum
#
#    v \leftarrow \mu v + g \qquad \theta \leftarrow \theta - \eta v
#
# *Nesterov's* variant (Nesterov 1983) measures the gradient not where it
# stands but where the velocity is about to carry it, and so brakes before the
# far wall.  Written for that point ahead, which is what :math:`\theta` holds
# here, it needs no second array of parameters:
#
# .. math::
#    :label: nesterov
#
#    v \leftarrow \mu v + g \qquad
#    \theta \leftarrow \theta - \eta\,(g + \mu v)
#
# All three are called SGD here, *stochastic* gradient descent, as everywhere
# else.  The name tells that the gradient may come from a few rows drawn at
# random; the optimizer itself does not ask.

@dataclass
class SGD:
    """Gradient descent, with momentum if asked for.

    ``v = momentum * v + g; theta = theta - learning_rate * v``, or with
    ``nesterov`` the step ``theta - learning_rate * (g + momentum * v)``.
    This is the formula of PyTorch.  Two other libraries, scikit-learn and
    Keras, multiply g by the learning rate before it enters v, which walks
    the same path as long as the learning rate stays the same.

    ``learning_rate`` is at least 0, ``momentum`` at least 0 and below 1.
    ``start`` raises TypeError or ValueError for other settings.

    >>> SGD(momentum=0.9)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=False)
    """

    learning_rate: float = 0.1
    momentum: float = 0.0
    nesterov: bool = False

    def start(self, theta: Array) -> dict[str, Array]:
        """Check the settings and give a velocity of zero.

        ``theta`` has the shape (p,), and so has the velocity.

        >>> SGD().start(np.array([1.0, 2.0]))["velocity"].tolist()
        [0.0, 0.0]
        """
        _check_number("learning_rate", self.learning_rate, 0)
        _check_number("momentum", self.momentum, 0, below=1)
        if not isinstance(self.nesterov, (bool, np.bool_)):
            raise TypeError(f"nesterov is {self.nesterov!r}; give True or "
                            "False")
        return {"velocity": np.zeros_like(theta)}

    def step(self, theta: Array, gradient: Array,
             state: dict[str, Array]) -> None:
        """Move theta (p,) one step against gradient (p,), in place.

        The arrays in ``state`` change in place too, and ``gradient`` may be
        overwritten.

        >>> optimizer = SGD(learning_rate=0.5, momentum=0.5)
        >>> theta = np.array([1.0])
        >>> state = optimizer.start(theta)
        >>> for _ in range(3):
        ...     optimizer.step(theta, np.array([1.0]), state)
        ...     print(theta.tolist(), state["velocity"].tolist())
        [0.5] [1.0]
        [-0.25] [1.5]
        [-1.125] [1.75]
        >>> optimizer.nesterov = True
        >>> optimizer.step(theta, np.array([1.0]), state)
        >>> theta.tolist() == [-1.125 - 0.5 * (1 + 0.5 * 1.875)]
        True
        """
        velocity = state["velocity"]
        velocity *= float(self.momentum)
        velocity += gradient
        if self.nesterov:
            gradient += float(self.momentum) * velocity
            gradient *= float(self.learning_rate)
        else:
            np.multiply(velocity, float(self.learning_rate), out=gradient)
        theta -= gradient


# To Python a truth value is a whole number, and to NumPy so is a time span.

_NO_NUMBERS = (bool, np.bool_, np.timedelta64)


def _check_number(name: str, value: Any, low: float,
                  below: float = np.inf) -> None:
    """Raise unless value is a real number with low <= value < below."""
    if isinstance(value, _NO_NUMBERS) or not isinstance(
            value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {value!r}; give a number")
    try:
        right = low <= float(value) < below
    except OverflowError:
        right = False
    if not right:
        upper = f" and below {below}" if below < np.inf else ", and finite"
        raise ValueError(f"{name} is {value!r}; give a number of at least "
                         f"{low}{upper}")


def _check_count(name: str, value: Any, low: int,
                 high: float = math.inf) -> None:
    """Raise unless value is a whole number with low <= value <= high."""
    if isinstance(value, _NO_NUMBERS) or not isinstance(
            value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}; give a whole number")
    if not low <= value <= high:
        upper = f" and at most {high}" if high < math.inf else ""
        raise ValueError(f"{name} is {value!r}; give a whole number of at "
                         f"least {low}{upper}")


def _check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raise unless value is one of the names to choose from."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {value!r}; give one of "
                         f"{', '.join(map(repr, choices))}")


# **Adam** (Kingma and Ba 2015) gives each parameter a step of its own.  It
# keeps a running mean :math:`m` of the gradient and one, :math:`s`, of its
# square.  Two numbers a little below 1, :math:`\beta_1` and :math:`\beta_2`,
# say how much of each is kept at a step.  Adam divides the one by the root of
# the other: where the gradient stays about the same, the step is about
# :math:`\eta`; where it flickers, less.  A tiny :math:`\epsilon` keeps the
# divisor away from 0.  Both means start at zero, too low by a known factor,
# which the step number :math:`\tau` corrects:
#
# .. math::
#    :label: adam
#
#    m \leftarrow \beta_1 m + (1 - \beta_1)\,g \qquad
#    s \leftarrow \beta_2 s + (1 - \beta_2)\,g^2
#
# .. math::
#    :label: adam-step
#
#    \theta \leftarrow \theta - \eta\,
#    \frac{m / (1 - \beta_1^\tau)}
#         {\sqrt{s / (1 - \beta_2^\tau)} + \epsilon}
#
# The powers :math:`\beta_1^\tau` and :math:`\beta_2^\tau` are kept by one
# multiplication at each step.  A power function may round differently on
# another machine; a multiplication does not.

@dataclass
class Adam:
    """Gradient descent in steps scaled by each gradient's recent size.

    ``m`` and ``s`` are running means of the gradient and of its square, and
    ``theta = theta - learning_rate * m_hat / (sqrt(s_hat) + epsilon)``
    where the hats divide by ``1 - beta ** step``, as in Algorithm 1 of
    Kingma and Ba (2015) and in PyTorch.

    ``learning_rate`` is at least 0, ``beta1`` and ``beta2`` at least 0 and
    below 1, ``epsilon`` above 0.  ``start`` raises TypeError or ValueError
    for other settings.

    >>> Adam(learning_rate=0.01)
    Adam(learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def start(self, theta: Array) -> dict[str, Array]:
        """Check the settings and give means of zero and powers of one.

        ``theta`` has the shape (p,), and so have both means.

        >>> sorted(Adam().start(np.array([1.0, 2.0])))
        ['beta1_power', 'beta2_power', 'mean', 'square']
        """
        _check_number("learning_rate", self.learning_rate, 0)
        _check_number("beta1", self.beta1, 0, below=1)
        _check_number("beta2", self.beta2, 0, below=1)
        _check_number("epsilon", self.epsilon, 5e-324)
        return {"mean": np.zeros_like(theta), "square": np.zeros_like(theta),
                "beta1_power": np.ones(()), "beta2_power": np.ones(())}

    def step(self, theta: Array, gradient: Array,
             state: dict[str, Array]) -> None:
        """Move theta (p,) one step against gradient (p,), in place.

        The arrays in ``state`` change in place too, and ``gradient`` may be
        overwritten.

        >>> theta, optimizer = np.array([1.0, 1.0]), Adam(learning_rate=0.5)
        >>> state = optimizer.start(theta)
        >>> optimizer.step(theta, np.array([0.01, -100.0]), state)
        >>> theta.round(5).tolist()
        [0.5, 1.5]
        """
        mean, square = state["mean"], state["square"]
        beta1, beta2 = float(self.beta1), float(self.beta2)
        state["beta1_power"] *= beta1
        state["beta2_power"] *= beta2
        mean *= beta1
        mean += (1 - beta1) * gradient
        gradient *= gradient
        square *= beta2
        square += (1 - beta2) * gradient
        mean_hat = mean / float(1 - state["beta1_power"])
        root = np.sqrt(square / float(1 - state["beta2_power"]))
        root += float(self.epsilon)
        theta -= float(self.learning_rate) * mean_hat / root


# Two steps by the equations, with betas small enough to follow on paper:
#
# >>> theta, adam = np.array([1.0]), Adam(0.5, beta1=0.5, beta2=0.75)
# >>> state = adam.start(theta)
# >>> for g in (2.0, 6.0):
# ...     adam.step(theta, np.array([g]), state)
# >>> m, s = 0.5 * (0.5 * 2) + 0.5 * 6, 0.75 * (0.25 * 4) + 0.25 * 36
# >>> state["mean"].item() == m, state["square"].item() == s
# (True, True)
# >>> second = 0.5 * (m / (1 - 0.5**2)) / (np.sqrt(s / (1 - 0.75**2)) + 1e-8)
# >>> np.allclose(theta, 1 - 0.5 - second)
# True

# The network
# ===========
#
# Forward
# -------
#
# The network turns a row of d numbers into k logits in two layers, the hidden
# one and the output layer.  Each multiplies by a matrix of weights and adds
# biases; between them stands the activation, here called f.  For all n rows at
# once:
#
# .. math::
#    :label: forward
#
#    Z_1 = X W_1 + b_1 \qquad A_1 = f(Z_1) \qquad Z_2 = A_1 W_2 + b_2
#
# The shapes: X is (n, d) and :math:`W_1` is (d, h), so :math:`Z_1` and
# :math:`A_1` are (n, h); :math:`W_2` is (h, k), so :math:`Z_2` is (n, k).
# The biases, (h,) and (k,), are added to every row.  Softmax, or sigmoid if
# k is 1, makes of the logits :math:`Z_2` the probabilities P, (n, k) too.

def _shapes(d: int, h: int, k: int) -> dict[str, tuple[int, ...]]:
    """The shape of each array of parameters."""
    return {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}


def _forward(X: Array, params: Mapping[str, Array], activation: str,
             ops: _Arithmetic = _NUMPY) -> tuple[Array, Array]:
    """The hidden activations A1 (n, h) and the logits Z2 (n, k)."""
    activate, _ = _ACTIVATIONS[activation]
    Z1 = ops.dot(X, params["W1"]) + params["b1"]
    A1 = activate(Z1, ops)
    Z2 = ops.dot(A1, params["W2"]) + params["b2"]
    return A1, Z2


def _probabilities(Z2: Array, ops: _Arithmetic) -> Array:
    """Sigmoid of a single logit, softmax of several, a row each."""
    return (_sigmoid if Z2.shape[1] == 1 else _softmax)(Z2, ops)


def _row_losses(Z2: Array, t: Array, ops: _Arithmetic) -> Array:
    """Each row's cross-entropy (n,) between logits and class indices."""
    binary = Z2.shape[1] == 1
    return (_binary_cross_entropy if binary else _cross_entropy)(Z2, t, ops)


# Three rows of two features, four hidden units, three classes:
#
# >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
# >>> params = {name: np.full(shape, 0.5)
# ...           for name, shape in _shapes(2, 4, 3).items()}
# >>> A1, Z2 = _forward(X, params, "tanh")
# >>> A1.shape, Z2.shape
# ((3, 4), (3, 3))
# >>> np.allclose(A1[0], np.tanh(0.0 * 0.5 + 1.0 * 0.5 + 0.5))
# True
# >>> np.allclose(Z2[0], 4 * np.tanh(1.0) * 0.5 + 0.5)
# True

# Backward
# --------
#
# Training needs the slopes of the loss in all weights and biases.
# Backpropagation (Rumelhart, Hinton and Williams 1986) finds them in one walk
# from the loss back to the input, each from the one before, by the chain rule.
#
# The walk begins at the logits, where :eq:`slope-of-the-loss` gives
#
# .. math::
#    :label: backward-logits
#
#    D_2 = \frac{\partial L}{\partial Z_2} = \frac{P - Y}{n}
#    \qquad (n, k)
#
# :math:`Z_2` depends on the second layer's weights through
# :math:`Z_2 = A_1 W_2 + b_2`.  Entry (i, j) of :math:`W_2` multiplies
# column i of :math:`A_1` and feeds column j of :math:`Z_2`, in every row.
# So its slope is the sum over rows of the one times the slope of the other,
# and a bias feeds its column directly:
#
# .. math::
#    :label: backward-second
#
#    \frac{\partial L}{\partial W_2} = A_1^\top D_2 \quad (h, k)
#    \qquad
#    \frac{\partial L}{\partial b_2} = \sum_{\text{rows}} D_2 \quad (k,)
#
# Unit i of the hidden layer feeds all k logits, through row i of
# :math:`W_2`.  Its slope adds up what comes back through each, times the
# slope of its own activation, element by element (:math:`\odot`):
#
# .. math::
#    :label: backward-hidden
#
#    D_1 = \frac{\partial L}{\partial Z_1}
#        = (D_2 W_2^\top) \odot f'(Z_1) \qquad (n, h)
#
# The first layer is a layer like the second, with X for its input:
#
# .. math::
#    :label: backward-first
#
#    \frac{\partial L}{\partial W_1} = X^\top D_1 \quad (d, h)
#    \qquad
#    \frac{\partial L}{\partial b_1} = \sum_{\text{rows}} D_1 \quad (h,)
#
# The four arrays that come out have the shapes of the four that they belong
# to.  In code, line by line, with :math:`f'(Z_1)` computed from :math:`A_1` as
# :eq:`slopes` allows:

def _backward(X: Array, Y: Array, params: Mapping[str, Array],
              activation: str, ops: _Arithmetic = _NUMPY) -> dict[str, Array]:
    """The gradient of the mean loss, an array to each of params."""
    _, slope = _ACTIVATIONS[activation]
    A1, Z2 = _forward(X, params, activation, ops)
    D2 = (_probabilities(Z2, ops) - Y) / len(X)
    D1 = ops.dot(D2, params["W2"].T) * slope(A1)
    return {"W1": ops.dot(X.T, D1), "b1": ops.total(D1, axis=0),
            "W2": ops.dot(A1.T, D2), "b2": ops.total(D2, axis=0)}


# Here it is at work, on two rows of one feature, with a hidden layer of one
# unit and two classes, so that each of the four arrays holds one number:
#
# >>> params = {"W1": np.array([[0.5]]), "b1": np.array([0.0]),
# ...           "W2": np.array([[2.0]]), "b2": np.array([-0.5])}
# >>> X, Y = np.array([[1.0], [-1.0]]), np.array([[1.0], [0.0]])
# >>> A1, Z2 = _forward(X, params, "tanh")
# >>> A1.round(4).tolist(), Z2.round(4).tolist()
# ([[0.4621], [-0.4621]], [[0.4242], [-1.4242]])
# >>> gradient = _backward(X, Y, params, "tanh")
# >>> {name: g.round(4).ravel().tolist() for name, g in gradient.items()}
# {'W1': [-0.4636], 'b1': [-0.1585], 'W2': [-0.1362], 'b2': [-0.1008]}
#
# Nudging a parameter must change the loss by its slope times the nudge:
#
# >>> def loss_with(name, nudge):
# ...     nudged = {**params, name: params[name] + nudge}
# ...     return binary_cross_entropy(
# ...         _forward(X, nudged, "tanh")[1][:, 0], [1, 0])
# >>> {name: round((loss_with(name, 1e-6) - loss_with(name, -1e-6)) / 2e-6, 4)
# ...  for name in params}
# {'W1': -0.4636, 'b1': -0.1585, 'W2': -0.1362, 'b2': -0.1008}


# First weights
# -------------
#
# If all weights began at zero, all hidden units would compute the same and
# learn the same for ever.  So they begin at random.  If they are too large,
# the sums lie far out where the activation is flat and has no slope to learn
# from; if they are too small, each layer gives smaller numbers than it got,
# and next to nothing comes out.  Glorot and Bengio (2010) keep the size about
# constant, of the numbers on the way forward and of the slopes on the way
# back.  Each weight is drawn evenly from -r to r, where r depends on the
# number of inputs and outputs of its layer (U stands for the even draw):
#
# .. math::
#    :label: glorot
#
#    W \sim U(-r, r), \qquad
#    r = \sqrt{\frac{6}{\text{inputs} + \text{outputs}}}
#
# Biases have no such symmetry to break and begin at zero.

Sizes = tuple[int, int, int]


def _first_params(rng: np.random.Generator, sizes: Sizes,
                  dtype: str) -> dict[str, Array]:
    """Random weights and zero biases for (d, h, k)."""
    params = {}
    for name, shape in _shapes(*sizes).items():
        r = math.sqrt(6 / sum(shape)) if name[0] == "W" else 0
        params[name] = (r * (2 * rng.random(shape) - 1)).astype(dtype)
    return params


# >>> params = _first_params(np.random.default_rng(0), (4, 16, 3), "float64")
# >>> bool(0.9 < np.abs(params["W1"]).max() / np.sqrt(6 / (4 + 16)) <= 1)
# True
#
# An optimizer wants one flat array :math:`\theta` instead of four.  Its first
# part is a matrix with a row to each hidden unit, the unit's weights and then
# its bias; the rest is a matrix with the second layer's weights and, as its
# last row, the biases.  The four arrays are windows on these two, so that
# nothing is copied back and forth.

def _stacks(theta: Array, sizes: Sizes) -> tuple[Array, Array]:
    """Each layer's weights with its biases: (h, d + 1) and (h + 1, k)."""
    d, h, k = sizes
    split = h * (d + 1)
    return theta[:split].reshape(h, d + 1), theta[split:].reshape(h + 1, k)


def _views(theta: Array, sizes: Sizes) -> dict[str, Array]:
    """W1, b1, W2 and b2 as windows on the memory of theta."""
    M1, M2 = _stacks(theta, sizes)
    return {"W1": M1[:, :-1].T, "b1": M1[:, -1], "W2": M2[:-1], "b2": M2[-1]}


def _flat(params: Mapping[str, Array]) -> Array:
    """A new theta (p,) with the numbers of W1, b1, W2 and b2 in place."""
    sizes = (*np.shape(params["W1"]), np.shape(params["W2"])[1])
    dtype = np.result_type(*map(np.asarray, params.values()))
    theta = np.empty(sum(map(np.size, params.values())), dtype)
    for name, view in _views(theta, sizes).items():
        view[...] = params[name]
    return theta


# >>> params = _first_params(np.random.default_rng(0), (4, 16, 3), "float64")
# >>> theta = _flat(params)
# >>> windows = _views(theta, (4, 16, 3))
# >>> all(np.array_equal(windows[name], params[name]) for name in params)
# True
# >>> theta[:] = 0
# >>> [int(np.count_nonzero(window)) for window in windows.values()]
# [0, 0, 0, 0]


# A faster step
# -------------
#
# Training walks over the rows again and again.  It may take a step after all
# of them (a *full batch*), after some (*mini-batches*) or after each one
# (*stochastic* descent).
#
# A step on a small network is over in some ten microseconds, and nearly all
# of them go to calling NumPy, hardly any to arithmetic.  So the training
# loop takes the step above with as few calls as can be, and writes to the
# same arrays again and again.  Two changes of layout save most.
#
# *Ones.*  A column of ones is appended to X and to :math:`A_1`.  Then a
# layer's biases are the weights of one more input, which is always 1, and need
# no addition and no sum of their own.  In theta they lie beside the other
# weights already.
#
# *Columns.*  From the hidden layer on, the rows of data are columns: what was
# (n, h) is (h, n) here.  Every product is the transpose of the one above, but
# for the slope of :math:`W_2`, which comes out as it did there.  The ones
# become the last row of :math:`A_1`, which leaves the rest of it in one piece,
# and what belongs to a class or a unit is a row, along which NumPy is quick.
# On 120 rows of four features, the two took ten microseconds off a step of
# thirty.
#
# In theta a hidden unit's weights lie side by side.  This spares a product of
# two transposed matrices, the slowest kind; where X is wide, it shows.

Step = Callable[[Array, Array, Array, Array, Array], None]
Window = tuple[Step, Array, Array, Array, Array, Array]


def _backpropagation(theta: Array, gradient: Array, sizes: Sizes,
                     columns: int, n: int, activation: str,
                     ops: _Arithmetic) -> Step:
    """A function that writes the gradient of some rows of a batch of n.

    It takes the data with their ones X1 (columns, d + 1) and the transpose
    of it, the truth divided by n (k, columns), and room for the logits Z2
    and for their exponentials E (k, columns).
    """
    _, h, k = sizes
    dot, (activate, slope) = ops.dot, _ACTIVATIONS[activation]
    (M1, M2), (G1, G2) = _stacks(theta, sizes), _stacks(gradient, sizes)
    M2_T, W2 = M2.T, M2[:h]
    with_ones = np.ones((h + 1, columns), theta.dtype)
    A1 = with_ones[:h]
    D1, D2 = np.empty_like(A1), np.empty((k, columns), theta.dtype)
    D2_T = D2.T
    output = _sigmoid_over_n if k == 1 else _softmax_over_n
    probabilities = output(D2, n, ops)
    subtract, multiply = np.subtract, np.multiply

    def _backpropagate(X1: Array, X1_T: Array, Y: Array, Z2: Array,
                       E: Array) -> None:
        dot(M1, X1_T, A1)
        activate(A1, ops, A1)
        F = slope(A1)       # now, while A1 is in the cache of this core
        dot(M2_T, with_ones, Z2)
        probabilities(Z2, E)
        subtract(D2, Y, D2)
        dot(with_ones, D2_T, G2)
        dot(W2, D2, D1)
        multiply(D1, F, D1)
        dot(D1, X1, G1)

    return _backpropagate


def _sigmoid_over_n(P: Array, n: int, ops: _Arithmetic
                    ) -> Callable[[Array, Array], Any]:
    """A function that writes the sigmoid of Z2 (1, columns) over n into P."""
    return lambda Z2, E: np.divide(_sigmoid(Z2, ops), n, P)


def _softmax_over_n(P: Array, n: int, ops: _Arithmetic
                    ) -> Callable[[Array, Array], Any]:
    """A function that writes the softmax of Z2 (k, columns) over n into P.

    It leaves in Z2 the logits less the largest of their column, and in E
    their exponentials.

    The sums are a product with a square that holds n everywhere.  This
    leaves them in each row, where a division of equal shapes costs half of
    a broadcast one, and brings the division by n with it.
    """
    k, columns = P.shape
    square, totals = np.full((k, k), n, P.dtype), np.empty_like(P)
    top = np.empty(columns, P.dtype)
    dot, exp, divide = ops.dot, ops.exp, np.divide
    subtract: Any = np.subtract
    largest: Any = np.maximum.reduce

    def _softmax_into_P(Z2: Array, E: Array) -> None:
        largest(Z2, 0, None, top)
        subtract(Z2, top, Z2)
        exp(Z2, E)
        dot(square, E, totals)
        divide(E, totals, P)

    return _softmax_into_P


# X may be a file far larger than memory, mapped by NumPy.  So no large X is
# copied, converted or checked as a whole, but a block of rows at a time, and
# only one block is kept.  A block should be large enough that its overhead
# does not count, and small enough that nobody notices its memory, so there is
# a limit to its rows and one to its numbers.  It holds whole batches; a batch
# too large for one is taken in pieces, whose gradients add up.
#
# The losses take a handful of calls, which for a whole block cost little more
# than for one batch.  So each step leaves its logits behind, and their
# exponentials, and the losses of the block are computed together.

_BLOCK_ROWS = 1 << 12
_BLOCK_NUMBERS = 1 << 20


def _block_rows(d: int, h: int = 0) -> int:
    """How many rows of d numbers, then of h, make a block."""
    return max(1, min(_BLOCK_ROWS, _BLOCK_NUMBERS // (max(d, h) + 1)))


def _slices(start: int, stop: int, rows: int) -> Iterator[slice]:
    """Cut the range from start to stop into slices of so many rows."""
    return (slice(i, min(i + rows, stop)) for i in range(start, stop, rows))


class _Pass:
    """The arrays for walking over X (n, d), and the gradient on the way.

    ``t`` (n,) holds class indices, ``theta`` the parameters, and ``order``,
    where it is not None, the order in which to take the rows.

    ``_X1`` (rows, d + 1) holds a block with its ones.  ``_Y``, ``_Z2`` and
    ``_E`` are flat, with room for k numbers to a row: each batch in turn is
    an array (k, columns) in them.

    >>> X, t, theta = np.array([[0.0], [1.0]]), np.array([0, 1]), np.ones(7)
    >>> walk = _Pass(X, t, theta, (1, 2, 1), 2, "tanh", _NUMPY)
    >>> round(walk.batch_gradient(slice(0, 2)), 4), walk.gradient.shape
    (2.6525, (7,))
    """

    def __init__(self, X: Array, t: Array, theta: Array, sizes: Sizes,
                 batch: int, activation: str, ops: _Arithmetic) -> None:
        d, h, k = sizes
        rows = _block_rows(d, h)
        self.X, self.t, self.theta, self.sizes = X, t, theta, sizes
        self.batch, self.activation, self.ops = batch, activation, ops
        self.order: Array | None = None
        self.in_pieces = batch > rows
        self.rows = rows if self.in_pieces else rows // batch * batch
        self._X1 = np.ones((min(self.rows, len(X)), d + 1), theta.dtype)
        self._Y = np.empty(k * len(self._X1), theta.dtype)
        self._Z2 = np.empty(k * self.rows, theta.dtype)
        self._E = np.empty_like(self._Z2)
        self._small: Array | None = None
        self.gradient = np.zeros_like(theta)
        self._steps: dict[tuple[int, int], Step] = {}
        self._known: dict[int, list[Window]] = {}
        self._places: dict[tuple[int, int], tuple[Array, Array]] = {}

    def shuffle(self, order: Array) -> None:
        """Take the rows in this order from now on.

        Small data get their ones at once, so that a shuffled epoch copies
        them once and not twice.

        >>> X, t, theta = np.zeros((2, 1)), np.array([0, 1]), np.ones(7)
        >>> walk = _Pass(X, t, theta, (1, 2, 1), 1, "tanh", _NUMPY)
        >>> walk.shuffle(np.array([1, 0]))
        """
        self.order = order
        if self._small is None and len(self.X) <= len(self._X1):
            self._small = np.ones_like(self._X1)
            self._small[:, :-1] = self.X

    def _load(self, part: slice, batch: int, n: int | None = None) -> int:
        """Copy the rows of a part of the epoch into place, by batches.

        The truth is divided by the rows of each batch, or by n.
        """
        rows: Any = part if self.order is None else self.order[part]
        t, k = self.t[rows], self.sizes[2]
        m = len(t)
        if self._small is not None:
            self._small.take(rows, 0, self._X1, "clip")
        else:
            self._X1[:m, :-1] = self.X[rows]
        columns = self._find(t, batch)
        self._Y[:k * m] = 0
        if k == 1:
            self._Y[:m] = t / (n or columns)
        else:
            self._Y[self._right] = 1 / (n or columns)
        return m

    def _find(self, t: Array, n: int) -> Array:
        """Note the right class of each row, and its place in the block.

        A block holds its batches one after another, each an array (k, n)
        with a column to each row; the last may have fewer columns.  Returns,
        for each row, how many columns its own batch has.
        """
        if (len(t), n) not in self._places:
            batch, column = np.divmod(np.arange(len(t)), n)
            self._places[len(t), n] = (
                n * self.sizes[2] * batch + column,
                np.minimum(n, len(t) - n * batch))
        first, columns = self._places[len(t), n]
        self._truth, self._right = t, first + t * columns
        return columns

    def _window(self, i: int, j: int, n: int, at: int) -> Window:
        """A step on rows i to j of the block, and what it is called with.

        They belong to a batch of n rows; their logits go to row ``at``.
        """
        k, columns = self.sizes[2], j - i
        if (columns, n) not in self._steps:
            self._steps[columns, n] = _backpropagation(
                self.theta, self.gradient, self.sizes, columns, n,
                self.activation, self.ops)
        X1 = self._X1[i:j]
        Y = self._Y[k * i:k * j].reshape(k, columns)
        Z2, E = (block[k * at:k * (at + columns)].reshape(k, columns)
                 for block in (self._Z2, self._E))
        return self._steps[columns, n], X1, X1.T, Y, Z2, E

    def _windows(self, m: int) -> list[Window]:
        """A window for each batch of a block of m rows, made but once."""
        if m not in self._known:
            self._known[m] = [
                self._window(s.start, s.stop, s.stop - s.start, s.start)
                for s in _slices(0, m, self.batch)]
        return self._known[m]

    def _losses(self, m: int, n: int) -> Array:
        """The losses (m,) of the logits that the last steps left."""
        k = self.sizes[2]
        if k == 1:
            return _row_losses(self._Z2[:m, None], self._truth, self.ops)
        s, e = self._Z2[self._right], self._E[self._right]
        self._E[self._right] = 0
        whole = m - m % n
        others = [self.ops.total(_wide(E).reshape(-1, k, size), axis=1)
                  for E, size in ((self._E[:k * whole], n),
                                  (self._E[k * whole:k * m], m - whole))
                  if len(E)]
        return _surprise(_wide(s), _wide(e),
                         np.concatenate(others, axis=None), self.ops)

    def batch_gradient(self, part: slice) -> float:
        """Find the gradient of one batch of any size; give its summed loss.

        >>> X, t, theta = np.zeros((2, 1)), np.array([0, 1]), np.zeros(7)
        >>> walk = _Pass(X, t, theta, (1, 2, 1), 2, "tanh", _NUMPY)
        >>> walk.batch_gradient(slice(0, 2)) == 2 * math.log(2)
        True
        """
        n, loss = part.stop - part.start, 0.0
        total = np.zeros_like(self.gradient)
        for piece in _slices(part.start, part.stop, self.rows):
            m = self._load(piece, piece.stop - piece.start, n)
            step, *arrays = self._window(0, m, n, 0)
            step(*arrays)
            total += self.gradient
            loss += self.ops.total(self._losses(m, m)).item()
        self.gradient[:] = total
        return loss

    def epoch(self, descend: Callable[[], None]) -> float:
        """Call descend after each batch; give the mean loss of the rows.

        >>> X, t, theta = np.zeros((2, 1)), np.array([0, 1]), np.zeros(7)
        >>> walk = _Pass(X, t, theta, (1, 2, 1), 1, "tanh", _NUMPY)
        >>> walk.epoch(lambda: print("a step")) == math.log(2)
        a step
        a step
        True
        """
        n, loss = len(self.X), 0.0
        if self.in_pieces:
            for part in _slices(0, n, self.batch):
                loss += self.batch_gradient(part)
                descend()
            return loss / n
        for part in _slices(0, n, self.rows):
            m = self._load(part, self.batch)
            for step, X1, X1_T, Y, Z2, E in self._windows(m):
                step(X1, X1_T, Y, Z2, E)
                descend()
            loss += self.ops.total(self._losses(m, self.batch)).item()
        return loss / n

    def full_batches(self, epochs: int, descend: Callable[[], None]
                     ) -> list[float]:
        """Take epochs of a single step each; give their mean losses.

        All rows fit into the block and stay there.  A step is an epoch, so
        losses in bulk means several epochs at a time.  On iris this takes
        more than a third off an epoch.

        >>> X, t, theta = np.zeros((2, 1)), np.array([0, 1]), np.zeros(7)
        >>> walk = _Pass(X, t, theta, (1, 2, 1), 2, "tanh", _NUMPY)
        >>> walk.full_batches(3, lambda: None) == [math.log(2)] * 3
        True
        """
        n = len(self.X)
        if not self._known:
            self._load(slice(0, n), n)
            self._known[n] = [self._window(0, n, n, s.start)
                              for s in _slices(0, self.rows, n)]
        for step, X1, X1_T, Y, Z2, E in self._known[n][:epochs]:
            step(X1, X1_T, Y, Z2, E)
            descend()
        self._find(np.tile(self.t, epochs), n)
        losses = self._losses(epochs * n, n).reshape(epochs, n)
        means: list[float] = (self.ops.total(losses, axis=1) / n).tolist()
        return means


# The network itself
# ------------------
#
# The parts are there; now they become something to use.  The methods of the
# network have the names and manners of scikit-learn, the most used Python
# library for learning from data, so that its tools can be used on it.  First
# come the errors, and the checks of all that a user may pass.

class NotFittedError(ValueError, AttributeError):
    """Raised when a network is asked for answers before it was trained.

    >>> try:
    ...     Network().predict([[1.0, 2.0]])
    ... except NotFittedError as error:
    ...     print(error)
    this Network is not fitted yet; call fit first
    """


class ModelFormatError(ValueError):
    """Raised when a saved model is damaged, or is not one of ours.

    >>> issubclass(ModelFormatError, ValueError)
    True
    """


def _not_fitted(message: str) -> Exception:
    """Our exception, which is also scikit-learn's if that is imported."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError",
                     None)
    if theirs is None:
        return NotFittedError(message)

    def _reduce(error: Exception) -> Any:
        return _not_fitted, error.args

    both: Callable[[str], Exception] = type(
        "NotFittedError", (NotFittedError, theirs), {"__reduce__": _reduce})
    return both(message)


def _table(values: Any) -> Array:
    """Values as an (n, d) array of real numbers, in whatever dtype."""
    if hasattr(values, "tocsr"):
        raise TypeError("X is a sparse matrix; give X.toarray() instead")
    try:
        X = np.asarray(values)
    except ValueError:
        raise ValueError("X has rows of different lengths; give an array of "
                         "the shape (n_samples, n_features)") from None
    X = _real_numbers(X)
    if X.ndim != 2:
        raise ValueError(
            f"X has the shape {X.shape}; give an array of the shape "
            "(n_samples, n_features). Reshape your data with "
            "X.reshape(1, -1) if it is one row, or X.reshape(-1, 1) if it is "
            "one feature")
    for count, what in zip(X.shape, ("sample", "feature"), strict=True):
        if count == 0:
            raise ValueError(f"Found array with 0 {what}(s) (shape="
                             f"{X.shape}) while a minimum of 1 is required.")
    return X


def _real_numbers(X: Array) -> Array:
    """X, if it holds real numbers, or objects that are real numbers."""
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported: X has the dtype "
                         f"{X.dtype}; give real numbers")
    if X.dtype.kind == "O":
        try:
            with np.errstate(all="ignore"):     # one may be too large
                X = X.astype(np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"X holds Python objects ({error}); give an "
                            "array of real numbers") from None
    if X.dtype.kind not in "biuf":
        raise TypeError(f"X has the dtype {X.dtype}; give real numbers")
    return X


def _feature_names(given: Any) -> Array | None:
    """The column names (d,) of a data frame, if they are all strings."""
    names = list(getattr(given, "columns", ()))
    if not names or not any(isinstance(name, str) for name in names):
        return None
    if not all(isinstance(name, str) for name in names):
        raise TypeError("Feature names are only supported if all input "
                        "features have string names, but X has some of "
                        "another type; convert them with "
                        "X.columns = X.columns.astype(str)")
    return np.array(names, dtype=object)


def _compare_names(then: Array | None, now: Array | None) -> None:
    """Raise if columns have other names than in fit; warn if none."""
    if then is None or now is None:
        if then is None:
            _warn("X has feature names, but Network was fitted without "
                  "feature names")
        else:
            _warn("X does not have valid feature names, but Network was "
                  "fitted with feature names")
    elif not np.array_equal(then, now):
        raise ValueError("The feature names should match those that were "
                         "passed during fit." + _difference(then, now))


def _difference(then: Array, now: Array) -> str:
    """How two lists of names differ, in scikit-learn's words."""
    lines = []
    for names, others, what in (
            (now, then, "Feature names unseen at fit time:"),
            (then, now, "Feature names seen at fit time, yet now missing:")):
        only = sorted(set(names) - set(others))
        lines += [what, *(f"- {name}" for name in only)] if only else []
    return "\n" + "\n".join(lines or [
        "Feature names must be in the same order as they were in fit."])+"\n"


def _check_finite(X: Array, dtype: Any) -> None:
    """Raise unless every number of X is finite in the network's dtype."""
    for rows in _slices(0, len(X), _block_rows(X.shape[1])):
        _finite(X[rows], dtype)


def _finite(block: Array, dtype: Any) -> Array:
    """Some rows in the network's dtype, if every number is finite in it.

    A sum of squares is infinite or NaN if a term is, and needs no array of
    its own.  Should it overflow by itself, the numbers are looked at again.
    """
    with np.errstate(all="ignore"):
        block = block.astype(dtype, copy=False)
        every = block.ravel()
        if not (math.isfinite(every.dot(every)) or np.isfinite(every).all()):
            raise ValueError(
                "X contains NaN or infinity, or numbers too large for "
                f"{np.dtype(dtype)}; remove or replace them")
    return block


def _classes(labels: Array, name: str = "y") -> Array:
    """The sorted different labels, at least two."""
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(f"{name} contains one class only, "
                         f"{classes[0].item()!r}; give at least two")
    return classes


def _indices(y: Array, classes: Array, n: int) -> Array:
    """The position (n,) of each label of n rows among the classes."""
    if len(y) != n:
        raise ValueError(f"X has {n} rows and y has {len(y)} labels; give "
                         "one label to each row")
    _same_kind(y, "y", classes, "classes_")
    t = np.searchsorted(classes, y)
    t[t == len(classes)] = 0
    unknown = np.flatnonzero(classes[t] != y)
    if len(unknown):
        raise ValueError(f"y contains the unknown label "
                         f"{y[unknown[0]].item()!r}; the network knows "
                         f"{classes.tolist()}")
    return t.astype(np.min_scalar_type(len(classes)), copy=False)


def _check_callback(callback: Any) -> None:
    if callback is not None and not callable(callback):
        raise TypeError(f"callback is {callback!r}; give a function of "
                        "(network, epoch, loss)")


def _decide(Z2: Array) -> Array:
    """The index (n,) of the largest logit; of one logit, its sign."""
    return Z2[:, 0] > 0 if Z2.shape[1] == 1 else np.argmax(Z2, axis=1)


def _each_probability(Z2: Array, ops: _Arithmetic) -> Array:
    """A column to each class; one logit stands against a logit of zero."""
    if Z2.shape[1] == 1:
        Z2 = np.concatenate([np.zeros_like(Z2), Z2], axis=1)
    return _softmax(_by_class(Z2), ops)


# To tell later whether a network was trained on these data, it keeps a
# *digest* of them: 64 hexadecimal digits that SHA-256 computes from their
# bytes, and that no other bytes are ever likely to give.  Of a large table
# only some rows are taken, evenly, at most a megabyte of them, or the digest
# would take longer than an epoch.  A change in the others goes unnoticed.

def _sha256(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _data_digest(X: Array, t: Array, classes: Array) -> str:
    """A digest of data, the same for any layout in memory."""
    every = 1 + X.nbytes // (1 << 20)
    some = X[::every]
    some = some.astype(some.dtype.newbyteorder("<"), order="C", copy=False)
    label = json.dumps([X.shape, some.dtype.str, classes.tolist()])
    return _sha256(label.encode(), some.ravel(), t[::every].astype("<u4"))


Callback = Callable[["Network", int, float], Any]

_MOST_HIDDEN = 1_000_000


class Network:
    """A classifier with one hidden layer, trained by gradient descent.

    ``hidden_size`` is the number h of hidden units, ``activation`` one of
    "sigmoid", "tanh" and "relu".  ``optimizer`` is an SGD, an Adam or an
    object of your own with the same two methods; None means ``SGD()``.
    ``batch_size`` is the number of rows to a step: None for all of them,
    1 for stochastic gradient descent.  ``epochs`` is the number of passes
    that ``fit`` makes over the rows.  ``seed`` fixes the first weights and
    every shuffle.  ``dtype`` is "float64" or "float32".  ``arithmetic`` is
    "blas", the fast library for matrices in NumPy (its Basic Linear Algebra
    Subprograms), or "portable", which is slow and gives the same bits on
    every 64-bit machine.

    Settings are attributes, checked when training begins.  What training
    finds has names that end in an underscore: ``params_``, the dict of W1
    (d, h), b1 (h,), W2 (h, k) and b2 (k,); ``classes_``, sorted;
    ``n_features_in_``; ``loss_curve_``, a float for each epoch; and
    ``data_digest_``, by which the same data are known again (of more than a
    megabyte, only some rows count).

    Every method changes the network wholly or not at all: whatever is raised
    within, an interrupt from the keyboard included, puts back what it found.

    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> network = Network(hidden_size=4, epochs=100).fit(X, [0, 0, 1, 1])
    >>> network.predict([[-1.0], [4.0]]).tolist()
    [0, 1]
    >>> {name: p.shape for name, p in network.params_.items()}
    {'W1': (1, 4), 'b1': (4,), 'W2': (4, 1), 'b2': (1,)}
    """

    def __init__(self, hidden_size: int = 16, activation: str = "tanh",
                 optimizer: Any = None, batch_size: int | None = None,
                 epochs: int = 200, seed: int = 0, dtype: str = "float64",
                 arithmetic: str = "blas") -> None:
        self.hidden_size = hidden_size
        self.activation = activation
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed
        self.dtype = dtype
        self.arithmetic = arithmetic

    # **Training.**  ``fit`` forgets what was learnt and ``partial_fit`` goes
    # on from it; the rest they share.

    def fit(self, X: ArrayLike, y: ArrayLike,
            callback: Callback | None = None) -> Network:
        """Train afresh for ``epochs`` passes over the rows, and return self.

        ``X`` has the shape (n, d): real, finite numbers.  ``y`` has the
        shape (n,): ints, bools, strings or whole floats, of at least two
        classes.  Rows are shuffled before each pass unless the batch is all
        of them; a short last batch is used.  ``loss_curve_`` holds the mean
        loss of each pass, in which each row counts with the loss that it had
        when its turn came.  With no passes the first weights stay.

        After each pass ``callback(network, epoch, loss)`` is called, with
        ``epoch`` counting from 1.  If it returns true, training ends there.

        Raises TypeError or ValueError for bad settings and bad data, and
        FloatingPointError when the loss or a weight is no longer finite.

        >>> X, y = [[0.0], [1.0], [2.0]], ["low", "low", "high"]
        >>> network = Network(epochs=3).fit(X, y)
        >>> len(network.loss_curve_)
        3
        >>> def enough(network, epoch, loss):
        ...     return epoch == 2
        >>> len(network.fit(X, y, callback=enough).loss_curve_)
        2
        """
        self._check_settings()
        _check_callback(callback)
        table, labels = _table(X), _labels(y, "y")
        classes = _classes(labels)
        _check_finite(table, self.dtype)
        t = _indices(labels, classes, len(table))
        with self._all_or_nothing():
            self._begin(table.shape[1], classes, _feature_names(X))
            self._remember(table, t)
            self._train(table, t, self.epochs, callback)
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike,
                    classes: ArrayLike | None = None, epochs: int = 1,
                    callback: Callback | None = None) -> Network:
        """Train for more passes, from where the network stands.

        The first call may name the ``classes``, which need not all occur in
        its ``y``; without, they are taken from ``y``.  Later calls must keep
        to them.  On a new network, ten calls of one epoch on the same rows
        equal one ``fit`` of ten epochs, bit for bit.  ``X``, ``y`` and
        ``callback`` are as in ``fit``, and ``epoch`` goes on counting from
        call to call.

        A change of settings takes effect with the next call, but for those
        that belong to the first weights: another ``seed`` is ignored, another
        ``hidden_size`` or ``dtype`` is an error.  An optimizer with another
        memory starts with an empty one.

        Raises what ``fit`` raises, and ValueError for other features, other
        classes or another size than the network has.

        >>> X, y = [[0.0], [1.0], [2.0]], ["low", "low", "high"]
        >>> whole = Network(epochs=2).fit(X, y)
        >>> parts = Network().partial_fit(X, y).partial_fit(X, y)
        >>> whole.params_["W1"].tolist() == parts.params_["W1"].tolist()
        True
        """
        self._check_settings()
        _check_count("epochs", epochs, 0)
        _check_callback(callback)
        table, labels = _table(X), _labels(y, "y")
        first = not self._is_fitted()
        if not first:
            self._check_features(X, table)
            self._check_unchanged()
        known = self._known_classes(labels, classes)
        _check_finite(table, self.dtype)
        t = _indices(labels, known, len(table))
        with self._all_or_nothing():
            if first:
                self._begin(table.shape[1], known, _feature_names(X))
            self._remember(table, t)
            self._train(table, t, epochs, callback)
        return self

    def _check_settings(self) -> None:
        """Raise unless all settings can be trained with."""
        _check_count("hidden_size", self.hidden_size, 1, _MOST_HIDDEN)
        _check_choice("activation", self.activation, _ACTIVATIONS)
        if self.batch_size is not None:
            _check_count("batch_size", self.batch_size, 1)
        _check_count("epochs", self.epochs, 0)
        _check_count("seed", self.seed, 0, 2**128 - 1)
        _check_choice("dtype", self.dtype, ("float64", "float32"))
        _check_choice("arithmetic", self.arithmetic, _ARITHMETIC)
        for method in ("start", "step"):
            if isinstance(self.optimizer, type) or not callable(
                    getattr(self._optimizer(), method, None)):
                raise TypeError(
                    f"optimizer is {self.optimizer!r}; give SGD(...), "
                    "Adam(...) or an object with the methods start and step")

    def _optimizer(self) -> Any:
        return SGD() if self.optimizer is None else self.optimizer

    def _is_fitted(self) -> bool:
        return hasattr(self, "params_")

    def _check_fitted(self) -> None:
        if not self._is_fitted():
            raise _not_fitted("this Network is not fitted yet; call fit "
                              "first")

    def _check_features(self, given: Any, X: Array) -> None:
        """Raise unless the columns are those of fit, by number and name."""
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but Network is expecting "
                f"{self.n_features_in_} features as input; give as many as "
                "in fit")
        then = getattr(self, "feature_names_in_", None)
        now = _feature_names(given) if hasattr(given, "columns") else None
        if then is not None or now is not None:
            _compare_names(then, now)

    def _check_unchanged(self) -> None:
        """Raise if the settings no longer fit the weights."""
        _, h, _ = self._sizes()
        for name, now in (("hidden_size", h),
                          ("dtype", np.dtype(self._float()).name)):
            if getattr(self, name) != now:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, but the network was "
                    f"begun with {now!r}; set it back, or call fit")

    def _known_classes(self, labels: Array, given: ArrayLike | None) -> Array:
        """The classes that are known, or given, or else found in labels."""
        named = None if given is None else _classes(
            _labels(given, "classes"), "classes")
        if not self._is_fitted():
            return _classes(labels) if named is None else named
        if named is not None and named.tolist() != self.classes_.tolist():
            raise ValueError(f"classes is {named.tolist()}, but the network "
                             f"knows {self.classes_.tolist()}; leave it out, "
                             "or call fit")
        return self.classes_

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Put the attributes back if anything is raised within."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def _begin(self, d: int, classes: Array, names: Array | None) -> None:
        """Draw the first weights; forget what was learnt."""
        self.n_features_in_, self.classes_ = d, classes
        vars(self).pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        self._random = np.random.Generator(np.random.PCG64(self.seed))
        k = 1 if len(classes) == 2 else len(classes)
        self.params_ = _first_params(
            self._random, (d, self.hidden_size, k), self.dtype)
        self.loss_curve_: list[float] = []
        self.data_digest_: str | None = None
        self._memory = self._start(_flat(self.params_))

    def _remember(self, X: Array, t: Array) -> None:
        """Note what the network is trained on, as one digest.

        It stays while the data stay.  Other data are chained to it.
        """
        old, new = self.data_digest_, _data_digest(X, t, self.classes_)
        chained = old is not None and old != new
        self.data_digest_ = _sha256(f"{old}{new}".encode()) if chained else new

    def _weights(self) -> dict[str, Array]:
        """The arrays in params_, checked: a user may have put them there."""
        d, classes = self.n_features_in_, len(self.classes_)
        h = np.shape(self.params_.get("b1", 0.0))
        k = 1 if classes == 2 else classes
        shapes = _shapes(d, h[0] if h else self.hidden_size, k)
        found = {name: np.shape(p) for name, p in self.params_.items()}
        if found != shapes:
            raise ValueError(f"params_ has the arrays {found}; put arrays of "
                             f"the shapes {shapes} there")
        if any(np.asarray(p).dtype.kind not in "biuf"
               for p in self.params_.values()):
            raise ValueError("params_ holds something else than real numbers; "
                             "put arrays of floats there")
        return self.params_

    def _sizes(self) -> Sizes:
        """The numbers d, h and k of the weights that there are."""
        weights = self._weights()
        return (*np.shape(weights["W1"]), np.shape(weights["W2"])[1])

    # The training itself works on copies of everything that it changes, and
    # hangs them on the network before the first step, so that a callback
    # sees the network as it is.  Should the training fail, the originals
    # come back untouched.

    def _train(self, X: Array, t: Array, epochs: int,
               callback: Callback | None) -> None:
        """Run some epochs on checked data."""
        theta, epochs = self._own_state(), int(epochs)
        views, outside = dict(self.params_), np.geterr()
        with np.errstate(all="ignore"):
            together = epochs if callback is None else 1
            for loss in self._epochs(X, t, theta, epochs, together):
                epoch = len(self.loss_curve_) + 1
                if not math.isfinite(loss):
                    raise self._diverged(epoch, f"the loss is {loss}")
                self.loss_curve_.append(loss)
                if callback is None:
                    continue
                with np.errstate(**outside):
                    enough = callback(self, epoch, loss)
                if any(self.params_.get(name) is not views[name]
                       for name in views):   # the callback's own weights
                    theta[:] = _flat(self._weights())
                    self.params_ = dict(views)
                if enough:
                    break
            if epochs and not np.isfinite(theta).all():
                raise self._diverged(epoch, "a weight is not finite")
        self._settle()

    def _own_state(self) -> Array:
        """Replace all that training changes by copies; return theta."""
        theta = _flat(self._weights()).astype(self.dtype)
        self.params_ = _views(theta, self._sizes())
        self._memory = self._own_memory(theta)
        self._random = copy.deepcopy(self._random)
        self.loss_curve_ = list(self.loss_curve_)
        return theta

    def _settle(self) -> None:
        """Give each array of weights a memory of its own, in one piece.

        A prediction needs them so.  For a single row of 256 features and 512
        units, taking them apart anew took 0.3 milliseconds, the products 13
        microseconds.
        """
        self.params_ = {name: p.copy() for name, p in self.params_.items()}

    def _start(self, theta: Array) -> dict[str, Array]:
        """What the optimizer wants to remember at the beginning."""
        memory = self._optimizer().start(theta)
        if not isinstance(memory, dict):
            raise TypeError(f"the optimizer's start returned {memory!r}; let "
                            "it return a dict of arrays, {} if it needs none")
        return memory

    def _own_memory(self, theta: Array) -> dict[str, Array]:
        """A copy of the optimizer's memory; a new one if its names differ."""
        fresh = self._start(theta)
        same = fresh.keys() == self._memory.keys()
        return copy.deepcopy(self._memory) if same else fresh

    def _epochs(self, X: Array, t: Array, theta: Array, epochs: int,
                together: int) -> Iterator[float]:
        """Walk over the rows so many times, and yield each mean loss."""
        n = len(X)
        batch = min(int(self.batch_size or n), n)
        walk = _Pass(X, t, theta, self._sizes(), batch, self.activation,
                     _ARITHMETIC[self.arithmetic])
        descend = partial(self._optimizer().step, theta, walk.gradient,
                          self._memory)
        if batch == n and not walk.in_pieces:
            together = min(together, walk.rows // n)
            for part in _slices(0, epochs, max(1, together)):
                yield from walk.full_batches(part.stop - part.start, descend)
            return
        for _ in range(epochs):
            if batch < n:
                walk.shuffle(self._random.permutation(n))
            yield walk.epoch(descend)

    def _diverged(self, epoch: int, what: str) -> FloatingPointError:
        return FloatingPointError(
            f"training diverged in epoch {epoch}: {what}. The network is as "
            "it was before the call. Try a smaller learning rate, less "
            "momentum, or features scaled to about 1")

    # **Answers.**  For prediction the rows pass in blocks too, through plain
    # :eq:`forward`.  How weights lie in memory can move the last bits of a
    # product, so for this they always lie in the same way.

    def _logits(self, X: Array) -> Iterator[tuple[slice, Array]]:
        """The logits Z2 of checked rows, a block at a time."""
        ops, dtype = _ARITHMETIC[self.arithmetic], self._float()
        params = {name: np.ascontiguousarray(p, dtype)
                  for name, p in self._weights().items()}
        for rows in _slices(0, len(X), _block_rows(*params["W1"].shape)):
            block = _finite(X[rows], dtype)
            Z2 = _forward(block, params, self.activation, ops)[1]
            if not math.isfinite(np.add.reduce(Z2, None)):
                raise self._overflow()
            yield rows, Z2

    def _float(self) -> type[np.floating[Any]]:
        """The precision of the weights, whatever a user put in their place."""
        W1 = np.asarray(self.params_["W1"])
        return np.float32 if W1.dtype == np.float32 else np.float64

    def _overflow(self) -> ValueError:
        return ValueError("the numbers in X, or the weights, are so large "
                          "that the network overflows; scale the features "
                          "to about 1")

    def _checked(self, X: Any) -> Array:
        """X as an array that this fitted network can take."""
        self._check_fitted()
        _check_choice("activation", self.activation, _ACTIVATIONS)
        _check_choice("arithmetic", self.arithmetic, _ARITHMETIC)
        table = _table(X)
        self._check_features(X, table)
        return table

    def predict(self, X: ArrayLike) -> Array:
        """Give the likeliest class of each row, as a label given to fit.

        ``X`` has the shape (n, d); the result has the shape (n,) and the
        labels' dtype.  The likeliest class is the one with the largest
        logit; with one logit, the second class if it is positive.

        Raises NotFittedError before fit, TypeError or ValueError for bad
        data.

        >>> X = [[0.0], [1.0], [4.0], [5.0]]
        >>> network = Network().fit(X, ["low", "low", "high", "high"])
        >>> network.predict([[0.5], [4.5]]).tolist()
        ['low', 'high']
        """
        X = self._checked(X)
        with np.errstate(all="ignore"):
            t = np.concatenate([_decide(Z2) for _, Z2 in self._logits(X)])
        labels: Array = self.classes_[t.astype(np.intp)]
        return labels

    def predict_proba(self, X: ArrayLike) -> Array:
        """Give each row's probability of each class.

        ``X`` has the shape (n, d); the result has the shape (n, classes),
        with a column for each of ``classes_`` and rows that sum to 1.

        Raises what ``predict`` raises.

        >>> X = [[0.0], [1.0], [4.0], [5.0]]
        >>> network = Network().fit(X, ["low", "low", "high", "high"])
        >>> P = network.predict_proba(X)
        >>> P.shape, np.allclose(P.sum(axis=1), 1)
        ((4, 2), True)
        """
        X, ops = self._checked(X), _ARITHMETIC[self.arithmetic]
        P = np.empty((len(X), len(self.classes_)), self._float())
        with np.errstate(all="ignore"):
            for rows, Z2 in self._logits(X):
                P[rows] = _each_probability(Z2, ops)
        return P

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Give the accuracy of the predictions: the share that is right.

        ``X`` has the shape (n, d) and ``y`` the shape (n,).

        Raises what ``predict`` raises, and ValueError for unknown labels.

        >>> X, y = [[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1]
        >>> Network().fit(X, y).score(X, y)
        1.0
        """
        return self.evaluate(X, y)["accuracy"]

    def evaluate(self, X: ArrayLike, y: ArrayLike) -> dict[str, float]:
        """Give the mean loss and the accuracy at the present weights.

        ``X`` has the shape (n, d) and ``y`` the shape (n,).

        Raises what ``predict`` raises, and ValueError for unknown labels.

        >>> X, y = [[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1]
        >>> report = Network().fit(X, y).evaluate(X, y)
        >>> sorted(report), report["loss"] < 0.1
        (['accuracy', 'loss'], True)
        """
        X, ops = self._checked(X), _ARITHMETIC[self.arithmetic]
        t = _indices(_labels(y, "y"), self.classes_, len(X))
        loss, right = 0.0, 0
        with np.errstate(all="ignore"):
            for rows, Z2 in self._logits(X):
                loss += ops.total(_row_losses(Z2, t[rows], ops)).item()
                right += int(np.count_nonzero(_decide(Z2) == t[rows]))
        return {"loss": loss / len(X), "accuracy": right / len(X)}

    # **Steps from outside.**  A training loop of your own, for data in several
    # places, say, or a learning rate that changes on the way, needs two things
    # of the network: the gradient, and one step.

    def loss_and_gradients(self, X: ArrayLike, y: ArrayLike
                           ) -> tuple[float, dict[str, Array]]:
        """Give the mean loss and its gradient at the present weights.

        ``X`` has the shape (n, d) and ``y`` the shape (n,).  The gradient
        is a dict of arrays with the names and shapes of ``params_``.  The
        network is not changed.

        Raises what ``evaluate`` raises.

        >>> X, y = [[0.0], [1.0]], [0, 1]
        >>> network = Network(hidden_size=2, epochs=0).fit(X, y)
        >>> loss, gradients = network.loss_and_gradients(X, y)
        >>> gradients["W1"].shape, loss == network.evaluate(X, y)["loss"]
        ((1, 2), True)
        """
        X = self._checked(X)
        _check_finite(X, self._float())
        t = _indices(_labels(y, "y"), self.classes_, len(X))
        sizes, theta = self._sizes(), _flat(self._weights())
        theta = theta.astype(self._float(), copy=False)
        with np.errstate(all="ignore"):
            walk = _Pass(X, t, theta, sizes, len(X), self.activation,
                         _ARITHMETIC[self.arithmetic])
            loss = walk.batch_gradient(slice(0, len(X)))
        if not (math.isfinite(loss) and np.isfinite(walk.gradient).all()):
            raise self._overflow()
        return loss / len(X), _views(walk.gradient, sizes)

    def apply_gradients(self, gradients: Mapping[str, ArrayLike]) -> Network:
        """Let the optimizer take one step, and return self.

        ``gradients`` is a dict of finite arrays with the names and shapes
        of ``params_``; it is not changed.

        Raises NotFittedError before fit, TypeError or ValueError for other
        gradients, and FloatingPointError if a weight is no longer finite.

        >>> X, y = [[0.0], [1.0], [2.0]], [0, 1, 1]
        >>> network = Network(epochs=0).fit(X, y)
        >>> for _ in range(5):
        ...     _, gradients = network.loss_and_gradients(X, y)
        ...     network = network.apply_gradients(gradients)
        >>> trained = Network(epochs=5).fit(X, y)
        >>> np.allclose(network.params_["W1"], trained.params_["W1"])
        True
        """
        self._check_fitted()
        self._check_settings()
        self._check_unchanged()
        gradient = self._flat_gradient(gradients)
        with self._all_or_nothing(), np.errstate(all="ignore"):
            theta = self._own_state()
            self._optimizer().step(theta, gradient, self._memory)
            if not np.isfinite(theta).all():
                raise self._diverged(len(self.loss_curve_) + 1,
                                     "a weight is not finite")
            self._settle()
        return self

    def _flat_gradient(self, gradients: Mapping[str, ArrayLike]) -> Array:
        """A dict of gradients, checked, as one flat array."""
        if not isinstance(gradients, Mapping) or (
                gradients.keys() != self.params_.keys()):
            raise ValueError("gradients must be a dict with the keys "
                             f"{list(self.params_)}, as loss_and_gradients "
                             f"gives it, not {reprlib.repr(gradients)}")
        checked = {}
        for name, p in self.params_.items():
            g = _numbers(gradients[name], name)
            if g.shape != p.shape or g.dtype.kind == "c":
                raise ValueError(f"the gradient {name} has the shape "
                                 f"{g.shape} and the dtype {g.dtype}; give "
                                 f"real numbers of the shape {p.shape}")
            with np.errstate(all="ignore"):
                checked[name] = g.astype(p.dtype)
            if not np.isfinite(checked[name]).all():
                raise ValueError(f"the gradient {name} is not finite in "
                                 f"{p.dtype}; give smaller numbers")
        return _flat(checked)

    # **Settings.**  These two are what scikit-learn needs to copy a network
    # and to search for better settings, those of the optimizer included.

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the settings as a dict, with the optimizer's if ``deep``.

        Those have names like ``optimizer__momentum``.

        >>> network = Network(optimizer=SGD(momentum=0.9))
        >>> network.get_params()["optimizer__momentum"]
        0.9
        >>> len(network.get_params(deep=False))
        8
        """
        settings = {name: getattr(self, name) for name in _SETTINGS}
        if deep:
            own = getattr(self._optimizer(), "__dict__", {})
            settings.update({f"optimizer__{name}": value
                             for name, value in own.items()})
        return settings

    def set_params(self, **params: Any) -> Network:
        """Change settings by name, those of the optimizer included.

        Returns self.  ``optimizer__momentum`` is the momentum of the
        optimizer, and so on.  Settings are checked when training begins.

        Raises ValueError for a name that is no setting, and then changes
        none.

        >>> network = Network().set_params(epochs=50, optimizer=Adam())
        >>> network.set_params(optimizer__beta1=0.8).optimizer.beta1
        0.8
        """
        own = {name: value for name, value in params.items()
               if name in _SETTINGS}
        inner = {name.removeprefix("optimizer__"): value
                 for name, value in params.items() if name not in own}
        optimizer = own.get("optimizer", self.optimizer)
        if optimizer is None and inner:
            optimizer = own["optimizer"] = SGD()
        for name in params.keys() - own.keys():
            known = getattr(optimizer, "__dict__", {})
            if name not in {f"optimizer__{setting}" for setting in known}:
                raise ValueError(f"{name!r} is no setting of this network; "
                                 f"choose from {list(self.get_params())}")
        vars(self).update(own)
        if inner:
            vars(optimizer).update(inner)
        return self

    # **Saving.**  These two only collect what is to be kept, and take it over
    # again.  How it gets to the disk and back is a chapter of its own.

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write the next version, directory/v0001, v0002, and so on.

        Returns its path.  It holds all that training needs to go on, bit for
        bit.  When this returns, the version is safe on the disk; if it
        raises, there is none.  The directory is made if it is not there.

        Raises NotFittedError before fit, TypeError for an optimizer other
        than SGD and Adam, ValueError for a path that cannot hold versions
        and for a network too large to be saved, OSError if the disk does
        not do its part.

        >>> import tempfile
        >>> network = Network(epochs=5).fit([[0.0], [1.0]], [0, 1])
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     network.save(directory).name, network.save(directory).name
        ('v0001', 'v0002')
        """
        self._check_fitted()
        self._check_settings()
        self._check_unchanged()
        theta = _flat(self._weights()).astype(self.dtype)
        arrays = dict(_views(theta, self._sizes()))
        for name, array in self._own_memory(theta).items():
            arrays[f"optimizer.{name}"] = self._in_order(array)
        path = _path(directory)
        if (path / "config.json").exists():
            raise ValueError(f"{path} is a version already; give the "
                             "directory above it")
        if os.path.lexists(path) and not os.path.isdir(path):
            raise ValueError(f"{path} is not a directory; give one, in which "
                             "the model's versions are to be")
        return _publish(path, _pack(self._config(), arrays))

    def _in_order(self, array: Array) -> Array:
        """An array like theta as W1, b1, W2 and b2 one after the other."""
        if not array.ndim:
            return array
        views = _views(array, self._sizes())
        return np.concatenate([views[name].ravel() for name in views])

    @classmethod
    def load(cls, directory: str | os.PathLike[str],
             version: int | None = None) -> Network:
        """Give the network of the newest version, or of the one asked for.

        ``directory`` is what save was given, or one version's own directory,
        which save returned.

        Raises ModelFormatError for files that are damaged or not ours,
        and one that is a FileNotFoundError too where nothing was saved.

        >>> import tempfile
        >>> network = Network(epochs=5).fit([[0.0], [1.0]], [0, 1])
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     again = Network.load(network.save(directory))
        >>> again.loss_curve_ == network.loss_curve_
        True
        """
        config, arrays = _read_version(_newest(directory, version))
        settings = config["hyperparameters"]
        if settings["optimizer"] is not None:
            kind, own = settings["optimizer"]["name"], settings["optimizer"]
            settings["optimizer"] = _OPTIMIZERS[kind](
                **{name: own[name] for name in own if name != "name"})
        network = cls(**settings)
        network._restore(config, arrays)
        return network

    def _config(self) -> dict[str, Any]:
        """All that is to be saved but the arrays, in plain Python."""
        return {
            "format": 1,
            "nn_version": __version__,
            "hyperparameters": {
                name: _plain_setting(value) for name, value
                in self.get_params(deep=False).items()},
            "classes": {"dtype": self.classes_.dtype.newbyteorder("<").str,
                        "values": self.classes_.tolist()},
            "n_features_in": self.n_features_in_,
            "feature_names": (self.feature_names_in_.tolist() if
                              hasattr(self, "feature_names_in_") else None),
            "shapes": {name: list(shape) for name, shape
                       in _shapes(*self._sizes()).items()},
            "epochs_done": len(self.loss_curve_),
            "loss_curve": self.loss_curve_,
            "random_state": _plain_state(self._random),
            "data_digest": self.data_digest_,
            "environment": _environment(),
        }

    def _restore(self, config: dict[str, Any],
                 arrays: dict[str, Array]) -> None:
        """Take over what _config and save wrote."""
        self.n_features_in_ = config["n_features_in"]
        self.classes_ = _class_labels(config["classes"])
        if config["feature_names"] is not None:
            self.feature_names_in_ = np.array(config["feature_names"], object)
        self.loss_curve_ = config["loss_curve"]
        self.data_digest_ = config["data_digest"]
        self._random = _random_from(config["random_state"])
        self.params_ = {name: arrays[name] for name in config["shapes"]}
        self._memory = {
            name.removeprefix("optimizer."): self._out_of_order(array)
            for name, array in arrays.items()
            if name.startswith("optimizer.")}

    def _out_of_order(self, array: Array) -> Array:
        """The reverse of _in_order."""
        if not array.ndim:
            return array
        theta, start = np.empty_like(array), 0
        for view in _views(theta, self._sizes()).values():
            view[...] = array[start:start + view.size].reshape(view.shape)
            start += view.size
        return theta

    def __repr__(self) -> str:
        usual = inspect.signature(Network).parameters
        text = "Network(" + ", ".join(
            f"{name}={value!r}" for name, value
            in self.get_params(deep=False).items()
            if repr(value) != repr(usual[name].default)) + ")"
        if not self._is_fitted():
            return text
        d, h, k = self._sizes()
        output = "sigmoid" if k == 1 else "softmax"
        return (f"{text}\n# {d} features, {h} {self.activation}, "
                f"{k} {output}: {(d + 1) * h + (h + 1) * k} parameters, "
                f"{len(self.loss_curve_)} epochs")

    # scikit-learn asks what kind of estimator this is.  It is imported
    # already when it does, so that we need not import it.

    _estimator_type = "classifier"

    def __sklearn_tags__(self) -> Any:
        utils = sys.modules["sklearn.utils"]
        return utils.Tags(
            estimator_type="classifier",
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags(),
            input_tags=utils.InputTags())


_SETTINGS = tuple(inspect.signature(Network).parameters)
_OPTIMIZERS: dict[str, Any] = {"SGD": SGD, "Adam": Adam}


def _plain_setting(value: Any) -> Any:
    """A setting as JSON can hold it; an optimizer as a dict with its name."""
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if type(value) not in _OPTIMIZERS.values():
        raise TypeError(
            f"optimizer is {value!r}, and only SGD and Adam can be saved, "
            "since loading runs no code but ours; to save the rest, call "
            "set_params(optimizer=SGD()) first")
    return {"name": type(value).__name__} | {
        name: _plain_setting(own) for name, own in asdict(value).items()}


def _plain_state(random: np.random.Generator) -> dict[str, Any]:
    """The random state; JSON parsers may round its 128-bit numbers."""
    state: Any = copy.deepcopy(random.bit_generator.state)
    state["state"] = {name: str(value)
                      for name, value in state["state"].items()}
    order = "bit_generator", "state", "has_uint32", "uinteger"
    return {name: state[name] for name in order}


def _random_from(state: dict[str, Any]) -> np.random.Generator:
    """The generator that _plain_state described."""
    numbers = {name: int(text) for name, text in state["state"].items()}
    bits = np.random.PCG64(0)
    full: Any = {**state, "state": numbers}
    bits.state = full
    return np.random.Generator(bits)


# Training regimes
# ----------------
#
# One setting, ``batch_size``, decides how many rows are put through before
# each step.  *Full batch* takes them all: the gradient is exact, and an epoch
# is one step.  *Stochastic* descent takes one: as many steps to an epoch as
# there are rows, each in a direction that is right only on average.
# *Mini-batches* lie between.  At the same weights, the mean of the gradients
# of all batches is the gradient of the whole, if the batches are of one size:
#
# >>> rng = np.random.default_rng(0)
# >>> X, y = rng.random((6, 2)), np.array([0, 1, 1, 0, 1, 0])
# >>> network = Network(hidden_size=3, epochs=0).fit(X, y)
# >>> _, whole = network.loss_and_gradients(X, y)
# >>> parts = [network.loss_and_gradients(X[i:i + 2], y[i:i + 2])[1]["W1"]
# ...          for i in (0, 2, 4)]
# >>> np.allclose(whole["W1"], np.mean(parts, axis=0))
# True


# Checking the gradient
# =====================
#
# A wrong gradient often trains all the same, only worse, and nothing says
# so.  So it is held against the definition of a slope.  Let L be the loss as a
# function of one parameter :math:`\theta_j`, with all others kept still, and
# let :math:`\epsilon` be a small step, in this chapter.  The obvious way is to
# step to both sides:
#
# .. math::
#    :label: central-difference
#
#    \frac{\partial L}{\partial \theta_j} \approx
#    \frac{L(\theta_j + \epsilon) - L(\theta_j - \epsilon)}{2 \epsilon}
#
# But the two losses agree in most digits, and the subtraction loses them: a
# smaller step is closer to a slope and leaves fewer digits.  A step into the
# complex plane has no such trouble (Squire and Trapp 1998).  Let i be the
# imaginary unit.  Taylor's series goes on from the tangent by the powers of
# the step, and those of :math:`i \epsilon` are real and imaginary in turn:
#
# .. math::
#    :label: taylor-of-the-loss
#
#    L(\theta_j + i \epsilon) = L + i \epsilon L'
#    - \frac{\epsilon^2}{2} L^{(2)} - i \frac{\epsilon^3}{6} L^{(3)} + \cdots
#
# So the imaginary part, divided by the step, is the slope, and what comes
# after is smaller by the square of the step:
#
# .. math::
#    :label: complex-step
#
#    \frac{\partial L}{\partial \theta_j} \approx
#    \frac{\operatorname{Im} L(\theta_j + i \epsilon)}{\epsilon}
#
# Nothing is subtracted, the step can be 1e-30, and the result is right to the
# last digits.  This is why activations and losses take complex numbers.  It
# needs a function that has no corner there.
#
# >>> z, t, step = np.array([[0.2, -0.4, 1.0]]), [2], 1e-30
# >>> exact = softmax(z)[0, 0]
# >>> slope = cross_entropy(z + [[step * 1j, 0, 0]], t).imag / step
# >>> bool(abs(slope - exact) <= 4e-16 * exact)
# True
# >>> rise, fall = cross_entropy(z + [[1e-6, 0, 0]], t), cross_entropy(
# ...     z - [[1e-6, 0, 0]], t)
# >>> bool(1e-13 < abs((rise - fall) / 2e-6 - exact) < 1e-8)
# True
#
# With a larger step the terms of the series can be seen.  Of this loss the
# second derivative is p (1 - p), and the third that times 1 - 2p:
#
# >>> L, p, step = cross_entropy(z, t), exact, 0.01
# >>> L2 = p * (1 - p)
# >>> L3 = L2 * (1 - 2 * p)
# >>> series = L + 1j * step * p - step**2 / 2 * L2 - 1j * step**3 / 6 * L3
# >>> bool(abs(cross_entropy(z + [[1j * step, 0, 0]], t) - series) < step**4)
# True

class _GradientReport(NamedTuple):
    """What gradient_check found, with the worst entry of all."""

    max_relative_error: float
    where: tuple[str, tuple[int, ...]]
    analytic: float
    numeric: float
    by_parameter: dict[str, float]


def gradient_check(network: Network, X: ArrayLike, y: ArrayLike,
                   step: float | None = None) -> _GradientReport:
    """Compare ``loss_and_gradients`` with slopes measured on the loss.

    ``X`` has the shape (n, d) and ``y`` the shape (n,).  Slopes are measured
    by complex steps, or, if ``step`` is given, by central differences that
    go as far to both sides.  The report has ``max_relative_error``; ``where``
    it is, as ("W1", (0, 2)); both values there, ``analytic`` and ``numeric``;
    and the worst error ``by_parameter``.

    A slope is a sum over rows, and its rounding goes with the size of the
    terms, not with what is left when they cancel; after long training little
    is left.  So an error is relative to the larger of the two values, but at
    least to a hundredth of what the slope would be if nothing cancelled.  If
    all slopes are zero, nothing was checked, and the error is infinite.
    Expect less than 1e-12 in float64, 1e-4 in float32, for features scaled
    to about 1.  The cost is a forward pass for each number in ``params_``,
    or two with ``step``.

    Raises what ``loss_and_gradients`` raises, and TypeError or ValueError
    for a step that is no positive number.

    >>> X, y = [[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]], ["a", "b", "c"]
    >>> network = Network(hidden_size=5, epochs=10).fit(X, y)
    >>> gradient_check(network, X, y).max_relative_error < 1e-12
    True
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {network!r}; give a fitted Network")
    if step is not None:
        _check_number("step", step, 5e-324)
    _, gradients = network.loss_and_gradients(X, y)
    if gradients.keys() != network.params_.keys():
        raise ValueError(f"loss_and_gradients gave {sorted(gradients)}; it "
                         f"has to give {sorted(network.params_)}")
    X = np.asarray(X, dtype=np.float64)
    t = _indices(_labels(y, "y"), network.classes_, len(X))
    slopes = {name: _slopes(network, name, X, t, step) for name in gradients}
    sizes = _uncancelled(network, X, t)
    errors = {name: _relative_error(gradients[name], slopes[name],
                                    1e-2 * sizes[name]) for name in slopes}
    worst = max(errors, key=lambda name: float(errors[name].max()))
    at = np.unravel_index(errors[worst].argmax(), errors[worst].shape)
    checked = any(numeric.any() for numeric in slopes.values())
    return _GradientReport(
        float(errors[worst].max()) if checked else math.inf,
        (worst, tuple(int(i) for i in at)),
        float(gradients[worst][at]), float(slopes[worst][at]),
        {name: float(error.max()) for name, error in errors.items()})


def _uncancelled(network: Network, X: Array, t: Array) -> dict[str, Array]:
    """The gradient, with every term of every sum taken as positive."""
    params, (_, slope) = network.params_, _ACTIVATIONS[network.activation]
    with np.errstate(all="ignore"):
        A1, Z2 = _forward(X, params, network.activation)
        P = _each_probability(Z2, _NUMPY)[:, -Z2.shape[1]:]
        Y = t[:, None] == np.arange(len(network.classes_))[-Z2.shape[1]:]
        D2 = (P + Y) / len(X)
        D1 = np.dot(D2, abs(params["W2"].T)) * slope(A1)
        return {"W1": np.dot(abs(X).T, D1), "b1": D1.sum(axis=0),
                "W2": np.dot(abs(A1).T, D2), "b2": D2.sum(axis=0)}


def _relative_error(a: Array, b: Array, least: Array) -> Array:
    """The difference of two arrays relative to their size, by element.

    What is not a number is infinitely wrong.
    """
    with np.errstate(all="ignore"):
        size = np.maximum(np.maximum(abs(a), abs(b)), least)
        error = abs(a - b) / np.where(size > 0, size, 1)
    return np.where(np.isnan(error), np.inf, error)


def _slopes(network: Network, name: str, X: Array, t: Array,
            step: float | None) -> Array:
    """The slope of the mean loss in each number of one parameter array."""
    params = {key: p.astype(np.complex128)
              for key, p in network.params_.items()}
    slopes = np.empty(params[name].shape)

    def _loss(nudge: complex) -> complex:
        kept, p[i] = p[i], p[i] + nudge
        _, Z2 = _forward(X, params, network.activation)
        p[i] = kept
        return complex(_mean(_row_losses(Z2, t, _NUMPY)))

    p = params[name]
    with np.errstate(all="ignore"):
        for i in np.ndindex(p.shape):
            if step is None:
                slopes[i] = _loss(1e-30j).imag / 1e-30
            else:
                slopes[i] = (_loss(step) - _loss(-step)).real / (2 * step)
    return slopes



# Keeping a model
# ===============
#
# A trained network is worth the hours that went into it.  It is kept as two
# files in a directory of their own::
#
#     models/iris/v0001/weights.npz    the arrays
#     models/iris/v0001/config.json    all the rest
#     models/iris/v0002/...
#
# Both are in common formats: NumPy loads the weights, any JSON parser the
# config.  Reading them back is another matter.  A file may
# have been cut short by a full disk, changed by a failing one, or written
# by somebody who wishes us ill.  So there are three promises:
#
# * A version is there wholly or not at all, whatever moment the program or
#   the power goes.  Once ``save`` has returned, it is there.
# * A damaged version is refused, never loaded wrongly.
# * Loading runs no code and imports nothing that the files name.
#
# The first promise holds as far as the system keeps its own.  On Windows, and
# on a few file systems elsewhere, the list of names in a directory cannot be
# forced to the disk.  There a power cut soon after a save may cost that
# version; what may be left of it is refused, as anything damaged is.
#
# Digests find damage.  They do not find tampering: whoever changes a weight
# on purpose can compute the digest anew.  Against this only a signature
# helps, or a place to keep the files that nobody else can write to.
#
# One idea does most of the work.  There are many ways to write down the
# same model, and checking a file in all of them is long and error-prone.
# Here there is just *one* way, down to the last byte.  So a reader can take
# what it needs, write it again, and compare: what is not the same byte for
# byte was not written by us, or not left as we wrote it.

# Weights as bytes
# ----------------
#
# An ``.npz`` file is a zip archive, and each member an ``.npy`` file: a line
# of text that tells type and shape, then the numbers.  ``np.savez`` writes
# one in a line of code, but its bytes change with the clock and with the
# versions of NumPy and Python.  Both formats are simple enough to write
# ourselves: nothing compressed, members in the order of their names, every
# date the first that a zip can express, every number with its lowest byte
# first (*little-endian*), and arrays row by row (*C order*).

def _npy_header(dtype: Any, shape: tuple[int, ...]) -> bytes:
    """The start of an .npy file; its length is a multiple of 64 bytes."""
    descr = np.dtype(dtype).newbyteorder("<").str
    text = (f"{{'descr': {descr!r}, 'fortran_order': False, "
            f"'shape': {shape}, }}")
    size = -(-(10 + len(text) + 1) // 64) * 64
    return struct.pack("<6s2BH", b"\x93NUMPY", 1, 0, size - 10) + (
        text.ljust(size - 11) + "\n").encode()


# Zip lists its members twice, before each one's bytes and again in a
# directory at the end.  The two entries share the part that the format
# defines as version needed, flags, method, time, date, checksum, size
# stored, size, length of the name and length of what follows it.  Sizes and
# places have 32 bits.  Zip has an extension for more, and we leave it out: a
# network of 4 GB has outgrown this file.

_MOST_WEIGHTS = 2**32 - 2**20


def _pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """The bytes of a .npz file; the same arrays give the same bytes."""
    if sum(array.nbytes for array in arrays.values()) > _MOST_WEIGHTS:
        raise ValueError("the weights take more than 4 GB, the most that save "
                         "can write; give a smaller hidden_size")
    members, listing, offset = [], [], 0
    for name, array in sorted(arrays.items()):
        little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        npy = _npy_header(array.dtype, array.shape) + little.tobytes()
        file_name = f"{name}.npy".encode()
        entry = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(npy),
                            len(npy), len(npy), len(file_name), 0)
        members += [b"PK\3\4", entry, file_name, npy]
        listing += [b"PK\1\2\x14\0", entry,
                    struct.pack("<3H2L", 0, 0, 0, 0, offset), file_name]
        offset += 30 + len(file_name) + len(npy)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(arrays), len(arrays),
                      sum(map(len, listing)), offset, 0)
    return b"".join(members + listing + [end])


# >>> import io
# >>> data = _pack_arrays({"b": np.array([1.0, 2.0]), "a": np.array(0.5)})
# >>> with np.load(io.BytesIO(data)) as arrays:
# ...     print({name: arrays[name].tolist() for name in arrays})
# {'a': 0.5, 'b': [1.0, 2.0]}
#
# To read it, one has to know what should be in it, and the config says so:
# a type and a shape to each name.  From this follows where each array must
# lie and how long the file must be, before anything is allocated.  The
# arrays are cut out, packed again and compared.  No name, no header, no
# checksum has to be parsed, and there is little to get wrong.

_Expected = Mapping[str, tuple[Any, tuple[int, ...]]]

_REMEDY = "load another version, or train again"


def _packed_size(expected: _Expected) -> int:
    """The length in bytes of the .npz file of such arrays."""
    return 22 + sum(
        76 + 2 * len(f"{name}.npy") + len(_npy_header(dtype, shape))
        + math.prod(shape) * np.dtype(dtype).itemsize
        for name, (dtype, shape) in expected.items())


def _unpack_arrays(data: bytes, expected: _Expected) -> dict[str, Array]:
    """The arrays in data, which holds exactly these or is refused."""
    if len(data) != _packed_size(expected):
        raise ModelFormatError(
            f"weights.npz has {len(data)} bytes; the config tells of arrays "
            f"that take {_packed_size(expected)}; {_REMEDY}")
    arrays, offset = {}, 0
    for name, (dtype, shape) in sorted(expected.items()):
        little = np.dtype(dtype).newbyteorder("<")
        offset += 34 + len(name) + len(_npy_header(dtype, shape))
        arrays[name] = np.ndarray(shape, little, data, offset).astype(dtype)
        offset += arrays[name].nbytes
    if _pack_arrays(arrays) != data:
        raise ModelFormatError("weights.npz is damaged, or not as save "
                               f"writes it; {_REMEDY}")
    return arrays



# >>> expected = {"b": ("float64", (2,)), "a": ("float64", ())}
# >>> _unpack_arrays(data, expected)["b"].tolist()
# [1.0, 2.0]
# >>> try:
# ...     _unpack_arrays(data.replace(b"<f8", b">f8"), expected)
# ... except ModelFormatError:
# ...     print("refused")
# refused

# A config to read
# ----------------
#
# The config is for people too, so it has a line to each setting.  Long lists
# go three to a line.  It is plain ASCII, with other letters as JSON escapes:
# no editor and no locale can misread it.  Even a line break within a string is
# written as an escape.  So the encoder may put real line breaks between the
# items of a list, and the text can be cut at these without looking inside.

_ENCODE = json.JSONEncoder(allow_nan=False, separators=("\n", ": ")).encode


def _json(value: Any, margin: str = "\n") -> str:
    """Value as JSON text, on as many lines as are pleasant to read."""
    inner = margin + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{_ENCODE(key)}: {_json(item, inner)}"
                 for key, item in value.items()]
        return "{" + ",".join(lines) + margin + "}"
    if not isinstance(value, list):
        return _ENCODE(value)
    items = _ENCODE(value)[1:-1].split("\n")
    if len(items) < 5:
        return "[" + ", ".join(items) + "]"
    lines = [inner + ", ".join(items[i:i + 3])
             for i in range(0, len(items), 3)]
    return "[" + ",".join(lines) + margin + "]"


# Its last entry is a digest of the rest.  The rule is short: it is the SHA-256
# of all lines above it, so that on Linux it is also what ``head -n -2
# config.json | sha256sum`` prints.

_SEAL = '  "sha256": "'


def _dump_config(config: Mapping[str, Any]) -> bytes:
    """The bytes of a config.json, with the digest of itself at the end."""
    above = _json(dict(config))[:-2] + ",\n"
    return f'{above}{_SEAL}{_sha256(above.encode())}"\n}}\n'.encode()


# >>> data = _dump_config({"epochs": 2, "curve": [0.1, 0.2, 0.3, 0.4, 0.5]})
# >>> above = data.decode().splitlines(keepends=True)[:-2]
# >>> print("".join(above), end="")
# {
#   "epochs": 2,
#   "curve": [
#     0.1, 0.2, 0.3,
#     0.4, 0.5
#   ],
# >>> _sha256("".join(above).encode()) == json.loads(data)["sha256"]
# True
#
# In reading, the digest is compared before the JSON is parsed, and the text
# written again after.  What a parser lets pass, such as a key given twice,
# does not survive this.  Limits come first, on the length of the
# text, the number of its values and the digits of a number, because a short
# text can ask for a lot of memory and time.  They leave room for the losses of
# seventy thousand epochs with all their digits:
#
# >>> _is_long(_dump_config({"curve": 70_000 * [0.00012345678901234567]}))
# False

_MOST_BYTES, _MOST_VALUES, _MOST_DIGITS = 2_000_000, 120_000, 1_000


def _parse_config(data: bytes) -> dict[str, Any]:
    """The config in data, checked, without the digest of itself."""
    if _is_long(data):
        raise ModelFormatError(f"config.json has {len(data)} bytes, more "
                               f"than a config needs; {_REMEDY}")
    if not _is_sealed(data):
        raise ModelFormatError("config.json is damaged: its digest does not "
                               f"match; {_REMEDY}")
    try:
        config: dict[str, Any] = json.loads(data.decode("ascii"),
                                            parse_int=_parse_int)
        del config["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelFormatError("config.json cannot be read: "
                               f"{reprlib.repr(error)}; {_REMEDY}") from None
    _check_config(config)
    if _dump_config(config) != data:
        raise ModelFormatError("config.json is not as save writes it; "
                               f"{_REMEDY}")
    return config


def _is_long(data: bytes) -> bool:
    values = sum(map(data.count, b",:[{"))
    return len(data) > _MOST_BYTES or values > _MOST_VALUES


def _is_sealed(data: bytes) -> bool:
    """Whether data ends with the digest of what stands above."""
    above, _, seal = data.rpartition(_SEAL.encode())
    return seal == f'{_sha256(above)}"\n}}\n'.encode()


def _parse_int(digits: str) -> int:
    """An int of bounded size: very long ones take very long to read."""
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


# What a config may say
# ---------------------
#
# A digest says that nobody changed the text by accident, not that the text
# makes sense.  So each value is held against a rule: a test, and in words
# what the test wants.  A dict of rules is the rule for a dict with exactly
# these keys.  Python takes ``True`` for a whole number; the tests do not.

_Rule = tuple[Callable[[Any], bool], str]


def _whole(low: int, below: float = math.inf) -> _Rule:
    wanted = f"a whole number, at least {low}"
    return (lambda value: type(value) is int and low <= value < below,
            wanted if below == math.inf else f"{wanted} and below {below}")


def _real(low: float, below: float = math.inf) -> _Rule:
    """A rule for numbers; the largest float keeps long ints out."""
    most = sys.float_info.max
    return (lambda value: type(value) in (int, float) and value <= most
            and low <= value < below,
            f"a finite number, at least {low}" + (
                "" if below == math.inf else f" and below {below}"))


def _among(*values: Any) -> _Rule:
    return (lambda value: any(type(value) is type(one) and value == one
                              for one in values),
            " or ".join(map(repr, values)))


def _like(pattern: str, wanted: str) -> _Rule:
    return (lambda value: type(value) is str
            and re.fullmatch(pattern, value, re.DOTALL) is not None, wanted)


def _or_null(rule: _Rule) -> _Rule:
    test, wanted = rule
    return lambda value: value is None or test(value), f"{wanted}, or null"


def _all(rule: _Rule) -> _Rule:
    test, wanted = rule
    return (lambda value: type(value) is list and all(map(test, value)),
            f"a list, each item {wanted}")


# An activation or an optimizer is a name to be looked up in a table.  A name
# that is not in it means nothing; it is never imported or evaluated.

_TEXT = _like(".*", "a string")
_DIGEST = _like("[0-9a-f]{64}", "64 hexadecimal digits")
_128_BITS = (lambda value: type(value) is str
             and re.fullmatch("0|[1-9][0-9]{0,38}", value) is not None
             and int(value) < 2**128, "a number below 2**128, as a string")
_ODD_BITS = (lambda value: _128_BITS[0](value) and int(value) % 2 == 1,
             "an odd number below 2**128, as a string")

_OPTIMIZER_RULES: dict[Any, dict[str, Any]] = {
    "SGD": {"name": _among("SGD"), "learning_rate": _real(0),
            "momentum": _real(0, 1), "nesterov": _among(False, True)},
    "Adam": {"name": _among("Adam"), "learning_rate": _real(0),
             "beta1": _real(0, 1), "beta2": _real(0, 1),
             "epsilon": _real(5e-324)},
}

_RULES: dict[str, Any] = {
    "format": _among(1),
    "nn_version": _TEXT,
    "hyperparameters": {
        "hidden_size": _whole(1),
        "activation": _among(*_ACTIVATIONS),
        "optimizer": (lambda value: True, "checked on its own"),
        "batch_size": _or_null(_whole(1)),
        "epochs": _whole(0),
        "seed": _whole(0),
        "dtype": _among("float64", "float32"),
        "arithmetic": _among("blas", "portable"),
    },
    "classes": {"dtype": _TEXT, "values": _all((lambda v: True, "a label"))},
    "n_features_in": _whole(1),
    "feature_names": _or_null(_all(_TEXT)),
    "shapes": {name: _all(_whole(1)) for name in _shapes(1, 1, 1)},
    "epochs_done": _whole(0),
    "loss_curve": _all((lambda v: type(v) is float and math.isfinite(v),
                        "a finite number with a decimal point")),
    "random_state": {
        "bit_generator": _among("PCG64"),
        "state": {"state": _128_BITS, "inc": _ODD_BITS},
        "has_uint32": _among(0, 1),
        "uinteger": _whole(0, 2**32),
    },
    "data_digest": _or_null(_DIGEST),
    "environment": (lambda value: type(value) is dict and len(value) < 100
                    and all(type(item) is str for item in value.values()),
                    "a dict of fewer than 100 strings"),
    "weights_sha256": _DIGEST,
}


def _check(value: Any, rule: Any, where: str) -> None:
    """Raise unless value is as rule, or a dict of rules, wants it."""
    if not isinstance(rule, dict):
        test, wanted = rule
        if not test(value):
            raise ModelFormatError(
                f"config.json: {where} is {reprlib.repr(value)}; expected "
                f"{wanted}; {_REMEDY}")
    elif type(value) is not dict or value.keys() != rule.keys():
        raise ModelFormatError(
            f"config.json: {where} is {reprlib.repr(value)}; expected "
            f"exactly the keys {', '.join(rule)}; {_REMEDY}")
    else:
        for key in rule:
            _check(value[key], rule[key], key)


# Then the parts have to fit together.

def _check_config(config: dict[str, Any]) -> None:
    """Raise unless config describes a network that there can be."""
    _check(config, _RULES, "the config")
    optimizer = config["hyperparameters"]["optimizer"]
    if optimizer is not None:
        name = optimizer.get("name") if type(optimizer) is dict else None
        _check(name, _among(*_OPTIMIZER_RULES), "optimizer")
        _check(optimizer, _OPTIMIZER_RULES[name], "optimizer")
    k = len(_class_labels(config["classes"]))
    d, names = config["n_features_in"], config["feature_names"]
    _check(len(config["loss_curve"]), _among(config["epochs_done"]),
           "the length of loss_curve")
    if names is not None:
        _check(len(names), _among(d), "the number of feature_names")
    sizes = d, config["hyperparameters"]["hidden_size"], 1 if k == 2 else k
    shapes = {name: list(shape) for name, shape in _shapes(*sizes).items()}
    _check(_json(config["shapes"]), _among(_json(shapes)), "shapes")


# Labels are the most varied part: ints, strings, bools or whole floats.  Their
# type is written down beside them, since the same labels may come in eight
# bits or in 64.  Training sorts them and keeps each once, so here they must
# rise, each above the one before.

_LABEL_TYPES: dict[str, type] = {
    "b": bool, "i": int, "u": int, "f": float, "U": str}


def _exact(values: list[Any], dtype: Any) -> Array | None:
    """Values as an array, or None where that would change one of them."""
    if dtype.itemsize * len(values) > 4 * _MOST_BYTES:
        return None
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not all(limits.min <= value <= limits.max for value in values):
            return None
    if dtype.kind == "f" and not all(map(float.is_integer, values)):
        return None
    with np.errstate(over="ignore"):
        labels = np.array(values, dtype)
    return labels if labels.tolist() == values else None


def _class_labels(classes: Mapping[str, Any]) -> Array:
    """The array of labels that the config's classes tell of."""
    text, values = classes["dtype"], classes["values"]
    match = re.fullmatch(r"\|b1|\|[iu]1|<[iu][248]|<f[248]|<U[1-9]\d{0,4}",
                         text, re.ASCII)
    if match and all(type(value) is _LABEL_TYPES[text[1]] for value in values):
        labels = _exact(values, np.dtype(text).newbyteorder("="))
        if labels is not None and len(labels) > 1 and (
                labels[1:] > labels[:-1]).all():
            return labels
    raise ModelFormatError(
        f"config.json: classes is {reprlib.repr(dict(classes))}; expected "
        f"two or more labels of that dtype in rising order; {_REMEDY}")


# >>> _class_labels({"dtype": "|i1", "values": [-1, 1]})
# array([-1,  1], dtype=int8)
#
# A config that passes tells which arrays there must be: the four of the
# network, and what its optimizer remembers.

_SLOTS: dict[str, Callable[[int, str], dict[str, tuple[str, tuple[int, ...]]]]]
_SLOTS = {
    "SGD": lambda p, dtype: {"velocity": (dtype, (p,))},
    "Adam": lambda p, dtype: {"mean": (dtype, (p,)), "square": (dtype, (p,)),
                              "beta1_power": ("float64", ()),
                              "beta2_power": ("float64", ())},
}


def _expected(config: Mapping[str, Any]) -> _Expected:
    """The type and shape of each array that belongs to a checked config."""
    dtype = config["hyperparameters"]["dtype"]
    optimizer = config["hyperparameters"]["optimizer"] or {"name": "SGD"}
    shapes = {name: tuple(shape) for name, shape in config["shapes"].items()}
    p = sum(map(math.prod, shapes.values()))
    expected = {name: (dtype, shape) for name, shape in shapes.items()}
    for slot, like in _SLOTS[optimizer["name"]](p, dtype).items():
        expected[f"optimizer.{slot}"] = like
    return expected


# What is packed is unpacked again on the spot.  A model that could not be
# loaded is an error when it is saved, not a surprise a year later.

def _pack(config: Mapping[str, Any],
          arrays: Mapping[str, Array]) -> dict[str, bytes]:
    """The two files of a version, by name."""
    weights = _pack_arrays(arrays)
    config = {**config, "weights_sha256": _sha256(weights)}
    text = _dump_config(config)
    if _is_long(text):
        raise ValueError(
            f"the config takes {len(text)} bytes, more than load would read; "
            "shorten the loss curve, for example with "
            "network.loss_curve_ = network.loss_curve_[-10_000:]")
    if _parse_config(text) != config:
        raise ValueError("the config holds more than JSON can keep; give "
                         "plain lists, dicts, numbers and whole characters")
    _unpack_arrays(weights, _expected(config))
    return {"weights.npz": weights, "config.json": text}


# Where it was made
# -----------------
#
# The same seed gives the same bits on the same build of NumPy, type of
# processor and number of threads.  So the config tells of these, for whoever
# gets other bits and wants to know why.  The matrix library picks its code
# for the processor when it starts, and it has to be asked what it picked:
# OpenBLAS, which is in NumPy's usual builds, answers through ``ctypes``.  It
# writes the answer into memory that all threads share, so only one may ask
# at a time: ``PyDLL`` holds Python's lock during the call, ``CDLL`` does not.

def _environment() -> dict[str, str]:
    """What the last bits of a result depend on, as far as can be known."""
    core = sys.modules.get("numpy._core._multiarray_umath") or sys.modules.get(
        "numpy.core._multiarray_umath")
    features: dict[str, bool] = getattr(core, "__cpu_features__", {})
    ask = partial(_ask, _loaded(getattr(core, "__file__", "")))
    return {
        "python": f"{platform.python_implementation()} "
                  f"{platform.python_version()}",
        "numpy": np.__version__,
        "blas": ask("config") or _built_with(),
        "blas_core": ask("corename") or "unknown",
        "blas_threads": ask("num_threads") or "unknown",
        "simd": " ".join(name for name in features if features[name])
                or "unknown",
        "libc": " ".join(platform.libc_ver()).strip() or "unknown",
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _loaded(path: str) -> ctypes.PyDLL | None:
    """The functions of a library that this process has loaded already."""
    try:
        return ctypes.PyDLL(path)
    except OSError:
        return None


def _ask(symbols: Any, question: str) -> str:
    """What OpenBLAS answers, or nothing; its names vary with its build."""
    for name in ("scipy_openblas_get_{}64_", "scipy_openblas_get_{}",
                 "openblas_get_{}64_", "openblas_get_{}"):
        function = getattr(symbols, name.format(question), None)
        if function is not None:
            if question == "num_threads":
                return str(function())
            function.restype = ctypes.c_char_p
            return " ".join(function().decode().split())
    return ""


def _built_with() -> str:
    """The name and version of the matrix library NumPy was built with."""
    build = getattr(np.__config__, "CONFIG", {}).get("Build Dependencies", {})
    blas = build.get("blas", {})
    return f"{blas.get('name', '')} {blas.get('version', '')}".strip() or (
        "unknown")


# On the disk
# -----------
#
# A file that was written is not yet on the disk: the operating system keeps
# it in memory for a while and decides by itself what to write first.  If
# the power goes, a file may be there without its content, or a directory
# without the file.  ``fsync`` waits until one file, or the list of names
# that is a directory, is safe.  The order is everything:
#
# 1. write both files in a new directory beside the versions, the *stage*, and
#    sync each;
# 2. sync the stage;
# 3. rename it to the version's name, which is done wholly or not at all;
# 4. sync the directory of versions.  Only now is the model saved.
#
# When a sync fails, nobody knows what is on the disk, and a second try may
# report a success that is none.  So the error is raised, and the version
# withdrawn.

def _publish(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Write files as the next version, wholly or not at all."""
    _make_directory(directory.absolute())
    _clear_stages(directory)
    with _stage(directory) as stage:
        for name, data in files.items():
            _write(stage / name, data)
        _sync_directory(stage)
        version = _name_stage(stage)
        try:
            _sync_directory(directory)
        except BaseException:
            with suppress(OSError):
                os.rename(version, stage)
            raise
    return version


# The directory of versions has to be safe itself, and those above it.
# Whoever makes one first syncs the list that it stands in, and puts things
# into it only then.  So one that holds something is safe, whoever made it; one
# that is empty may have been made by another program a moment ago.

def _make_directory(directory: Path) -> None:
    """Make a directory and those above it, each one safe on the disk."""
    if not directory.is_dir() or not os.listdir(directory):
        _make_directory(directory.parent)
        with suppress(FileExistsError):
            os.mkdir(directory)
        _sync_directory(directory.parent)


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        _sync(file.fileno())


# On macOS ``fsync`` leaves the data in the memory of the drive, and there is a
# stronger call.  Some file systems know neither that call, nor a sync of
# directories, nor the locks below.  They say so with one of these errors, and
# we do without, as we do on Windows: the model is then as safe as such a
# system makes it.  Any other error is an error.

_UNSUPPORTED = {errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.ENOTTY,
                errno.ENOTSUP, errno.EOPNOTSUPP}


def _sync(handle: int) -> None:
    """Wait until a file or a directory is safe on the disk."""
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)
    if full_sync is not None:
        try:
            fcntl.fcntl(handle, full_sync)
            return
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
    os.fsync(handle)


def _sync_directory(directory: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        _sync(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(handle)


# A program that is killed leaves its stage behind.  The next save should
# clear it away, but never the stage of a program that is still at work.
# Which is which?  A process number is no sure sign: numbers are used again,
# and mean nothing on another machine.  A lock is one, since the system drops
# it when its holder dies, in whatever way.  So each program locks its stage,
# and a stage that can be locked has no owner.  Where there are no locks, as
# on Windows, nothing is cleared.
#
# Between making a stage and locking it there is a moment in which another
# program may take it for abandoned.  Then it is gone, and we make one more.

_STAGE = re.compile(r"\.stage-[0-9a-f]{16}")


def _lock(directory: Path) -> int | None:
    """A handle that keeps a directory locked; None where locks are unknown.

    Raises BlockingIOError if another program holds the lock.
    """
    if fcntl is None:
        return None
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if error.errno not in _UNSUPPORTED:
            raise
        return None
    return handle


@contextmanager
def _stage(directory: Path) -> Iterator[Path]:
    """A new directory, ours until the end, and then removed if not renamed."""
    stage, lock = _new_stage(directory)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _new_stage(directory: Path) -> tuple[Path, int | None]:
    """A new directory with a name of its own, and the lock on it."""
    while True:
        stage = directory / f".stage-{os.urandom(8).hex()}"
        os.mkdir(stage)
        with suppress(BlockingIOError, FileNotFoundError):
            lock = _lock(stage)
            if stage.is_dir():
                return stage, lock
            if lock is not None:
                os.close(lock)


def _clear_stages(directory: Path) -> None:
    """Remove the stages of programs that are gone, as far as we may."""
    for name in filter(_STAGE.fullmatch, os.listdir(directory)):
        with suppress(OSError):
            lock = _lock(directory / name)
            if lock is not None:
                shutil.rmtree(directory / name, ignore_errors=True)
                os.close(lock)


# Version numbers
# ---------------
#
# Versions are numbered from 1, and a number is never used twice.  Somebody
# may have written it down; a deleted v0007 must not come back as another
# model.  So the last number given out is kept, in the name of an empty file,
# ``.last-0007``.
#
# To take the next number is to rename this file to ``.last-0008``.  If many
# programs try at the same moment, the file system lets one of them succeed.
# The others no longer find the file and try for the number after.  Nobody
# holds a lock, so nobody waits for a program that hangs.
#
# If the file is missing, because nothing was ever saved here or because the
# versions were copied without it, the newest version stands in for it; then
# the number of a version that was deleted may come again.  A program that dies
# between taking a number and using it leaves a gap.

def versions(directory: str | os.PathLike[str]) -> list[int]:
    """Give the numbers of the versions in a model's directory, sorted.

    A version is a directory named ``v`` and its number, of four digits or
    more.  Other names do not count, nor do files and symbolic links.  A
    directory that does not exist yet has no versions.

    Raises TypeError or ValueError for what cannot be a directory's name.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for name in "v0002", "v0001", "v12345", "v3", "latest":
    ...         os.mkdir(os.path.join(directory, name))
    ...     versions(directory)
    [1, 2, 12345]
    """
    try:
        with os.scandir(_path(directory)) as entries:
            numbers = [_number(entry.name, "v") for entry in entries
                       if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        if error.errno not in _NOT_THERE:
            raise
        return []
    return sorted(number for number in numbers if number > 0)


_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}


def _path(directory: Any) -> Path:
    """A directory's name as a Path."""
    if not isinstance(directory, (str, os.PathLike)):
        raise TypeError(f"directory is {directory!r}; give a string or a "
                        "Path")
    path = Path(directory)
    if "\0" in str(path):
        raise ValueError(f"directory is {directory!r}, and no name can hold "
                         "a null character; leave it out")
    return path


def _number(name: str, prefix: str) -> int:
    """The number in a name such as v0001, or -1 if it is no such name."""
    digits = name[len(prefix):]
    if re.fullmatch("[0-9]{4,200}", digits) and (
            name == f"{prefix}{int(digits):04d}"):
        return int(digits)
    return -1


def _take_number(directory: Path) -> int:
    """The next number of a version, never given to anybody else."""
    while True:
        newest = max(versions(directory), default=0)
        last = max((_number(name, ".last-") for name in os.listdir(directory)
                    if name.startswith(".last-")), default=-1)
        if last < newest:
            with suppress(FileExistsError):
                open(directory / f".last-{newest:04d}", "xb").close()
        for number in range(max(last, newest), max(last, newest) + 99):
            with suppress(FileNotFoundError, FileExistsError):
                os.rename(directory / f".last-{number:04d}",
                          directory / f".last-{number + 1:04d}")
                return number + 1


# With its number a stage gets its name.  A rename cannot replace a directory
# that holds something, so even if all else failed, no version would be
# overwritten.  It would replace an empty one, but an empty directory with
# the name of a version counts as a version, and its number is taken.

def _name_stage(stage: Path) -> Path:
    """Make a stage the next version, and give its new path."""
    while True:
        version = stage.parent / f"v{_take_number(stage.parent):04d}"
        try:
            os.rename(stage, version)
            return version
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY,
                                   errno.ENOTDIR):
                raise


# Reading it back
# ---------------
#
# What lies at a path may be a link to somewhere else, or a pipe that never
# ends.  So a file is opened without following links and without waiting,
# and it has to be a regular file of a bounded size.  It is read once, and
# what was read is what is checked and used.

def _open_warily(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0)
                   | getattr(os, "O_NONBLOCK", 0))


def _read(path: Path, most: int) -> bytes:
    """The content of a regular file of at most so many bytes."""
    try:
        with open(path, "rb", opener=_open_warily) as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size <= most:
                return file.read(status.st_size)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR,
                               errno.ELOOP, errno.ENXIO):
            raise
    raise ModelFormatError(f"{path} is missing, or is not a regular file of "
                           f"at most {most} bytes; {_REMEDY}")


def _read_version(version: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """The config and the arrays in a version's directory, checked."""
    config = _parse_config(_read(version / "config.json", _MOST_BYTES))
    expected = _expected(config)
    most = min(_packed_size(expected), 2**32)
    weights = _read(version / "weights.npz", most)
    if _sha256(weights) != config["weights_sha256"]:
        raise ModelFormatError(f"{version / 'weights.npz'} is damaged, or "
                               f"belongs to another config; {_REMEDY}")
    return config, _unpack_arrays(weights, expected)


# Where nothing was saved, nothing is damaged.  The error is of both kinds,
# so that nobody who expects one of them is surprised.

class _ModelNotFound(ModelFormatError, FileNotFoundError):
    """Raised when there is no such model; to be caught as either."""


def _newest(directory: str | os.PathLike[str],
            version: int | None = None) -> Path:
    """The path of the newest version, or of the one asked for."""
    path = _path(directory)
    if version is not None:
        _check_count("version", version, 1)
    numbers = versions(path)
    if version is None and not numbers and os.path.isdir(path) and (
            _number(path.name, "v") > 0 or (path / "config.json").exists()):
        return path
    number = max(numbers, default=0) if version is None else version
    if number not in numbers:
        wanted = "no version" if version is None else f"no version {version}"
        raise _ModelNotFound(
            f"{path} has {wanted}; it has {numbers or 'none at all'}; give a "
            "model's directory, or save the model first")
    return path / f"v{number:04d}"


# Portable arithmetic
# ===================
#
# The same seed gives the same shuffles everywhere, yet not the same weights.
# The reason is rounding.  A computer keeps 53 bits of a result (24 in
# float32), so each addition throws a little away, and what it throws away
# depends on what was added before:
#
# >>> (0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3)
# (0.6000000000000001, 0.6)
#
# Floating-point addition commutes but is not associative, and a sum over many
# terms has many orders.  A fast library picks the order that suits the
# processor: four, eight or sixteen partial sums, one share for each thread,
# products fused with additions so that one rounding is left out.  Its ``exp``
# is a different polynomial on a different instruction set.  None of this is
# wrong, and all of it changes the last bits.  Training feeds those bits back
# thousands of times.
#
# One promise does hold everywhere.  IEEE 754, the standard that all common
# processors follow for floats, demands that a single addition, subtraction,
# multiplication, division or square root returns the float nearest to the
# exact result, and of two equally near ones that whose last bit is 0.  Let
# :math:`\circ` be one of the first four, fl what the processor returns and
# :math:`\delta` what rounding does to it:
#
# .. math::
#    :label: rounding
#
#    \operatorname{fl}(a \circ b) = (a \circ b)(1 + \delta),
#    \qquad |\delta| \le 2^{-53}
#
# as long as the result is neither too large for a float nor *subnormal*: so
# near to 0 that a float has fewer than 53 bits left.  The nearest float is
# unique in any case, so there is nothing left to choose:
#
# >>> from fractions import Fraction
# >>> exact = Fraction(0.1) + Fraction(0.2)
# >>> abs(Fraction(0.1 + 0.2) / exact - 1) <= Fraction(1, 2 ** 53)
# True
#
# This chapter builds everything that a network needs from such operations, in
# an order written down in Python.  NumPy's elementwise calls may run in any
# vector width, because elements do not meet.  No compiler sees two calls at
# once, so none can fuse a product with the sum that follows.  Comparing,
# selecting, indexing and taking bits apart are exact and may be used freely.
# Everything that adds up inside NumPy is banned: ``sum``, ``mean``, ``dot``,
# ``@``, ``einsum``.  So are ``exp``, ``log``, ``tanh`` and powers.  Even
# Python's own ``sum`` is: since version 3.12 it makes up for the rounding of
# floats.
#
# Three corners lie outside the promise.  The sign and payload of a NaN differ
# between processors, though *that* it is NaN does not.  A library that tells
# the processor to flush subnormal numbers to zero breaks IEEE 754 for the
# whole process.  And 32-bit machines may round twice, or divide by an
# approximation, so 64-bit ones are meant.
#
# Sums in a fixed order
# ---------------------
#
# To add the terms :math:`p_0, \ldots, p_{K-1}`, fold the upper half onto the
# lower half, and go on with what is left.  Here :math:`h` is half of K,
# rounded up; the code has ``terms``, ``count`` and ``half`` for p, K and h:
#
# .. math::
#    :label: fold
#
#    p_i \leftarrow p_i + p_{i + h}, \qquad
#    0 \le i < K - h, \quad h = \lceil K / 2 \rceil, \qquad
#    K \leftarrow h \quad \text{until } K = 1
#
# The order depends on :math:`K` and on nothing else.  One call handles a whole
# half, and a term meets only about :math:`\log_2 K` roundings instead of
# :math:`K`, so the fold is more accurate than a running sum as well:
#
# >>> tenths = np.full(1000, 0.1)
# >>> float(np.cumsum(tenths)[-1]), float(_portable_sum(tenths))
# (99.9999999999986, 100.0)


def _fold(terms: Array) -> Array:
    """Add up ``terms`` (K, ...) along the first axis, overwriting it.

    K must be at least 1.
    """
    count = len(terms)
    while count > 1:
        half = (count + 1) // 2
        lower = terms[:count - half]
        lower += terms[half:count]
        count = half
    total: Array = terms[0]
    return total


# The terms are copied before the fold, with the summed axis first.  Each half
# is then one block of memory, and the caller's array stays as it was.


def _portable_sum(x: Array, axis: int = 0, keepdims: bool = False) -> Array:
    """The sum of ``x`` along one dimension.

    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> _portable_sum(x, axis=-1).tolist()
    [3.0, 7.0]
    """
    terms = np.array(np.moveaxis(x, axis, 0), order="C")
    total = _fold(terms) if len(terms) else np.zeros(terms.shape[1:])
    return np.expand_dims(total, axis) if keepdims else total


# Matrix products
# ---------------
#
# In a matrix product each entry is a sum of K products:
#
# .. math::
#    :label: outer-products
#
#    (AB)_{ij} = \sum_{k=1}^{K} A_{ik} B_{kj}
#
# where k counts the terms.  All the k-th terms together, each number of column
# k of A times each of row k of B, are called an *outer product*.  One
# broadcast multiplication makes all outer products of a *tile*, a rectangle of
# the result, and the fold :eq:`fold` adds them.  A long sum is cut into
# stretches of 128 terms: each is folded, and the stretches are added one after
# the other.
#
# Tiles keep the work inside the processor's cache.  They cut rows and columns
# wherever it pays, since that changes no sum: the order depends only on
# :math:`K`.  This gives more than was asked for.  A row multiplied alone has
# the bits it has within a batch, and the bits of the transposed product are
# those of the product:
#
# >>> rng = np.random.default_rng(0)
# >>> a, b = rng.normal(size=(40, 300)), rng.normal(size=(300, 7))
# >>> product = _portable_dot(a, b)
# >>> bool(np.all(product[8:9] == _portable_dot(a[8:9], b)))
# True
# >>> bool(np.all(product.T == _portable_dot(b.T, a.T)))
# True
# >>> bool(np.allclose(product, a @ b, rtol=0, atol=1e-12))
# True
#
# So a product with few columns may be computed as its transpose, which keeps
# NumPy's innermost loop long.

_STRETCH = 128           # terms of one fold: part of the definition
_COLUMNS = 256           # width of a tile: changes speed, never bits
_TILE = 32 * 1024        # products of a tile: changes speed, never bits


def _portable_dot(a: Array, b: Array, out: Array | None = None) -> Array:
    """Return the matrix product of ``a`` (n, K) and ``b`` (K, m).

    Both have the same dtype, and any memory layout. ``out`` (n, m), if
    given, receives the result; it must not overlap the factors.

    >>> a, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> _portable_dot(a, b).tolist()
    [[11.0]]
    """
    (n, depth), m = a.shape, b.shape[1]
    if out is None:
        out = np.empty((n, m), a.dtype)
    if m < min(n, 16):
        _portable_dot(b.T, a.T, out.T)
        return out
    out[...] = 0
    for j in range(0, m, _COLUMNS):
        right = np.ascontiguousarray(b[:, j:j + _COLUMNS])
        rows = 1 + _TILE // (1 + right[:_STRETCH].size)
        for i in range(0, n, rows):
            left, tile = a[i:i + rows].T, out[i:i + rows, j:j + _COLUMNS]
            for k in range(0, depth, _STRETCH):
                stretch = slice(k, k + _STRETCH)
                tile += _fold(np.multiply(
                    left[stretch, :, None], right[stretch, None], order="C"))
    return out


# Tables from whole numbers
# -------------------------
#
# The functions below look up powers of two and logarithms.  The tables must be
# the same everywhere too, so they come from Python's integers, which do not
# round: a number :math:`v` is kept as :math:`\lfloor 2^{120} v \rfloor`, give
# or take a few units.
#
# A table wants more than 53 bits, so each entry is split into two floats.  The
# high part is a multiple of :math:`2^{-b}`, the low part is the rest.  When
# the high part is short enough, sums and products of it are exact.

_ONE = 1 << 120


def _split(value: int, bits: int) -> tuple[float, float]:
    """Split ``value / _ONE`` into a multiple of 2^-bits and a rest.

    >>> _split(_ONE // 3, 4)
    (0.3125, 0.020833333333333332)
    """
    high = round(value / _ONE * (1 << bits)) / (1 << bits)
    return high, (value - int(high * _ONE)) / _ONE


# The powers :math:`2^{j/256}` follow from taking the square root eight times,
# beginning with 2.  ``math.isqrt`` does it for whole numbers of any length and
# rounds down.  The logarithms follow from the series of the inverse hyperbolic
# tangent:
#
# .. math::
#    :label: log-series
#
#    \log \frac{i + 1}{i} = 2 \left( \frac{1}{q} + \frac{1}{3 q^3} +
#    \frac{1}{5 q^5} + \cdots \right), \qquad q = 2 i + 1
#
# Adding these from :math:`i = 128` up to 255 ends at :math:`\log 2`.  The
# tables hold :math:`2^{j/256}` for two octaves, which is :math:`j` up to 511,
# and :math:`\log F` for :math:`F = \frac{128}{256}, \frac{129}{256}, \ldots,
# 1`.
#
# >>> bool(np.allclose(_ROOT, 2.0 ** (np.arange(512) / 256), rtol=1e-15))
# True
# >>> bool(np.allclose(_LOG, np.log(np.arange(128, 257) / 256), atol=1e-12))
# True


def _roots() -> list[int]:
    """Return 2^(j/256), j = 0 ... 255, times ``_ONE``."""
    root = 2 * _ONE
    for _ in range(8):
        root = math.isqrt(root * _ONE)
    powers = [_ONE]
    for _ in range(255):
        powers.append(powers[-1] * root // _ONE)
    return powers


def _logs() -> list[int]:
    """Return log(i/128), i = 128 ... 256, times ``_ONE``."""
    logs = [0]
    for q in range(257, 512, 2):
        power, total, odd = 2 * _ONE // q, 0, 1
        while power:
            total += power // odd
            power //= q * q
            odd += 2
        logs.append(logs[-1] + total)
    return logs


def _high_low(values: list[int], bits: int) -> Array:
    """Split many values: return the high parts and the low parts."""
    return np.array([_split(value, bits) for value in values]).T.copy()


_OCTAVE = _high_low(_roots(), 52)
_ROOT, _ROOT_LOW = np.hstack([_OCTAVE, 2 * _OCTAVE])
*_LOGS, _LN2 = _logs()
_LOG, _LOG_LOW = _high_low([log - _LN2 for log in [*_LOGS, _LN2]],
                          42)


# The exponential
# ---------------
#
# Let :math:`n` be the whole number nearest to :math:`256 x / \log 2`.  Then
#
# .. math::
#    :label: reduction
#
#    e^x = 2^{n / 256} e^r, \qquad r = x - n \frac{\log 2}{256}, \qquad
#    |r| \le \frac{\log 2}{512} < 0.00136
#
# >>> math.log(2) / 512 < 0.00136
# True
#
# >>> n = round(256 * 10.0 / math.log(2))
# >>> r = 10.0 - n * math.log(2) / 256
# >>> math.isclose(math.exp(10.0), 2 ** (n / 256) * math.exp(r), rel_tol=1e-14)
# True
#
# For so small an :math:`r` five terms of the Taylor series are enough:
#
# .. math::
#    :label: taylor
#
#    e^r - 1 \approx r + r^2 \left( \frac{1}{2} + r \left( \frac{1}{6} + r
#    \left( \frac{1}{24} + r \frac{1}{120} \right) \right) \right)
#
# The first term left out is :math:`r^6 / 720`, a relative error of :math:`r^5
# / 720 < 2^{-56}`:
#
# >>> (math.log(2) / 512) ** 5 / 720 < 2.0 ** -56
# True
# >>> r = math.log(2) / 512
# >>> series = r + r**2 * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r / 120)))
# >>> math.isclose(series, math.expm1(r), rel_tol=2.0 ** -52)
# True
#
# To keep :math:`r` accurate, :math:`\log 2 / 256` is split too: its high part
# ends at :math:`2^{-42}`, so that :math:`n` times it is exact.
#
# No float needs to be turned into an integer.  At :math:`1.5 \cdot 2^{52}` all
# floats are whole numbers, so adding that much rounds to a whole number, and
# the low bits of the sum *are* that integer.  Subtracting it again leaves
# :math:`n` as a float:
#
# >>> shifted = np.array([2.75]) + 1.5 * 2.0 ** 52
# >>> (shifted - 1.5 * 2.0 ** 52).tolist()
# [3.0]
# >>> (shifted.view(np.int64) & 511).tolist()
# [3]
#
# With :math:`n = 512 h + j` the low nine bits of that integer give the table's
# index :math:`j`, and the bits above give :math:`h`.  Shifted into the place
# of a float's exponent, :math:`h + 1023` is the bit pattern of :math:`s =
# 2^h`, and :math:`e^x = s^2 \, 2^{j/256} e^r`.  Using half the exponent twice
# keeps :math:`s` an ordinary number even where :math:`e^x` overflows or is
# subnormal, and then only the last multiplication rounds.

_LN2_HIGH, _LN2_LOW = _split(_LN2 // 256, 42)
_PER_LN2 = 256 * _ONE / _LN2
_SHIFT = 1.5 * (1 << 52) + 512 * 1023


def _powers(x: Array) -> tuple[Array, Array, Array]:
    """Return s, high, low with ``e^x = s^2 (high + low)``, |x| < 1000."""
    shifted = x * _PER_LN2
    shifted += _SHIFT
    n = shifted - _SHIFT
    r = x - n * _LN2_HIGH
    r -= n * _LN2_LOW
    series = r * (1 / 120)
    for coefficient in (1 / 24, 1 / 6, 1 / 2):
        series += coefficient
        series *= r
    series *= r
    series += r
    j = shifted.view(np.int64) & 511
    bits = shifted.view(np.uint64)
    bits >>= 9
    bits <<= 52
    high = _ROOT[j]
    series *= high
    series += _ROOT_LOW[j]
    return bits.view(np.float64), high, series


# Beyond 710 the result overflows, below -746 it is zero, so :math:`x` is
# clipped there.  What is left is one addition and two multiplications.


def _exp_block(x: Array) -> Array:
    """Return e^x for a float64 block."""
    s, high, low = _powers(np.minimum(np.maximum(x, -746.0), 710.0))
    high += low
    high *= s
    high *= s
    return high


# The hyperbolic tangent
# ----------------------
#
# .. math::
#    :label: portable-tanh
#
#    \tanh |x| = \frac{t}{t + 2}, \qquad t = e^{2 |x|} - 1
#
# For a small :math:`x` the subtraction would cancel all that is known about
# :math:`t`.  It does not if the 1 is taken from the high part, which is exact
# there, before the low part is added:
#
# >>> t = float(_portable_exp(2e-10)) - 1
# >>> t / (t + 2), float(_portable_tanh(1e-10))
# (1.000000082640371e-10, 1e-10)
#
# The worst case lies just above :math:`x = \log 2 / 1024`, where seven
# roundings of half a unit each can meet: less than 4 units in the last place.
# From :math:`|x| = 22` on the result is 1 to the last bit.  The sign is put
# back at the end, and the sign of zero with it.


def _tanh_block(x: Array) -> Array:
    """Return tanh(x) for a float64 block."""
    s, high, low = _powers(np.minimum(2 * np.abs(x), 44.0))
    s *= s
    high *= s
    high -= 1
    low *= s
    high += low
    result: Array = np.copysign(high / (high + 2), x)
    return result


# The logarithm
# -------------
#
# Write :math:`x = 2^e m` with :math:`\frac{1}{2} \le m < 1`, which
# ``np.frexp`` does exactly; here e is a whole number and no longer the base
# of the exponential.  Let :math:`F` be the multiple of
# :math:`2^{-8}` nearest to :math:`m`.  Then
#
# .. math::
#    :label: portable-log
#
#    \log x = e \log 2 + \log F + \log \frac{m}{F}, \qquad
#    \log \frac{m}{F} = s + \frac{s^3}{12} + \frac{s^5}{80} + \cdots,
#    \quad s = 2 \frac{m - F}{m + F}
#
# The difference :math:`m - F` is exact and :math:`|s| \le 2^{-8}`, so that the
# first term left out, :math:`s^7 / 448`, is a relative error below
# :math:`2^{-56}`:
#
# >>> (2.0 ** -8) ** 6 / 448 < 2.0 ** -56
# True
#
# The high parts of :math:`\log 2` and :math:`\log F` end at
# :math:`2^{-42}`, so their sum is exact.  Just above 1 we have :math:`e = 1`
# and :math:`F = \frac{1}{2}`, the two logarithms cancel to nothing, and
# :math:`s` alone is left with all its bits.
#
# >>> float(_portable_log(1 + 2.0 ** -52)) == 2.0 ** -52
# True

_GRID = 1.5 * (1 << 44) - 0.5


def _log_block(x: Array, tail: Any = 0.0) -> Array:
    """Return log(x) + tail for a float64 block, with |tail| < 2^-40."""
    m, e = np.frexp(x)
    shifted = m + _GRID
    j = shifted.view(np.int64) & 255
    np.minimum(j, 128, out=j)
    shifted -= _GRID
    s = 2 * (m - shifted) / (m + shifted)
    square = s * s
    low = s * square * (1 / 12 + square * (1 / 80))
    low += e * -_LOG_LOW[0] + _LOG_LOW[j] + tail
    low += s
    low += e * -_LOG[0] + _LOG[j]
    np.copyto(low, x, where=x == np.inf)
    np.copyto(low, -np.inf, where=x == 0)
    np.copyto(low, np.nan, where=x < 0)
    return low


# For a small :math:`x` the sum :math:`u = 1 + x` rounds most of :math:`x`
# away.  What was lost, :math:`c = x - (u - 1)`, can be computed exactly, and
# comes back to first order:
#
# .. math::
#    :label: portable-log1p
#
#    \log(1 + x) = \log(u + c) \approx \log u + \frac{c}{u}
#
# >>> float(_portable_log1p(1e-17)), float(_portable_log(1 + 1e-17))
# (1e-17, 0.0)


def _log1p_block(x: Array) -> Array:
    """Return log(1 + x) for a float64 block."""
    u = 1 + x
    return np.copysign(_log_block(u, (x - (u - 1)) / u), x)


# One wrapper serves all four functions.  It works in blocks that fit the
# cache, as each function passes over its array many times.  It computes
# float32 in float64 and rounds once at the end, which leaves an error of
# hardly more than half a unit.  And it silences NumPy's warnings: infinity and
# zero are right answers here, not accidents.

_CACHE = 4096            # changes speed, never bits


def _blockwise(function: Callable[[Array], Array]) -> Callable[..., Array]:
    """Make a function of one block a function of any float array."""
    def _apply(x: Any, out: Array | None = None) -> Array:
        x = np.asarray(x)
        flat, result = x.reshape(-1), np.empty(x.size, x.dtype)
        with np.errstate(all="ignore"):
            for i in range(0, x.size, _CACHE):
                block = flat[i:i + _CACHE].astype(np.float64, copy=False)
                result[i:i + _CACHE] = function(block)
        return np.positive(result.reshape(x.shape), out=out)
    return _apply


# >>> _portable_exp(np.array([1.0, -0.0, -1e9])).tolist() == [math.e, 1, 0]
# True
# >>> float(_portable_tanh(0.5)), float(_portable_log1p(-1.0))
# (0.46211715726000974, -inf)

_portable_exp = _blockwise(_exp_block)
_portable_tanh = _blockwise(_tanh_block)
_portable_log = _blockwise(_log_block)
_portable_log1p = _blockwise(_log1p_block)


# Choosing the arithmetic
# -----------------------
#
# Along these five operations the network can be taken apart and put together
# with others, as a coat along a seam.  The setting ``arithmetic`` chooses
# between the two rows of this table.

_ARITHMETIC = {
    "blas": _NUMPY,
    "portable": _Arithmetic(_portable_dot, _portable_sum, _portable_exp,
                            _portable_log1p, _portable_tanh),
}


# Licence
# =======
#
# Whoever copies this file takes its licence along.
#
# MIT License
#
# Copyright (c) 2026 the authors of nn.py
#
# Permission is hereby granted, free of charge, to any person obtaining a copy
# of this software and associated documentation files (the "Software"), to
# deal in the Software without restriction, including without limitation the
# rights to use, copy, modify, merge, publish, distribute, sublicense, and/or
# sell copies of the Software, and to permit persons to whom the Software is
# furnished to do so, subject to the following conditions:
#
# The above copyright notice and this permission notice shall be included in
# all copies or substantial portions of the Software.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
# IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
# FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
# AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
# LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
# OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
# SOFTWARE.
