"""A neural network with one hidden layer, in one file, to read and to use.

Copy this file beside your own program.  It needs NumPy and nothing else.

>>> import numpy as np
>>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
>>> y = np.array(["same", "different", "different", "same"])
>>> network = Network(hidden_size=8, activation="tanh", epochs=500,
...                   optimizer=SGD(learning_rate=0.5, momentum=0.9))
>>> network.fit(X, y).predict(X).tolist()
['same', 'different', 'different', 'same']

The file is a book in two parts.  Part one goes from a single unit to a loop
that learns.  You need some Python, a little NumPy, and what school says of
slopes.  One evening, three hours with a pencil, is for how it works: Notation,
Activations and Losses without the docstrings, Forward and Backward in One
step, the step by hand, and the loop of Training.  All else, the exercises too,
is for a second.  To try the listings, start ``python -i nn.py``; those that
import ``experiments`` need the whole project.

Part two makes of the loop something to use and to rely on, and is there to be
looked up: the network and its methods, a sharper check of the gradient, the
checks of all that comes in, saved models, and an arithmetic that gives the
same bits on every machine.  Names that begin with an underscore are for the
inside.  Those that check what comes in, such as ``_numbers``, are called in
part one and told in part two.

If you know such networks, here is what this one does; else go on to Notation.
It classifies rows of numbers: two classes with one sigmoid output, more with a
softmax.  It trains by full-batch, mini-batch or stochastic gradient descent,
with momentum or with Adam.  It checks its own gradients, saves itself and
loads itself back.  The same seed in the same installation gives the same bits.

It has no second hidden layer, no convolution, no regression, no
regularisation, no GPU and no automatic differentiation, and never will.  If
you need these you have outgrown it; its four weight arrays can go along.
"""

import copy
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
import time
import warnings
import zlib
from collections import namedtuple
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial, reduce
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__version__ = "1.1.0"
__license__ = "MIT"

__all__ = [
    "sigmoid", "tanh", "relu", "softmax", "log_softmax",
    "binary_cross_entropy", "cross_entropy",
    "accuracy", "confusion_matrix",
    "SGD", "Adam",
    "NotFittedError", "ModelFormatError", "Network",
    "gradient_check", "versions",
]

# Part one: how a network learns
# ##############################
#
# Notation
# ========
#
# A neural network is a function with many adjustable numbers in it.  A row of
# numbers goes in, the *features* of one thing, such as 5.1, 3.5, 1.4 and 0.2,
# four lengths of a flower in centimetres.  Out comes a probability for each
# *class* that it may belong to, such as three species.  (This is the first
# flower of the *iris* data, Fisher 1936, which go with us to the end.)
#
# Between the two lie *layers*.  In the first, each of a few *units* (once
# called neurons) multiplies every feature by a number of its own, a *weight*,
# adds up, adds one number more, its *bias*, and bends the sum by a curve, the
# *activation*.  This layer is called hidden, since nobody outside sees what it
# gives.  The second layer does the same with what the first one gave, without
# the bend: its sums are the *outputs*, which are turned into probabilities.
#
# Nobody chooses the weights and biases, the *parameters*.  They begin at
# random.  Then rows whose class is known, by a *label*, are put through, and
# the *loss* says in one number how wrong the answers are.  Each parameter has
# a *slope*: how fast the loss grows when it grows, all others kept still.  If
# it is 3, then 0.001 more of the parameter is about 0.003 more of the loss.
# All slopes together are the *gradient*.  A step moves every parameter a
# little against its slope, so that the loss falls, and *training* is a great
# many such steps.  The rows that are put through before one step are a
# *batch*.  When every row has had its turn, an *epoch* is over.
#
# Symbols
# -------
#
# Here are all symbols together, to come back to; pass them by for now.  The
# sizes are *n* rows, *d* features, *h* hidden units, *k* outputs and, of
# weights and biases together, *p* parameters.  Two classes need one output, as
# what is not the one is the other; three or more need one each.  A small
# letter with an index is one entry of the array with the capital letter:
# :math:`p_{rj}` is the entry of :math:`P` in row r and column j.
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
# :math:`X_1`     ``X1``                    (n, d+1)   X and a column of ones
# :math:`M_1`     ``M1``                    (d+1, h)   W1 with b1 below it
# :math:`A_1`     ``A1``                    (n, h)     hidden activations
# :math:`A`       ``A``                     (n, h+1)   A1 and a column of ones
# :math:`M_2`     ``M2``                    (h+1, k)   W2 with b2 below it
# :math:`Z_2`     ``Z2``, ``logits``        (n, k)     outputs, A M2
# :math:`P`       ``P``                     (n, k)     probabilities
# :math:`L`       ``loss``                  ()         mean loss of the rows
# :math:`D_2`     ``D2``                    (n, k)     slope of L in each Z2
# :math:`D_1`     ``D1``                    (n, h)     slope of L in each Z1
# :math:`G_1`     ``G1``                    (d+1, h)   slope of L in each M1
# :math:`G_2`     ``G2``                    (h+1, k)   slope of L in each M2
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
#
# Almost all arithmetic gives the same bits on every machine.  Five operations
# do not, and functions that use them take them as ``ops``, so that the chapter
# on portable arithmetic can put slower ones in their place.  Until then, read
# ``ops.exp`` as ``np.exp``, ``ops.total`` as ``np.sum``, ``ops.dot`` as ``@``.

Array = NDArray[Any]


_Arithmetic = namedtuple("_Arithmetic", "dot total exp log1p tanh")


# Activations
# ===========
#
# Two layers without a bend are one layer, since :math:`(X W_1) W_2` is X times
# one matrix, :math:`W_1 W_2`.  What makes the hidden layer worth having is a
# bend between the two: a function applied to each number on its own.  Three
# are on offer.
#
# The **sigmoid** squeezes any number into the interval from 0 to 1:
#
# .. math::
#    :label: sigmoid
#
#    \sigma(z) = \frac{1}{1 + e^{-z}}
#
# (Pass by code that you cannot read yet; asides at the end explain it.)

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
    return _by_rows(_sigmoid, _numbers(z, "z"))


def _sigmoid(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    # Where z is negative, both parts of the fraction are multiplied by e to
    # the power of z, since e to that of -z might overflow.
    positive = z.real >= 0
    e = ops.exp(np.where(positive, -z, z))
    return np.divide(np.where(positive, 1, e), 1 + e, out=out)


def _by_rows(function: Callable[..., Array], z: Array) -> Array:
    """Apply a function of rows to numbers of any shape."""
    with np.errstate(under="ignore", over="ignore"):
        return function(np.ascontiguousarray(z), _NUMPY).reshape(z.shape)[()]


# The **hyperbolic tangent** is a sigmoid stretched to run from -1 to 1, and
# squeezed to half its width:
#
# .. math::
#    :label: tanh
#
#    \tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} = 2\,\sigma(2z) - 1
#
# Its outputs may have either sign, and "One step" shows how that helps the
# layer behind it.

def tanh(z: ArrayLike) -> Array:
    """Squeeze each number into the interval from -1 to 1.

    ``tanh(z) = 2 * sigmoid(2 * z) - 1``, element by element.  ``z`` has any
    shape, and the result has the same.  Complex numbers are taken.

    Raises what ``sigmoid`` raises.

    >>> tanh([-1000.0, 0.0, 0.5]).round(4).tolist()
    [-1.0, 0.0, 0.4621]
    >>> np.allclose(tanh(0.5), 2 * sigmoid(1.0) - 1, rtol=1e-15)
    True
    """
    return _by_rows(_tanh, _numbers(z, "z"))


def _tanh(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    return ops.tanh(z, out)


# The **rectifier** keeps positive numbers and puts 0 for the others:
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

    Raises what ``sigmoid`` raises.

    >>> relu([-1.5, 0.0, 2.0]).tolist()
    [0.0, 0.0, 2.0]
    """
    return _by_rows(_relu, _numbers(z, "z"))


def _relu(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    # Asked this way round, NaN stays NaN.
    return np.positive(np.where(z.real <= 0, 0, z), out=out)


# Training needs the slope of the activation, :math:`f'`.  All three have one
# that can be had from the output *a* alone, without looking at *z* again.
#
# For the sigmoid, write :math:`a = 1/u` with :math:`u = 1 + e^{-z}`.  The
# slope of :math:`1/u` in u is :math:`-1/u^2`, that of u in z is
# :math:`-e^{-z} = 1 - u`.  Multiplied (:eq:`chain-rule` tells why), they are
# that of a in z: :math:`(1 - u) \cdot (-1/u^2) = 1/u - 1/u^2 = a - a^2`.
#
# The tangent is :math:`2\,s - 1` with :math:`s = \sigma(2z)`.  The slope of s
# in z is :math:`2\,s(1 - s)`, so the tangent's is twice that.  Since s is
# :math:`(1 + a)/2`, this is :math:`(1 + a)(1 - a)`.  The rectifier's slope is
# 1 where it lets a number through; at its corner it has none, and 0 will do:
#
# .. math::
#    :label: slopes
#
#    \sigma' = a\,(1 - a) \qquad
#    \tanh' = 1 - a^2 \qquad
#    \operatorname{relu}' = \begin{cases} 1 & a > 0 \\
#                                         0 & a = 0 \end{cases}
#
# The table below pairs each activation with its slope.  One of your own takes
# one more line in it.  A step to the right and one to the left show that the
# pairs belong together, on both sides of the corner:
#
# >>> z, step = np.array([-0.7, 0.7]), 1e-6
# >>> for activate, slope in _ACTIVATIONS.values():
# ...     rise, fall = activate(z + step, _NUMPY), activate(z - step, _NUMPY)
# ...     a = activate(z, _NUMPY)
# ...     print(np.allclose((rise - fall) / (2 * step), slope(a), atol=1e-9))
# True
# True
# True

_ACTIVATIONS: dict[str, Any] = {
    "sigmoid": (_sigmoid, lambda a: a * (1 - a)),
    "tanh": (_tanh, lambda a: 1 - a * a),
    "relu": (_relu, lambda a: a > 0),
}

# With three or more classes the output layer gives a number to each class,
# anything from far below zero to far above.  Such numbers are called *logits*.
# The **softmax** makes them positive and divides by their sum, so that they
# can be read as probabilities.  With :math:`z_j` for a row's logit of class j:
#
# .. math::
#    :label: softmax
#
#    p_j = \frac{e^{z_j}}{\sum_i e^{z_i}}
#        = \frac{e^{z_j - c}}{\sum_i e^{z_i - c}}
#
# The second form holds for every c, since :math:`e^{-c}` cancels.  With the
# row's largest logit for c nothing overflows.

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
    return _by_rows(_softmax, _numbers(z, "z", "(..., k)"))


def _softmax(z: Array, ops: _Arithmetic, out: Array | None = None) -> Array:
    e = np.subtract(z, np.maximum.reduce(z, axis=-1, keepdims=True), out=out)
    ops.exp(e, e)
    e /= ops.total(e, axis=-1, keepdims=True)
    return e


# The loss needs the logarithm of a probability (log is the natural one
# throughout).  A very small probability would be rounded to 0 before its
# logarithm could be taken.  But the logarithm of a quotient is a difference of
# logarithms, which needs no quotient:
#
# .. math::
#    :label: log-softmax
#
#    \log p_j = (z_j - c) - \log \sum_i e^{z_i - c}

def log_softmax(z: ArrayLike) -> Array:
    """Give the logarithm of each row's softmax without computing it first.

    ``log p[j] = z[j] - log(sum(exp(z)))`` along the last axis.  ``z`` has
    the shape (n, k), or any other with at least one number to a row, and the
    result has the same.  No result is rounded to 0 or to minus infinity
    while it can be represented.  Complex numbers are taken.

    Raises what ``softmax`` raises.

    >>> log_softmax([[0.0, 0.0], [1000.0, 0.0]]).round(4).tolist()
    [[-0.6931, -0.6931], [0.0, -1000.0]]
    >>> np.allclose(log_softmax([1.0, 3.0]), np.log(softmax([1.0, 3.0])))
    True
    >>> np.allclose(log_softmax([[0.0, -50.0]])[0, 0], -np.exp(-50.0),
    ...             rtol=1e-13, atol=0)
    True
    """
    return _by_rows(_log_softmax, _numbers(z, "z", "(..., k)"))


def _log_softmax(z: Array, ops: _Arithmetic) -> Array:
    shifted = z - np.maximum.reduce(z, axis=-1, keepdims=True)
    # Their terms are 1, beside which small ones vanish: log1p adds one later.
    top = shifted == 0          # the largest, and all that equal it
    others = ops.total(np.where(top, 0, ops.exp(shifted)), -1, keepdims=True)
    others += np.count_nonzero(top, axis=-1, keepdims=True) - 1
    return shifted - ops.log1p(others)


def _log1p(x: Array) -> Array:
    """The logarithm of 1 + x, of complex numbers too."""
    if x.dtype.kind != "c":
        return np.log1p(x)
    # NumPy's own forgets the little for complex numbers.  The squared length
    # of 1 + x + iy is 1 and this; half its logarithm is the real part.
    squared = x.real * (2 + x.real) + x.imag * x.imag
    return np.log1p(squared) / 2 + 1j * np.arctan2(x.imag, 1 + x.real)


_NUMPY = _Arithmetic(np.matmul, np.add.reduce, np.exp, _log1p, np.tanh)


# Losses
# ======
#
# A loss says how wrong the network is, in one number that training makes
# small.  Both losses below are the surprise at the right answer: minus the
# logarithm of the probability that it was given.  Sure and right costs next to
# nothing, undecided between two classes costs log 2, sure and wrong costs the
# more, the surer the network was.  Both take logits: 1e-400 cannot be written
# as a float, and the logit that it came from can.
#
# With two classes there is one logit z to a row, and :math:`\sigma(z)` is the
# probability of class 1.  That of class 0 is the rest, :math:`1 - \sigma(z) =
# e^{-z} / (1 + e^{-z}) = 1 / (e^z + 1) = \sigma(-z)`.  Let :math:`t` be the
# right class, 0 or 1.  Minus the logarithm of its probability is
# :math:`\log(1 + e^z)` if t is 0 and :math:`\log(1 + e^{-z})` if t is 1.  Both
# are one formula in :math:`u = (1 - 2t)\,z`, large when sure and wrong:
#
# .. math::
#    :label: binary-cross-entropy
#
#    L = \frac{1}{n} \sum_r \log(1 + e^{u_r}), \qquad
#    \log(1 + e^u) = \max(u, 0) + \log(1 + e^{-|u|})
#
# The second form is what :func:`log_softmax` makes of two logits, 0 and z.  So
# two classes need no code of their own: a zero is put beside z, and the loss
# is that of many classes, which comes next.

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
    z = _numbers(logits, "logits", "(n,)")
    return cross_entropy(_both(z[:, None]), targets)


def _both(Z2: Array) -> Array:
    """A logit for each class: a single one stands against a zero."""
    return (Z2 if Z2.shape[-1] > 1 else
            np.concatenate([np.zeros_like(Z2), Z2], axis=-1))


# With k classes there are k logits, and the loss of a row is minus the
# logarithm of its softmax at the right class.  Neither :math:`z_j - c` nor
# :math:`-\log \sum` in :eq:`log-softmax` is above 0, so no digits cancel:
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
    Z2 = _numbers(logits, "logits", "(n, k)")
    classes, n = np.arange(Z2.shape[1]), len(Z2)
    t = _indices(targets, classes, n, "targets", "the loss")
    with np.errstate(all="ignore"):
        losses = _losses(np.ascontiguousarray(Z2), t)
        mean = np.add.reduce(losses) / n
        if not np.isfinite(mean):       # the sum may be, and not the mean
            mean = np.add.reduce(losses / n)
    if not np.isfinite(mean):
        raise ValueError("the loss overflows; give smaller logits")
    return mean.item()


def _losses(Z2: Array, t: Array, ops: _Arithmetic = _NUMPY) -> Array:
    """Each row's loss, in double precision: many are to be added up."""
    wide = Z2.astype(np.result_type(Z2, np.float64), copy=False)
    right = np.take_along_axis(_log_softmax(wide, ops), t[..., None], -1)
    return 0 - right[..., 0]


# Sigmoid with its loss and softmax with its loss share a property that
# makes them the pairs to use: the slope of a row's loss in a logit is the
# probability minus the truth.  Of the mean over n rows it is an n-th of that:
#
# .. math::
#    :label: slope-of-the-loss
#
#    \frac{\partial L}{\partial z_{rj}} = \frac{p_{rj} - Y_{rj}}{n}
#
# The curly d means the slope in one number while all others stay as they are.
# With several outputs :math:`Y_{rj}` is 1 if j is the right class of row r,
# else 0; with a single one it is :math:`t_r` itself.  To see it for the
# softmax, write the row's loss as :math:`\log \sum_i e^{z_i} - z_t`.  The
# slope of a logarithm is one over what stands in it, and that of the sum in
# :math:`z_j` is :math:`e^{z_j}`.  The two multiply to
# :math:`e^{z_j} / \sum_i e^{z_i}`, which is :math:`p_j`.  The second term's
# slope is 1 if j is t, else 0.  The sigmoid is a softmax over the two logits 0
# and z, so the same holds for it.
#
# >>> z, step = np.array([[0.2, -0.4, 1.0]]), 1e-6
# >>> rise = cross_entropy(z + [[step, 0, 0]], [2])
# >>> fall = cross_entropy(z - [[step, 0, 0]], [2])
# >>> p_0 = softmax(z)[0, 0]
# >>> bool(abs((rise - fall) / (2 * step) - (p_0 - 0)) < 1e-9)
# True

def _truth(t: Array, k: int) -> Array:
    """Y (n, k), true where the class is right, for class indices (n,)."""
    return t[..., None] == ([1] if k == 1 else np.arange(k))


# Metrics
# =======
#
# Training follows the loss, because it has a slope that says where to go.  A
# count of right answers is flat nearly everywhere: a small step seldom changes
# it.  But people ask how many answers were right, and of the wrong ones, what
# was taken for what.

def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Give the share of predictions that are right, from 0 to 1.

    ``count(y_true == y_pred) / n``.  Both have the shape (n,) and hold
    labels: ints, bools, strings or whole floats, compared exactly.

    Raises TypeError for other kinds of labels and for strings compared with
    numbers, ValueError for fractions, lengths that differ and no labels.

    >>> accuracy(["cat", "dog", "dog"], ["cat", "dog", "cat"]) == 2 / 3
    True
    """
    y_true, y_pred = _label_pair(y_true, y_pred)
    return int(np.count_nonzero(y_true == y_pred)) / len(y_true)


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
    rows, columns = _label_pair(y_true, y_pred)
    k = 1 + int(max(rows.max(), columns.max()))     # each label occurs
    cells = rows.astype(int) * k + columns
    return np.bincount(cells, minlength=k * k).reshape(k, k)


# One step
# ========
#
# Forward
# -------
#
# The network turns a row of d numbers into k logits in two layers.  Each
# multiplies by a matrix of weights and adds biases; between them stands the
# activation, here called f.  A bias is the weight of one more input that is
# always 1.  So we write a column of ones behind the data X, call the two
# together :math:`X_1`, and put the biases below the weights, as the last row
# of :math:`M_1`.  Then :math:`X_1 M_1` is :math:`X W_1 + b_1`: the sums of the
# hidden units, a column to each.  The same is done for the second layer:
#
# .. math::
#    :label: forward
#
#    Z_1 = X_1 M_1 \qquad A_1 = f(Z_1) \qquad A = [A_1, 1] \qquad Z_2 = A M_2
#
# The shapes: :math:`X_1` is (n, d + 1) and :math:`M_1` is (d + 1, h), so
# :math:`A_1` is (n, h); with its ones A is (n, h + 1), and :math:`M_2` is
# (h + 1, k), so :math:`Z_2` is (n, k).  Softmax, or sigmoid if k is 1, makes
# of the logits :math:`Z_2` the probabilities P, (n, k) too.  For 120 irises
# and 16 units the products are (120, 5) times (5, 16) and (120, 17) times
# (17, 3), and there are 5 · 16 + 17 · 3 = 131 parameters.
#
# All parameters together are one flat array :math:`\theta`, since an optimizer
# need not know about layers.  :math:`M_1` and :math:`M_2`, from ``_layers``,
# are windows on its memory, and nothing is copied back and forth.

Sizes = tuple[int, int, int]


def _layers(theta: Array, sizes: Sizes, order: Any = "F"
            ) -> tuple[Array, Array]:
    """M1 (d + 1, h) and M2 (h + 1, k) in the memory of theta."""
    d, h, k = sizes
    cut = (d + 1) * h
    return (theta[:cut].reshape(d + 1, h, order=order),
            theta[cut:].reshape(h + 1, k))


def _views(theta: Array, sizes: Sizes, order: Any = "F") -> dict[str, Array]:
    """W1, b1, W2 and b2 in the memory of theta."""
    M1, M2 = _layers(theta, sizes, order)
    return {"W1": M1[:-1], "b1": M1[-1], "W2": M2[:-1], "b2": M2[-1]}


def _with_ones(X: Array, dtype: Any = None) -> Array:
    """X (n, d) and a column of ones behind it (n, d + 1)."""
    X1 = np.ones((len(X), X.shape[1] + 1), dtype or X.dtype)
    X1[:, :-1] = X
    return X1


# In ``_forward`` each product is one call of ``ops.dot``; the ones stand in A
# from the beginning.  The rest makes room for the results, if the caller has
# none ready: column by column, ``order="F"``, so that the activations are one
# piece of memory beside their ones, a few microseconds off a step of twenty.

def _forward(X1: Array, M1: Array, M2: Array, activation: str,
             ops: _Arithmetic = _NUMPY, A: Array | None = None,
             Z2: Array | None = None) -> tuple[Array, Array]:
    """The activations with their ones A (n, h + 1) and the logits Z2."""
    if A is None:
        A = np.ones((len(X1), len(M2)), M1.dtype, order="F")
    A1, (activate, _) = A[:, :-1], _ACTIVATIONS[activation]
    activate(ops.dot(X1, M1, A1), ops, A1)
    if Z2 is None:
        Z2 = _empty(1, len(X1), M2.shape[1], M1.dtype)[0]
    ops.dot(A, M2, Z2)
    return A, Z2


def _empty(b: int, m: int, k: int, dtype: Any) -> Array:
    """Room for b batches of m rows of k classes."""
    # NumPy adds up fast along what lies far apart, and exactly along what lies
    # side by side; up to 64 classes the fast way is good to 14 digits too.
    if k > 64:
        return np.empty((b, m, k), dtype)
    return np.empty((b, k, m), dtype).transpose(0, 2, 1)


# Exclusive or, by :eq:`xor-bend`, but with :math:`2\,a_2` for :math:`3\,a_2`:
#
# >>> X1 = _with_ones(np.array([[0.0, 0.0], [0, 1], [1, 0], [1, 1]]))
# >>> sizes, theta = (2, 2, 1), np.empty(9)
# >>> M1, M2 = _layers(theta, sizes)
# >>> M1[...], M2[...] = [[2, 2], [2, 2], [-1, -3]], [[1], [-2], [-0.5]]
# >>> A, Z2 = _forward(X1, M1, M2, "relu")
# >>> A.tolist()
# [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [3.0, 1.0, 1.0]]
# >>> Z2[:, 0].tolist()                # wanted: below 0, above, above, below
# [-0.5, 0.5, 0.5, 0.5]

# Backward
# --------
#
# Training needs the slopes of the loss in all weights and biases.
# *Backpropagation* finds them all in one walk from the loss back to the input.
# It takes two rules about slopes, and no more.
#
# **Along a chain slopes multiply.**  If u grows three times as fast as w, and
# the loss twice as fast as u, then the loss grows six times as fast as w.
# This is the *chain rule*:
#
# .. math::
#    :label: chain-rule
#
#    \frac{\partial L}{\partial w} = \frac{\partial L}{\partial u} \cdot
#    \frac{\partial u}{\partial w}
#
# **Where a value is used twice, its slopes add.**  If w feeds both u and v,
# then a nudge of w reaches the loss by two paths, and both changes count:
#
# .. math::
#    :label: slopes-add
#
#    \frac{\partial L}{\partial w} =
#    \frac{\partial L}{\partial u} \cdot \frac{\partial u}{\partial w} +
#    \frac{\partial L}{\partial v} \cdot \frac{\partial v}{\partial w}
#
# >>> def loss(w):
# ...     u, v = 3 * w, w * w         # slopes in w: 3, and 2 w
# ...     return 2 * u + 5 * v        # slopes in u and v: 2 and 5
# >>> w, step = 0.5, 1e-6
# >>> measured = (loss(w + step) - loss(w - step)) / (2 * step)
# >>> round(measured, 6) == 2 * 3 + 5 * (2 * w)
# True
#
# **One unit, one row.**  Follow one feature x, by its weight w, through one
# hidden unit to the logit: :math:`a = f(x w + b_w)` and :math:`z = a q + b_q`.
# Here q is the weight behind the unit, :math:`b_w` and :math:`b_q` whatever
# else is added.  The walk back begins at z, for :eq:`slope-of-the-loss` leaps
# over p at once: the slope there is the probability less the truth.  Then:
#
# .. math::
#    :label: one-unit
#
#    \frac{\partial L}{\partial q} = (p - t) \cdot a \qquad
#    \frac{\partial L}{\partial a} = (p - t) \cdot q \qquad
#    \frac{\partial L}{\partial w} =
#    \frac{\partial L}{\partial a} \cdot f' \cdot x
#
# Each slope is the one before it times the slope of one operation.  That of a
# product is the other factor: of :math:`a q` it is a in q, and q in a.  The
# bend has :math:`f'`, from :eq:`slopes`.  What is only added has the slope 1,
# so a bias gets the slope of its sum as it is.
#
# In the last row of the example, with the first unit: a is 3 and z is 0.5.
#
# >>> x, w, q, t = 1.0, 2.0, 1.0, 0
# >>> a = relu(x * w + 1)                 # b_w: 2 of the other bit, bias -1
# >>> slope_z = sigmoid(a * q - 2.5) - t  # b_q: -2 of the other, bias -0.5
# >>> slope_q, slope_a = slope_z * a, slope_z * q
# >>> slope_w = slope_a * (a > 0) * x
# >>> [float(slope.round(4)) for slope in (slope_z, slope_q, slope_w)]
# [0.6225, 1.8674, 0.6225]
# >>> def loss_at(w):
# ...     return binary_cross_entropy([relu(x * w + 1) * q - 2.5], [t])
# >>> measured = (loss_at(w + 1e-6) - loss_at(w - 1e-6)) / 2e-6
# >>> bool(abs(measured - slope_w) < 1e-9)
# True
#
# **Many units, many rows.**  Now with indices: r counts rows, i the numbers
# that come into a layer, and j its sums.  (In the second layer i is therefore
# a hidden unit, and in the first layer j is.)  The loss is a mean over n rows,
# so the slope at a logit is an n-th: :math:`d_{rj} = (p_{rj} - Y_{rj}) / n`.
#
# The weight :math:`w_{ij}`, in row i and column j of :math:`M_2`, takes
# :math:`a_{ri}` to the logit :math:`z_{rj}`, which gives it the slope
# :math:`a_{ri}\, d_{rj}`.  It does so *in every row*: add up over r.  The
# activation :math:`a_{ri}` is taken there by :math:`w_{ij}`, which gives it
# :math:`d_{rj}\, w_{ij}`.  It goes *to every logit* of its row: add up over j.
# Then multiply by the slope of the bend that it came through.  In the first
# layer the weights fare as in the second, with x for a, and j a hidden unit:
#
# .. math::
#    :label: with-indices
#
#    g_{ij} = \sum_r a_{ri}\, d_{rj} \qquad
#    d^1_{ri} = f'_{ri} \sum_j d_{rj}\, w_{ij} \qquad
#    g^1_{ij} = \sum_r x_{ri}\, d^1_{rj}
#
# Here d and g are the entries of :math:`D_2` and :math:`G_2`, with a raised 1
# (no power) of :math:`D_1` and :math:`G_1`; :math:`f'` is the bend's slope.
#
# **As matrices.**  A sum over a shared index is a matrix product, if the index
# stands last in the first factor and first in the second.  Where it does not,
# transpose.  So the whole walk is four lines, in which :math:`\odot`
# multiplies entry by entry.  :math:`W_2` is :math:`M_2` without its biases:
# the ones that these multiply never change, so no slope need go back there.
#
# .. math::
#    :label: backward
#
#    D_2 = \frac{P - Y}{n} \qquad
#    G_2 = A^\top D_2 \qquad
#    D_1 = (D_2 W_2^\top) \odot f'(Z_1) \qquad
#    G_1 = X_1^\top D_1
#
# You need not remember where the transposes stand, because the shapes tell.
# :math:`G_2` must have the shape of :math:`M_2`, which is (h + 1, k), and the
# only product of A, (n, h + 1), and :math:`D_2`, (n, k), that has this shape
# is :math:`A^\top D_2`.
#
# **What it costs.**  Each layer has one product forward, and two back: one for
# its parameters, and one to hand the slope on, which the first layer saves.
# So a walk back costs at most two walks forward.  To measure the slopes one by
# one takes a walk for each: with 10,000 parameters, ten thousand.
#
# ``_backward`` is the same lines in the same order.  The first is left to the
# caller.  F is :math:`f'(Z_1)`, the slope of the bend at each hidden sum,
# which :eq:`slopes` finds from :math:`A_1` alone; ``_T`` is a transpose.

def _backward(X1_T: Array, A_T: Array, D2: Array, F: Array, W2_T: Array,
              G1: Array, G2: Array, ops: _Arithmetic = _NUMPY,
              D1: Array | None = None) -> None:
    """Fill G1 and G2 with the slopes of the loss in M1 and M2."""
    ops.dot(A_T, D2, G2)
    if D1 is None:
        D1 = np.empty(F.shape, D2.dtype, order="F")
    ops.dot(D2, W2_T, D1)
    D1 *= F
    ops.dot(X1_T, D1, G1)


# For the example above they give these slopes:
#
# >>> gradient, Y = np.empty(9), np.array([[0], [1], [1], [0]])
# >>> G1, G2 = _layers(gradient, sizes)
# >>> D2, F = (sigmoid(Z2) - Y) / 4, A[:, :-1] > 0
# >>> _backward(X1.T, A.T, D2, F, M2[:-1].T, G1, G2)
# >>> G1.round(4).tolist()
# [[0.0612, -0.3112], [0.0612, -0.3112], [-0.0332, -0.3112]]
# >>> G2[:, 0].round(4).tolist()
# [0.2781, 0.1556, 0.0612]
#
# Checking it
# -----------
#
# A wrong gradient often trains all the same, only worse, and nothing says so.
# So hold it against the definition of a slope: nudge one parameter
# :math:`\theta_j` to both sides, by a small :math:`\epsilon`, keep all others
# still, and see what it does to the loss:
#
# .. math::
#    :label: central-difference
#
#    \frac{\partial L}{\partial \theta_j} \approx
#    \frac{L(\theta_j + \epsilon) - L(\theta_j - \epsilon)}{2 \epsilon}
#
# All nine slopes of the example agree with what nudges do:
#
# >>> def loss_at(theta):
# ...     _, Z2 = _forward(X1, *_layers(theta, sizes), "relu")
# ...     return binary_cross_entropy(Z2[:, 0], Y[:, 0])
# >>> nudges = 1e-6 * np.eye(9)
# >>> measured = [(loss_at(theta + nudge) - loss_at(theta - nudge)) / 2e-6
# ...             for nudge in nudges]
# >>> np.allclose(measured, gradient, atol=1e-9)
# True


# First weights
# -------------
#
# If all weights began at zero, all hidden units would compute the same and
# learn the same for ever.  So they begin at random.  If they are too large,
# the sums lie far out where the activation is flat and has no slope to learn
# from; if they are too small, each layer gives smaller numbers than it got.
#
# The *variance* is the mean square of the distance from the mean.  Those of
# independent numbers add up, so on features of variance 1 a unit's sum has
# that of a weight, times the number of inputs.  To keep it at 1, weights want
# 1/inputs, and on the way back, where the outputs are summed over, 1/outputs.
# Glorot and Bengio (2010) take the middle, 2 / (inputs + outputs).  An even
# draw U from -r to r has :math:`r^2 / 3`: the area under :math:`x^2` from 0 to
# r, :math:`r^3 / 3`, divided by its width.  Solve for r:
#
# .. math::
#    :label: glorot
#
#    W \sim U(-r, r), \qquad
#    r = \sqrt{\frac{6}{\text{inputs} + \text{outputs}}}
#
# It is a middle and no more: with 4 inputs and 16 units the sums have the
# variance 0.4.  Biases need no draw: ``_first_theta`` lets them begin at zero.
#
# >>> draws = np.random.default_rng(0).uniform(-2, 2, 100_000)
# >>> bool(abs(draws.var() - 2**2 / 3) < 0.01), 4 * 2 / (4 + 16)
# (True, 0.4)

def _first_theta(rng: Any, sizes: Sizes, dtype: str) -> Array:
    """Random weights and zero biases for (d, h, k)."""
    d, h, k = sizes
    theta = np.empty((d + 1) * h + (h + 1) * k, dtype)
    for name, view in _views(theta, sizes).items():
        r = math.sqrt(6 / sum(view.shape)) if name[0] == "W" else 0
        view[...] = r * (2 * rng.random(view.shape) - 1)
    return theta


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
# The *learning rate* :math:`\eta` is a small positive number.
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
# serve any number of networks.
#
# **Gradient descent** is :eq:`descent` and no more.  In a narrow valley it
# zigzags from wall to wall.  *Momentum* (Polyak 1964) adds up past gradients
# in a velocity :math:`v`, of which a share :math:`\mu` is kept at each step.
# What points to and fro shrinks in the sum, and what goes along it grows:
#
# .. math::
#    :label: momentum
#
#    v \leftarrow \mu v + g \qquad \theta \leftarrow \theta - \eta v
#
# If g stays the same, v grows to :math:`g\,(1 + \mu + \mu^2 + \cdots)`, which
# is :math:`g / (1 - \mu)`: take the sum, subtract :math:`\mu` times it, and
# only the 1 is left.  So :math:`\mu = 0.9` remembers some ten steps, and walks
# ten times as fast where the way is straight.
#
# *Nesterov's* variant (Nesterov 1983, Sutskever et al. 2013) measures the
# gradient not where it stands but where the velocity is about to carry it,
# and so brakes before the far wall.  If :math:`\theta` is that point ahead, it
# comes to this (an aside at the end of the chapter shows how):
#
# .. math::
#    :label: nesterov
#
#    v \leftarrow \mu v + g \qquad
#    \theta \leftarrow \theta - \eta\,(g + \mu v)
#
# All three are called SGD, *stochastic* gradient descent, since the gradient
# may come from a few rows drawn at random; the optimizer does not ask.

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
             memory: dict[str, Array]) -> None:
        """Move theta (p,) one step against gradient (p,), in place.

        The arrays in ``memory`` change in place too, and ``gradient`` may be
        overwritten.

        >>> optimizer = SGD(learning_rate=0.5, momentum=0.5)
        >>> theta = np.array([1.0])
        >>> memory = optimizer.start(theta)
        >>> for _ in range(3):
        ...     optimizer.step(theta, np.array([1.0]), memory)
        ...     print(theta.tolist(), memory["velocity"].tolist())
        [0.5] [1.0]
        [-0.25] [1.5]
        [-1.125] [1.75]
        >>> optimizer.nesterov = True
        >>> optimizer.step(theta, np.array([1.0]), memory)
        >>> theta.tolist() == [-1.125 - 0.5 * (1 + 0.5 * 1.875)]
        True
        """
        velocity = memory["velocity"]
        velocity *= float(self.momentum)
        velocity += gradient
        if self.nesterov:
            gradient += float(self.momentum) * velocity
            gradient *= float(self.learning_rate)
        else:
            np.multiply(velocity, float(self.learning_rate), out=gradient)
        theta -= gradient


# **Adam** (Kingma and Ba 2015) gives each parameter a step of its own.  It
# keeps a running mean :math:`m` of the gradient and one, :math:`s`, of its
# square.  Two numbers a little below 1, :math:`\beta_1` and :math:`\beta_2`,
# say how much of each a step keeps.  Adam divides the one by the root of the
# other: where g stays about the same, the step is about :math:`\eta`; where it
# flickers, less.  A tiny :math:`\epsilon` keeps the divisor away from 0.
#
# .. math::
#    :label: adam
#
#    m \leftarrow \beta_1 m + (1 - \beta_1)\,g \qquad
#    s \leftarrow \beta_2 s + (1 - \beta_2)\,g^2
#
# Both means start at zero, and so they are too low at first.  If g stays the
# same, then after :math:`\tau` steps m is :math:`(1 - \beta_1)\,g` times
# :math:`1 + \beta_1 + \cdots + \beta_1^{\tau - 1}`.  Subtract :math:`\beta_1`
# times that sum from it, and only its first and last terms are left:
# :math:`1 - \beta_1^\tau`.  So m is :math:`(1 - \beta_1^\tau)\,g`, and we
# divide by the factor:
#
# .. math::
#    :label: adam-step
#
#    \theta \leftarrow \theta - \eta\,
#    \frac{m / (1 - \beta_1^\tau)}
#         {\sqrt{s / (1 - \beta_2^\tau)} + \epsilon}

@dataclass
class Adam:
    """Gradient descent in steps scaled by each gradient's recent size.

    ``m`` and ``s`` are running means of the gradient and of its square, and
    ``theta = theta - learning_rate * m_hat / (sqrt(s_hat) + epsilon)``
    where the hats divide by ``1 - beta ** step``, as in Algorithm 1 of
    Kingma and Ba (2015) and in PyTorch.

    ``learning_rate`` is at least 0, ``beta1`` and ``beta2`` at least 0 and
    below 1, ``epsilon`` above 0, in the precision of theta.  ``start`` raises
    TypeError or ValueError for other settings.

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
        # Half the smallest number of a precision is rounded to 0 in it.
        zero = float(np.finfo(theta.dtype).smallest_subnormal) / 2
        _check_number("epsilon", self.epsilon, math.nextafter(zero, 1))
        return {"mean": np.zeros_like(theta), "square": np.zeros_like(theta),
                "beta1_power": np.ones(()), "beta2_power": np.ones(())}

    def step(self, theta: Array, gradient: Array,
             memory: dict[str, Array]) -> None:
        """Move theta (p,) one step against gradient (p,), in place.

        The arrays in ``memory`` change in place too, and ``gradient`` may be
        overwritten.

        >>> theta, optimizer = np.array([1.0, 1.0]), Adam(learning_rate=0.5)
        >>> memory = optimizer.start(theta)
        >>> optimizer.step(theta, np.array([0.01, -100.0]), memory)
        >>> theta.round(5).tolist()
        [0.5, 1.5]
        """
        mean, square = memory["mean"], memory["square"]
        beta1, beta2 = float(self.beta1), float(self.beta2)
        # Grown by one factor a step: a power function rounds as it likes.
        memory["beta1_power"] *= beta1
        memory["beta2_power"] *= beta2
        mean *= beta1
        mean += (1 - beta1) * gradient
        gradient *= gradient
        square *= beta2
        square += (1 - beta2) * gradient
        mean_hat = mean / float(1 - memory["beta1_power"])
        root = np.sqrt(square / float(1 - memory["beta2_power"]))
        root += float(self.epsilon)
        theta -= float(self.learning_rate) * mean_hat / root


_OPTIMIZERS: dict[str, Any] = {"SGD": SGD, "Adam": Adam}


# Training
# ========
#
# Now everything is there, and training is a loop: forward, backward, step.
# Here is all of it on one screen, for exclusive or with eight hidden units:
#
# >>> X1 = _with_ones(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1]]))
# >>> Y = np.array([[0.0], [1.0], [1.0], [0.0]])
# >>> sizes, optimizer = (2, 8, 1), SGD(learning_rate=0.5, momentum=0.9)
# >>> rng = np.random.Generator(np.random.PCG64(0))
# >>> theta = _first_theta(rng, sizes, "float64")
# >>> gradient = np.zeros_like(theta)
# >>> (M1, M2), (G1, G2) = _layers(theta, sizes), _layers(gradient, sizes)
# >>> memory = optimizer.start(theta)
# >>> for epoch in range(1, 301):
# ...     A, Z2 = _forward(X1, M1, M2, "tanh")
# ...     D2 = sigmoid(Z2) / 4 - Y / 4  # (P - Y) / 4, rounded as in part two
# ...     _backward(X1.T, A.T, D2, 1 - A[:, :-1]**2, M2[:-1].T, G1, G2)
# ...     optimizer.step(theta, gradient, memory)
# ...     if epoch in (1, 20, 300):
# ...         print(epoch, round(binary_cross_entropy(Z2[:, 0], Y[:, 0]), 3))
# 1 0.734
# 20 0.139
# 300 0.001
# >>> np.round(sigmoid(_forward(X1, M1, M2, "tanh")[1][:, 0])).tolist()
# [0.0, 1.0, 1.0, 0.0]
#
# If you have followed so far, you know how a neural network works.

# Training regimes
# ----------------
#
# One setting, ``batch_size``, decides how many rows are put through before
# each step.  *Full batch* takes them all: the gradient is exact, and an epoch
# is one step.  *Stochastic* descent takes one: as many steps to an epoch as
# there are rows, each in a direction that is right only on average.
# *Mini-batches* lie between.


# Part two: to use it, and to rely on it
# ######################################
#
# From here on the file is for looking up.  It makes of the loop something that
# takes data of any size, refuses what makes no sense, and can be kept.
#
# Blocks of batches
# =================
#
# The plain loop has all rows in memory at once.  But X may be a file far
# larger than that, mapped by NumPy.  So rows are taken a *block* at a time,
# with a limit to its rows and one to its numbers: a million of them are eight
# megabytes.

_BLOCK_ROWS = 1 << 12
_BLOCK_NUMBERS = 1 << 20


def _block_rows(*sizes: int) -> int:
    """How many rows make a block, when each takes arrays of these sizes."""
    return max(1, min(_BLOCK_ROWS, _BLOCK_NUMBERS // (max(sizes) + 1)))


# In training a block is b batches of m rows each, an array (b, m, d + 1). That
# is one shape for all regimes.  Rows left over at the end of an epoch are a
# block of one short batch.  A batch too large for a block is taken in pieces,
# whose gradients add up, as the sum over all rows is the sum of the sums over
# parts.  A full batch that fits is the same batch b times over, and its block
# holds b epochs.  Each epoch shuffles the rows, so that the same few do not
# always share a batch; where all rows are one batch, order changes nothing but
# the rounding, and is kept.
#
# Why not one batch at a time?  A small network spends nearly all of a step on
# calling NumPy and hardly any on arithmetic.  To gather rows, to write the
# truth as 0 and 1 and to find the losses takes about as many calls for a whole
# block as for one batch.  So the steps of a block only leave their logits
# behind, and the losses are found together.  On the flowers of iris, a block
# to each batch would take three times as long with one row to a step, two and
# a half times with all of them, and 1.4 times with 32.
#
# Rows are gathered some 65,000 numbers at a time, a copy that stays in the
# processor's cache.  Gathered all at once, a block of pictures would be
# written to memory, read again and written a second time, beside its ones,
# and a step on 128 pictures would take 6 % longer.

_GATHERED = 1 << 16
_Descend = Callable[[], object]


class _Walk:
    """A walk over X (n, d) in batches, and the arrays filled on the way.

    ``t`` (n,) holds class indices and ``theta`` the parameters; the gradient
    of the batch at hand is in ``gradient``.  The methods go from large to
    small: ``mean_losses`` takes the epochs, ``summed_losses`` cuts each into
    blocks, and ``in_steps`` takes the steps of one.
    """

    def __init__(self, X: Array, t: Array, theta: Array, sizes: Sizes,
                 activation: str, ops: _Arithmetic) -> None:
        self.X, self.t, self.theta, self.sizes = X, t, theta, sizes
        self.activation, self.ops = activation, ops
        self.gradient, self.most = np.zeros_like(theta), _block_rows(*sizes)
        self.X1 = np.ones((0, sizes[0] + 1), theta.dtype)

    def mean_losses(self, epochs: int, batch: int, together: int,
                    shuffled: Callable[[int], Array], descend: _Descend
                    ) -> Iterator[float]:
        """Walk over all rows in each epoch, and yield its mean loss.

        Of epochs of one step, up to ``together`` are taken at a time.
        """
        n = len(self.X)
        m, some = min(batch, n), min(together, self.most // n)
        while epochs > 0:
            times = max(1, min(some, epochs)) if m == n else 1
            order = np.arange(n) if m == n else shuffled(n)
            sums = self.summed_losses(order, m, descend, times)
            for _ in range(times):      # sum rounds in ways of its own
                yield reduce(float.__add__, islice(sums, -(-n // m))) / n
            epochs -= times

    def summed_losses(self, order: Array, m: int, descend: _Descend,
                      times: int = 1) -> Iterator[float]:
        """Step on each m rows of order, times over; yield summed losses."""
        size, whole = self.most // m * m, len(order) // m * m
        if m > self.most:
            for i in range(0, len(order), m):
                yield self.in_pieces(order[i:i + m], descend)
            return
        for rows in np.split(order, [*range(size, whole, size), whole]):
            if len(rows):
                n = min(m, len(rows))
                yield from self.in_steps(rows.reshape(-1, n), n, descend,
                                         times)

    @np.errstate(all="ignore")
    def in_pieces(self, rows: Array, descend: _Descend) -> float:
        """Step once on more rows than a block has; give their summed loss."""
        loss, total = 0.0, np.zeros_like(self.gradient)
        for i in range(0, len(rows), self.most):
            piece = rows[None, i:i + self.most]
            loss += self.in_steps(piece, len(rows), tuple)[0]
            total += self.gradient
        self.gradient[:] = total
        descend()
        return loss

    def gathered(self, rows: Array) -> Array:
        """The rows (b, m) of X with their ones (b, m, d + 1)."""
        flat, some = rows.ravel(), 1 + _GATHERED // self.X.shape[1]
        if len(flat) > len(self.X1):
            self.X1 = np.ones((len(flat), self.X1.shape[1]), self.X1.dtype)
        for i in range(0, len(flat), some):
            part = flat[i:i + some]
            self.X1[i:i + len(part), :-1] = self.X[part]
        return self.X1[:len(flat)].reshape(*rows.shape, -1)

    @np.errstate(all="ignore")
    def in_steps(self, rows: Array, n: int, descend: _Descend, times: int = 1
                 ) -> list[float]:
        """Step on b batches (b, m), with slopes over n; sum their losses."""
        M1, M2 = _layers(self.theta, self.sizes)
        G1, G2 = _layers(self.gradient, self.sizes)
        (b, m), k, dtype, ops = rows.shape, M2.shape[1], M2.dtype, self.ops
        A = np.ones((m, len(M2)), dtype, order="F")
        A1, A_T, W2_T, D1 = A[:, :-1], A.T, M2[:-1].T, np.empty_like(A[:, :-1])
        [D2], logits = _empty(1, m, k, dtype), _empty(times * b, m, k, dtype)
        probabilities = _sigmoid if k == 1 else _softmax
        slope, activation = _ACTIVATIONS[self.activation][1], self.activation
        X1, t, Y = self.gathered(rows), self.t[rows], _empty(b, m, k, dtype)
        np.divide(_truth(t, k), n, out=Y)
        for x1, y, Z2 in zip(cycle(X1), cycle(Y), logits):
            _forward(x1, M1, M2, activation, ops, A, Z2)
            probabilities(Z2, ops, D2)
            D2 /= n
            D2 -= y
            _backward(x1.T, A_T, D2, slope(A1), W2_T, G1, G2, ops, D1)
            descend()
        losses = _losses(_both(logits), t, ops)
        return ops.total(losses, axis=1).tolist()


# The network
# ===========
#
# Now the parts become something to use: make a network, fit it to rows and
# labels, and let it predict.  Of each method that follows, read the first
# line, and come back for the rest when you need it.
#
# >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
# >>> network = Network(hidden_size=8, activation="tanh", epochs=300,
# ...                   optimizer=SGD(0.5, momentum=0.9)).fit(X, y)
# >>> network.predict(X).tolist()
# [0, 1, 1, 0]
# >>> [round(network.loss_curve_[epoch - 1], 3) for epoch in (1, 20, 300)]
# [0.734, 0.139, 0.001]
#
# The methods have the names and manners of scikit-learn, the most used Python
# library for learning from data, so that its tools can be used on a network.

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


Callback = Callable[["Network", int, float], object]
_Self = TypeVar("_Self", bound="Network")


@dataclass(eq=False, repr=False)
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

    The defaults, 128 hidden units with "relu", 32 rows to a step and 100
    passes, were chosen by measurement.  On five sets of scaled data, from 178
    to 2,000 rows, they were on average as accurate as those of scikit-learn's
    MLPClassifier, in about half of its time.

    Features should be scaled to about 1, each by the mean and the deviation
    of its training rows: large ones put units where they are flat.

    Settings are attributes, checked when training begins.  What training
    finds has names that end in an underscore: ``params_``, the dict of W1
    (d, h), b1 (h,), W2 (h, k) and b2 (k,); ``classes_``, sorted;
    ``n_features_in_``; ``loss_curve_``, a float for each epoch; and
    ``data_digest_``, by which the same data are known again (of more than a
    megabyte, only some rows count).  A subclass may have settings of its own,
    arguments of its ``__init__``.

    Every method changes the network wholly or not at all: whatever is raised
    within, an interrupt from the keyboard included, puts back what it found.

    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> network = Network(hidden_size=4, epochs=100).fit(X, [0, 0, 1, 1])
    >>> network.predict([[-1.0], [4.0]]).tolist()
    [0, 1]
    >>> {name: p.shape for name, p in network.params_.items()}
    {'W1': (1, 4), 'b1': (4,), 'W2': (4, 1), 'b2': (1,)}
    """

    hidden_size: int = 128
    activation: str = "relu"
    optimizer: Any = None
    batch_size: int | None = 32
    epochs: int = 100
    seed: int = 0
    dtype: str = "float64"
    arithmetic: str = "blas"
    _forgotten = 0      # how many losses of long ago no file could hold

    # **Training.**  ``fit`` forgets what was learnt and ``partial_fit`` goes
    # on from it; the rest they share.

    def fit(self: _Self, X: ArrayLike, y: ArrayLike,
            callback: Callback | None = None) -> _Self:
        """Train afresh for ``epochs`` passes over the rows, and return self.

        ``X`` has the shape (n, d): real, finite numbers.  ``y`` has the
        shape (n,): ints, bools, strings or whole floats, of at least two
        classes.  Rows are shuffled before each pass unless the batch is all
        of them; a short last batch is used.  ``loss_curve_`` holds the mean
        loss of each pass, in which each row counts with the loss that it had
        when its turn came.  With no passes the first weights stay.

        After each pass ``callback(network, epoch, loss)`` is called, with
        ``epoch`` counting from 1.  If it returns "stop", training ends there
        and keeps what was learnt; any other value is ignored.  It may change
        the network: the optimizer's own settings count from the next step,
        everything else from the next call, and what it changes itself stays.
        It cannot train the same network.

        Features want scaling.  UserWarning is given where the root mean
        square of X is above 10.  Raises TypeError or ValueError for bad
        settings and bad data, RuntimeError within the network's own callback,
        and FloatingPointError when the loss or a weight is no longer finite.

        >>> X, y = np.array([[150.0], [160.0], [200.0]]), ["a", "a", "b"]
        >>> mean, deviation = X.mean(axis=0), X.std(axis=0)
        >>> network = Network(epochs=100).fit((X - mean) / deviation, y)
        >>> network.predict((np.array([[155.0]]) - mean) / deviation).tolist()
        ['a']
        >>> def halve_every_ten(network, epoch, loss):
        ...     if epoch % 10 == 0:
        ...         network.optimizer.learning_rate /= 2
        ...     return "stop" if loss < 0.1 else None
        >>> network = Network(epochs=500, optimizer=SGD(0.5))
        >>> network = network.fit((X - mean) / deviation, y, halve_every_ten)
        >>> len(network.loss_curve_) < 500, network.loss_curve_[-1] < 0.1
        (True, True)
        """
        return self._learn(X, y, None, self.epochs, callback, afresh=True)

    def partial_fit(self: _Self, X: ArrayLike, y: ArrayLike,
                    classes: ArrayLike | None = None, epochs: int = 1,
                    callback: Callback | None = None) -> _Self:
        """Train for more passes, from where the network stands.

        The first call may name the ``classes``, which need not all occur in
        its ``y``; without, they are taken from ``y``.  Later calls must keep
        to them.  On a new network, ten calls of one epoch on the same rows
        equal one ``fit`` of ten epochs, bit for bit.  ``X``, ``y`` and
        ``callback`` are as in ``fit``, and ``epoch`` goes on counting from
        call to call.

        A change of settings takes effect with the next call, except for those
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
        return self._learn(X, y, classes, epochs, callback,
                           afresh=not hasattr(self, "params_"))

    def _learn(self: _Self, X: Any, y: Any, classes: Any, epochs: Any,
               callback: Callback | None, afresh: bool) -> _Self:
        """Check everything, and then train, wholly or not at all."""
        _check_settings(self, begun=not afresh)
        _check_number("epochs", epochs, 0, whole=True)
        if callback is not None and not callable(callback):
            raise TypeError(f"callback is {callback!r}; give a function of "
                            "(network, epoch, loss)")
        table = _table(X) if afresh else _rows(self, X)[0]
        labels, names = _labels(y, "y"), _feature_names(X)
        known = _known_classes(self, labels, classes, afresh)
        mean_square = _check_finite(table, self.dtype)
        t = _indices(labels, known, len(table))
        if not mean_square <= 100:
            _warn(_UNSCALED.format(math.sqrt(mean_square)))
        return self._wholly(
            partial(self._train, table, t, int(epochs), callback),
            partial(self._begin, table.shape[1], known, names)
            if afresh else None)

    def _begin(self, d: int, classes: Array, names: Array | None) -> None:
        """Draw the first weights; forget what was learnt."""
        vars(self).pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        self.n_features_in_, self.classes_ = d, classes
        self.loss_curve_: list[float] = []
        self._forgotten = 0
        self.data_digest_: str | None = None
        self.params_: dict[str, Any] = {}
        self._memory: dict[str, Array] = {}
        self._random = np.random.Generator(np.random.PCG64(self.seed))
        theta = _first_theta(self._random, self._sizes(), self.dtype)
        self.params_ = _views(theta, self._sizes())

    # What learns works on copies of all that it changes, in a dict of
    # attributes that is a copy too.  So a callback sees the network as it is,
    # and one assignment puts everything back.  It stands here twice, since a
    # second interrupt may come while the first is being served.

    def _wholly(self: _Self, learn: Callable[[Array], int],
                begin: Callable[[], None] | None = None) -> _Self:
        """Let learn change theta; if anything is raised, nothing changes."""
        if hasattr(self, "_training"):
            raise RuntimeError(
                "this network is in training, and its callback cannot train "
                "it too; train a copy, or wait until the call returns")
        found = vars(self)
        try:
            try:
                self.__dict__ = dict(found)
                self._training = self._optimizer()
                if begin is not None:
                    begin()
                self._on_copies(learn)
                del self._training
                found = vars(self)
            finally:
                self.__dict__ = found
        finally:
            self.__dict__ = found
        return self

    def _on_copies(self, learn: Callable[[Array], int]) -> None:
        """Let learn change copies; check them, and lay them row by row."""
        theta, sizes = _weights(self), self._sizes()
        self.params_ = _views(theta, sizes)
        self._memory = self._memory_for(theta)
        self._random = copy.deepcopy(self._random)
        self.loss_curve_ = self.loss_curve_[:]
        epoch = learn(theta)
        if not _all_finite(theta):
            raise _diverged(epoch, "a weight is not finite")
        theta = _reordered(theta, sizes, "F", "C")
        self.params_ = _views(theta, sizes, "C")

    def _train(self, X: Array, t: Array, epochs: int,
               callback: Callback | None, theta: Array) -> int:
        """Run some epochs on checked data; give the number of the last."""
        _remember(self, X, t)
        walk = _Walk(X, t, theta, self._sizes(), self.activation,
                     _ARITHMETIC[self.arithmetic])
        losses = walk.mean_losses(
            epochs, int(self.batch_size or len(X)),
            epochs if callback is None else 1, self._random.permutation,
            partial(self._training.step, theta, walk.gradient, self._memory))
        first = self._forgotten + len(self.loss_curve_) + 1
        for epoch, loss in enumerate(losses, first):
            self.loss_curve_.append(loss)
            if not math.isfinite(loss):
                raise _diverged(epoch, f"the loss is {loss}")
            if callback is not None:
                answer = callback(self, epoch, loss)
                self._training.start(theta)     # it may have changed settings
                if _all_finite(theta):      # it may have set other weights
                    theta[:] = _weights(self)
                    self.params_ = _views(theta, self._sizes())
                if isinstance(answer, str) and answer == "stop":
                    break
        return self._forgotten + len(self.loss_curve_)

    # **Answers.**  For prediction the rows pass in blocks too, and only
    # forward.

    def predict(self, X: ArrayLike) -> Array:
        """Give the likeliest class of each row, as a label given to fit.

        ``X`` has the shape (n, d); the result has the shape (n,) and the
        labels' dtype.  The likeliest class is the one with the largest
        logit; with one logit, the second class if it is positive.

        Raises NotFittedError before fit, TypeError or ValueError for bad
        data and for weights that are not finite.

        >>> X = [[0.0], [1.0], [4.0], [5.0]]
        >>> network = Network().fit(X, ["low", "low", "high", "high"])
        >>> network.predict([[0.5], [4.5]]).tolist()
        ['low', 'high']
        """
        t = [Z2.argmax(axis=1) for _, Z2 in self._logits(*_rows(self, X))]
        return self.classes_[np.concatenate(t)]

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
        with np.errstate(all="ignore"):
            return np.concatenate([
                _softmax(Z2, _ARITHMETIC[self.arithmetic])
                for _, Z2 in self._logits(*_rows(self, X))])

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
        >>> sorted(report), report["loss"] < 0.2
        (['accuracy', 'loss'], True)
        """
        (X, theta), ops = _rows(self, X), _ARITHMETIC[self.arithmetic]
        t, loss, right = _indices(y, self.classes_, len(X)), 0.0, 0
        with np.errstate(all="ignore"):
            for rows, Z2 in self._logits(X, theta):
                loss += ops.total(_losses(Z2, t[rows], ops)).item()
                right += int(np.count_nonzero(Z2.argmax(axis=1) == t[rows]))
        return {"loss": loss / len(X), "accuracy": right / len(X)}

    def _logits(self, X: Array, theta: Array) -> Iterator[tuple[slice, Array]]:
        """Slices of the checked rows, each with a logit for each class."""
        sizes = self._sizes()
        M1, M2 = _layers(theta, sizes, "C")
        most, ops = _block_rows(*sizes), _ARITHMETIC[self.arithmetic]
        for i in range(0, len(X), most):
            rows = slice(i, i + most)
            _check_finite(X[rows], theta.dtype, i)
            with np.errstate(all="ignore"):
                _, Z2 = _forward(_with_ones(X[rows], theta.dtype), M1, M2,
                                 self.activation, ops)
            if not _all_finite(Z2):
                raise ValueError(_OVERFLOW)
            yield rows, _both(Z2)

    # **Steps from outside.**  A training loop of your own, for data in several
    # places, say, needs two things of the network: the gradient, and one step.

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
        >>> bool(abs(loss - network.evaluate(X, y)["loss"]) < 1e-15)
        True
        >>> gradients["W1"].shape
        (1, 2)
        """
        (X, theta), sizes = _rows(self, X, "F"), self._sizes()
        _check_finite(X, theta.dtype)
        t = _indices(y, self.classes_, len(X))
        walk = _Walk(X, t, theta, sizes, self.activation,
                     _ARITHMETIC[self.arithmetic])
        [loss] = walk.summed_losses(np.arange(len(X)), len(X), tuple)
        if not (math.isfinite(loss) and _all_finite(walk.gradient)):
            raise ValueError(_OVERFLOW)
        return loss / len(X), _views(walk.gradient, sizes)

    def apply_gradients(self: _Self, gradients: Mapping[str, ArrayLike]
                        ) -> _Self:
        """Let the optimizer take one step, and return self.

        ``gradients`` is a dict of finite arrays with the names and shapes
        of ``params_``; it is not changed.

        Raises NotFittedError before fit, TypeError or ValueError for other
        gradients, RuntimeError within the network's own callback, and
        FloatingPointError if a weight is no longer finite.

        >>> X, y = [[0.0], [1.0], [2.0]], [0, 1, 1]
        >>> network = Network(epochs=0, batch_size=None).fit(X, y)
        >>> for _ in range(5):
        ...     _, gradients = network.loss_and_gradients(X, y)
        ...     network = network.apply_gradients(gradients)
        >>> trained = Network(epochs=5, batch_size=None).fit(X, y)
        >>> np.allclose(network.params_["W1"], trained.params_["W1"])
        True
        """
        _check_settings(self, begun=True)
        gradient = _weights(self, "F", "gradients", gradients)

        def learn(theta: Array) -> int:
            with np.errstate(all="ignore"):
                self._training.step(theta, gradient, self._memory)
            return self._forgotten + len(self.loss_curve_) + 1

        return self._wholly(learn)

    # **Settings.**  scikit-learn copies a network and searches for better
    # settings by these, those of the optimizer included.

    @classmethod
    def _settings(cls) -> dict[str, Any]:
        """The arguments of __init__, and their defaults."""
        found: dict[str, Any] = {}
        for kind in reversed(cls.__mro__[:-1]):     # object has none
            if "__init__" in vars(kind):
                init = inspect.signature(vars(kind)["__init__"])
                _, *own = init.parameters.values()
                if all(p.kind != p.VAR_KEYWORD for p in own):
                    found = {}      # nothing is handed on to the parent
                found |= {p.name: p.default for p in own if p.kind in (
                    p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        return found

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the settings as a dict, with the optimizer's if ``deep``.

        Those have names like ``optimizer__momentum``.

        >>> network = Network(optimizer=SGD(momentum=0.9))
        >>> network.get_params()["optimizer__momentum"]
        0.9
        >>> len(network.get_params(deep=False))
        8
        """
        settings = {name: getattr(self, name) for name in self._settings()}
        inner = getattr(self._optimizer(), "__dict__", {}) if deep else {}
        return settings | {
            f"optimizer__{name}": value for name, value in inner.items()}

    def set_params(self: _Self, **params: Any) -> _Self:
        """Change settings by name, those of the optimizer included.

        Returns self.  ``optimizer__momentum`` is the momentum of the
        optimizer, and so on.  Settings are checked when training begins.

        Raises ValueError for a name that is no setting, and then changes
        none.

        >>> network = Network().set_params(epochs=50, optimizer=Adam())
        >>> network.set_params(optimizer__beta1=0.8).optimizer.beta1
        0.8
        """
        own = {name: params[name] for name in params.keys() & self._settings()}
        inner = {name.removeprefix("optimizer__"): params[name]
                 for name in params.keys() - own.keys()}
        changed = copy.copy(self)
        vars(changed).update(vars(self) | own)
        for name in params.keys() - changed.get_params().keys():
            raise ValueError(f"{name!r} is no setting of this network; choose "
                             f"from {list(changed.get_params())}")
        if inner:
            own["optimizer"] = optimizer = changed._optimizer()
            # Between these two assignments no interrupt can come.
            optimizer.__dict__, self.__dict__ = (
                vars(optimizer) | inner, vars(self) | own)
        else:
            vars(self).update(own)
        return self

    def _optimizer(self) -> Any:
        """The optimizer; without one, that of the training, or a new SGD."""
        return (getattr(self, "_training", SGD()) if self.optimizer is None
                else self.optimizer)

    def _memory_for(self, theta: Array) -> dict[str, Array]:
        """A copy of the optimizer's memory, or a new one if that is other."""
        fresh = self._optimizer().start(theta)
        if not isinstance(fresh, dict):
            raise TypeError(f"the optimizer's start returned {fresh!r}; let "
                            "it return a dict of arrays, {} if it needs none")
        shapes = [{name: np.shape(array) for name, array in memory.items()}
                  for memory in (fresh, self._memory)]
        return (copy.deepcopy(self._memory) if shapes[0] == shapes[1]
                else fresh)

    def _sizes(self) -> Sizes:
        """The numbers d, h and k of the weights that there are."""
        h = np.size(self.params_.get("b1", ())) or self.hidden_size
        k = len(self.classes_)
        return self.n_features_in_, h, 1 if k == 2 else k

    # **Saving.**  How a network gets to the disk and back is a chapter of its
    # own.

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write the next version, directory/v0001, v0002, and so on.

        Returns its path.  It holds all that training needs to go on, bit for
        bit; of a very long loss curve, the newest losses and the count of
        all.  When this returns, the version is safe on the disk; if it
        raises, there is none.  The directory is made if it is not there.

        Raises NotFittedError before fit, TypeError for an optimizer other
        than SGD and Adam and for a subclass with settings of its own,
        ValueError for a path that cannot hold versions and for a network too
        large to be saved, OSError if the disk does not do its part.

        >>> import tempfile
        >>> network = Network(epochs=5).fit([[0.0], [1.0]], [0, 1])
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     network.save(directory).name, network.save(directory).name
        ('v0001', 'v0002')
        """
        _check_settings(self, begun=True)
        path = _path(directory)
        if path.is_file() or (path / "config.json").exists():
            raise ValueError(f"{path} is a version or a file; give the "
                             "directory in which the versions are to be")
        files = _pack(self, _made_by())
        try:
            _unpack(type(self), files["config.json"],
                    lambda most: files["weights.npz"])
        except ModelFormatError as error:
            raise ValueError(f"this network cannot be saved: {error}; mend "
                             "that, and save again") from None
        return _publish(path, files)

    @classmethod
    def load(cls: type[_Self], directory: str | os.PathLike[str],
             version: int | None = None) -> _Self:
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
        folder = _newest(directory, version)
        try:
            return _unpack(cls, _read(folder / "config.json", _MOST_BYTES),
                           partial(_read, folder / "weights.npz"))
        except ModelFormatError as error:
            raise ModelFormatError(f"{folder}: {error}; load another version, "
                                   "or train again") from None

    def __getstate__(self) -> dict[str, Any]:
        """What copy and pickle take along: a copy is not in training."""
        return {name: value for name, value in vars(self).items()
                if name != "_training"}

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(" + ", ".join(
            f"{name}={getattr(self, name, None)!r}"
            for name, usual in self._settings().items()
            if repr(getattr(self, name, None)) != repr(usual)) + ")"
        with suppress(Exception):       # not fitted, or broken by a user
            d, h, k = self._sizes()
            output = "sigmoid" if k == 1 else "softmax"
            text += (f"\n# {d} features, {h} {self.activation}, {k} {output}: "
                     f"{(d + 1) * h + (h + 1) * k} parameters, "
                     f"{self._forgotten + len(self.loss_curve_)} epochs")
        return text

    # scikit-learn asks what kind of estimator this is.  It is imported
    # already when it does, so that we need not import it.

    _estimator_type = "classifier"

    def __sklearn_tags__(self) -> Any:
        utils = sys.modules["sklearn.utils"]
        return utils.Tags("classifier", utils.TargetTags(required=True),
                          classifier_tags=utils.ClassifierTags())


def _diverged(epoch: int, what: str) -> FloatingPointError:
    return FloatingPointError(
        f"training diverged in epoch {epoch}: {what}. The network is as "
        "it was before the call. Try a smaller learning rate, less "
        "momentum, or features scaled to about 1")


# Checking the gradient
# =====================
#
# Steps to both sides, :eq:`central-difference`, measure a slope, but not to
# its last digits: the two losses agree in most of theirs, and the subtraction
# loses them.  A smaller step is closer to a slope and leaves fewer digits.  A
# step into the complex plane has no such trouble (Lyness and Moler 1967,
# Squire and Trapp 1998).  With i for the imaginary unit, a step of
# :math:`i \epsilon` changes a smooth loss by :math:`i \epsilon` times its
# slope, and the slope is the imaginary part, divided by the step:
#
# .. math::
#    :label: complex-step
#
#    \frac{\partial L}{\partial \theta_j} \approx
#    \frac{\operatorname{Im} L(\theta_j + i \epsilon)}{\epsilon}
#
# (An aside at the end of the chapter says why.  If you have not met complex
# numbers, take it on trust.)  Nothing is subtracted, the step can be 1e-30,
# and the result is right to the last digits.  This is why activations and
# losses take complex numbers.  It needs a function that has no corner there.

_GradientReport = namedtuple(
    "_GradientReport",
    "max_relative_error where analytic numeric by_parameter")


def gradient_check(network: Network, X: ArrayLike, y: ArrayLike,
                   step: float | None = None) -> _GradientReport:
    """Compare ``loss_and_gradients`` with slopes measured on the loss.

    ``X`` has the shape (n, d) and ``y`` the shape (n,).  Slopes are measured
    by complex steps, or, if ``step`` is given, by central differences that
    go as far to both sides.  The report has ``max_relative_error``; ``where``
    it is, as ("W1", (0, 2)); both values there, ``analytic`` and ``numeric``;
    and the worst error ``by_parameter``.

    An error is relative to the larger of the two values, or to a thousandth
    (in float32 a hundredth) of what the slope would be if nothing cancelled
    in it, if that is more.  If all slopes are zero, nothing was checked, and
    the error is infinite.
    Expect less than 1e-12 in float64, 1e-4 in float32, for features scaled
    to about 1.  The cost is a forward pass for each number in ``params_``,
    or two with ``step``.

    Raises what ``loss_and_gradients`` raises, and TypeError or ValueError
    for a step that is no number between 0 and 1.

    >>> X, y = [[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]], ["a", "b", "c"]
    >>> network = Network(hidden_size=5, activation="tanh", epochs=10)
    >>> network = network.fit(X, y)
    >>> gradient_check(network, X, y).max_relative_error < 1e-12
    True
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {network!r}; give a fitted Network")
    if step is not None:
        _check_number("step", step, 5e-324, below=1)
        step = float(step)
    _, gradients = network.loss_and_gradients(X, y)
    theta, sizes = _weights(network).astype(np.float64), network._sizes()
    if gradients.keys() != network.params_.keys():
        raise ValueError(f"loss_and_gradients gave {sorted(gradients)}; it "
                         f"has to give {sorted(network.params_)}")
    X1 = _with_ones(_table(X), np.float64)
    t = _indices(y, network.classes_, len(X1))
    with np.errstate(all="ignore"):
        slopes = _slopes(X1, t, theta, sizes, network.activation, step)
        least = _least(X1, t, theta, network)
        return _report(gradients, _views(slopes, sizes), _views(least, sizes))


def _report(analytic: dict[str, Array], numeric: dict[str, Array],
            least: dict[str, Array]) -> _GradientReport:
    """The worst difference of two gradients, and where it is."""
    errors, nothing = {}, not any(slope.any() for slope in numeric.values())
    for name, a in analytic.items():
        size = np.maximum(np.maximum(abs(a), abs(numeric[name])), least[name])
        error = abs(a - numeric[name]) / size
        # No number is infinitely wrong, and so is all if nothing was checked.
        errors[name] = np.where(np.isnan(error) | nothing, np.inf, error)
    worst = {name: float(error.max()) for name, error in errors.items()}
    name = max(worst, key=worst.__getitem__)
    at = tuple(np.argwhere(errors[name] == worst[name])[0].tolist())
    return _GradientReport(worst[name], (name, at), float(analytic[name][at]),
                           float(numeric[name][at]), worst)


def _slopes(X1: Array, t: Array, theta: Array, sizes: Sizes, activation: str,
            step: float | None) -> Array:
    """The slope of the mean loss in each parameter, measured."""
    def loss(j: int, nudge: complex) -> complex:
        moved = theta.astype(np.complex128)
        moved[j] += nudge
        _, Z2 = _forward(X1, *_layers(moved, sizes), activation)
        return complex(np.add.reduce(_losses(_both(Z2), t)) / len(t))

    return np.array([
        loss(j, 1e-30j).imag / 1e-30 if step is None else
        (loss(j, step) - loss(j, -step)).real / (2 * step)
        for j in range(len(theta))])


# How wrong may a right gradient be?  Three subtractions cancel, and leave the
# rounding of what went in: the sum over rows, :math:`P - Y` where the network
# is sure and right, and a slope such as :math:`1 - a^2` where a unit is flat.
# After long training little is left of any of them.  So the same step runs
# once more with nothing but positive numbers: with :math:`P + Y`, and then
# with 1 for the slope of a unit.

def _least(X1: Array, t: Array, theta: Array, network: Network) -> Array:
    """What each slope's error is relative to at least."""
    activation, sizes = network.activation, network._sizes()
    M1, M2 = _layers(theta, sizes)
    A, Z2 = _forward(X1, M1, M2, activation)
    P = _softmax(_both(Z2), _NUMPY)[:, -sizes[2]:]
    Y = _truth(t, sizes[2])
    F = abs(_ACTIVATIONS[activation][1](A[:, :-1]) * 1.0)
    total, part = np.zeros_like(theta), np.zeros_like(theta)
    sums = _with_ones(abs(A[:, :-1]) + F * (abs(X1) @ abs(M1)))
    for D2, factor, inputs in (P + Y, F, abs(A)), (
            abs(P - Y), np.ones_like(F), sums):
        _backward(abs(X1).T, inputs.T, D2 / len(t), factor, abs(M2)[:-1].T,
                  *_layers(part, sizes))
        total += part
    total *= 1e-3 if network.dtype == "float64" else 1e-2
    kind = np.finfo(network.dtype)      # its smallest numbers are rounded to 0
    total += float(kind.tiny / kind.eps)
    return total


# What comes in
# =============
#
# A program that is used for real work is given everything that can be given:
# tables with a header left in them, labels that are nearly whole numbers, a
# mask, a learning rate that is a word.  NumPy makes something of nearly all of
# it, and a network learns from nearly anything.  So the worst mistakes raise
# no error; they give a model that is a little wrong, and that nobody doubts.
#
# Each thing from outside goes through one door, here, and what has passed it
# is trusted everywhere else.  An error says what was given, where, and what to
# do.  Nothing is mended in silence: what we would guess, you know.
#
# Settings
# --------
#
# Settings are looked at when training begins, and not when they are set, so
# that they can be changed one by one.  To Python a truth value is a whole
# number, and to NumPy so is a time span.  But ``epochs=True`` was meant for
# another argument, and one epoch would be trained without a word.
#
# Each setting that is a whole number has a line in the table below: the least
# that it may be, and what it has to stay below.  More than a million units are
# a slip of the keyboard, or a saved file that is after our memory.  A seed has
# the 128 bits that the random generator takes.

_NO_NUMBERS = (bool, np.bool_, np.timedelta64)
_WHOLE = {"hidden_size": (1, 1_000_001), "batch_size": (1, math.inf),
          "epochs": (0, math.inf), "seed": (0, 2**128)}
_DTYPES = ("float64", "float32")


def _check_number(name: str, value: Any, low: float, below: float = math.inf,
                  whole: bool = False) -> None:
    """Raise unless value is a finite, or whole, number in these limits."""
    kinds = (int, np.integer, *(() if whole else (float, np.floating)))
    kind = "a whole number" if whole else "a finite number"
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, kinds):
        raise TypeError(f"{name} is {value!r}; give {kind}")
    with suppress(OverflowError):
        if low <= (value if whole else float(value)) < below:
            return
    limit = f" and below {below}" if below < math.inf else ""
    raise ValueError(f"{name} is {value!r}; give {kind} of at least {low}"
                     f"{limit}")


def _check_words(network: Network) -> None:
    """Raise unless each setting that is a word is one of those there are."""
    for name, words in (("activation", _ACTIVATIONS), ("dtype", _DTYPES),
                        ("arithmetic", _ARITHMETIC)):
        value = getattr(network, name)
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"{name} is {reprlib.repr(value)}; give one of "
                             f"{[*words]}")


# Some settings belong to the first weights.  With another ``hidden_size`` the
# weights that there are would not fit; to train on with them and to say
# nothing would be to ignore what was asked for.  Of an optimizer only the two
# methods are looked at.  A class has them too: ``SGD`` is soon written where
# ``SGD()`` was meant, and would fail much later, and with words about a
# missing argument.

def _check_settings(network: Network, begun: bool = False) -> None:
    """Raise unless it can be trained, from where it is if it has begun."""
    _check_words(network)
    for name, (low, below) in _WHOLE.items():
        value = getattr(network, name)
        if value is not None or name != "batch_size":
            _check_number(name, value, low, below, whole=True)
    optimizer = network._optimizer()
    methods = [getattr(optimizer, name, None) for name in ("start", "step")]
    if isinstance(optimizer, type) or not all(map(callable, methods)):
        raise TypeError(f"optimizer is {optimizer!r}; give SGD(...), Adam(...)"
                        " or an object with the methods start and step")
    if begun:
        dtype, (_, h, _) = _weights(network, "C").dtype.name, network._sizes()
        for name, now in ("hidden_size", h), ("dtype", dtype):
            if getattr(network, name) != now:
                raise ValueError(
                    f"{name} is {getattr(network, name)!r}, but the network "
                    f"was begun with {now!r}; set it back, or call fit")


# Numbers
# -------
#
# A mask says which entries are not to be believed.  NumPy drops it without a
# word, and what lay under it, often -999, is learnt like any other number.  A
# mask that hides nothing does no harm:
#
# >>> _array(np.ma.masked_equal([1.0, 2.0], -999.0), "X").tolist()
# [1.0, 2.0]
# >>> try:
# ...     _array(np.ma.masked_equal([1.0, -999.0], -999.0), "X")
# ... except ValueError as error:
# ...     print(error)
# X has masked entries; fill them, or leave their rows out

def _array(values: Any, name: str, dtype: Any = None) -> Array:
    """Values as an array, if they have a shape and nothing is masked."""
    if hasattr(values, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix; give {name}.toarray()")
    parts = values if isinstance(values, Sequence) else [values]
    if any(isinstance(part, np.ma.MaskedArray) and np.any(part.mask)
           for part in parts):
        raise ValueError(f"{name} has masked entries; fill them, or leave "
                         "their rows out")
    try:
        return np.asarray(values, dtype)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; make them "
                         "equal") from None


# Logits, gradients and weights are numbers to the last entry.  A shape is one
# of these texts, or numbers.  Only where there is none may there be an
# infinity, which the activations know how to deal with.

def _numbers(values: ArrayLike, name: str, shape: Any = None,
             kinds: str = "biufc") -> Array:
    """Values as an array of floats, finite and of the shape asked for."""
    z = _array(values, name)
    if z.dtype.kind not in kinds:
        raise TypeError(f"{name} has the dtype {z.dtype}; give real numbers")
    if z.dtype.kind in "biu":
        z = z.astype(np.float64)
    fits = {None: True, "(..., k)": z.ndim > 0 and z.shape[-1] > 0,
            "(n,)": z.ndim == 1 and z.size > 0,
            "(n, k)": z.ndim == 2 and z.size > 0}
    if not fits.get(shape, z.shape == shape):
        raise ValueError(f"{name} has the shape {z.shape}; give numbers in "
                         f"the shape {shape}")
    unbounded = shape is None and z.dtype.kind != "c"
    if np.isnan(z).any() if unbounded else not _all_finite(z):
        raise ValueError(f"{name} has NaN or infinity; give finite numbers")
    return z


# One NaN in a table of a million numbers makes every weight NaN after the
# first step, and by then nobody knows where it came from.  So all are looked
# at.  A sum of squares is infinite or NaN if a term is, and needs no array of
# its own.  Should it overflow by itself, the numbers are looked at again.

def _all_finite(x: Array) -> bool:
    """Whether no number of x is NaN or infinite."""
    every = x.ravel(order="K")
    with np.errstate(all="ignore"):
        return bool(np.isfinite(every.dot(every)) or np.isfinite(every).all())


# Features
# --------
#
# One row is not a table, and what is a row and what a column we cannot guess.
# Some of the wording here is scikit-learn's, whose users search for it.

def _table(values: Any) -> Array:
    """Values as an (n, d) array of real numbers, in whatever dtype."""
    X = _array(values, "X")
    if X.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X is {X.dtype}")
    if X.ndim != 2:
        raise ValueError(
            f"X has the shape {X.shape}, not (n, d). Reshape your data with "
            "X.reshape(1, -1) if it is a row, X.reshape(-1, 1) if a feature")
    if X.size == 0:
        n, d = X.shape
        raise ValueError(f"X has {n} sample(s) and {d} feature(s) (shape="
                         f"{X.shape}) while a minimum of 1 is required.")
    return X if X.dtype.kind in "biuf" else _numbers_of_cells(X)


# A table that was read from a file often keeps its header, or has an empty
# cell.  Then NumPy makes texts of everything.  The first cell that is at fault
# is named; of texts that are all numbers we only say how to convert them.

def _numbers_of_cells(X: Array) -> Array:
    """A table of Python objects as one of numbers, if they are numbers."""
    cells = X.astype(object)
    for (i, j), cell in np.ndenumerate(cells):
        try:
            float(cell)
        except (TypeError, ValueError, OverflowError) as error:
            kind = ValueError if type(error) is OverflowError else TypeError
            raise kind(f"X has no number in row {i}, column {j}: "
                       f"{str(error)[:99]}; take out headers and empty cells"
                       ) from None
    if X.dtype.kind != "O":
        raise TypeError(f"X has the dtype {X.dtype}; give X.astype(float)")
    with np.errstate(all="ignore"):             # one may be too large
        return cells.astype(np.float64)


# >>> try:
# ...     _table([["length", "width"], ["4.9", "3.0"]])
# ... except TypeError as error:
# ...     print(str(error).split(":")[0])
# X has no number in row 0, column 0
#
# Lengths in millimetres, incomes in euros: such columns drive units to where
# they are flat, and the network learns little more than which class is the
# most frequent.  On wine's thirteen chemical measurements it is right on two
# rows in five, and on nearly all once they are scaled.  Nothing else tells of
# it, so the mean of the squares is found along with what is not finite.

_OVERFLOW = ("the numbers in X, or the weights, are so large that the network "
             "overflows; scale the features to about 1")
_UNSCALED = (
    "the root mean square of X is {:.3g}, and with features so large a "
    "network learns little; scale them to about 1, by the mean and the "
    "deviation of the training rows: (X - X.mean(axis=0)) / X.std(axis=0)")


def _check_finite(X: Array, dtype: Any, first: int = 0) -> float:
    """The mean square of X; raise unless it is finite in that dtype."""
    total, most = 0.0, _block_rows(X.shape[1])
    for at in range(0, len(X), most):
        with np.errstate(all="ignore"):
            block = X[at:at + most].astype(dtype, copy=False)
            every = block.ravel()
            total += float(every.dot(every))
        if not (math.isfinite(total) or np.isfinite(block).all()):
            i, j = np.argwhere(~np.isfinite(block))[0].tolist()
            number = X[at + i, j]
            what = "NaN" if np.isnan(number) else "infinity" if np.isinf(
                number) else f"{number!s}, too large for {np.dtype(dtype)},"
            raise ValueError(f"X contains {what} in row {first + at + i}, "
                             f"column {j}; remove or replace it")
    return total / X.size


# The columns of a data frame have names.  If they come in another order than
# in training, every number is right and every answer wrong.  So names are
# compared, and before the number of columns: which one is missing says more.
# Names on one side only are no proof of a mistake, so that is a warning.  The
# words are scikit-learn's to the letter, since its own tests look for them.

def _feature_names(given: Any) -> Array | None:
    """The column names (d,) of a data frame, if they are all strings."""
    for attribute in "columns", "column_names":     # the second is pyarrow's
        names = getattr(given, attribute, ())
        names = list(names) if isinstance(names, Collection) else []
        strings = [isinstance(name, str) for name in names]
        if any(strings) and all(strings):
            return np.array(names, dtype=object)
        if any(strings):
            raise TypeError(
                "Feature names are only supported if all input features have "
                "string names; convert them with X.columns.astype(str)")
    return None


def _check_names(then: Any, now: Any, kind: str) -> None:
    """Raise unless the feature names are those of the training rows."""
    if now is not None and then is None:
        _warn(f"X has feature names, but {kind} was fitted without feature "
              "names")
    elif now is None and then is not None:
        _warn(f"X does not have valid feature names, but {kind} was fitted "
              "with feature names")
    elif now is not None and list(now) != list(then):
        why = ("The feature names should match those that were passed during "
               "fit.\n")
        for names, what in (({*now} - {*then}, "unseen at fit time"), (
                {*then} - {*now}, "seen at fit time, yet now missing")):
            if names:
                why += f"Feature names {what}:\n- " + "\n- ".join(
                    sorted(names)) + "\n"
        why += "Feature names must be in the same order as they were in fit.\n"
        raise ValueError(why)


# A network that was begun takes rows by the next function.  It looks at the
# weights as well, each time.  If one of them is NaN, so are all outputs, and
# the largest of some NaN is the first: a network that is broken would give
# everybody the same answer, and look sure of it.

def _rows(network: Network, X: Any, order: str = "C") -> tuple[Array, Array]:
    """X as an array that this fitted network can take, and its theta."""
    _check_words(network)
    theta = _weights(network, order)
    table, kind = _table(X), type(network).__name__
    names = getattr(network, "feature_names_in_", None)
    _check_names(names, _feature_names(X), kind)
    if table.shape[1] != network.n_features_in_:
        raise ValueError(f"X has {table.shape[1]} features, but {kind} is "
                         f"expecting {network.n_features_in_} features as "
                         "input")
    return table, theta


# Labels
# ------
#
# NumPy makes one dtype of what it is given, and may change it on the way: a
# large whole number becomes a float, a text loses the zero at its end.  Then
# the customers 9007199254740992 and 9007199254740993 are one class, and
# nothing shows it:
#
# >>> np.array([2**53 + 1, 2.0]).astype(int).tolist() == [2**53, 2]
# True
# >>> try:
# ...     _labels([2**53 + 1, 2.0], "y")
# ... except ValueError as error:
# ...     print(str(error).split(",")[0])
# y has the label 9007199254740993
#
# So labels that come one by one are compared with what became of them.  Whole
# floats are taken, because a table that was read from a file often has its
# classes as 0.0 and 1.0.  A fraction is a measurement, and not a class.  Truth
# values beside numbers, or numbers beside strings, are refused rather than
# turned into one kind: 1 and "1" may well be two customers.

def _labels(values: Any, name: str, rows: Any = None) -> Array:
    """Values as an (n,) array of ints, bools, strings or whole floats."""
    one_by_one = isinstance(values, Sequence)
    y = _array(values, name, object if one_by_one else None)
    if y.ndim == 2 and y.shape[1] == 1:
        _warn("A column-vector y was passed when a 1d array was expected; "
              f"give {name}.ravel()", "DataConversionWarning")
        y = y[:, 0]
    if y.ndim != 1 or len(y) == 0 or rows not in (None, len(y)):
        one_hot = y.ndim == 2 and y.dtype.kind in "biufO" and (
            np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
        raise ValueError(
            f"{name} should be a 1d array of {rows or 'some'} labels, and has "
            f"the shape {y.shape}"
            + f"; it is one-hot: give {name}.argmax(axis=1)" * bool(one_hot))
    return y if y.dtype.kind in "iubU" else _plain_labels(y, name)


def _plain_labels(y: Array, name: str) -> Array:
    """The same labels in a dtype that holds just these."""
    if y.dtype.kind != "f":
        labels = [label.item() if isinstance(label, np.generic)
                  and label.dtype.kind in "biufU" else label for label in y]
        kinds = {type(label) for label in labels}
        if not (kinds <= {int, float} or kinds in ({bool}, {str})):
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise TypeError(f"{name} has labels of the types {names}; give "
                            "only ints, only bools or only strings")
        y = np.array(labels)
        for label, kept in zip(labels, y.tolist(), strict=True):
            if label == label != kept or y.dtype.kind == "O":
                raise ValueError(f"{name} has the label {label!r}, which NumPy"
                                 " cannot hold exactly beside the others; "
                                 "give strings")
    if y.dtype.kind == "f":
        with np.errstate(all="ignore"):
            given, y = y, y.astype(min(y.dtype, np.dtype(np.float64)))
            if not ((y == given) & (y % 1 == 0)).all():
                raise ValueError(f"Unknown label type: continuous. {name} has "
                                 "fractions, NaN or infinity; give classes")
    return y


# Which classes there are is settled when a network begins.  They are found in
# ``y``, or they are given, for the first rows of a stream need not show them
# all.  From then on each class has its own output, in sorted order, and
# nothing may move it: with other classes, right answers would be given under
# wrong names.  And one class alone cannot be learnt, as there is nothing to
# tell it from.

def _known_classes(network: Any, labels: Any, given: Any, afresh: bool) -> Any:
    """The classes that are known, or given, or else found in labels."""
    if given is None and not afresh:
        return network.classes_
    name = "y" if given is None else "classes"
    classes = np.unique(labels if given is None else _labels(given, name))
    if len(classes) < 2:
        raise ValueError(f"{name} contains one class only, "
                         f"{classes[0].item()!r}; give at least two")
    if not afresh and classes.tolist() != network.classes_.tolist():
        raise ValueError(f"classes is {classes.tolist()}, but the network has "
                         f"{network.classes_.tolist()}; leave it out, or fit")
    return classes if afresh else network.classes_


# Two arrays of labels may be of two dtypes, one of whole numbers and one of
# floats.  NumPy compares these as floats, Python to the last digit.  So the
# labels that occur, few as they are, are looked up in Python.

def _indices(values: Any, classes: Array, rows: int, name: str = "y",
             who: str = "the network") -> Array:
    """The position (n,) of each row's label among the classes."""
    found, t = np.unique(_labels(values, name, rows), return_inverse=True)
    places = {label: i for i, label in enumerate(classes.tolist())}
    for label in found.tolist():
        if label not in places:
            raise ValueError(f"{name} has the unknown label {label!r}; {who} "
                             f"knows {reprlib.repr(classes.tolist())}")
    place = [places[label] for label in found.tolist()]
    return np.array(place, np.min_scalar_type(len(classes)))[t]


def _label_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """The positions of two arrays' labels among all, sorted."""
    true = _labels(y_true, "y_true")
    pred = _labels(y_pred, "y_pred", len(true))
    if (true.dtype.kind == "U") != (pred.dtype.kind == "U"):
        raise TypeError(f"y_true is {true.dtype} and y_pred {pred.dtype}; "
                        "give strings only, or numbers only")
    both = {*np.unique(true).tolist(), *np.unique(pred).tolist()}
    classes = np.array(sorted(both), object)        # Python's, and so exact
    n = len(true)
    return _indices(true, classes, n), _indices(pred, classes, n)


# The network's own state
# -----------------------
#
# ``params_`` is a plain dict, and a user may have put other arrays into it:
# averages over ten networks, say, or weights of one that was trained
# elsewhere.  They come from outside like everything else, and are copied into
# one array through the same door.  What was finite when it came may still be
# too large for float32, and a weight of infinity spoils every answer, as one
# of NaN does.

def _weights(network: Network, order: str = "F", name: str = "params_",
             given: Any = None) -> Array:
    """The numbers of params_, or of gradients like them, as theta (p,)."""
    if not hasattr(network, "params_"):
        raise _not_fitted(type(network).__name__)
    given = network.params_ if name == "params_" else given
    if not isinstance(given, Mapping) or {*given} != {"W1", "b1", "W2", "b2"}:
        raise ValueError(f"{name} is {reprlib.repr(given)}; give a dict of "
                         "the arrays W1, b1, W2 and b2")
    d, h, k = sizes = network._sizes()
    kind = (getattr(network.params_["W1"], "dtype", None)
            or np.dtype(network.dtype))
    theta = np.empty((d + 1) * h + (h + 1) * k,
                     _DTYPES[kind.kind == "f" and kind.itemsize == 4])
    with np.errstate(all="ignore"):             # one may be too large
        for key, view in _views(theta, sizes, order).items():
            view[...] = _numbers(given[key], key, view.shape, "biuf")
    if theta.dtype == np.float32 and not _all_finite(theta):
        raise ValueError(f"{name} is not finite in {theta.dtype}; give others")
    return theta


# Other people's errors
# ---------------------
#
# Where scikit-learn is imported already, errors and warnings are its own too,
# so that its tools know them.  An error that was raised in another process is
# sent home as a name and its arguments, from which it is made again.

def _not_fitted(kind: str) -> Exception:
    """Our exception, which is also scikit-learn's."""
    message = f"this {kind} is not fitted yet; call fit first"
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError",
                     None)
    if theirs is None:
        return NotFittedError(message)
    both = type("NotFittedError", (NotFittedError, theirs),
                {"__reduce__": lambda error: (_not_fitted, (kind,))})
    return both(message)


# A warning that names a line in the middle of this file helps nobody: what can
# be changed is the line that called.

def _warn(message: str, theirs: str = "") -> None:
    """Warn at the line that called us, through however many of our own."""
    kind = getattr(sys.modules.get("sklearn.exceptions"), theirs, UserWarning)
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals is globals():
        frame, level = frame.f_back, level + 1
    warnings.warn(message, kind, stacklevel=level)


# Keeping a model
# ===============
#
# A trained network is worth the hours that went into it.  It is kept as two
# files in a directory of their own:
#
# .. code-block:: text
#
#     models/iris/v0001/weights.npz    the arrays
#     models/iris/v0001/config.json    all the rest
#     models/iris/v0002/...
#
# NumPy loads the weights, any JSON parser the config.  Reading them back is
# another matter: a file may have been cut short by a full disk, changed by a
# failing one, or written by somebody who wishes us ill.  So there are three
# promises:
#
# * A version is there wholly or not at all, whatever moment the program or
#   the power goes.  Once ``save`` has returned, it is there.
# * A damaged version is refused, never loaded wrongly.
# * Loading runs no code and imports nothing that the files name.
#
# The first holds as far as the system keeps its own: on Windows, and on a few
# file systems elsewhere, a power cut soon after a save may cost that version.
# The second is kept by digests, which find damage but not tampering, since
# anybody can compute a digest anew.  Against that only a signature helps, or a
# place that nobody else can write to.
#
# One idea does most of the work.  To check a file in all the ways in which a
# model could be written down is long and error-prone.  Here there is just
# *one* way, down to the last byte.  So a reader takes what it needs, makes a
# network of it, lets that check itself, writes it again and compares: what is
# not the same byte for byte was not left as we wrote it.

# Weights as bytes
# ----------------
#
# An ``.npz`` file is a zip archive, and each member an ``.npy`` file: a line
# of text that tells type and shape, then the numbers.  What bytes ``np.savez``
# writes depends on NumPy's version, and with many of them on the clock.  So we
# write them ourselves: nothing compressed, members in the order of their
# names, every date the first that a zip can express, every number with its
# lowest byte first (*little-endian*), and arrays row by row (*C order*).

def _npy_header(array: Array) -> bytes:
    """The start of an .npy file; its length is a multiple of 64 bytes."""
    descr = array.dtype.newbyteorder("<").str
    text = (f"{{'descr': {descr!r}, 'fortran_order': False, "
            f"'shape': {array.shape}, }}")
    size = -(-(10 + len(text) + 1) // 64) * 64
    return struct.pack("<6s2BH", b"\x93NUMPY", 1, 0, size - 10) + (
        text.ljust(size - 11) + "\n").encode()


# Zip lists its members twice, before each one's bytes and again in a
# directory at the end.  The two entries share the part that the format
# defines as version needed, flags, method, time, date, checksum, size
# stored, size, length of the name and length of what follows it.  Sizes and
# places have 32 bits: a network of 4 GB has outgrown this file.

def _pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """The bytes of a .npz file; the same arrays give the same bytes."""
    if sum(array.nbytes for array in arrays.values()) > 2**32 - 2**20:
        raise ValueError("the weights take more than 4 GB, the most that save "
                         "can write; give a smaller hidden_size")
    members: list[bytes] = []
    listing: list[bytes] = []
    for name, array in sorted(arrays.items()):
        little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        npy = _npy_header(array) + little.tobytes()
        file_name = f"{name}.npy".encode()
        entry = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(npy),
                            len(npy), len(npy), len(file_name), 0)
        place = struct.pack("<3H2L", 0, 0, 0, 0, sum(map(len, members)))
        listing += [b"PK\1\2\x14\0", entry, place, file_name]
        members += [b"PK\3\4", entry, file_name, npy]
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(arrays), len(arrays),
                      sum(map(len, listing)), sum(map(len, members)), 0)
    return b"".join(members + listing + [end])


# >>> import io
# >>> data = _pack_arrays({"b": np.array([1.0, 2.0]), "a": np.array(0.5)})
# >>> with np.load(io.BytesIO(data)) as arrays:
# ...     print({name: arrays[name].tolist() for name in arrays})
# {'a': 0.5, 'b': [1.0, 2.0]}
# >>> try:
# ...     _pack_arrays({"a": np.broadcast_to(0.0, 2**29)})
# ... except ValueError as error:
# ...     print(str(error).split(",")[0])
# the weights take more than 4 GB
#
# In the file an optimizer's memory lies as the parameters do, W1 first, then
# b1, W2 and b2, each row by row.  That is :math:`\theta` in C order.  In
# training :math:`M_1` has the order of Fortran instead, in which the weights
# and the bias of a unit are neighbours.

def _reordered(numbers: Array, sizes: Sizes, old: Any, new: Any) -> Array:
    """Numbers (p,) that lie as theta in the old order, in the new one."""
    if numbers.ndim == 0:       # such as a power of Adam's
        return numbers
    M1, M2 = _layers(numbers, sizes, old)
    return np.concatenate([M1.ravel(order=new), M2.ravel()])


def _arrays(network: Network) -> dict[str, Array]:
    """Copies of all arrays of a network, by name, as they lie in the file."""
    theta, sizes = _weights(network, "C"), network._sizes()
    return _views(theta, sizes, "C") | {
        f"optimizer.{name}": _reordered(array, sizes, "F", "C")
        for name, array in network._memory_for(theta).items()}


# >>> theta = np.array([1.0, 2.0, 0.5, 3.0, 4.0, 0.7, 5.0, 6.0, 0.9])
# >>> _reordered(theta, (2, 2, 1), "F", "C").tolist()
# [1.0, 3.0, 2.0, 4.0, 0.5, 0.7, 5.0, 6.0, 0.9]
#
# Who knows the type and shape of each array knows where it must lie in the
# file, and fills it from there.  Names, headers and checksums are not even
# looked at: the file was as it should be if the arrays, packed once more, give
# the same bytes.  Only an array that never was a good one cannot be seen so.

def _fill_arrays(network: Network, data: bytes) -> None:
    """Fill a network's arrays from a .npz file that should hold them."""
    sizes, arrays, offset = network._sizes(), _arrays(network), 0
    for name, array in sorted(arrays.items()):
        offset += 34 + len(name) + len(_npy_header(array))
        if offset + array.nbytes <= len(data):
            array[...] = np.ndarray(array.shape, array.dtype.newbyteorder("<"),
                                    data, offset)
        offset += array.nbytes
        if not _all_finite(array):
            raise ModelFormatError(
                f"weights.npz holds NaN or infinity in {name}")
    network._memory = {
        name.removeprefix("optimizer."): _reordered(array, sizes, "C", "F")
        for name, array in arrays.items() if name not in network.params_}
    network.params_ = {name: arrays[name] for name in network.params_}


# A config to read
# ----------------
#
# The config is for people too, so it has a line to each setting, and long
# lists go three to a line.  It is plain ASCII, with other letters, and line
# breaks within a string, as JSON escapes.  So the encoder may put real line
# breaks between the items of a list, and the text can be cut at these.

_ENCODE = json.JSONEncoder(allow_nan=False, separators=("\n", ": "),
                           default=np.generic.item).encode


def _json(value: Any, margin: str = "\n") -> str:
    """Value as JSON text, on as many lines as are pleasant to read."""
    inner = margin + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{_ENCODE(key)}: {_json(item, inner)}"
                 for key, item in value.items()]
        return "{" + ",".join(lines) + margin + "}"
    text = _ENCODE(value)
    if text.count("\n") < 4:
        return text.replace("\n", ", ")
    items = text[1:-1].split("\n")
    lines = [inner + ", ".join(items[i:i + 3])
             for i in range(0, len(items), 3)]
    return "[" + ",".join(lines) + margin + "]"


# Its last entry is the SHA-256 of all lines above it: on Linux, what ``head -n
# -2 config.json | sha256sum`` prints.  One thing cannot be told in JSON: some
# characters have two halves in it, Python takes a half for a letter, and two
# of them side by side come back as one letter.

_SEAL = '  "sha256": "'


def _dump_config(config: Mapping[str, Any]) -> bytes:
    """The bytes of a config.json, with the digest of itself at the end."""
    text = _json(config)
    if json.loads(text) != config:
        raise ValueError("a label or a feature name has two halves of a "
                         "character that JSON makes one; give others")
    above = text[:-2] + ",\n"
    digest = hashlib.sha256(above.encode()).hexdigest()
    return f'{above}{_SEAL}{digest}"\n}}\n'.encode()


# >>> data = _dump_config({"epochs": 2, "curve": [0.1, 0.2, 0.3, 0.4, 0.5]})
# >>> above = data.decode().splitlines(keepends=True)[:-2]
# >>> print("".join(above), end="")
# {
#   "epochs": 2,
#   "curve": [
#     0.1, 0.2, 0.3,
#     0.4, 0.5
#   ],
# >>> digest = hashlib.sha256("".join(above).encode()).hexdigest()
# >>> digest == json.loads(data)["sha256"]
# True
#
# In reading, the digest is compared before the JSON is parsed.  Before that
# come limits on the length of the text and the number of its values, since a
# short text can ask for a lot of memory.  They leave room for the losses of
# seventy thousand epochs with all their digits.  Of more, the newest are kept,
# and ``epochs_done`` still counts all.
#
# >>> _is_long(_dump_config({"curve": 70_000 * [0.00012345678901234567]}))
# False

_MOST_BYTES, _MOST_VALUES = 2_000_000, 120_000
_NEWEST_LOSSES, _FEWEST_LOSSES = 10_000, 100


def _is_long(data: bytes) -> bool:
    """Whether a config would take too long to read."""
    values = sum(map(data.count, b",:[{"))
    return len(data) > _MOST_BYTES or values > _MOST_VALUES


def _parse_config(data: bytes) -> dict[str, Any]:
    """What is written in a config.json that nobody changed by accident."""
    if _is_long(data):
        raise ModelFormatError("config.json is longer than load takes; give "
                               "fewer and shorter labels and feature names")
    above, _, seal = data.rpartition(_SEAL.encode())
    if seal != f'{hashlib.sha256(above).hexdigest()}"\n}}\n'.encode():
        raise ModelFormatError(
            "config.json is damaged: its digest does not match")
    config = json.loads(data.decode("ascii"))
    if config["format"] != 1:
        raise ValueError(f"format is {config['format']!r}, and not 1")
    return config


# From a network to its files, and back
# -------------------------------------

def _config(network: Network, made_by: Mapping[str, Any]) -> dict[str, Any]:
    """All that is to be saved but the arrays, in plain Python."""
    d, h, k = network._sizes()
    curve, digest = network.loss_curve_, network.data_digest_
    names = getattr(network, "feature_names_in_", None)
    random: Any = network._random.bit_generator.state
    return {
        "format": 1,
        "nn_version": str(made_by["nn_version"]),
        "hyperparameters": _plain_settings(network),
        "classes": {"dtype": network.classes_.dtype.newbyteorder("<").str,
                    "values": network.classes_.tolist()},
        "n_features_in": d,
        "feature_names": None if names is None else names.tolist(),
        "shapes": {"W1": [d, h], "b1": [h], "W2": [h, k], "b2": [k]},
        "epochs_done": network._forgotten + len(curve),
        "loss_curve": [float(loss) for loss in curve[-_MOST_VALUES:]],
        "random_state": random | {"state": {    # parsers may round 128 bits
            name: str(bits) for name, bits in random["state"].items()}},
        "data_digest": None if digest is None else (
            f"{int(digest, 16):064x}"[:64]),
        "environment": {name: str(text) for name, text
                        in made_by["environment"].items()},
    }


def _plain_settings(network: Network) -> dict[str, Any]:
    """The settings, with the optimizer as a dict that tells its name."""
    extra = network._settings().keys() ^ Network._settings().keys()
    if extra:
        raise TypeError(f"{type(network).__name__} has settings of its own, "
                        f"{sorted(extra)}, and a saved model has no place for "
                        "them; save a Network with these params_")
    settings = {name: getattr(network, name) for name in Network._settings()}
    own = network.optimizer
    if own is not None:
        if type(own) not in _OPTIMIZERS.values():
            raise TypeError(
                f"optimizer is {own!r}, and loading runs no code but ours; to "
                "save the rest, call set_params(optimizer=SGD()) first")
        settings["optimizer"] = {"name": type(own).__name__} | asdict(own)
    return settings


def _pack(network: Network, made_by: Mapping[str, Any]) -> dict[str, bytes]:
    """The two files of a version, by name."""
    weights = _pack_arrays(_arrays(network))
    config = _config(network, made_by)
    config["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    text, newest = _dump_config(config), _NEWEST_LOSSES
    while _is_long(text) and newest >= _FEWEST_LOSSES:
        curve = config["loss_curve"][-newest:]
        text = _dump_config(config | {"loss_curve": curve})
        newest //= 2
    return {"weights.npz": weights, "config.json": text}


# On the way back the network is made from its settings and checks them as it
# does before training.  Then come the arrays, once it is known that the file
# is as large as they need.  What is left that is wrong, a key too many, a loss
# without its point, a label out of order, is not the same when the network is
# written again.

def _unpack(cls: type[_Self], text: bytes, weights: Callable[[int], bytes]
            ) -> _Self:
    """The network in a config and the weights, given how long they may be."""
    try:
        config = _parse_config(text)
        network = _restored(cls, config)
        d, h, k = network._sizes()
        p = (d + 1) * h + (h + 1) * k
        data = weights(32 * p + 10_000)
        if len(data) < 4 * p:
            raise ModelFormatError("weights.npz is cut short")
        network.params_ = _views(np.zeros(p, network.dtype), (d, h, k))
        _fill_arrays(network, data)
        again = _pack(network, config)
    except (ModelFormatError, OSError):
        raise
    except Exception as error:      # whatever a hostile text brings about
        kind, what = type(error).__name__, ascii(str(error)[:300])[1:-1]
        raise ModelFormatError(f"config.json: {kind}: {what}") from None
    for name, given in ("weights.npz", data), ("config.json", text):
        if again[name] != given:
            raise ModelFormatError(
                f"{name} is damaged, or not the one that save wrote here")
    return network


# Where a value can be made a right one, that is all it takes, for then it is
# not the same either: a feature's name is a text, the random generator's state
# has 128 bits and its increment is odd, and what tells whether half of a draw
# is left is 0 or 1.  Labels go through the door that they came in by; their
# type is written down beside them, since the same labels may come in eight
# bits or in 64.

def _restored(cls: type[_Self], config: Mapping[str, Any]) -> _Self:
    """A network from its config; its arrays are still to come."""
    settings, random = config["hyperparameters"], config["random_state"]
    if own := settings["optimizer"]:
        settings["optimizer"] = _OPTIMIZERS[own.pop("name")](**own)
    network = cls(**settings)
    _check_settings(network)
    network.n_features_in_ = d = config["n_features_in"]
    _check_number("n_features_in", d, 1, whole=True)
    network.classes_ = _saved_classes(config["classes"])
    if config["feature_names"] is not None:
        names = [*map(str, config["feature_names"])]
        network.feature_names_in_ = np.array(names, object).reshape(d)
    network.loss_curve_, n = config["loss_curve"], len(config["loss_curve"])
    network._forgotten = 0 if n < _FEWEST_LOSSES else max(
        0, int(config["epochs_done"]) - n)
    network.data_digest_ = config["data_digest"]
    network.params_, network._memory = {}, {}
    state = {name: int(text) % 2**128
             for name, text in random["state"].items()}
    bits = np.random.PCG64(0)
    bits.state = random | {"has_uint32": random["has_uint32"] & 1,
                           "state": state | {"inc": state["inc"] | 1}}
    network._random = np.random.Generator(bits)
    return network


def _saved_classes(saved: Mapping[str, Any]) -> Array:
    """The array of class labels that a config tells of."""
    dtype, values = saved["dtype"], saved["values"]
    kind = np.dtype(dtype).newbyteorder("=")
    if kind.itemsize * max(len(values), 20) > 4 * _MOST_BYTES:
        raise ValueError(f"labels of the dtype {dtype} take too much memory")
    with np.errstate(all="ignore"):
        labels = np.array(values, kind).reshape(len(values))
    return _known_classes(None, None, labels, afresh=True)


# What it was trained on
# ----------------------
#
# To tell later whether a network was trained on these data, it keeps a
# *digest* of them: 64 hexadecimal digits that SHA-256 computes from their
# bytes.  Of a large table only some rows are taken, evenly, at most a megabyte
# of them, or the digest would take longer than an epoch.  It stays while the
# data stay; other data are chained to it.

def _remember(network: Network, X: Array, t: Array) -> None:
    """Note what the network is trained on, the same for any layout."""
    every = 1 + X.nbytes // (1 << 20)
    some = X[::every].astype(X.dtype.newbyteorder("<"), copy=False)
    label = json.dumps([X.shape, some.dtype.str, network.classes_.tolist()])
    digest = hashlib.sha256(label.encode() + some.tobytes())
    digest.update(t[::every].astype("<u4").tobytes())
    old, new = network.data_digest_, digest.hexdigest()
    network.data_digest_ = new if old in (None, new) else hashlib.sha256(
        f"{old}{new}".encode()).hexdigest()


# Where it was made
# -----------------
#
# The same seed gives the same bits on the same build of NumPy and type of
# processor.  So the config tells of these, in case you get other bits and want
# to know why.

def _made_by() -> dict[str, Any]:
    """What the last bits of a result depend on, as far as NumPy tells."""
    built = getattr(np.__config__, "CONFIG", {})
    blas = built.get("Build Dependencies", {}).get("blas", {})
    simd = built.get("SIMD Extensions", {}).get("found") or ["unknown"]
    return {"nn_version": __version__, "environment": {
        "python": (f"{platform.python_implementation()} "
                   f"{platform.python_version()}"),
        "numpy": np.__version__,
        "blas": f"{blas.get('name')} {blas.get('version')}" if blas else (
            "unknown"),
        "simd": " ".join(simd),
        "platform": f"{platform.system()} {platform.machine()}"}}


# On the disk
# -----------
#
# A file that was written is not yet on the disk: the system keeps it in memory
# for a while, and if the power goes, a file may be there without its content,
# or a directory without the file.  ``fsync`` waits until one file, or the list
# of names that is a directory, is safe.  The order is everything:
#
# 1. write both files in a new directory beside the versions, the *stage*, and
#    sync each;
# 2. sync the stage;
# 3. rename it to the version's name, which is done wholly or not at all;
# 4. sync the directory of versions.  Only now is the model saved.
#
# A program that is killed leaves its stage behind.  A save takes milliseconds,
# so a stage that is a day old belongs to nobody, and the next save clears it
# away.  When a sync fails, nobody knows what is on the disk, and a second try
# may report a success that is none: the error is raised, and the version
# withdrawn.

def _publish(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Write files as the next version, wholly or not at all."""
    _make_directory(directory.absolute())
    for old in directory.glob(".stage-" + 16 * "[0-9a-f]"):
        with suppress(OSError):
            if time.time() - old.lstat().st_mtime > 24 * 60 * 60:
                shutil.rmtree(old)
    version = stage = directory / f".stage-{os.urandom(8).hex()}"
    try:
        os.mkdir(stage)
        for name, data in files.items():
            with open(stage / name, "xb") as file:
                file.write(data)
            _sync(stage / name)
        _sync(stage)
        version = _name_stage(stage)
        _sync(directory)
        return version
    except BaseException:
        with suppress(OSError):
            os.rename(version, stage)
        shutil.rmtree(stage, ignore_errors=True)
        raise


# The directory of versions has to be safe itself, and those above it.  The
# list that it stands in is synced before anything is put into it.  So one that
# holds something is safe; an empty one may be a moment old.

def _make_directory(directory: Path) -> None:
    """Make a directory and those above it, each one safe on the disk."""
    if not directory.is_dir() or not os.listdir(directory):
        _make_directory(directory.parent)
        with suppress(FileExistsError):
            os.mkdir(directory)
        _sync(directory.parent)


# On macOS ``fsync`` leaves the data in the memory of the drive, and there is a
# stronger call.  Some file systems do not know that call, and some cannot sync
# a directory.  They say so with one of these errors, and we do without, as on
# Windows.  Any other error is an error.

_UNSUPPORTED = {errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.ENOTTY,
                errno.ENOTSUP, errno.EOPNOTSUPP}


def _sync(path: Path) -> None:
    """Wait until a file, or the list of names in a directory, is safe."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
        if hasattr(fcntl, "F_FULLFSYNC"):
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(handle)


# Version numbers
# ---------------
#
# Versions are numbered from 1, and a number is never used twice: somebody may
# have written it down, and a deleted v0007 must not come back as another
# model.  So the last number is kept in the name of an empty file,
# ``.last-0007``.
#
# To take the next number is to rename this file to ``.last-0008``.  If many
# programs try at the same moment, the file system lets one of them succeed.
# The others no longer find the file and try for the number after; nobody waits
# for a lock.  Where the file is missing, the newest version stands in for it.
# A program that dies between taking a number and using it leaves a gap.

_NUMBER = "(?!0000)([0-9]{4}|[1-9][0-9]{4,})"


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
    path = _path(directory)
    if not os.path.isdir(path):
        return []
    return sorted(int(entry.name[1:]) for entry in path.iterdir()
                  if re.fullmatch("v" + _NUMBER, entry.name)
                  and entry.is_dir() and not entry.is_symlink())


def _path(directory: Any) -> Path:
    """A directory's name as a Path."""
    if not isinstance(directory, (str, os.PathLike)) or "\0" in str(directory):
        raise TypeError(f"directory is {directory!r}; give a string or a Path "
                        "without null characters")
    return Path(directory)


# With its number a stage gets its name.  A rename cannot replace a directory
# that holds something, so even if all else failed, no version would be
# overwritten; an empty one counts as a version, and its number is taken.  A
# number is lost to somebody else if the file is no longer there, or if there
# is something already that has the version's name.

_LOST = {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def _name_stage(stage: Path) -> Path:
    """Make a stage the next version, and give its new path."""
    directory = stage.parent
    while True:
        last = max((int(name[6:]) for name in os.listdir(directory)
                    if re.fullmatch(r"\.last-" + _NUMBER, name)), default=0)
        number = max([last, *versions(directory)]) + 1
        version = directory / f"v{number:04d}"
        mark = directory / f".last-{number:04d}"
        try:
            if last:
                os.rename(directory / f".last-{last:04d}", mark)
            else:
                open(mark, "xb").close()
            os.rename(stage, version)
            return version
        except OSError as error:
            if error.errno not in _LOST or not stage.exists():
                raise


# Reading it back
# ---------------
#
# What lies at a path may be a link to somewhere else, or a pipe that never
# ends.  So a file is opened without following links and without waiting, has
# to be a regular one of a bounded size, and is read once.

_WARILY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def _read(path: Path, most: int) -> bytes:
    """The content of a regular file of at most so many bytes."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(
                name, flags | _WARILY)) as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size <= most:
                return file.read(status.st_size)
    except OSError:
        if os.path.isfile(path) and not os.path.islink(path):
            raise       # it is there, and cannot be read
    raise ModelFormatError(f"{path.name} is missing, or is not a regular file "
                           f"of at most {most} bytes")


# Where nothing was saved, nothing is damaged.  The error is of both kinds, so
# that it is caught as either.

class ModelNotFoundError(ModelFormatError, FileNotFoundError):
    """Raised when there is no such model."""


def _newest(directory: str | os.PathLike[str], version: int | None) -> Path:
    """The path of the newest version, or of the one asked for."""
    path, numbers = _path(directory), versions(directory)
    if version is None and not numbers and os.path.exists(
            path / "config.json"):
        return path         # it is a version itself
    if version is None:
        version = max(numbers, default=1)
    _check_number("version", version, 1, whole=True)
    if version not in numbers:
        raise ModelNotFoundError(
            f"{path} has no config.json, and no version {version} in {numbers}"
            "; give a model's directory, or save the model first")
    return path / f"v{version:04d}"


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
# A fast library picks the order that suits the processor: four, eight or
# sixteen partial sums, one share for each thread, products fused with
# additions so that one rounding is left out.  Its ``exp`` is a different
# polynomial on a different instruction set.  None of this is wrong, and all of
# it changes the last bits, which training feeds back thousands of times.
#
# One promise does hold everywhere.  IEEE 754, the standard that all common
# processors follow for floats, demands that a single addition, subtraction,
# multiplication, division or square root returns the float nearest to the
# exact result.  Let :math:`\circ` be one of the first four, fl what the
# processor returns and :math:`\delta` what rounding does to it:
#
# .. math::
#    :label: rounding
#
#    \operatorname{fl}(a \circ b) = (a \circ b)(1 + \delta),
#    \qquad |\delta| \le 2^{-53}
#
# as long as the result is neither too large for a float nor *subnormal*: so
# near to 0 that a float has fewer than 53 bits left.
#
# This chapter builds everything that a network needs from such operations, in
# an order written down in Python.  NumPy's elementwise calls may run in any
# vector width, because elements do not meet, and no compiler sees two calls at
# once, so none can fuse a product with the sum that follows.  Everything that
# adds up inside NumPy is banned: ``sum``, ``mean``, ``dot``, ``@``.  So are
# ``exp``, ``log``, ``tanh`` and powers, and even Python's own ``sum``: since
# version 3.12 it makes up for the rounding of floats.
#
# What is promised are the bits of one version of this file, on 64-bit
# machines.  A later one may find a better polynomial, and then says so.
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
# A term meets only about :math:`\log_2 K` roundings instead of :math:`K`, so
# the fold is more accurate than a running sum as well:
#
# >>> tenths = np.full(1000, 0.1)
# >>> float(np.cumsum(tenths)[-1]), float(_portable_total(tenths))
# (99.9999999999986, 100.0)

def _portable_total(x: Array, axis: int = 0, keepdims: bool = False,
                    keep: bool = True) -> Array:
    # A copy, or x itself, with the summed axis first: each half is one block
    # of memory.  To copy products as well takes 10 to 20 % longer on iris.
    terms = np.array(np.moveaxis(x, axis, 0), order="C", copy=keep)
    while (count := len(terms)) > 1:
        half = (count + 1) // 2
        terms[:count - half] += terms[half:]
        terms = terms[:half]
    return np.expand_dims(terms[0], axis) if keepdims else terms[0]


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
# broadcast multiplication makes all outer products, and the fold :eq:`fold`
# adds them.  A long sum is cut into stretches of 128 terms: each is folded,
# and the stretches are added one after the other.
#
# Only a few rows of the result are made at a time, so that their products stay
# inside the processor's cache.  How many is no part of the definition, since
# rows do not meet.  So a row multiplied alone has the bits it has within a
# batch, and the transposed product has the bits of the product:
#
# >>> rng = np.random.default_rng(0)
# >>> a, b = rng.normal(size=(40, 300)), rng.normal(size=(300, 7))
# >>> product = _portable_dot(a, b)
# >>> bool(np.all(product[8:9] == _portable_dot(a[8:9], b)))
# True
# >>> bool(np.all(product.T == _portable_dot(b.T, a.T)))
# True
#
# A product with few columns is computed as its transpose, which keeps NumPy's
# innermost loop long.

_STRETCH = 128           # terms of one fold: part of the definition
_PRODUCTS = 32 * 1024    # made at a time: changes speed, never bits


def _portable_dot(a: Array, b: Array, out: Array | None = None) -> Array:
    """The matrix product of a (n, K) and b (K, m), in one dtype."""
    (n, depth), m = a.shape, b.shape[1]
    if out is None:
        out = np.empty((n, m), a.dtype)
    if m < min(n, 16):
        _portable_dot(b.T, a.T, out.T)
        return out
    out[...] = 0
    rows = 1 + _PRODUCTS // (1 + m * min(depth, _STRETCH))
    for i in range(0, n, rows):
        left, result = a[i:i + rows].T, out[i:i + rows]
        for k in range(0, depth, _STRETCH):
            stretch = slice(k, k + _STRETCH)
            products = np.multiply(
                left[stretch, :, None], b[stretch, None], order="C")
            result += _portable_total(products, keep=False)
    return out


# The exponential
# ---------------
#
# Let n be the whole number nearest to :math:`x / \log 2`.  Then
#
# .. math::
#    :label: reduction
#
#    e^x = 2^n e^r, \qquad r = x - n \log 2, \qquad
#    |r| \le \frac{\log 2}{2} < 0.3466
#
# To keep r accurate, :math:`\log 2` comes in two parts.  The high part ends at
# :math:`2^{-42}`, so that n times it is exact, and so is what is left when
# that is taken from x.  The low part is the rest, to far more digits than one
# float could add:
#
# >>> from decimal import Context, Decimal
# >>> digits = Context(prec=60)
# >>> rest = digits.subtract(digits.ln(Decimal(2)), Decimal(_LN2_HIGH))
# >>> _LN2_HIGH * 2 ** 42 % 1, float(rest) == _LN2_LOW
# (0.0, True)
#
# For so small an r a polynomial will do, the Taylor series up to the
# thirteenth power.  Its first two terms, 1 and r, are left for later, since
# they need no rounding:
#
# .. math::
#    :label: taylor
#
#    q = e^r - 1 \approx r + r^2 \left( \frac{1}{2!} + r \left(
#    \frac{1}{3!} + \cdots + r \left( \frac{1}{12!} + r \frac{1}{13!}
#    \right) \right) \right)
#
# The first term left out, :math:`r^{14} / 14!`, is below :math:`2^{-57}`:
#
# >>> 0.3466 ** 14 / math.factorial(14) < 2.0 ** -57
# True
#
# At :math:`1.5 \cdot 2^{52}` all floats are whole numbers, so adding that much
# rounds to a whole number, and the low bits of the sum *are* that integer.
# Subtracting it again leaves n as a float:
#
# >>> shifted = np.array([2.75]) + 1.5 * 2.0 ** 52
# >>> (shifted - 1.5 * 2.0 ** 52).tolist()
# [3.0]
# >>> (shifted.view(np.int64) & 511).tolist()
# [3]
#
# Another 2046 is added along with it.  A power of two is a float with nothing
# but an exponent, and a float's exponent is kept with 1023 added, above 52
# other bits.  So to shift ``bits - 1023`` up by 52 makes the float
# :math:`2^n`.

_LN2_HIGH, _LN2_LOW = 0.6931471805598903, 5.497923018708371e-14
_PER_LN2 = 1 / (_LN2_HIGH + _LN2_LOW)
_SHIFT = 1.5 * 2 ** 52 + 2 * 1023
_TAYLOR = [np.array(1 / math.factorial(k)) for k in range(13, 1, -1)]


def _reduced(x: Array) -> tuple[Array, Array]:
    """The integers n + 2046, in low bits, and q, with e^x = 2^n (1 + q)."""
    shifted = x * _PER_LN2 + _SHIFT
    n = shifted - _SHIFT
    high, low = x - n * _LN2_HIGH, n * _LN2_LOW
    r = high - low
    q = r * _TAYLOR[0]
    for coefficient in _TAYLOR[1:]:
        q += coefficient
        q *= r
    return shifted.view(np.int64), high + (q * r - low)


# Beyond 710 the result overflows and below -746 it is zero, so x is clipped
# there.  The power of two is multiplied on in two halves, because
# :math:`2^{1024}` is no float, and neither are most of those below
# :math:`2^{-1022}`.  Only the last multiplication can round, where
# :math:`e^x` is subnormal.  Everywhere else the error stays below 0.9 units
# in the last place.

def _exp_block(x: Array) -> Array:
    bits, q = _reduced(np.minimum(np.maximum(x, -746.0), 710.0))
    y, half = 1 + q, bits >> 1
    for part in half, bits - half:
        y *= (part << 52).view(np.float64)
    return y


# >>> _portable_exp(np.array([-0.0, -745.0, -746.0, 1000.0])).tolist()
# [1.0, 5e-324, 0.0, inf]

# The hyperbolic tangent
# ----------------------
#
# .. math::
#    :label: portable-tanh
#
#    \tanh |x| = \frac{t}{t + 2}, \qquad
#    t = e^{2 |x|} - 1 = 2^n q + (2^n - 1)
#
# For a small x the exponential itself would lose all that is known about t
# when 1 is taken from it.  Written with q it loses nothing: n is 0 there, and
# t is q.
#
# >>> t = float(_portable_exp(2e-10)) - 1
# >>> t / (t + 2), float(_portable_tanh(1e-10))
# (1.000000082640371e-10, 1e-10)
#
# The worst error is between 2 and 3 units in the last place, for an x below
# 1/8.  From :math:`|x| = 22` on the result is 1 to the last bit.  The sign is
# put back at the end, and the sign of zero with it.

def _tanh_block(x: Array) -> Array:
    bits, q = _reduced(np.minimum(2 * np.abs(x), 44.0))
    power = ((bits - 1023) << 52).view(np.float64)
    t = power * q + (power - 1)
    return np.copysign(t / (t + 2), x)


# The logarithm
# -------------
#
# The loss needs :math:`\log(1 + x)`, for a small x above all.  Then
# :math:`u = 1 + x` rounds most of x away.  But what was lost, :math:`c = x -
# (u - 1)`, can be computed exactly, and comes back to first order.  For u
# itself the exponent is taken off once more, so that the rest lies around 1.
# Here e is a whole number, and no longer the base of the exponential:
#
# .. math::
#    :label: portable-log1p
#
#    \log(1 + x) = \log(u + c) \approx \log u + \frac{c}{u}, \qquad
#    u = 2^e (1 + f), \quad \sqrt{1/2} \le 1 + f < \sqrt{2}
#
# >>> float(_portable_log1p(1e-17)), math.log(1 + 1e-17)
# (1e-17, 0.0)
#
# The logarithm of :math:`1 + f` has a series that converges far faster in
# another variable s, as only its odd powers occur.  Its first term,
# :math:`2 s`, is the same as :math:`f - s f`.  That is the better way to write
# it, since f is exact and the rest is small:
#
# .. math::
#    :label: portable-log
#
#    \log(1 + f) = 2 s + s R = f - s\,(f - R), \qquad s = \frac{f}{2 + f},
#    \qquad R = \frac{2 s^2}{3} + \frac{2 s^4}{5} + \cdots
#
# As :math:`|s| < 0.1716`, the first term left out, with :math:`s^{22}`, is a
# relative error of about :math:`2^{-60}`:
#
# >>> 0.1716 ** 22 / 23 < 2.0 ** -60
# True
#
# The bits of u, read as an integer, are e in the upper part and f in the lower
# one, but that f would begin at 0.  Taking off the bits of
# :math:`\sqrt{1/2}` first, or of a number near it, lets it begin there.

_ROOT = 0x3FE6A09E << 32           # the upper half of the bits of that root


def _log1p_block(x: Array) -> Array:
    u = 1 + x
    bits = u.view(np.int64)
    e = (bits - _ROOT) >> 52
    f = (bits - (e << 52)).view(np.float64) - 1
    s = f / (2 + f)
    square = s * s
    R = square * (2 / 21)
    for odd in range(19, 1, -2):
        R += 2 / odd
        R *= square
    low = e * _LN2_LOW + (x - (u - 1)) / u
    result = e * _LN2_HIGH + (f - (s * (f - R) - low))
    result[x == np.inf] = np.inf
    result[x == -1] = -np.inf
    result[x < -1] = np.nan
    np.copysign(result, x, out=result)
    return result


# One wrapper serves all three functions.  It works in blocks that fit the
# cache, as each function passes over its array many times.  It computes
# float32 in float64 and rounds once at the end.  And it silences NumPy's
# warnings: infinity and zero are right answers here, not accidents.

_CACHE = 8192            # changes speed, never bits


def _blockwise(function: Callable[[Array], Array], x: Any,
               out: Array | None = None) -> Array:
    """Apply a function of a float64 block to any float array."""
    x = np.asarray(x)
    order: Any = "F" if x.flags.f_contiguous else "C"
    flat, result = x.reshape(-1, order=order), np.empty(x.size, x.dtype)
    with np.errstate(all="ignore"):
        for i in range(0, x.size, _CACHE):
            block = flat[i:i + _CACHE].astype(np.float64, copy=False)
            result[i:i + _CACHE] = function(block)
    return np.positive(result.reshape(x.shape, order=order), out=out)


_portable_exp, _portable_log1p, _portable_tanh = (
    partial(_blockwise, f) for f in (_exp_block, _log1p_block, _tanh_block))


# Choosing the arithmetic
# -----------------------
#
# The setting ``arithmetic`` chooses between the two rows of this table.

_ARITHMETIC = {
    "blas": _NUMPY,
    "portable": _Arithmetic(_portable_dot, _portable_total, _portable_exp,
                            _portable_log1p, _portable_tanh),
}


# Licence
# =======
#
# If you copy this file, take its licence along.
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
