"""Writes the small files beside it with PyTorch (1.13); every value follows from its index, so the tests know them.

    python3 make_samples.py
"""
import collections
import torch


def ramp(*shape, dtype=torch.float32, start=0.0):
    count = int(torch.tensor(shape).prod()) if shape else 1
    return (torch.arange(count, dtype=torch.float64) * 0.25 + start).reshape(shape).to(dtype)


def everything():
    shared = ramp(4, 6)
    return {
        "model": collections.OrderedDict(
            f32=ramp(2, 3), f64=ramp(3, dtype=torch.float64, start=-1), f16=ramp(5, dtype=torch.float16, start=-2),
            bf16=ramp(4, dtype=torch.bfloat16, start=8), i64=torch.arange(3) - 1, i32=torch.arange(3, dtype=torch.int32) * 70000,
            i16=torch.arange(3, dtype=torch.int16) * -300, i8=torch.arange(3, dtype=torch.int8) - 2,
            u8=torch.arange(250, 254, dtype=torch.uint8), flag=torch.tensor([True, False, True]), scalar=torch.tensor(2.5),
            empty=torch.zeros(0, 4), transposed=shared.t(), row=shared[2], column=shared[:, 1], block=shared[1:3, 2:5],
            stepped=ramp(12)[1::3], permuted=ramp(2, 3, 4).permute(2, 0, 1), repeated=ramp(3, 1).expand(3, 4), tied=shared,
        ),
        "temperature": 1.25,
        "epoch": 7,
        "large": 2**70,
        "name": "r\u00e9sum\u00e9",
        "nested": {"list": [1, 2.5, None, True, b"\x00\xff"], "tuple": (-3,), 5: "five"},
        "parameter": torch.nn.Parameter(ramp(2)),
    }


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj_weight = torch.nn.Parameter(ramp(6, 2, dtype=torch.float16))
        self.out_proj = torch.nn.Linear(2, 2)
        self.out_proj.weight.data = ramp(2, 2)
        self.out_proj.bias.data = ramp(2, start=1)

    def forward(self, x):
        return self.out_proj(x @ self.in_proj_weight.float().t()[:, :2])


class Clip(torch.nn.Module):
    """Named and nested as OpenAI's archives are: modules in modules, numbers beside tensors."""

    def __init__(self):
        super().__init__()
        self.visual = torch.nn.Sequential(Attention(), Attention())
        self.logit_scale = torch.nn.Parameter(torch.tensor(2.5))
        self.register_buffer("steps", torch.arange(3))
        self.context_length = 77
        self.sizes = [3, 5]

    def forward(self, x):
        return self.visual(x) * self.logit_scale + 7


def fitted(embedding, side):
    """What BLIP does to a position embedding when the image size changes."""
    tokens = embedding[:, 1:]
    old = int(tokens.shape[1] ** 0.5)
    grid = tokens.reshape(-1, old, old, embedding.shape[-1]).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)
    return torch.cat((embedding[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)), dim=1)


def positions():
    torch.manual_seed(3)
    embedding = torch.randn(1, 1 + 4 * 4, 6)
    return {"model": {"visual_encoder.pos_embed": embedding}, "wider": fitted(embedding, 7), "narrower": fitted(embedding, 3)}


if __name__ == "__main__":
    torch.save(everything(), "saved.pth")
    torch.save(everything(), "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"model": {"weight": ramp(3)}}, "protocol4.pth", pickle_protocol=4)
    torch.save(positions(), "positions.pth")
    torch.jit.save(torch.jit.script(Clip()), "script.pt")
    torch.jit.save(torch.jit.trace(Clip(), ramp(1, 2)), "traced.pt")
