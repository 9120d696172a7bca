#!/usr/bin/env python3
"""Writes what Tests/Fixtures/gradcam.safetensors holds: Grad-CAM by PyTorch's autograd, and the attention that the image gets.

    python gradcam.py --reference DIR [--out FILE]

The network is the reference's ARBEx (reference.py) with 8 classes, without reduction, in evaluation mode, on uniform("input.gradcam")
as [1, 3, 224, 224]; parameters are filled from their names. The slopes s of IR-50's units become 0.99 + 0.01 s: of the million numbers
behind the first level some lie so near to 0 that rounding decides on which side, and with the slopes as they are one of them moves a map
by 1e-4, in PyTorch's float32 too. In double precision, stored as float32. For the maps A of each level of IR-50, and the score y of class 3:

    weights = mean over places of dy/dA,  map = ReLU(sum over channels of weights * A)         arXiv:1610.02391, equations 1 and 2

NAME.sample is every (count / 512)th value, NAME.norm the norm of all. `primary.levelI`: y is what the head gives the class before the
softmax; `final.levelI`: y is the logarithm of its balanced probability; `attention.levelI`: the mean of window cross attention's
weights over heads and landmark tokens, one window a level. `final` is the balanced distribution.
"""
import argparse
import json
import struct
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
LABEL = 3


def written(path, arrays):
    """A safetensors file of float32 arrays."""
    head, data = {}, b""
    for name, value in sorted(arrays.items()):
        raw = value.detach().float().contiguous().numpy().tobytes()
        head[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def brief(name, x): return {f"{name}.norm": x.norm().view(1), f"{name}.sample": x.flatten()[:: max(1, x.numel() // 512)][:512].clone()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, help="folder of reference.py")
    parser.add_argument("--out", default=str(ROOT / "Tests/Fixtures/gradcam.safetensors"))
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.reference)
    import reference

    class Watched(reference.Net):
        """Notes how much attention each token of the image gets, as wmcsa itself reckons it, for one window a level."""
        def wmcsa(self, img, lm, k, heads, window):
            n, h, w, c = img.shape
            assert h == w == window and n == 1
            d, t = c // heads, window * window
            key = self.linear(img.reshape(n, t, c), k + ".qkv").reshape(n, t, 2, heads, d)[:, :, 0].transpose(1, 2)
            query = lm.reshape(n, t, heads, d).transpose(1, 2)
            place = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij"), -1).reshape(t, 2)
            gap = place[:, None] - place[None] + window - 1
            bias = self.p[k + ".relative_position_bias_table"][gap[..., 0] * (2 * window - 1) + gap[..., 1]].permute(2, 0, 1)
            weights = torch.softmax(query @ key.transpose(-1, -2) / d ** 0.5 + bias, -1)  # [1, heads, asking, asked]
            self.attention.append(weights.mean((1, 2)).reshape(h, w))
            return super().wmcsa(img, lm, k, heads, window)

    spec = {**reference.poster_spec(8), **reference.arbex_head_spec()}
    for k in ("VIT.head.linear.weight", "VIT.head.linear.bias"): del spec[k]
    filled = {k: v.double() for k, v in reference.fill(spec).items()}
    for k in filled:
        if k.startswith("ir_back.body") and k.endswith(".res_layer.2.weight"): filled[k] = 0.99 + 0.01 * filled[k]
    net = Watched(filled)
    net.attention = []
    x = reference.t("input.gradcam", 1, 3, 224, 224).double()[:, :, ::2, ::2]
    # The first level is a leaf of nothing yet: the image asks for a gradient, so that the maps are in the graph.
    levels = net.ir50(x.requires_grad_(True), "ir_back.")
    e = net.encode(levels, net.mobilefacenet(x, "face_landback."))
    logits = net.head(e)
    terms = [reference.anchor_term(e, net.p["corrections.anchor.anchors"])[0], reference.attentive_term(net, e)]
    final = reference.balance(torch.softmax(logits, -1), terms)
    arrays = {"final": final}
    for name, score in (("primary", logits[0, LABEL]), ("final", final[0, LABEL].log())):
        for i, (a, g) in enumerate(zip(levels, torch.autograd.grad(score, levels, retain_graph=True)), 1):
            cam = torch.relu((g.mean((2, 3), keepdim=True) * a).sum(1))[0]
            print(f"{name}.level{i}: {tuple(cam.shape)}, most {cam.max():.3e}, {(cam > 0).double().mean():.0%} above 0")
            arrays.update(brief(f"{name}.level{i}", cam))
    for i, a in enumerate(net.attention, 1): arrays.update(brief(f"attention.level{i}", a))
    written(arguments.out, arrays)
    print("written:", arguments.out)


if __name__ == "__main__": main()
