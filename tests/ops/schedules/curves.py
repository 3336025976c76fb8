"""Runs of specdl's schedules and of torch's, step by step."""

import torch

from specdl.ops.base import Horizon


def curve(schedule, steps, steps_per_epoch=1):
    """The factor of every step: the same one by one and in runs of steps."""
    horizon = Horizon(steps, steps_per_epoch)
    state, factors, states = schedule.initial_state(), [], []
    for step in range(steps):
        states.append(state)
        factor, state = schedule.factor(step, horizon, state)
        factors.append(factor)
    for start in range(0, steps, 3):
        assert schedule.each(range(start, steps), horizon, states[start]) == (factors[start:], state)
        middle = (start + steps) // 2
        assert list(schedule.each(range(start, middle), horizon, states[start])[0]) == factors[start:middle]
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
