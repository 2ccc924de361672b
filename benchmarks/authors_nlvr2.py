"""The authors' BLIP-NLVR2, timed turn by turn with the kit's: `./kit bench nlvr2 --python CHECKOUT` starts this.

    python3 benchmarks/authors_nlvr2.py CHECKOUT WEIGHTS THREADS

CHECKOUT is a clone of the authors' repository; WEIGHTS has the kit's weights under their names and one batch of inputs
(`images`, `ids`, `mask`). Every line read is a temperature, 0 for the plain model; every line written is the batch's logits.
`product` multiplies as the feed-forward part of ViT-B does, [2304, 768] by [768, 3072], and answers with nothing:
Debian's PyTorch needs libopenblas0 beside it, or it multiplies thirty times as slowly as others.
"""
import json
import os
import sys

DTYPES = {"F32": "float32", "I64": "int64"}


def leave(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(2)


def read(torch, path):
    """Tensors by name: a length, a JSON header, then the numbers."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        kind = getattr(torch, DTYPES[about["dtype"]])
        tensors[name] = torch.frombuffer(memoryview(data)[begin:end], dtype=kind).reshape(about["shape"])
    return tensors


class Pieces:
    """Stands in for the tokenizer, whose vocabulary the checkout lacks: every text has been cut into pieces already."""

    def __init__(self, ids, mask):
        self.input_ids, self.attention_mask, self.enc_token_id = ids.clone(), mask, ids[:, 0].clone()

    def __call__(self, text, **_):
        return self

    def to(self, device):
        return self


def main():
    checkout, weights, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if not os.path.isfile(os.path.join(checkout, "models", "blip_nlvr.py")):
        leave(f"'{checkout}' is no checkout of the authors' code: it has no models/blip_nlvr.py")
    sys.path.insert(0, checkout)
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever their code prints is no answer
    try:
        import torch
        from models import blip_nlvr as authors
    except ImportError as missing:
        leave(f"the authors' code cannot be imported by {sys.executable}: {missing}")
    torch.set_num_threads(threads)
    tensors = read(torch, weights)
    images, ids, mask = (tensors.pop(name) for name in ("images", "ids", "mask"))
    authors.init_tokenizer = lambda: Pieces(ids, mask)
    model = authors.BLIP_NLVR(
        med_config=os.path.join(checkout, "configs", "med_config.json"), image_size=images.shape[-1], evaluate=True)
    missing = [name for name in model.load_state_dict(tensors, strict=False).missing_keys if "position_ids" not in name]
    if missing:
        leave(f"the authors' model has weights that the kit's has not: {', '.join(missing[:5])}")
    model.eval()
    targets = torch.zeros(ids.shape[0], dtype=torch.int64)
    left, right = torch.randn(2304, 768), torch.randn(768, 3072)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        with torch.inference_mode():
            if line.strip() == "product":
                left.mm(right)
                logits = torch.empty(0)
            else:
                logits = model(images, [""] * ids.shape[0], targets, temperature=float(line), train=False)
        print(json.dumps(logits.flatten().tolist()), file=answers, flush=True)


main()
