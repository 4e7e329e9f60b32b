"""Accuracy and the confusion matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn

TRUE, PRED = np.array([1, 0, 2, 0, 1, 1]), np.array([1, 0, 1, 0, 0, 2])
COUNTS = [[2, 0, 0], [1, 1, 1], [0, 1, 0]]
pairs = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
                 min_size=1, max_size=20)


@pytest.mark.parametrize("true, pred, share, matrix", [
    *((names[TRUE].tolist(), names[PRED].tolist(), 0.5, COUNTS)
      for names in map(np.array, (list("abc"), [-3, 4, 11], [0.0, 1.0, 2.0]))),
    ([True, True, False], np.array([True, False, False]), 2 / 3,
     [[1, 0], [1, 1]]),
    ([1, 1], [2, 1], 0.5, [[1, 1], [0, 0]]),    # a label only predicted
    ([5], [5], 1.0, [[1]]),
    (["ab", "a"], ["a", "a"], 0.5, [[1, 0], [1, 0]])])  # compared whole
def test_metrics_count_labels_of_any_kind(true, pred, share, matrix):
    assert nn.accuracy(true, pred) == share
    assert nn.confusion_matrix(true, pred).tolist() == matrix


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
