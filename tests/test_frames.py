"""Column names, by a frame as simple as can be: nn.py imports no pandas."""

import numpy as np
import pytest

import nn
from helpers import clusters, learned, snapshot


class Frame:
    """An array with named columns."""

    def __init__(self, X, columns):
        self.X, self.columns = X, columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.X, dtype=dtype)


X, Y = clusters()
NAMES = ["w", "x", "y", "z"]


def test_string_names_of_columns_are_kept():
    network = nn.Network(epochs=2).fit(Frame(X, NAMES), Y)
    assert network.feature_names_in_.tolist() == NAMES
    assert network.feature_names_in_.dtype == object
    plain = nn.Network(epochs=2).fit(X, Y)
    assert snapshot(plain.params_) == snapshot(network.params_)
    parts = nn.Network().partial_fit(Frame(X, NAMES), Y)
    assert parts.feature_names_in_.tolist() == NAMES
    assert not hasattr(plain, "feature_names_in_")
    assert (network.predict(Frame(X, NAMES)) == plain.predict(X)).all()
    network.fit(X, Y)
    assert not hasattr(network, "feature_names_in_")


def test_names_that_are_no_strings_are_as_none():
    network = nn.Network(epochs=1).fit(Frame(X, range(4)), Y)
    assert not hasattr(network, "feature_names_in_")
    assert network.predict(Frame(X, range(4))).shape == (40,)


def test_names_of_mixed_types_are_refused():
    with pytest.raises(TypeError, match="columns.astype"):
        nn.Network().fit(Frame(X, ["a", 1, 2, 3]), Y)


@pytest.mark.parametrize("columns, match", [
    (["w", "x", "y", "new"], "unseen at fit time:\n- new\n(?s:.*)missing:"
                             "\n- z\n"),
    (NAMES[::-1], "must be in the same order")])
def test_other_names_are_refused_and_said(columns, match):
    network = nn.Network(epochs=1).fit(Frame(X, NAMES), Y)
    before = learned(network)
    for method in (network.predict, lambda X: network.partial_fit(X, Y)):
        with pytest.raises(ValueError, match=match):
            method(Frame(X, columns))
    assert learned(network) == before


def test_names_on_one_side_only_bring_a_warning():
    named = nn.Network(epochs=1).fit(Frame(X, NAMES), Y)
    plain = nn.Network(epochs=1).fit(X, Y)
    for network, table, message in (
            (named, X, "X does not have valid feature names, but Network was "
                       "fitted with feature names"),
            (plain, Frame(X, NAMES), "X has feature names, but Network was "
                                     "fitted without feature names")):
        with pytest.warns(UserWarning) as seen:
            network.predict(table)
            network.score(table, Y)
            network.partial_fit(table, Y)
        assert [str(one.message) for one in seen] == [message] * 3
        assert {one.filename for one in seen} == {__file__}
