"""Makes the files in this folder: `python make.py`, with Pillow, NumPy and PyTorch. All pictures are our own.

`NAME.expected.png` is what Pillow decodes `NAME` to, upright and as RGB. `resize.json` holds what PyTorch's
F.interpolate and Pillow's resize make of the ramp image of the tests.
"""

import json
import os

import numpy as np
import torch
from PIL import Image, ImageOps

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def picture(width, height):
    """Smooth colours with a dark corner, so that no two orientations look alike."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([255 * x / (width - 1), 255 * y / (height - 1), 128 + 100 * np.sin(x / 3 + y / 2)], axis=-1)
    rgb[: height // 3, : width // 3] *= 0.3
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


def save(image, name, **options):
    image.save(name, **options)
    ImageOps.exif_transpose(Image.open(name)).convert("RGB").save(name + ".expected.png", optimize=True)


base = picture(21, 14)
save(base, "colour.jpg", quality=90, subsampling=0)
save(base, "halved.jpg", quality=90, subsampling=2)
save(base, "progressive.jpg", quality=90, subsampling=2, progressive=True)
save(base.convert("L"), "grey.jpg", quality=90)
save(base.convert("CMYK"), "inks.jpg", quality=95)
save(base, "plain.tiff")
save(base, "packed.tiff", compression="tiff_lzw")
save(base.convert("L"), "grey.tiff")
for orientation in range(0, 10):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(picture(16, 8), f"turned{orientation}.jpg", quality=90, subsampling=0, exif=exif)


def ramp(width, height):
    values = (np.arange(width * height * 3) * 37) % 251
    return values.reshape(height, width, 3).astype(np.uint8)


cases = []
for width, height, new_width, new_height in [
    (5, 4, 8, 7), (8, 7, 5, 4), (9, 6, 3, 2), (7, 5, 7, 2), (1, 1, 3, 2), (4, 1, 2, 3), (1, 6, 1, 4), (10, 10, 1, 1),
    (6, 5, 6, 5),
]:
    pixels = ramp(width, height)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous().float() / 255
    case = {"from": [width, height], "to": [new_width, new_height]}
    # PyTorch 2.15 repeats the first row when it shrinks a picture one pixel wide with antialias (Pillow does not);
    # lying on its side it comes out right.
    lying = width == 1
    for name, antialias in [("plain", False), ("antialiased", True)]:
        source, target = (tensor.mT, (new_width, new_height)) if lying else (tensor, (new_height, new_width))
        out = torch.nn.functional.interpolate(
            source.contiguous(), target, mode="bilinear", align_corners=False, antialias=antialias)
        out = out.mT if lying else out
        case[name] = [round(float(v), 6) for v in out[0].permute(1, 2, 0).flatten()]
    resized = Image.fromarray(pixels).resize((new_width, new_height), Image.BILINEAR)
    case["pillow"] = np.asarray(resized).flatten().tolist()
    cases.append(case)
with open("resize.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
