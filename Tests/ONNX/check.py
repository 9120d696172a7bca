"""Exports the model of every recipe, and compares what ONNX Runtime and `arbex predict` say of the same pictures.

    Tests/ONNX/check [--arbex PATH] [--recipes NAME,NAME] [--cases DIR] [--keep DIR] [--listing FILE.onnx]

For each recipe: a run of one step on drawn faces, for the names and shapes of its arrays; other numbers in them, that lie where trained
ones do; `arbex export --onnx`; onnx.checker with inference of all shapes; ONNX Runtime on batches of 1, 2 and 5 pictures, with the
normalisation in the graph and left out; `arbex predict --json` on the same pictures. Every array of the weights that the graph has must
be in it under its own name, with its own numbers. Prints the largest difference of a probability, and ends with 1 where one is beyond
1e-5. With --cases also the operations that ONNXCaseTests have left in a folder. With --listing nothing but a file as text, as
Tests/Fixtures/ONNX holds it.
"""
import argparse
import json
import math
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy
import onnx
import onnxruntime

ALLOWED = 1e-5
BATCHES = (1, 2, 5)
# From small to large: the larger, the more the last bit of a sum grows on its way through the network, in any library.
GAINS = (1, 1.25, 1.5, 2, 4)
ROOT = Path(__file__).resolve().parents[2]
MEANS = {
    "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "half": ([0.5] * 3, [0.5] * 3),
    "none": ([0.0] * 3, [1.0] * 3),
}
FACES = '{ use: "synthetic-faces", count: 14, size: 48, seed: %d }'


def safetensors(path):
    """Texts and arrays of a safetensors file of 32-bit floats."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    texts = header.pop("__metadata__", {})
    arrays = {}
    for name, place in header.items():
        start, end = (8 + length + offset for offset in place["data_offsets"])
        arrays[name] = numpy.frombuffer(data[start:end], "<f4").reshape(place["shape"])
    return texts, arrays


def write_safetensors(path, texts, arrays):
    """The same file with other numbers, and without a digest."""
    header, offset = {"__metadata__": {k: v for k, v in texts.items() if k != "sha256"}}, 0
    for name, array in arrays.items():
        end = offset + 4 * array.size
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.astype("<f4").tobytes())


def likely(name, array, source, gain):
    """Numbers such as a trained array holds; `gain` is the variance of what a sum of weights makes of numbers of variance 1."""
    noise = source.uniform(-1, 1, array.shape)
    slope = any(name.endswith(end) for end in ("prelu.weight", "input_layer.2.weight", "res_layer.2.weight"))
    if name.endswith("running_var"):
        return 1 + 0.5 * noise
    if name.endswith("running_mean"):
        return 0.1 * noise
    if slope:
        return 0.25 + 0.1 * noise
    if array.ndim == 1 and name.endswith(".weight"):
        return 1 + 0.25 * noise
    if "gamma" in name:
        return 0.5 + 0.25 * noise
    if name.endswith(".bias"):
        return 0.1 * noise
    if name.endswith(("anchors", "cls_token", "pos_embed", "bias_table")):
        return 0.5 * noise
    return noise * math.sqrt(3 * gain / max(1, math.prod(array.shape[1:])))


def pictures(folder, side, count):
    """Files of noise, and the same pictures [N, 3, S, S] in 0...1."""
    source = random.Random(7)
    files, images = [], []
    for number in range(count):
        # Patches of one colour, of sides that halve: something at every scale.
        picture = numpy.zeros((side, side, 3))
        step = side
        while step >= 1:
            cells = -(-side // step)
            grid = numpy.array([source.random() for _ in range(cells * cells * 3)]).reshape(cells, cells, 3)
            picture += grid.repeat(step, 0).repeat(step, 1)[:side, :side]
            step //= 2
        picture -= picture.min()
        # Each in light of its own colour, so that the answers differ.
        light = numpy.array([source.uniform(0.1, 1) for _ in range(3)])
        pixels = numpy.rint(picture / picture.max() * light * 255).astype(numpy.uint8)
        files.append(folder / f"{number}.ppm")
        files[-1].write_bytes(b"P6\n%d %d\n255\n" % (side, side) + pixels.tobytes())
        images.append(pixels.transpose(2, 0, 1).astype(numpy.float32) / numpy.float32(255))
    return files, numpy.stack(images)


def arbex(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"arbex {' '.join(map(str, words))}: ended with {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def checked(path):
    """The model of a file that onnx.checker accepts, all shapes inferred, and a session over it."""
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    sets = [(entry.domain, entry.version) for entry in model.opset_import]
    if sets != [("", 17)]:
        raise RuntimeError(f"{path.name}: operator sets {sets}")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return model, onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def difference(session, images, expected):
    """The largest difference of any output, over batches of several sizes."""
    names, worst = list(expected), 0.0
    for count in BATCHES:
        found = session.run(names, {"image": images[:count]})
        for name, values in zip(names, found):
            rows = expected[name].shape[0] * count // len(images)
            wanted = expected[name][:rows]
            if values.shape != wanted.shape:
                raise RuntimeError(f"{name} with {count} images: shape {values.shape}, expected {wanted.shape}")
            gap = numpy.abs(values.astype(numpy.float64) - wanted) / numpy.maximum(1, numpy.abs(wanted))
            worst = max(worst, float(numpy.nan_to_num(gap, nan=math.inf).max()))
    return worst


def recipe_row(program, recipe, folder):
    """Everything about one recipe: a row of the table."""
    run, weights = folder / "run", folder / "weights.safetensors"
    arbex(
        program, "train", recipe, "--out", run, "--max-steps", 1, "--set", f"data={{ train: {FACES % 1}, "
        f"validation: {FACES % 2} }}", "--set", "training.batch=2", "--set", "training.accumulate=1", "--set",
        "training.validationBatch=2", "--set", "labels=[]", "--set", 'sampler={ use: "sequential" }', "--set",
        "training.epochs=1",
    )
    files = list((run / "checkpoints").glob("best.safetensors")) or list((run / "checkpoints").glob("last.safetensors"))
    texts, arrays = safetensors(files[0])
    wanted = {name: array for name, array in arrays.items() if not name.startswith(("optimizer.", "average."))}
    preprocessing = json.loads(texts["preprocessing"])
    pictured, images = pictures(folder, preprocessing["size"], max(BATCHES))
    def answers(gain):
        """What arbex says with weights of this gain, and how much that differs from picture to picture."""
        source = numpy.random.default_rng(11)
        filled = {name: likely(name, array, source, gain).astype(numpy.float32) for name, array in wanted.items()}
        write_safetensors(weights, texts, filled)
        told = json.loads(arbex(program, "predict", run, *pictured, "--weights", weights, "--json"))
        spread = float(numpy.array([row["final"] for row in told["predictions"]]).std(axis=0).max())
        return spread, told, filled

    # Where every picture gets nearly the same answer, a difference would not show.
    gain = next((gain for gain in GAINS if answers(gain)[0] > 0.005), None)
    spread, told, filled = answers(gain or max(GAINS, key=lambda gain: answers(gain)[0]))
    rows = told["predictions"]
    expected = {"primary": numpy.array([row["primary"] for row in rows])}
    for term in rows[0].get("terms", {}):
        expected[f"terms.{term}"] = numpy.array([row["terms"][term] for row in rows])
    expected["final"] = numpy.array([row["final"] for row in rows])

    whole, bare = folder / "model.onnx", folder / "bare.onnx"
    arbex(program, "export", run, "--weights", weights, "--onnx", whole)
    model, session = checked(whole)
    gap = difference(session, images, expected)
    outputs = [output.name for output in session.get_outputs()]
    if outputs != list(expected):
        raise RuntimeError(f"outputs {outputs}, expected {list(expected)}")
    properties = {entry.key: entry.value for entry in model.metadata_props}
    if json.loads(properties["classes"]) != told["classes"]:
        raise RuntimeError(f"classes {properties['classes']}, expected {told['classes']}")

    own = {array.name: onnx.numpy_helper.to_array(array) for array in model.graph.initializer}
    others = [name for name, array in own.items() if name in filled and not numpy.array_equal(array, filled[name])]
    if others:
        raise RuntimeError(f"other numbers under the names {others[:4]}")
    named = sum(array.size for name, array in own.items() if name in filled)
    unnamed = sum(array.size for name, array in own.items() if name not in filled)

    arbex(program, "export", run, "--weights", weights, "--onnx", bare, "--normalised-input")
    normalize = preprocessing["normalize"]
    mean, deviation = MEANS[normalize] if isinstance(normalize, str) else (normalize["mean"], normalize["deviation"])
    order = [2, 1, 0] if preprocessing.get("channels") == "bgr" else [0, 1, 2]
    shape = (1, 3, 1, 1)
    normalised = (images[:, order] - numpy.array(mean, numpy.float32).reshape(shape)) / numpy.array(
        deviation, numpy.float32
    ).reshape(shape)
    bare_gap = difference(checked(bare)[1], normalised, expected)
    print(
        f"{recipe.relative_to(ROOT / 'Recipes')!s:34} {gap:9.2e} {bare_gap:9.2e}   {len(model.graph.node):5} "
        f"{whole.stat().st_size / 1e6:8.1f} {named:10} {unnamed:9}   {spread:.1e}",
        flush=True,
    )
    return max(gap, bare_gap)


def listing(path):
    """A file as text, a line for each thing in it."""
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    operators = " ".join(f"{entry.domain}:{entry.version}" for entry in model.opset_import)
    lines = [f"format {model.ir_version}, operators {operators}, {model.producer_name}"]
    # The hash of the recipe's text changes with every new option.
    lines += [f"text {entry.key} = {entry.value}" for entry in model.metadata_props if entry.key != "recipeHash"]
    graph = model.graph
    lines.append(f"graph {graph.name}")
    for word, values in (("in", graph.input), ("out", graph.output)):
        for value in values:
            tensor = value.type.tensor_type
            shape = ", ".join(axis.dim_param or str(axis.dim_value) for axis in tensor.shape.dim)
            lines.append(f"{word} {value.name} type {tensor.elem_type} [{shape}]")
    for array in graph.initializer:
        numbers = onnx.numpy_helper.to_array(array)
        raw = numbers.tobytes()
        content = (
            f"int64 {numbers.tolist()}"
            if numbers.dtype == numpy.int64
            else f"{numbers.dtype} {numbers.size} numbers, CRC-32 {zlib.crc32(raw):08x}"
        )
        lines.append(f"array {array.name} {list(array.dims)}: {content}")
    for node in graph.node:
        line = f"{node.op_type} ({', '.join(node.input)}) -> {', '.join(node.output)}"
        attributes = []
        for entry in node.attribute:
            value = onnx.helper.get_attribute_value(entry)
            if entry.type == onnx.AttributeProto.FLOAT:
                value = f"bits:{struct.unpack('<I', struct.pack('<f', value))[0]}"
            attributes.append(f"{entry.name}={value}")
        line += " {" + " ".join(attributes) + "}" if attributes else ""
        lines.append(line + (f" # {node.doc_string}" if node.doc_string else ""))
    return "\n".join(lines) + "\n"


def case_row(path):
    """One operation: what ONNXCaseTests wrote beside its graph."""
    _, session = checked(path)
    images = numpy.load(path.with_suffix(".image.npy"))
    expected = {output.name: numpy.load(path.with_suffix(f".{output.name}.npy")) for output in session.get_outputs()}
    gap = difference(session, images, expected)
    print(f"{path.stem:34} {gap:9.2e}", flush=True)
    return gap


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arbex", default=str(ROOT / ".build/release/arbex"))
    parser.add_argument("--recipes", help="names with commas between them, as fer2013/scn; all where not given")
    parser.add_argument("--cases", help="a folder of ONNXCaseTests")
    parser.add_argument("--keep", help="where the files stay")
    parser.add_argument("--listing", help="print this file as text, and do nothing else")
    options = parser.parse_args()
    if options.listing:
        print(listing(Path(options.listing)), end="")
        return 0
    recipes = (
        [ROOT / f"Recipes/{name}.json5" for name in options.recipes.split(",") if name]
        if options.recipes is not None
        else sorted(ROOT.glob("Recipes/*.json5")) + sorted(ROOT.glob("Recipes/fer2013/*.json5"))
    )
    worst, failed = 0.0, []
    print(f"onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}; batches of {BATCHES}")
    for path in sorted(Path(options.cases).glob("*.onnx")) if options.cases else []:
        try:
            worst = max(worst, case_row(path))
        except Exception as problem:
            failed.append(path.stem)
            print(f"{path.stem}: {problem}", flush=True)
    if recipes:
        print(f"{'recipe':34} {'largest':>9} {'bare':>9}   {'nodes':>5} {'MB':>8} {'named':>10} {'unnamed':>9}   spread")
    for recipe in recipes:
        name = str(recipe.relative_to(ROOT / "Recipes").with_suffix(""))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(options.keep) / name if options.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                worst = max(worst, recipe_row(options.arbex, recipe, folder))
            except Exception as problem:
                failed.append(name)
                print(f"{name}: {problem}", flush=True)
    print(f"largest difference {worst:.2e}, allowed {ALLOWED:.0e}; failed: {', '.join(failed) or 'none'}")
    return 1 if failed or worst > ALLOWED else 0


if __name__ == "__main__":
    sys.exit(main())
