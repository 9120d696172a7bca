#!/usr/bin/env python3
"""Writes checkpoints as PyTorch writes them, under the published names, imports them into arbex, and compares what both say of a few
pictures.

    python checkpoints.py --reference DIR [--arbex PATH] [--systems scn,ran] [--folder DIR]

For each system: the published container (wrapper, `module.` prefixes, counters of the norms, arrays that nobody reads, optimiser's
state), `arbex weights import`, `arbex predict --json`. Compared are the probabilities and the evidence that both have, with the
reference's forward pass in double precision. Prints the largest difference, in units of 1 or of the number where that is larger.
Then the files that hold a part alone, which the authors start from: the same arrays must come out as out of the whole checkpoint.
Exits with 1 where a difference is beyond 1e-5, where arrays lack or are unknown, or where a part's arrays differ.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from published import SYSTEMS, counted, parallel, pictures, saved

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = 1e-5


class RecorderMeter:
    """Stands for an object of a training script's own, which some published files pickle: `__main__.RecorderMeter`."""
    def __init__(self): self.epoch_accuracy = np.zeros((2, 2), np.float32)


# ------------------------------------------------------------- files of a part --------------------
def numbered(state, back={"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}):
    """features.4.X -> layer1.X, the trunk alone"""
    return {re.sub(r"features\.(\d)", lambda m: back[m[1]], k): v for k, v in state.items() if k.startswith("features.")}


def below(state, prefix): return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
def but(state, *starts): return {k: v for k, v in state.items() if not k.startswith(starts)}
def classifier(rows, width): return {"fc.weight": torch.rand(rows, width), "fc.bias": torch.rand(rows)}


def flat_units(state):
    """APViT's extractor as face.evoLVe has it: units counted through, and of a fourth stage and an output layer an array each."""
    first = {"0": 0, "1": 3, "2": 7}
    flat = {re.sub(r"^body\.(\d)\.(\d+)", lambda m: f"body.{first[m[1]] + int(m[2])}", k): v for k, v in state.items()}
    return {**flat, "body.21.res_layer.1.weight": torch.rand(512, 256, 3, 3), "output_layer.3.bias": torch.rand(512)}


def timm(state):
    """vit_small_p16_224: positions of class token and patches in one array, a patch embedding, a classifier."""
    kept = below(but(state, "vit.projs.", "vit.patch_pos_embed", "vit.cls_pos_embed"), "vit.")
    return {**kept, "pos_embed": torch.rand(1, 197, 768), "patch_embed.proj.weight": torch.rand(768, 3, 16, 16),
            "patch_embed.proj.bias": torch.rand(768), "head.weight": torch.rand(1000, 768), "head.bias": torch.rand(1000)}


# What timm's file has not, or not in one piece.
POSITIONS = {"encoder." + k for k in ("projs.0.weight", "projs.0.bias", "patch_pos_embed", "cls_pos_embed")}


def part_files(recipe, s):
    """File, part, content, and perhaps the arrays that it lacks; `s` is the system's whole state. How many people a face network's
    classifier tells apart matters to nobody, nor does 500."""
    if recipe in ("scn", "rul"): trunk = counted(numbered(s))
    else: trunk = counted(but(s, "alpha.", "beta.", "fc."))
    if recipe in ("scn", "ran"):
        yield "ijba_res18_naive.pth.tar", "backbone", {"state_dict": parallel({**trunk, **classifier(500, 512)})}
    if recipe == "scn":
        yield "resnet18-imagenet.pth", "backbone", {**trunk, **classifier(1000, 512)}
    if recipe == "rul":
        yield "resnet18_msceleb.pth", "backbone", {"state_dict": {**trunk, **classifier(1000, 512)}}
    if recipe == "efficientface":
        yield "Pretrained_EfficientFace.tar", "backbone", {"state_dict": parallel({**trunk, **classifier(12666, 1024)})}
    if recipe == "efficientface-teacher":
        faces = parallel({**trunk, **classifier(12666, 2048)})
        yield "resnet50_msceleb.pth.tar", "backbone", {"state_dict": faces, "recorder": RecorderMeter()}
        yield "resnet50-imagenet.pth", "backbone", {**trunk, **classifier(1000, 2048)}
    if recipe == "poster":
        yield "ir50.pth", "backbone", counted(below(s, "ir_back."))
        yield "mobilefacenet_model_best.pth.tar", "landmarks", {"state_dict": counted(below(s, "face_landback."))}
    if recipe == "apvit":
        yield "backbone_ir50_ms1m_epoch120.pth", "backbone", flat_units(counted(below(s, "extractor.")))
        yield "vit_small_p16_224-15ec54c9.pth", "encoder", timm(s), POSITIONS


# ------------------------------------------------------------- comparison -------------------------
def arbex(program, *words):
    """-> exit code, standard output, standard error"""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def arrays(path):
    """A safetensors file's arrays: type, shape and bytes by name."""
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:start])
    return {k: (v["dtype"], v["shape"], data[start + v["data_offsets"][0]:start + v["data_offsets"][1]])
            for k, v in head.items() if k != "__metadata__"}


def difference(found, wanted):
    if None in found: return float("inf")
    found, wanted = torch.tensor(found, dtype=torch.float64), wanted.double()
    if found.shape != wanted.shape: return float("inf")
    return ((found - wanted).abs() / wanted.abs().clamp(min=1)).max().item()


def imported(program, source, recipe, target, *more):
    """-> exit code, the import's JSON or what it said against it"""
    code, out, err = arbex(
        program, "weights", "import", source, "--recipe", ROOT / f"Recipes/{recipe}.json5", "--out", target, "--json", *more)
    return code, (json.loads(out) if code == 0 else err.strip())


def incomplete(told, lacks=frozenset()):
    """What the import did not find, found in another shape, or did not know, beyond what the file lacks."""
    lost = [(p["part"], k, sorted(set(p[k]) - lacks)) for p in told["parts"] for k in ("missing", "otherShape")]
    faults = [f"{place}: {kind} {names}" for place, kind, names in lost if names]
    return faults + [f"unknown {told['unknown']}"] * bool(told["unknown"]) + ([] if lacks else told["warnings"])


def whole(program, system, folder):
    """-> faults of a system's whole checkpoint"""
    names, pixels = pictures(folder, system.side)
    source, target = folder / system.file, folder / f"{system.recipe}.safetensors"
    code, told = imported(program, saved(system.content(), source, system.old), system.recipe, target, *system.extra)
    if code: return [f"weights import: exit code {code}: {told}"]
    faults, entries = incomplete(told), len(counted(system.state))
    if entries != system.entries: faults.append(f"{entries} entries written, {system.entries} published")
    code, out, err = arbex(program, "predict", ROOT / f"Recipes/{system.recipe}.json5", "--weights", target, "--json", *names)
    if code: return faults + [f"predict: exit code {code}: {err.strip()}"]
    rows = json.loads(out)["predictions"]
    with torch.no_grad(): logits, evidence = system.said(pixels)
    wanted = torch.softmax(logits, 1)
    gaps = {"probabilities": difference([r["final"] for r in rows], wanted)}
    gaps.update({k: difference([r["evidence"].get(k) for r in rows], v) for k, v in evidence.items()})
    used = sum(p["used"] for p in told["parts"])
    print(f"  {system.file}, {source.stat().st_size / 1e6:.0f} MB: {entries} entries, {used} used, {len(told['unneeded'])} of no use")
    print(f"  probabilities of one picture and another: up to {(wanted - wanted[:1]).abs().max().item():.1e} apart")
    for name, gap in gaps.items(): print(f"  {name}: largest difference {gap:.1e}")
    return faults + [f"{k} differ by {v:.1e}" for k, v in gaps.items() if not v <= ALLOWED]


def part(program, recipe, folder, file, place, content, lacks=frozenset()):
    """-> faults of a file that holds a part alone; tells too whether arbex takes it without --part"""
    target, source = folder / "part.safetensors", saved(content, folder / f"{recipe}-{file}")
    refused = imported(program, source, recipe, target)[0]
    code, told = imported(program, source, recipe, target, "--part", place)
    if code: return [f"weights import --part {place}: exit code {code}: {told}"]
    found, wanted = arrays(target), arrays(folder / f"{recipe}.safetensors")
    other = sorted(k for k in wanted if k.startswith(place + ".") and k not in lacks and found.get(k) != wanted[k])
    print(f"  {file}: {place}, read as {told['map']}, {told['parts'][0]['used']} of {told['parts'][0]['arrays']} arrays, "
          f"{len(other)} differ; without --part {f'refused, exit code {refused}' if refused else 'taken too'}")
    return incomplete(told, lacks) + [f"{file}: {k} differs" for k in other]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, help="folder of scn.py, ran.py, rul.py, efficientface.py, poster.py, apvit.py")
    parser.add_argument("--arbex", default=str(ROOT / ".build/release/arbex"))
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--folder", help="keeps the files there")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.reference)
    torch.manual_seed(1)
    bad = 0
    for name in arguments.systems.split(","):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(arguments.folder or temporary)
            folder.mkdir(parents=True, exist_ok=True)
            print(name, flush=True)
            system = SYSTEMS[name]()
            faults = whole(arguments.arbex, system, folder)
            if (folder / f"{name}.safetensors").exists():
                for file in part_files(name, system.state): faults += part(arguments.arbex, name, folder, *file)
            for fault in faults: print("  FAULT:", fault)
            bad += bool(faults)
    print(f"{bad} systems with faults" if bad else f"all within {ALLOWED}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__": main()
