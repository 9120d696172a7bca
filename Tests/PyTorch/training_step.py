#!/usr/bin/env python3
"""Times a training step of the six systems in PyTorch (eager) and in arbex, in turns, and prints both and their ratio.

    python training_step.py --reference DIR [--arbex PATH] [--systems scn,ran] [--batch 16] [--threads 2] [--reps 5] [--turns 3]

A step is forward, losses, backward, clipping where the authors clip, optimiser. Both sides have random images in memory, 32-bit
floats, the recipe's image size, classes, losses and optimiser, all parameters trained but those that the authors freeze, and a
learning rate of 0, so that every step does the same work. Neither reads images, augments, or asks a label policy.
One measurement is two steps that warm up, then --reps timed ones, of which the median counts: what `arbex bench` does, and
what the references' own `bench` does. A turn is one measurement of PyTorch, then one of arbex; the medians of the turns are told.

In a step of | both sides
scn            weighed cross-entropy and rank regularisation; Adam with weight decay; no relabelling
ran            six regions for each image, one after another, batch statistics for each; cross-entropy, region-biased loss; SGD
rul            both branches with dropout 0.4, a random permutation in every step, add-up loss; Adam, the classifier a group of its own
efficientface  the student alone, against labels as distributions: the teacher's forward pass is left out on both sides
poster         SAM over Adam: two forward and backward passes; landmark network frozen, statistics too; no drop path; both losses
apvit          both poolings; cross-entropy; gradients clipped to norm 10; SGD with weight decay

Changed in arbex's recipes, so that both do the same: poster's drop path is 0 (the reference has none), ran and poster take a batch
in one piece, apvit's classifier does not start from zeros (it would send no gradient back). What stays different: arbex also looks
whether loss and gradients are finite and counts right answers; it does not work out what nobody reads (in apvit's last block all
tokens but the class token), but it does locate poster's 68 landmark points, which the reference leaves out.
"""
import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[2]


class Step:
    """Parameters, an optimiser over those that learn, and a step. `loss` makes the number that is differentiated."""

    def __init__(self, parameters, loss, optimizer, frozen="", clip=0.0, sharpness=0.0):
        self.learned = [v for k, v in parameters.items() if "running_" not in k]
        trained = {k: v.requires_grad_(True) for k, v in parameters.items()
                   if "running_" not in k and not (frozen and k.startswith(frozen))}
        self.trained, self.loss = list(trained.values()), loss
        self.optimizer, self.clip, self.sharpness = optimizer(trained), clip, sharpness

    def gradient(self):
        self.optimizer.zero_grad()
        self.loss().backward()

    def __call__(self):
        self.gradient()
        if self.clip: torch.nn.utils.clip_grad_norm_(self.trained, self.clip)
        if self.sharpness: self.sharpened()
        self.optimizer.step()

    def sharpened(self):
        """The gradient at the worst place nearby (SAM), in place of the one at home."""
        with torch.no_grad():
            home = [v.clone() for v in self.trained]
            scale = self.sharpness / (torch.stack([v.grad.norm() for v in self.trained]).norm() + 1e-12)
            for v in self.trained: v += v.grad * scale
        self.gradient()
        with torch.no_grad():
            for v, h in zip(self.trained, home): v.copy_(h)


def adam(**options): return lambda trained: torch.optim.Adam(list(trained.values()), 0.0, **options)
def sgd(**options): return lambda trained: torch.optim.SGD(list(trained.values()), 0.0, momentum=0.9, **options)


class Systems:
    """Each method makes the step of one system, for a batch."""
    names = ["scn", "ran", "rul", "efficientface", "poster", "apvit"]
    # What arbex's recipe must be told to do the same work.
    changes = {"ran": ["training.accumulate=1"], "poster": ["training.accumulate=1", "model.encoder.dropPath=0"],
               "apvit": ["model.head.zeroStart=false"]}

    def __init__(self, layout): self.layout, self.reference = layout, importlib.import_module("reference")

    def network(self, spec, training=True):
        laid = {k: v.contiguous(memory_format=self.layout) if v.dim() == 4 else v for k, v in self.reference.fill(spec).items()}
        return self.reference.Net(laid, training)

    def images(self, batch, side=224): return torch.randn(batch, 3, side, side).contiguous(memory_format=self.layout)

    def labels(self, batch, classes=7): return torch.arange(batch) % classes

    def make_scn(self, batch):
        scn, x, y = importlib.import_module("scn"), self.images(batch), self.labels(batch)
        net = self.network(scn.scn_spec(7))
        def loss():
            found = scn.scn_forward(net, x)
            return scn.weighted_loss(found["logits"], y) + scn.rank_loss(found["importance"], 0.07)[0]
        return Step(net.p, loss, adam(weight_decay=1e-4))

    def make_ran(self, batch):
        ran, y = importlib.import_module("ran"), self.labels(batch, 8)
        regions = [self.images(batch) for _ in ran.FIXED]
        net = self.network(ran.ran_spec(8))
        def loss():
            found = ran.ran_forward(net, regions)
            return F.cross_entropy(found["logits"], y) + ran.biased_loss(found["own"], 0.1)
        return Step(net.p, loss, sgd(weight_decay=1e-4))

    def make_rul(self, batch):
        rul, x, y = importlib.import_module("rul"), self.images(batch), self.labels(batch)
        net = self.network(rul.rul_spec(7))
        def loss():
            found, partner = rul.rul_forward(net, x, dropout=0.4), torch.randperm(batch)
            mixed = rul.mix(found["mu"], found["uncertainty"], partner)[0]
            return rul.add_up_loss(net.linear(mixed, "fc"), y, partner)[2]
        def optimizer(trained):
            groups = [[v for k, v in trained.items() if k.startswith("fc.") == last] for last in (False, True)]
            return torch.optim.Adam([{"params": g} for g in groups], 0.0, weight_decay=1e-4)
        return Step(net.p, loss, optimizer)

    def make_efficientface(self, batch):
        face, x, y = importlib.import_module("efficientface"), self.images(batch), self.labels(batch)
        net, wanted = self.network(face.student_spec(7)), F.one_hot(y, 7).float()
        return Step(net.p, lambda: face.distribution_loss(face.student_forward(net, x)[1], wanted), sgd(weight_decay=1e-4))

    def make_poster(self, batch):
        poster, x, y = importlib.import_module("poster"), self.images(batch), self.labels(batch)
        net = self.network(poster.poster_original_spec(7))
        still = self.reference.Net(net.p, False)
        loss = lambda: poster.poster_loss(poster.poster_forward(net, x, still)[1], y)[2]
        return Step(net.p, loss, adam(), frozen="face_landback.", sharpness=0.05)

    def make_apvit(self, batch):
        apvit, x, y = importlib.import_module("apvit"), self.images(batch, 112), self.labels(batch)
        net = self.network(apvit.apvit_spec(7))
        return Step(net.p, lambda: F.cross_entropy(apvit.apvit_forward(net, x)[1], y), sgd(weight_decay=5e-4), clip=10)


def arbex_bench(arguments, name):
    """What `arbex bench` says of the system's recipe."""
    command = [arguments.arbex, "bench", str(ROOT / "Recipes" / f"{name}.json5"), "--json", "--batch", str(arguments.batch),
               "--threads", str(arguments.threads), "--reps", str(arguments.reps)]
    for change in Systems.changes.get(name, []): command += ["--set", change]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode: sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def cpu_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")


def measure(arguments, name, systems):
    """-> milliseconds per image of each turn: PyTorch's, arbex's"""
    timed = importlib.import_module("poster").timed
    step = getattr(systems, "make_" + name)(arguments.batch)
    ours, theirs = [], []
    for _ in range(arguments.turns):
        theirs.append(timed(step, arguments.reps, arguments.batch))
        found = arbex_bench(arguments, name)
        ours.append(found["train_ms_per_image"])
        sizes = [sum(v.numel() for v in group) for group in (step.learned, step.trained)]
        if sizes != [found["parameters"], found["trainable_parameters"]]:
            sys.exit(f"{name}: {sizes} parameters here, {found['parameters']}, {found['trainable_parameters']} in arbex")
    return theirs, ours


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, help="folder of scn.py, ran.py, rul.py, efficientface.py, poster.py, apvit.py")
    parser.add_argument("--arbex", default=str(ROOT / ".build/release/arbex"))
    parser.add_argument("--systems", default=",".join(Systems.names))
    for name, default in (("batch", 16), ("threads", os.cpu_count()), ("reps", 5), ("turns", 3)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--channels-last", action="store_true", help="PyTorch's images and kernels in that layout; not its default")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.reference)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    systems = Systems(torch.channels_last if arguments.channels_last else torch.contiguous_format)
    print(f"{cpu_name()}; threads: {arguments.threads}; PyTorch {torch.__version__}{', channels last' if arguments.channels_last else ''}; "
          f"batch {arguments.batch}, medians of {arguments.turns} turns of {arguments.reps} steps; load before: {os.getloadavg()[0]:.2f}")
    print("| system | PyTorch, ms per image | arbex, ms per image | ratio | lowest and highest ratio of a turn |\n|---|---|---|---|---|")
    for name in arguments.systems.split(","):
        theirs, ours = measure(arguments, name, systems)
        ratios = [a / b for a, b in zip(theirs, ours)]
        print(f"| {name} | {median(theirs):.1f} | {median(ours):.1f} | {median(theirs) / median(ours):.2f} | "
              f"{min(ratios):.2f} ... {max(ratios):.2f} |", flush=True)


if __name__ == "__main__": main()
