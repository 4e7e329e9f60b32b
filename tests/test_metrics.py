"""Accuracy and the confusion matrix."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import nn

# Labels of every kind; strings are to be compared whole.
KINDS = [["a", "ab", "b"], [-3, 4, 11], [0.0, 1.0, 2.0], [False, True]]
pairs = st.sampled_from(KINDS).flatmap(lambda labels: st.lists(
    st.tuples(*[st.sampled_from(labels)] * 2), min_size=1, max_size=20))


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
