"""Makes a network with random weights behave like a trained one, as far as a test needs.

Random weights without BatchNorm statistics give outputs that hardly depend on the input. So real
pictures set the statistics, and the last convolutions are scaled and shifted until one picture (the
one that the recorded inputs are made of) has some tens of scores above the threshold.
"""
import math

import torch


def set_batch_norm_statistics(model, batch):
    """Running mean and variance of every BatchNorm = those of this one batch of pictures.

    One batch, since each layer's statistics must be those of what the layers before it give with
    theirs: averages over several batches make a picture's signal grow or fade from layer to layer,
    and rounding with it.
    """
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = 1.0
        norm.train()
    with torch.no_grad():
        model(batch)
    model.eval()


def record(model, convs, picture):
    """What the convolutions put out for the picture, each (1,C,H,W)."""
    kept = {}
    hooks = [c.register_forward_hook(lambda module, _, y: kept.update({id(module): y.detach().clone()})) for c in convs]
    with torch.no_grad():
        model(picture)
    for hook in hooks:
        hook.remove()
    return [kept[id(c)] for c in convs]


def spread(model, convs, picture, channels, mean, deviation):
    """Scales weights and shifts biases so that these output channels have this mean and deviation."""
    for conv, out in zip(convs, record(model, convs, picture)):
        with torch.no_grad():
            conv.weight[channels] *= deviation / out[:, channels].std().clamp_min(1e-6)
    for conv, out in zip(convs, record(model, convs, picture)):
        with torch.no_grad():
            conv.bias[channels] += mean - out[:, channels].mean()


def shift_to_hits(model, convs, picture, channels, threshold=0.25, hits=40):
    """Shifts the biases so that `hits` values lie above logit(threshold)."""
    logits = torch.cat([o[:, channels].flatten() for o in record(model, convs, picture)])
    shift = math.log(threshold / (1 - threshold)) - logits.topk(hits).values[-1]
    with torch.no_grad():
        for conv in convs:
            conv.bias[channels] += shift
