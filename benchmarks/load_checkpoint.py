"""The Python side of the benchmark load-checkpoint: makes the file, and measures torch.load + load_state_dict in a fresh process."""
import json
import sys
import time

import torch


def tensors(path, dtype):
    generator = torch.Generator().manual_seed(1)
    for name, row in json.load(open(path)).items():
        if row["whole"]:
            yield name, torch.arange(torch.Size(row["shape"]).numel()).reshape(row["shape"])
        else:
            yield name, torch.randn(row["shape"], generator=generator).to(dtype)


def model(path):
    """An empty module whose parameters have the names and shapes of the file."""
    root = torch.nn.Module()
    for name, row in json.load(open(path)).items():
        *parents, last = name.split(".")
        owner = root
        for parent in parents:
            if not hasattr(owner, parent):
                owner.add_module(parent, torch.nn.Module())
            owner = getattr(owner, parent)
        if row["whole"]:
            owner.register_buffer(last, torch.zeros(row["shape"], dtype=torch.int64))
        else:
            owner.register_parameter(last, torch.nn.Parameter(torch.randn(row["shape"]), requires_grad=False))
    return root


def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    torch.set_num_threads(torch.multiprocessing.cpu_count())
    verb, shapes, file, dtype = sys.argv[1:]
    if verb == "make":
        torch.save({"model": dict(tensors(shapes, getattr(torch, dtype)))}, file)
    else:
        target = model(shapes)
        start = time.perf_counter()
        state = torch.load(file, map_location="cpu")["model"]
        target.load_state_dict(state)
        print(time.perf_counter() - start, peak())
