"""Whether arbex sees in images what Pillow sees.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pillow numpy
    /tmp/venv/bin/python Tests/Python/compare_images.py .build/release/arbex RUN FOLDER

Every image below FOLDER is predicted as it is, and as a PNG that Pillow made of it (orientation applied, in colour; grey of
16 bits, which Pillow cuts off at 255, scaled to 8). Told are predictions that differ by more than 1e-3 and files that one of the two
reads alone; exit code 1 where a prediction differs. The source packages of image libraries are full of such files:

    apt-get source --download-only pillow tiff libpng1.6 giflib netpbm-free imagemagick graphicsmagick libwebp leptonlib \
      libjpeg-turbo gdk-pixbuf libsdl2-image
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

ENDINGS = {
    ".png", ".apng", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".gif", ".webp", ".pbm", ".pgm", ".pnm", ".ppm"}

# In a process of its own, since some of these files bring Pillow to an end.
READER = """
import resource, sys, warnings
import numpy
from PIL import Image, ImageOps
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = 60_000_000
for line in sys.stdin:
    number, path = line.rstrip("\\n").split("\\t", 1)
    print(number, end="\\t", flush=True)
    try:
        image = Image.open(path)
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            values = numpy.asarray(image).astype(float) / 257
            image = Image.fromarray(numpy.clip(values.round(), 0, 255).astype("uint8"))
        image.convert("RGB").save(sys.argv[1] + "/" + number + ".png", compress_level=1)
        print("", flush=True)
    except BaseException as problem:
        print(type(problem).__name__, str(problem).replace("\\n", " ")[:120], flush=True)
"""


def images(folder):
    for root, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in ENDINGS:
                yield os.path.join(root, name)


def read_by_pillow(paths, folder):
    """Why Pillow reads a file not; "" where it has written it as a PNG into the folder."""
    told, left = {}, list(paths)
    while left:
        lines = "".join(f"{number}\t{path}\n" for number, path in left)
        answer = subprocess.run(
            [sys.executable, "-c", READER, folder], input=lines, capture_output=True, text=True)
        for line in answer.stdout.splitlines():
            number, _, reason = line.partition("\t")
            told[number] = reason.strip()
        if answer.returncode == 0:
            break
        stopped = max(told, default=left[0][0])
        told[stopped] = "ended Pillow"
        left = [job for job in left if job[0] > stopped]
    return told


def predicted(program, run, folder):
    """What arbex says of the images in a folder, by the names of their files without ending."""
    answer = subprocess.run([program, "predict", run, folder, "--lines"], capture_output=True, text=True)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    return {os.path.splitext(os.path.basename(line["image"]))[0]: line for line in lines}


def main(program, run, folder):
    jobs = [(f"{number:06}", path) for number, path in enumerate(images(folder))]
    with tempfile.TemporaryDirectory() as work:
        own, theirs = work + "/own", work + "/theirs"
        os.mkdir(own), os.mkdir(theirs)
        for number, path in jobs:
            shutil.copyfile(path, own + "/" + number + os.path.splitext(path)[1].lower())
        told = read_by_pillow(jobs, theirs)
        ours, pillow = predicted(program, run, own), predicted(program, run, theirs)
    counts = collections.Counter()
    for number, path in jobs:
        first, second = ours.get(number, {}), pillow.get(number, {})
        if "final" in first and "final" in second:
            difference = max(abs(a - b) for a, b in zip(first["final"], second["final"]))
            kind, why = ("equal", "") if difference <= 1e-3 else ("different", f"by {difference:.4f}")
        elif "final" in first:
            kind, why = "arbex alone", told.get(number, "")
        elif "final" in second:
            kind, why = "Pillow alone", first.get("problem", "no answer")
        else:
            kind, why = "neither", ""
        counts[kind] += 1
        if why:
            print(f"{kind}: {path}: {why}")
    print(", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
