"""Writes the small PyTorch files beside it, and expected.json with what PyTorch itself finds in each.

    pip install torch numpy; python make.py
"""
import argparse, collections, json, os
import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)


class RecorderMeter:
    """Published checkpoints drag such an object along."""

    def __init__(self):
        self.epoch_losses = np.zeros((2, 2), dtype=np.float32)
        self.current_epoch = 1


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 3, bias=False)
        self.norm = torch.nn.BatchNorm2d(3)
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.PReLU())
        with torch.no_grad():
            self.norm.running_mean.uniform_(-1, 1)
            self.norm.running_var.uniform_(0.5, 1.5)


def checkpoint():
    net = Net()
    return {
        "epoch": 3, "best_acc": torch.tensor(92.21), "recorder": RecorderMeter(),
        "state_dict": collections.OrderedDict(("module." + k, v) for k, v in net.state_dict().items()),
        "optimizer": torch.optim.Adam(net.parameters()).state_dict(), "args": argparse.Namespace(lr=0.1, name="x"),
        "when": np.float64(0.5), "device": torch.device("cpu"), "names": {"a", "b"}, "size": torch.Size([1, 2]),
        "big": 1 << 80, "neither": (None, True, b"bytes", 1.5, -3),
    }


def views():
    base = torch.arange(24, dtype=torch.float32)
    grid = base.view(4, 6)
    return {
        "base": base, "transposed": grid.t(), "columns": grid[:, 1:5:2], "row": grid[2], "scalar": base[5],
        "cube": base.view(2, 3, 4).permute(2, 0, 1), "expanded": base[3:4].expand(5), "empty": torch.zeros(0, 3),
        "last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last), "parameter": torch.nn.Parameter(grid[1:3, 2:]),
    }


def types():
    values = torch.tensor([0.0, 1.0, -2.5, 100.25])
    result = {str(t).split(".")[1]: values.to(t) for t in (torch.float64, torch.float32, torch.float16, torch.bfloat16)}
    whole = torch.tensor([0, 1, 100])
    result |= {str(t).split(".")[1]: whole.to(t) for t in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
    return result


def arrays(state):
    """Names, shapes and numbers as float32, row-major."""
    return {k: {"shape": list(v.shape), "values": v.detach().float().flatten().tolist()} for k, v in state.items()}


expected = {}


def save(name, value, state, kinds=("zip", "old"), **options):
    for kind in kinds:
        file = f"{name}-{kind}.pth"
        torch.save(value, os.path.join(here, file), _use_new_zipfile_serialization=kind == "zip", **options)
        expected[file] = arrays(state)


def plain(state):
    return {k.removeprefix("module."): v for k, v in state.items()}


value = checkpoint()
save("checkpoint", value, plain(value["state_dict"]))
torch.manual_seed(8)
value = views()
save("views", value, value)
save("types", types(), types())
save("protocol4", types(), types(), pickle_protocol=4)
net = Net()
# The older format would put the source code of PyTorch's own modules into the file.
save("module", {"net": net, "acc": 0.5}, net.state_dict(), kinds=("zip",))
value = {"_orig_mod.module." + k: v for k, v in Net().state_dict().items()}
save("compiled", {"model": {"state_dict": value}}, {k.removeprefix("_orig_mod.module."): v for k, v in value.items()})
with open(os.path.join(here, "expected.json"), "w") as out:
    json.dump(expected, out)
# What cannot be read, and says so.
torch.save({"w": torch.ones(2, 2).to_sparse()}, os.path.join(here, "sparse.pth"))
torch.save({"w": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, os.path.join(here, "quantised.pth"))
torch.save({"w": torch.ones(2, dtype=torch.complex64)}, os.path.join(here, "complex.pth"))
torch.save({"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": []}, os.path.join(here, "optimiser.pth"))
torch.save(torch.ones(3), os.path.join(here, "tensor.pth"))
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), os.path.join(here, "script.pth"))
