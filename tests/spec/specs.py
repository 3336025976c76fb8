"""Specs that are right, to start from in tests."""

import copy

DISC = {
    "specdl": 1,
    "name": "disc",
    "data": {"batch_size": 50, "target": {"encode": "one_hot"}},
    "model": {
        "input": {"shape": [2]},
        "init": {"weight": "xavier_normal", "bias": {"type": "zeros"}},
        "layers": [
            {"type": "linear", "out_features": 25, "activation": "tanh", "name": "fc1"},
            {"type": "linear", "out_features": 2, "name": "head"},
        ],
    },
    "loss": {"type": "mse"},
    "optimizer": {"type": "sgd", "lr": 0.1, "momentum": 0.2},
    "schedule": {"type": "piecewise_constant", "unit": "epochs", "boundaries": [100], "factors": [1, 0.1]},
    "train": {"epochs": 250, "checkpoint_every": {"steps": 5}},
    "metrics": ["accuracy"],
}

RICH = {
    "specdl": 1,
    "name": "rich",
    "vars": {"width": 8, "double": "${width * 2}", "act": "tanh"},
    "blocks": {
        "dense": {
            "params": {"units": "int", "act": {"type": "str", "default": "${act}"}},
            "layers": [
                {"type": "linear", "out_features": "${units + index}", "name": "fc", "activation": "${act}"},
                {"type": "residual", "layers": [{"type": "linear", "out_features": "${units + index}"}]},
            ],
        },
        "pair": {"layers": [{"type": "block", "block": "dense", "with": {"units": "${double}"}}]},
    },
    "data": {"batch_size": 10},
    "model": {
        "inputs": {"a": {"shape": [4]}, "b": {"shape": [3]}},
        "layers": [
            {"type": "concat", "inputs": ["a", "b"]},
            {"type": "block", "block": "dense", "with": {"units": "${width}"}, "repeat": 3, "name": "stack"},
            {"type": "block", "block": "pair"},
            {
                "type": "linear",
                "out_features": 2,
                "name": "one",
                "init": {"weight": {"type": "normal", "std": 0.1}},
            },
            {"type": "linear", "out_features": 1, "name": "two", "inputs": ["stack"], "trainable": False},
        ],
        "output": ["one", "two"],
    },
    "losses": [
        {"type": "cross_entropy", "output": "one", "target": "y"},
        {"type": "l1", "output": "two", "target": "z", "weight": 0.5},
    ],
    "optimizer": {"type": "adam", "betas": [0.9, 0.99]},
    "train": {"steps": 100},
}


def disc():
    return copy.deepcopy(DISC)


def rich():
    return copy.deepcopy(RICH)
