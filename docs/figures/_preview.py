"""The picture that is shown where the book is shared, 1200 by 630 pixels."""
import matplotlib

from docs.figures.xor_learns import draw as learns


def draw():
    matplotlib.rcParams["font.size"] = 18
    figure = learns(size=(12, 6.3), mark=200)
    figure.suptitle("nn.py: a neural network in one file", fontsize=34)
    return figure
