"""Makes a network with random weights behave like a trained one, as far as a test needs.

Random weights without BatchNorm statistics give outputs that hardly depend on the input. So real
pictures set the statistics, and the last convolutions are scaled and shifted until about `hits`
scores a picture are above the threshold.
"""
import math

import torch


def set_batch_norm_statistics(model, batches):
    """Running mean and variance of every BatchNorm = the plain average over the batches."""
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    model.train()
    with torch.no_grad():
        for pictures in batches:
            model(pictures)
    model.eval()
    for norm in norms:
        norm.momentum = 0.03


class Recorder:
    """Keeps what the given layers put out while it is entered."""

    def __init__(self, layers):
        self.outputs = [[] for _ in layers]
        self.hooks = [
            layer.register_forward_hook(lambda _, __, y, kept=kept: kept.append(y.detach()))
            for layer, kept in zip(layers, self.outputs)
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()


def record(model, layers, batches):
    """The outputs of the layers over all batches, each (N,C,H,W)."""
    with Recorder(layers) as recorder, torch.no_grad():
        for pictures in batches:
            model(pictures)
    return [torch.cat(kept) for kept in recorder.outputs]


def rescale(conv, outputs, channels, mean, deviation):
    """Changes weights and bias so that the chosen output channels have this mean and deviation."""
    values = outputs[:, channels]
    factor = deviation / values.std().clamp_min(1e-6)
    with torch.no_grad():
        conv.weight[channels] *= factor
        centre = (values - conv.bias[channels].view(1, -1, 1, 1)).mean() * factor
        conv.bias[channels] = mean - centre


def shift_to_hits(convs, outputs, channels, threshold, hits):
    """Shifts the biases so that `hits` values a picture lie above logit(threshold)."""
    logits = torch.cat([o[:, channels].flatten(1) for o in outputs], 1)
    wanted = logits.flatten().topk(hits * logits.shape[0]).values[-1]
    with torch.no_grad():
        for conv in convs:
            conv.bias[channels] += math.log(threshold / (1 - threshold)) - wanted
