"""Makes the files in this folder: `python make.py`, with Pillow, NumPy, PyTorch, pypng, tifffile and imagecodecs, and
jpegtran from libjpeg-turbo-progs. All pictures are our own.

`NAME.expected.png` is what Pillow decodes `NAME` to, upright and as RGB; of files that Pillow cannot read or gets
wrong (sixteen bits of grey, planes apart), it is the array that was written, sixteen bits rounded to eight.
`resize.json` holds what PyTorch's F.interpolate and Pillow's resize make of the ramp image of the tests, `changes.json`
what Pillow makes of a small picture by the steps of the augmentations (hue: Python's colorsys).
"""

import colorsys
import json
import os
import struct
import subprocess

import imagecodecs
import numpy as np
import png
import tifffile
import torch
from PIL import Image, ImageEnhance, ImageOps, PngImagePlugin

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



# --- JPEG: the kinds that programs write, and those that they may refuse ---------------------------------
def pillow_sees(name):
    return ImageOps.exif_transpose(Image.open(name)).convert("RGB")


def expect(name, pixels):
    """What was written, for files without loss. Pillow must agree wherever it reads the file."""
    Image.fromarray(pixels).save(name + ".expected.png", optimize=True)


def jpegtran(source, name, *options):
    """Another arrangement of the same coefficients, so Pillow's picture of `source` is expected."""
    subprocess.run(["jpegtran", *options, "-outfile", name, source], check=True)
    return pillow_sees(source)


save(base, "wide.jpg", quality=90, subsampling=1)
save(picture(32, 16), "restarts.jpg", quality=90, subsampling=2, restart_marker_blocks=1)
save(base, "unconverted.jpg", quality=90, keep_rgb=True)
jpegtran("halved.jpg", "arithmetic.jpg", "-arithmetic").save("arithmetic.jpg.expected.png", optimize=True)
jpegtran("halved.jpg", "arithmetic_progressive.jpg", "-arithmetic", "-progressive").save(
    "arithmetic_progressive.jpg.expected.png", optimize=True)
picture(32, 16).save("lying.jpg", quality=90, subsampling=1)
jpegtran("lying.jpg", "tall.jpg", "-transpose")
pillow_sees("tall.jpg").save("tall.jpg.expected.png", optimize=True)
os.remove("lying.jpg")
# Without Adobe's marker, and with luminance instead of three inks.
marked = open("inks.jpg", "rb").read()
place = marked.index(b"\xff\xee")
open("inks_unmarked.jpg", "wb").write(marked[:place] + marked[place + 2 + int.from_bytes(marked[place + 2 : place + 4]):])
pillow_sees("inks_unmarked.jpg").save("inks_unmarked.jpg.expected.png", optimize=True)
inks = 255 - np.asarray(base.convert("CMYK"))
open("ycck.jpg", "wb").write(imagecodecs.jpeg8_encode(inks, 95, colorspace="CMYK", outcolorspace="YCCK"))
pillow_sees("ycck.jpg").save("ycck.jpg.expected.png", optimize=True)
open("twelve.jpg", "wb").write(imagecodecs.jpeg_encode(np.asarray(base).astype(np.uint16) * 16, 90, bitspersample=12))
open("lossless.jpg", "wb").write(imagecodecs.jpeg_encode(np.asarray(base), lossless=True))

# --- PNG ------------------------------------------------------------------------------------------------
shades = np.asarray(base.convert("L"))
colours = np.asarray(base)
alpha = (np.arange(14 * 21) * 5 % 256).astype(np.uint8).reshape(14, 21)
deep = colours.astype(int) * 257
deep[::2] += 100  # rounds to the same eight bits
deep = deep.clip(0, 65535).astype(np.uint16)


def write_png(name, pixels, **options):
    height, width = pixels.shape[:2]
    with open(name, "wb") as file:
        png.Writer(width, height, **options).write(file, pixels.reshape(height, -1).tolist())


def levels(bits):
    return (shades.astype(int) * ((1 << bits) - 1) // 255).astype(np.uint8)


def grey(values, bits=8):
    return np.repeat((values.astype(int) * 255 // ((1 << bits) - 1)).astype(np.uint8)[..., None], 3, axis=-1)


for bits in [1, 2, 4]:
    write_png(f"grey{bits}.png", levels(bits), greyscale=True, bitdepth=bits)
    expect(f"grey{bits}.png", grey(levels(bits), bits))
write_png("grey16.png", shades.astype(np.uint16) * 257, greyscale=True, bitdepth=16)
expect("grey16.png", grey(shades))
write_png("colour16.png", deep, greyscale=False, bitdepth=16, interlace=True)
expect("colour16.png", colours)
write_png("interlaced.png", np.dstack([colours, alpha]), greyscale=False, alpha=True, bitdepth=8, interlace=True)
expect("interlaced.png", colours)
write_png("grey_alpha.png", np.dstack([shades, alpha]), greyscale=True, alpha=True, bitdepth=8)
expect("grey_alpha.png", grey(shades))
palette = base.quantize(13)
palette.save("palette.png", transparency=3, bits=4)
expect("palette.png", np.asarray(palette.convert("RGB")))
for orientation in [3, 6]:
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(picture(16, 8), f"turned{orientation}.png", exif=exif)
# A gamma of 1 and a colour profile: both are ignored.
gamma = PngImagePlugin.PngInfo()
gamma.add(b"gAMA", struct.pack(">I", 100000))
save(base, "gamma.png", pnginfo=gamma, icc_profile=b"not a profile")

# --- TIFF -----------------------------------------------------------------------------------------------
def write_tiff(name, pixels, expected, **options):
    tifffile.imwrite(name, pixels, metadata=None, software=False, **options)
    expect(name, expected)


two = np.kron(colours, np.ones((2, 2, 1), np.uint8))  # 42 x 28: more than one tile
write_tiff("tiles.tiff", two, two, photometric="rgb", tile=(16, 16), compression="deflate", predictor=True)
write_tiff("planes.tiff", colours.transpose(2, 0, 1), colours, photometric="rgb", planarconfig="separate",
           compression="lzw", rowsperstrip=5)
write_tiff("plane_tiles.tiff", two.transpose(2, 0, 1), two, photometric="rgb", planarconfig="separate", tile=(16, 32))
write_tiff("packbits.tiff", colours, colours, photometric="rgb", compression="packbits", rowsperstrip=4)
write_tiff("colour16.tiff", deep, colours, photometric="rgb", byteorder=">", compression="deflate")
write_tiff("grey16.tiff", shades.astype(np.uint16) * 257, grey(shades), photometric="minisblack")
write_tiff("white16.tiff", (255 - shades).astype(np.uint16) * 257, grey(shades), photometric="miniswhite", byteorder=">")
write_tiff("white.tiff", 255 - shades, grey(shades), photometric="miniswhite")
write_tiff("big.tiff", colours, colours, photometric="rgb", bigtiff=True, byteorder=">")
write_tiff("pages.tiff", np.stack([colours, 255 - colours]), colours, photometric="rgb")
write_tiff("alpha.tiff", np.dstack([colours, alpha]), colours, photometric="rgb", extrasamples=["unassalpha"])
write_tiff("alpha16.tiff", np.dstack([deep, alpha.astype(np.uint16) * 257]), colours, photometric="rgb",
           extrasamples=["unassalpha"])
write_tiff("grey_alpha.tiff", np.dstack([shades, alpha]), grey(shades), photometric="minisblack",
           extrasamples=["unassalpha"])
save(Image.fromarray(np.dstack([colours, alpha]), "RGBA").convert("RGBa").convert("RGBA"), "alpha_planes.tiff")
multiplied = np.dstack([(colours.astype(int) * alpha[..., None] // 255).astype(np.uint8), alpha])
tifffile.imwrite("multiplied.tiff", multiplied, photometric="rgb", extrasamples=["assocalpha"], metadata=None)
pillow_sees("multiplied.tiff").save("multiplied.tiff.expected.png", optimize=True)
save(base.quantize(13), "palette.tiff")
save(base.convert("CMYK"), "inks.tiff")
save(base.convert("1"), "fax.tiff", compression="group4")
save(base, "jpeg.tiff", compression="jpeg", quality=95)
for bits in [2, 4]:
    packed = np.zeros((14, (21 * bits + 7) // 8), np.uint8)
    for x in range(21):
        packed[:, x * bits // 8] |= levels(bits)[:, x] << (8 - bits - x * bits % 8)
    tags = [(256, 4, 21), (257, 4, 14), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
            (278, 4, 14), (279, 4, packed.size)]
    data = struct.pack("<2sHI", b"II", 42, 8 + packed.size + packed.size % 2)
    body = packed.tobytes() + b"\0" * (packed.size % 2)
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    open(f"grey{bits}.tiff", "wb").write(data + body + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0")
    expect(f"grey{bits}.tiff", grey(levels(bits), bits))
tifffile.imwrite("floats.tiff", shades.astype(np.float32) / 255, photometric="minisblack", metadata=None)
tifffile.imwrite("signed.tiff", shades.astype(np.int16), photometric="minisblack", metadata=None)
tifffile.imwrite("deep32.tiff", shades.astype(np.uint32), photometric="minisblack", metadata=None)
for orientation in range(1, 9):
    save(picture(16, 8), f"turned{orientation}.tiff", tiffinfo={274: orientation}, compression="tiff_deflate")

# --- WebP and GIF -----------------------------------------------------------------------------------------
save(base, "lossy.webp", quality=80)
save(base, "lossless.webp", lossless=True)
clear = Image.fromarray(np.dstack([colours, alpha]), "RGBA")
save(clear, "alpha.webp", quality=80, exact=True)
save(clear, "alpha_lossless.webp", lossless=True, exact=True)
save(base, "animation.webp", lossless=True, save_all=True, append_images=[base.rotate(180)])
save(base.quantize(13), "palette.gif", interlace=True)
save(base.convert("L"), "grey.gif")
save(base.quantize(13), "animation.gif", save_all=True, append_images=[base.rotate(180).quantize(13)])
exif = Image.Exif()
exif[0x0112] = 6
save(picture(16, 8), "turned6.webp", lossless=True, exif=exif)
packet = b'<x:xmpmeta><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="8"/></x:xmpmeta>'
save(picture(16, 8), "turned8.webp", lossless=True, xmp=packet)

# Where Pillow reads a file, it must agree: its own sixteen bits of grey, two-sample greys and clipped ones apart.
for name in sorted(os.listdir(".")):
    if not os.path.exists(name + ".expected.png") or name.split(".")[0] in {"grey16", "white16"}:
        continue
    try:
        seen = np.asarray(pillow_sees(name)).astype(int)
    except Exception as problem:
        print(f"{name}: Pillow cannot read it: {problem}")
        continue
    worst = np.abs(seen - np.asarray(Image.open(name + ".expected.png").convert("RGB"))).max()
    if worst > 1:
        print(f"{name}: Pillow sees up to {worst} levels of difference")


def ramp(width, height):
    values = (np.arange(width * height * 3) * 37) % 251
    return values.reshape(height, width, 3).astype(np.uint8)


cases = []
for width, height, new_width, new_height in [
    (5, 4, 8, 7), (8, 7, 5, 4), (9, 6, 3, 2), (7, 5, 7, 2), (1, 1, 3, 2), (4, 1, 2, 3), (1, 6, 1, 4), (10, 10, 1, 1),
    (6, 5, 6, 5), (4000, 3, 7, 5), (1, 3000, 4, 9), (3, 1, 50, 1), (97, 89, 6, 4), (640, 3, 1, 8), (11, 9, 10, 8),
]:
    pixels = ramp(width, height)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous().float() / 255
    case = {"from": [width, height], "to": [new_width, new_height]}
    # PyTorch 2.15 is wrong where it shrinks with antialias from or to one pixel of width (Pillow is not);
    # lying on its side it comes out right.
    lying = 1 in (width, new_width)
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

# --- what augmentations are made of -----------------------------------------------------------------------
small = picture(12, 9)


def flat(image):
    return np.asarray(image).flatten().tolist()


def with_hue(image, shift):
    pixels = np.asarray(image).reshape(-1, 3) / 255
    turned = [colorsys.hsv_to_rgb((h + shift) % 1, s, v) for h, s, v in (colorsys.rgb_to_hsv(*p) for p in pixels)]
    return (np.array(turned) * 255).round().astype(int).flatten().tolist()


changes = {"picture": flat(small), "brightness": {}, "contrast": {}, "saturation": {}, "hue": {}, "rotation": {}, "map": {}}
for factor in [0.6, 1.7]:
    changes["brightness"][factor] = flat(ImageEnhance.Brightness(small).enhance(factor))
    changes["contrast"][factor] = flat(ImageEnhance.Contrast(small).enhance(factor))
for factor in [0, 0.4, 1.8]:
    changes["saturation"][factor] = flat(ImageEnhance.Color(small).enhance(factor))
for shift in [0.1, -0.25, 0.5]:
    changes["hue"][shift] = with_hue(small, shift)
for degrees in [10, -35]:
    changes["rotation"][degrees] = flat(small.rotate(degrees, Image.BILINEAR))
# Output pixel (x, y) is taken from (ax + by + c, dx + ey + f), pixels at whole numbers plus a half.
numbers = (0.9, 0.2, 0.5, -0.1, 1.1, -0.25)
changes["map"][" ".join(map(str, numbers))] = flat(small.transform(small.size, Image.AFFINE, numbers, Image.BILINEAR))
with open("changes.json", "w") as file:
    json.dump(changes, file)
    file.write("\n")
