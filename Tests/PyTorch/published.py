"""What the six systems publish, and what the reference says of pictures: for checkpoints.py, no script of its own."""
import importlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

COUNT = 3
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
RAF_DB = ([0.57535914, 0.44928582, 0.40079932], [0.20735591, 0.18981615, 0.18132027])


# ------------------------------------------------------------- checkpoints ------------------------
def counted(state):
    """With the counter that PyTorch keeps beside each running variance."""
    out = {}
    for k, v in state.items():
        out[k] = v
        if k.endswith("running_var"): out[k.replace("running_var", "num_batches_tracked")] = torch.tensor(9)
    return out


def parallel(state): return {"module." + k: v for k, v in state.items()}


def used_optimizer(state, make):
    """The state of an optimiser that has taken a step over all arrays that learn."""
    parameters = [torch.nn.Parameter(v.clone()) for k, v in state.items() if "running_" not in k]
    for p in parameters: p.grad = torch.zeros_like(p)
    optimizer = make(parameters)
    optimizer.step()
    return optimizer.state_dict()


def adam(state): return used_optimizer(state, lambda p: torch.optim.Adam(p, 1e-3))
def sgd(state): return used_optimizer(state, lambda p: torch.optim.SGD(p, 0.1, momentum=0.9))


def saved(value, path, old=False):
    torch.save(value, path, _use_new_zipfile_serialization=not old)
    return str(path)


# ------------------------------------------------------------- pictures ---------------------------
def pictures(folder, side):
    """A tint, a mosaic and noise in each, as PNG; their pixels come back from the files, 0...1, [N,3,side,side]."""
    random, names, pixels = np.random.default_rng(3), [], []
    for i in range(COUNT):
        mosaic = np.kron(random.integers(0, 256, (7, 7, 3)), np.ones((side // 7, side // 7, 1)))
        tint = random.integers(0, 256, (1, 1, 3))
        picture = 0.4 * mosaic + 0.3 * tint + 0.3 * random.integers(0, 256, (side, side, 3))
        names.append(str(folder / f"{side}-{i}.png"))
        Image.fromarray(picture.astype(np.uint8)).save(names[-1])
        pixels.append(np.asarray(Image.open(names[-1]).convert("RGB")))
    return names, torch.tensor(np.stack(pixels)).double().permute(0, 3, 1, 2) / 255


def normalized(x, numbers):
    mean, deviation = (torch.tensor(n, dtype=torch.float64)[:, None, None] for n in numbers)
    return (x - mean) / deviation


# ------------------------------------------------------------- systems ----------------------------
class System:
    """A system's recipe, the name of its file, how the reference fills it, the file's content, and what the reference says of
    pixels: probabilities, and evidence by its name in arbex. `entries` is the number that the published file has."""
    side, extra, old = 224, [], False

    def __init__(self): self.state = self.reference("reference").fill(self.spec())

    def reference(self, name): return importlib.import_module(name)

    def net(self): return self.reference("reference").Net({k: v.double() for k, v in self.state.items()})

    def content(self): return {"state_dict": parallel(counted(self.state))}


class SCN(System):
    recipe, file, entries = "scn", "epoch70_acc0.8719.pth", 124
    def spec(self): return self.reference("scn").scn_spec()
    def content(self): return {"iter": 70, "model_state_dict": counted(self.state), "optimizer_state_dict": adam(self.state)}
    def said(self, x):
        found = self.reference("scn").scn_forward(self.net(), normalized(x, IMAGENET))
        return found["logits"], {"importance": found["importance"][:, 0]}


class RAN(System):
    recipe, file, entries, extra, old = "ran", "checkpoint_[1, 1]_33_0.002_89.162.pth.tar", 126, ["--classes", "ferplus"], True
    def spec(self): return self.reference("ran").ran_spec()
    def content(self):
        return {"epoch": 33, "arch": "resnet18", "state_dict": parallel(counted(self.state)), "best_prec1": torch.tensor(89.162),
                "optimizer": sgd(self.state)}
    def said(self, x):
        ran = self.reference("ran")
        parts = [x[:, :, t:b, l:r] for l, t, r, b in ran.boxes(self.side, self.side, ran.FIXED)]
        regions = [F.interpolate(p, (self.side, self.side), mode="bilinear", align_corners=False) for p in parts]
        found = ran.ran_forward(self.net(), regions)
        return found["logits"], {"region-weights": found["own"], "relation-weights": found["relation"]}


class RUL(System):
    recipe, file, entries = "rul", "acc_888.pth", 142
    def spec(self): return self.reference("rul").rul_spec()
    def content(self):
        both = [{k.removeprefix("fc."): v for k, v in counted(self.state).items() if k.startswith("fc.") == last} for last in (False, True)]
        return {"model_state_dict": both[0], "fc_state_dict": both[1]}
    def said(self, x):
        found = self.reference("rul").rul_forward(self.net(), normalized(x, IMAGENET))
        return found["logits"], {"uncertainty": found["uncertainty"][:, 0]}


class EfficientFace(System):
    recipe, file, entries = "efficientface", "EfficientFace_Trained_on_RAFDB.pth.tar", 418
    def __init__(self):
        """By those rules all pictures look alike to it, so its norms see some images first: tints and noise."""
        super().__init__()
        net, random = self.reference("reference").Net(self.state, True), torch.Generator().manual_seed(1)
        draw = lambda *shape: torch.randn(shape, generator=random)
        with torch.no_grad():
            for _ in range(20): self.reference("efficientface").student_forward(net, draw(8, 3, 1, 1) + draw(8, 3, 224, 224))

    def spec(self): return self.reference("efficientface").student_spec()
    def said(self, x): return self.reference("efficientface").student_forward(self.net(), normalized(x, RAF_DB))[1], {}


class Teacher(System):
    recipe, file, entries = "efficientface-teacher", "Pretrained_LDG.tar", 320
    def spec(self): return self.reference("efficientface").teacher_spec()
    def said(self, x): return self.reference("efficientface").teacher_forward(self.net(), normalized(x, RAF_DB))[1], {}


class POSTER(System):
    recipe, file, entries, extra = "poster", "rafdb_best.pth", 1309, ["--classes", "raf-db"]
    def spec(self):
        poster = self.reference("poster")
        return {**poster.poster_original_spec(), **poster.unused_spec()}
    def content(self):
        return {"iter": 216, "model_state_dict": parallel(counted(self.state)), "optimizer_state_dict": adam(self.state)}
    def said(self, x):
        """Blue, green, red, normalised by the numbers of red, green, blue."""
        return self.reference("poster").poster_forward(self.net(), normalized(x.flip(1), IMAGENET))[1], {}


class APViT(System):
    recipe, file, entries, side = "apvit", "APViT_RAF-3eeecf7d.pth", 389, 112
    def spec(self): return self.reference("apvit").apvit_spec()
    def content(self):
        return {"meta": {"epoch": 40, "iter": 4840, "CLASSES": ("anger", "disgust")}, "state_dict": counted(self.state),
                "optimizer": sgd(self.state)}
    def said(self, x):
        """Each patch with the share of the five poolings that it survived."""
        places = []
        logits = self.reference("apvit").apvit_forward(self.net(), normalized(x, IMAGENET), places=places)[1]
        survived = torch.zeros(len(x), 196)
        for row in range(len(x)):
            alive = torch.arange(196)
            for pooling, (kept, _) in enumerate(places):
                alive = alive[kept[row] - min(pooling, 1)]              # in a block the class token is place 0
                survived[row][alive] += 1
        print("  narrowest margin of a pooling, as a part of its scores' spread:", f"{min(m.item() for _, m in places):.1e}")
        return logits, {"kept-patches": survived.view(-1, 14, 14) / len(places)}


SYSTEMS = {s.recipe: s for s in (SCN, RAN, RUL, EfficientFace, Teacher, POSTER, APViT)}
