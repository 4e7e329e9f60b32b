"""Over many splits of iris: which species are confused, and how often?"""
import numpy as np

import experiments
import nn
from docs.figures._style import panels

SEEDS = 100


def draw():
    figure, (left, right) = panels(1, 2, (6.4, 3.4))
    X, y = experiments.iris_data()
    names, total, scores = np.unique(y), 0, []
    for seed in range(SEEDS):
        train, test = experiments.split(y, 10, seed)
        scaled = experiments.scaled(X, train)
        network = nn.Network(
            hidden_size=16, activation="tanh", batch_size=None, epochs=200,
            optimizer=nn.SGD(0.1, momentum=0.9), seed=seed)
        network.fit(scaled[train], y[train])
        answers = network.predict(scaled[test])
        total = total + nn.confusion_matrix(y[test], answers)
        scores.append(nn.accuracy(y[test], answers))
    left.imshow(np.sqrt(total), cmap="Blues")
    for (i, j), count in np.ndenumerate(total):
        left.text(j, i, count, ha="center", va="center", color=(
            "white" if 4 * count > total.max() else "black"))
    left.set(xticks=range(3), yticks=range(3), xticklabels=names,
             yticklabels=names, xlabel="predicted", ylabel="true",
             title="test flowers of all splits")
    left.tick_params(length=0, labelsize=9)
    left.grid(False)
    values, counts = np.unique(np.round(30 * np.array(scores)),
                               return_counts=True)
    right.bar(values, counts, 0.8)
    right.set(xlabel="right, of 30 test flowers", ylabel="splits",
              title="each split by itself", xticks=values)
    return figure
