"""BLIP's image encoder as an ONNX file, from the weights that `./kit bench nlvr2 --weights FILE` writes.

    python3 benchmarks/export_onnx.py encoder.safetensors encoder.onnx [--heads 12]

Needs PyTorch alone (Debian: python3-torch). Then `./kit bench nlvr2 --onnx encoder.onnx` times both side by side.
"""
import json
import sys

import torch
from torch import nn
from torch.nn import functional


def read(path):
    """Tensors by name: a length, a JSON header, then the numbers."""
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        numbers = torch.frombuffer(bytearray(data[8 + size + begin:8 + size + end]), dtype=torch.float32)
        tensors[name] = numbers.reshape(about["shape"])
    return tensors


class Encoder(nn.Module):
    """Pre-norm vision transformer with a class token."""

    def __init__(self, weights, heads):
        super().__init__()
        self.heads = heads
        self.names = {name: name.replace(".", "_") for name in weights}
        for name, tensor in weights.items():
            self.register_buffer(self.names[name], tensor)
        self.patch = weights["patch_embed.proj.weight"].shape[-1]
        self.width = weights["cls_token"].shape[-1]
        self.depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))

    def weight(self, name):
        return getattr(self, self.names[name])

    def linear(self, x, name):
        return functional.linear(x, self.weight(name + ".weight"), self.weight(name + ".bias"))

    def norm(self, x, name):
        return functional.layer_norm(x, (self.width,), self.weight(name + ".weight"), self.weight(name + ".bias"), 1e-6)

    def attend(self, x, name):
        batch, count, _ = x.shape
        split = self.linear(x, name + ".qkv").reshape(batch, count, 3, self.heads, self.width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (query * (self.width // self.heads) ** -0.5) @ key.transpose(-2, -1)
        joined = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, count, self.width)
        return self.linear(joined, name + ".proj")

    def forward(self, images):
        name = "patch_embed.proj"
        patches = functional.conv2d(images, self.weight(name + ".weight"), self.weight(name + ".bias"), stride=self.patch)
        patches = patches.flatten(2).transpose(1, 2)
        x = torch.cat([self.weight("cls_token").expand(patches.shape[0], -1, -1), patches], 1) + self.weight("pos_embed")
        for layer in range(self.depth):
            block = f"blocks.{layer}"
            x = x + self.attend(self.norm(x, block + ".norm1"), block + ".attn")
            hidden = functional.gelu(self.linear(self.norm(x, block + ".norm2"), block + ".mlp.fc1"))
            x = x + self.linear(hidden, block + ".mlp.fc2")
        return self.norm(x, "norm")


def main():
    heads = int(sys.argv[sys.argv.index("--heads") + 1]) if "--heads" in sys.argv else 12
    weights = read(sys.argv[1])
    side = round((weights["pos_embed"].shape[1] - 1) ** 0.5) * weights["patch_embed.proj.weight"].shape[-1]
    model = Encoder(weights, heads).eval()
    torch.onnx.export(
        model, torch.zeros(2, 3, side, side), sys.argv[2], opset_version=17, input_names=["images"], output_names=["tokens"],
        dynamic_axes={"images": {0: "batch"}, "tokens": {0: "batch"}})


main()
