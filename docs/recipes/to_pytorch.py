"""Take a trained network to PyTorch, train on there, and come back.

    python to_pytorch.py

PyTorch keeps a layer's weights as (outputs, inputs), nn.py as (inputs,
outputs): the two are each other's transpose.
"""

import copy

import numpy as np
import torch

import nn

BENDS = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh,
         "relu": torch.nn.ReLU}


def to_torch(network):
    """A torch.nn.Sequential from rows (n, d) to the network's logits."""
    W1, b1, W2, b2 = (torch.tensor(network.params_[name])
                      for name in ("W1", "b1", "W2", "b2"))
    model = torch.nn.Sequential(
        torch.nn.Linear(*W1.shape), BENDS[network.activation](),
        torch.nn.Linear(*W2.shape)).to(W1.dtype)
    model.load_state_dict({"0.weight": W1.T, "0.bias": b1,
                           "2.weight": W2.T, "2.bias": b2})
    return model


def from_torch(model, network):
    """A copy of the network, with the model's weights for its own."""
    state = {name: p.detach().cpu().numpy()
             for name, p in model.state_dict().items()}
    network = copy.deepcopy(network)
    network.params_ = {
        "W1": state["0.weight"].T.copy(), "b1": state["0.bias"].copy(),
        "W2": state["2.weight"].T.copy(), "b2": state["2.bias"].copy()}
    return network


def probabilities(model, X):
    """What predict_proba gives: a single logit is that of class two."""
    with torch.no_grad():
        logits = model(torch.as_tensor(X))
    if logits.shape[1] == 1:
        p = torch.sigmoid(logits)
        return torch.cat([1 - p, p], dim=1).numpy()
    return torch.softmax(logits, dim=1).numpy()


def train_on(model, X, t, steps=20):
    """Some steps of PyTorch's own, for the class indices t (n,)."""
    rows, t = torch.as_tensor(X), torch.as_tensor(t)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        logits = model(rows)
        loss = (torch.nn.functional.cross_entropy(logits, t)
                if logits.shape[1] > 1 else
                torch.nn.functional.binary_cross_entropy_with_logits(
                    logits[:, 0], t.to(logits.dtype)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main():
    X = np.random.default_rng(0).normal(size=(200, 4))
    for k in (2, 3):
        t = np.digitize(X[:, 0] * X[:, 1], [-0.3, 0.3][:k - 1])
        network = nn.Network(optimizer=nn.SGD(0.5)).fit(X, t)
        model = to_torch(network)
        there = np.abs(probabilities(model, X) - network.predict_proba(X))
        train_on(model, X, t)
        back = from_torch(model, network)
        again = np.abs(probabilities(model, X) - back.predict_proba(X))
        print(f"{k} classes, {model[2].out_features} logit(s): probabilities "
              f"differ by {there.max():.0e} there, {again.max():.0e} back")
        print(f"loss {network.evaluate(X, t)['loss']:.4f} before, "
              f"{back.evaluate(X, t)['loss']:.4f} after PyTorch's steps")
        assert max(there.max(), again.max()) < 1e-12


if __name__ == "__main__":
    main()
