"""Watch training in a progress bar, and stop when it no longer helps.

    python progress_bar.py

The loss on the training rows falls as long as one trains.  The loss on
rows that were kept aside falls too, and then rises: from there on, the
network learns its rows by heart.  The weights worth keeping are those of
the lowest point.
"""

import argparse

import numpy as np
from tqdm import tqdm

import nn


def rows():
    """Points (150, 2) around three places, near enough to be mixed up, and
    the place (150,) that each belongs to.  Yours would come from a file."""
    rng = np.random.default_rng(0)
    places = np.array([[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]])
    y = np.arange(150) % 3
    return places[y] + rng.normal(0, 0.7, size=(150, 2)), y


class EarlyStopping:
    """A callback that ends training ``patience`` epochs after the best.

    It keeps the weights of the best epoch in ``params``, to be put back when
    the training is over.  Training writes to params_ in place, so that what
    is to be kept must be copied.
    """

    def __init__(self, X, y, patience, bar):
        self.X, self.y, self.patience, self.bar = X, y, patience, bar
        self.loss, self.epoch, self.params = np.inf, 0, None

    def __call__(self, network, epoch, loss):
        aside = network.evaluate(self.X, self.y)["loss"]
        self.bar.update()
        self.bar.set_postfix_str(f"loss {loss:.4f}, aside {aside:.4f}")
        if aside < self.loss:
            self.loss, self.epoch = aside, epoch
            self.params = {name: p.copy()
                           for name, p in network.params_.items()}
        return "stop" if epoch - self.epoch >= self.patience else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--patience", type=int, default=50)
    options = parser.parse_args()
    (X, y), train, aside = rows(), slice(0, 100), slice(100, None)
    network = nn.Network(hidden_size=32, optimizer=nn.SGD(0.01),
                         batch_size=8, epochs=options.epochs)
    with tqdm(total=options.epochs, unit="epoch") as bar:
        stop = EarlyStopping(X[aside], y[aside], options.patience, bar)
        network.fit(X[train], y[train], callback=stop)
    last = network.evaluate(X[aside], y[aside])["loss"]
    network.params_ = stop.params
    best = network.evaluate(X[aside], y[aside])["loss"]
    print(f"stopped after epoch {len(network.loss_curve_)} "
          f"of {options.epochs}, with a loss aside of {last:.4f}")
    print(f"kept the weights of epoch {stop.epoch}, with {best:.4f}")


if __name__ == "__main__":
    main()
