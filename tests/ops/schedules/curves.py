"""Runs of specdl's schedules and of torch's, step by step."""

import torch

from specdl.ops.base import Horizon


def curve(schedule, steps, steps_per_epoch=1):
    """The factor of every step, as a run asks for them."""
    state, factors = schedule.initial_state(), []
    for step in range(steps):
        factor, state = schedule.factor(step, Horizon(steps, steps_per_epoch), state)
        factors.append(factor)
    return factors


def torch_curve(make, steps, lr=1.0):
    """The learning rate of every step by one of torch's schedulers."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates
