"""What lies where in a saved model?"""
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import experiments
import nn
from docs.figures._style import panels


def saved():
    """Save a network; return its config, and of its weights the members
    of the zip, the bytes of numbers in each, and the size of it all."""
    problem = experiments.iris_problem(0)
    network = nn.Network(hidden_size=16, epochs=2)
    network.fit(*problem.part(problem.train))
    with tempfile.TemporaryDirectory() as folder:
        version = network.save(Path(folder) / "iris")
        config = json.loads((version / "config.json").read_bytes())
        weights = version / "weights.npz"
        with np.load(weights) as arrays, zipfile.ZipFile(weights) as members:
            sizes = {name: array.nbytes for name, array in arrays.items()}
            return config, members.infolist(), sizes, weights.stat().st_size


def draw():
    figure, (left, right) = panels(1, 2, (6.4, 5.6),
                                   width_ratios=[1.1, 1])
    config, members, sizes, size = saved()
    lines = ["models/iris/", "  v0001/", "    weights.npz",
             "    config.json", *(f"      {key}" for key in config),
             "  .last-0001"]
    for i, line in enumerate(lines):
        left.text(0, -i, line, family="monospace", fontsize=11, va="center",
                  weight="bold" if i < 4 else "normal")
    left.set(xlim=(0, 1), ylim=(0.7 - len(lines), 0.7))
    left.axis("off")
    for i, member in enumerate(members):
        start = member.header_offset
        stop = start + 30 + len(member.filename) + member.file_size
        numbers = sizes[member.filename[:-4]]
        right.barh(i, stop - numbers - start, left=start, color="C1",
                   hatch="///", edgecolor="white")
        right.barh(i, numbers, left=stop - numbers, color="C0")
    right.barh(len(members), size - stop, left=stop, color="C1",
               hatch="///", edgecolor="white")
    right.barh(0, 0, color="C0", label="numbers")
    right.barh(0, 0, color="C1", hatch="///", edgecolor="white",
               label="names, shapes, checksums")
    right.set(yticks=range(len(members) + 1), xlabel="byte of weights.npz",
              yticklabels=[*(m.filename for m in members), "(directory)"])
    right.invert_yaxis()
    right.grid(axis="y", visible=False)
    right.legend(loc="upper center", bbox_to_anchor=(0.35, -0.16))
    return figure
