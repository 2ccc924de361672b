# The calls of CallOverhead.cs through PyTorch's own binding: calls.py CALLS ROUNDS DEVICE
import sys
import time

import torch

calls, rounds = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)
a = torch.ones(2, 3, device=sys.argv[3])
b = torch.ones(2, 3, device=sys.argv[3])


def microseconds(call):
    best = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        for _ in range(calls):
            call()
        best = min(best, (time.process_time() - before) / calls * 1e6)
    return best


with torch.no_grad():
    for name, call in {
        "a.add(b)": lambda: a.add(b),
        "a.add_(b)": lambda: a.add_(b),
        "a + 1.5": lambda: a + 1.5,
        "a.view(3, 2)": lambda: a.view(3, 2),
        "a[0]": lambda: a[0],
        "a.sum(1)": lambda: a.sum(1),
        "a.softmax(-1)": lambda: a.softmax(-1),
        "cat([a, b])": lambda: torch.cat([a, b]),
        "a.shape": lambda: a.shape,
    }.items():
        print(name, microseconds(call), sep="\t")
