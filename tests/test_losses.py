"""The losses, against mathematics at 60 digits."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_activations import (
    NUMBERS,
    POINTS,
    TINY,
    close,
    exact_loss,
    mp,
    rows,
)

import nn

# Where a formula is left for another, and on the way there.
CHANGES = [0.69, 17.3, 36.0436, 36.7368, 37.5, 100.1, 699.99]
# Targets may be of any kind that holds whole numbers.
TARGETS = [0, 1, 0.0, 1.0, False, True, np.uint8(1)]


@given(st.lists(st.one_of(st.floats(-700, 700), st.floats(-1e4, 1e4)),
                min_size=1, max_size=4))
@example([*NUMBERS, *CHANGES, *(-z for z in CHANGES)])
def test_the_loss_of_a_logit_is_within_1e_13_and_right_to_1e4(logits):
    for z in logits:
        for t in TARGETS:
            exact = exact_loss([0, z], int(t))
            assert close(nn.binary_cross_entropy([z], [t]), exact)
            assert close(nn.cross_entropy([[0, z]], [t]), exact)


@given(rows)
@example([[0.0, -700.0], [700.0, 0.0], [700.0, -40.0, -45.0],
          [1.0, 1 - 1e-12], [0.0, -36.7, -36.8], [0.0, 0.0, 1e-15],
          [-50.0, 0.0, -60.0], [650.0, 5.0, 4.0, -700.0], [88.0, 3.0, -1.0]])
def test_the_loss_of_a_row_is_within_1e_13_a_float_and_never_negative(z):
    for dtype, row in itertools.product("efd", z):  # all computed in doubles
        with np.errstate(under="ignore"):
            row = np.array(row, dtype)
        for t in range(len(row)):
            loss = nn.cross_entropy([row], [t])
            assert close(loss, exact_loss(row, t))
            assert type(loss) is float and loss >= 0


@pytest.mark.parametrize("number", [1e4, 1e308, 1e308 + 0j])
def test_losses_are_right_far_out_and_where_their_sum_overflows(number):
    with np.errstate(over="ignore"):
        for z, t, loss in ([number], 0, number), ([-number], 0, 0):
            assert nn.binary_cross_entropy(z * 4, [t] * 4) == loss
            assert nn.cross_entropy([[0, *z, -1e4]] * 4, [t] * 4) == loss


@pytest.mark.parametrize("row", [
    [0.2, -0.4, 1.0], [30.0, 2.0, -9.0],
    *([0.0, z] for z in [*POINTS, -700.0, -50.0, 50.0, 700.0])])
def test_a_complex_step_gives_the_slope_of_a_loss(row):
    for j, t in np.ndindex(len(row), len(row)):
        nudged = np.array(row) + 1e-30j * np.eye(len(row))[j]
        loss, log_p = nn.cross_entropy([nudged], [t]), -exact_loss(row, j)
        assert close(loss.real, exact_loss(row, t))
        assert math.isclose(
            loss.imag / 1e-30, mp.exp(log_p) if j != t else mp.expm1(log_p),
            rel_tol=1e-13, abs_tol=TINY / 1e-30)
        if len(row) == 2 and j == 1:
            assert nn.binary_cross_entropy(nudged[1:], [t]) == loss


def many_logits(n, k, spread):
    """Rows of k logits, of which class 0 has the largest in every second,
    and the loss of each row for class 0."""
    z = np.full((n, k), -spread)
    z[:, 1:k // 3] = 0.3 - spread
    z[::2, 0] = spread
    others = [(-spread, k - k // 3), (0.3 - spread, k // 3 - 1)]
    return z, [mp.log1p(mp.fsum(count * mp.exp(mp.mpf(other) - mp.mpf(own))
                                for other, count in others))
               for own in z[:, 0].tolist()]


@pytest.mark.parametrize("spread", [0.01, 1.0, 20.15, 350.0])
@pytest.mark.parametrize("n, k, layout", [
    (1, 4_000, "C"), (3, 4_001, "C"), (2, 200_000, "F")])
def test_losses_are_within_1e_13_among_many_classes(n, k, spread, layout):
    z, exact = many_logits(n, k, spread)
    z = np.asarray(z, order=layout)
    assert close(nn.cross_entropy(z, [0] * n), mp.fsum(exact) / n)
    for row, found, loss in zip(z, nn.log_softmax(z), exact):
        assert close(nn.cross_entropy([row], [0]), loss)
        assert close(-found[0], loss, 2e-13)
        nudged = row.astype(complex)
        nudged[1] += 1e-30j
        stepped = nn.cross_entropy([nudged], [0])
        assert close(stepped.real, loss)
        slope = mp.exp(mp.mpf(row[1]) - mp.mpf(row[0]) - loss)
        # Nudging the largest of many equal logits moves all others against
        # it, and their sum cancels; older NumPys leave a few units of that.
        assert math.isclose(stepped.imag / 1e-30, slope, rel_tol=1e-12,
                            abs_tol=2e-15)
