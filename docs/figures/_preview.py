"""The picture that is shown where the book is shared, 1200 by 630 pixels."""
import matplotlib

from docs.figures.xor_learns import draw as learns


def draw():
    matplotlib.rcParams["font.size"] = 18
    figure = learns(size=(12, 6.3), mark=200)
    figure.get_layout_engine().set(rect=(0.03, 0.03, 0.94, 0.83))
    figure.text(0.5, 0.91, "nn.py: a neural network in one file", fontsize=34,
                ha="center", va="center")
    return figure
