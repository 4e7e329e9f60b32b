"""Accuracy and the confusion matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn

TRUE = ["b", "a", "c", "a", "b", "b"]
PRED = ["b", "a", "b", "a", "a", "c"]
KINDS = {
    "strings": str,
    "ints": lambda label: "abc".index(label) * 7 - 3,
    "whole floats": lambda label: float("abc".index(label)),
}
pairs = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
                 min_size=1, max_size=20)


@pytest.mark.parametrize("kind", KINDS)
def test_metrics_count_labels_of_any_kind(kind):
    true, pred = ([KINDS[kind](label) for label in labels]
                  for labels in (TRUE, PRED))
    assert nn.accuracy(true, pred) == 0.5
    assert nn.confusion_matrix(true, pred).tolist() == [
        [2, 0, 0], [1, 1, 1], [0, 1, 0]]


def test_metrics_count_bools():
    true, pred = [True, True, False], np.array([True, False, False])
    assert nn.accuracy(true, pred) == 2 / 3
    assert nn.confusion_matrix(true, pred).tolist() == [[1, 0], [1, 1]]


def test_a_label_only_predicted_or_only_true_has_its_row_and_column():
    assert nn.confusion_matrix([1, 1], [2, 1]).tolist() == [[1, 1], [0, 0]]
    assert nn.confusion_matrix([5], [5]).tolist() == [[1]]


def test_strings_of_different_lengths_are_compared_whole():
    assert nn.accuracy(["ab", "a"], ["a", "a"]) == 0.5
    assert nn.confusion_matrix(["ab", "a"], ["a", "a"]).tolist() == [
        [1, 0], [1, 0]]


@given(pairs)
def test_the_matrix_counts_all_rows_in_any_order_and_accuracy_reads_it(rows):
    true, pred = zip(*rows, strict=True)
    C = nn.confusion_matrix(true, pred)
    labels = sorted(set(true + pred))
    assert C.tolist() == [[rows.count((i, j)) for j in labels]
                          for i in labels]
    assert C.sum() == len(rows) and C.dtype.kind == "i"
    assert nn.accuracy(true, pred) == np.trace(C) / len(rows)
    assert type(nn.accuracy(true, pred)) is float
    assert (nn.confusion_matrix(pred, true) == C.T).all()
    assert nn.accuracy(true[::-1], pred[::-1]) == nn.accuracy(true, pred)
    assert (nn.confusion_matrix(true[::-1], pred[::-1]) == C).all()
