"""Holds a run's TensorBoard file against its metrics.jsonl and timings.jsonl, read by the real TensorBoard.

    pip install tensorboard; python check_events.py RUN...

Every scalar must be there once, with the line's step, the time of its line in timings.jsonl, and the number rounded to
float32; nothing else may be there. So read by EventAccumulator, and record by record.
"""
import glob
import json
import os
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def named(line):
    """Tags and numbers of a line of metrics.jsonl."""
    group = "training" if line["event"] == "step" else line["event"]
    yield group + "/loss", line["loss"]
    for name, value in line.get("losses", {}).items():
        yield f"{group}/losses/{name}", value
    if "learningRate" in line:
        yield group + "/learning-rate", line["learningRate"]
    for which in ("primary", "corrected"):
        # An older version told the second alone.
        scores = line.get(which, {"accuracy": line.get("accuracy") if which == "corrected" else None})
        yield f"{group}/accuracy/{which}", scores["accuracy"]
        if "macroF1" in scores:
            yield f"{group}/macro-f1/{which}", scores["macroF1"]
    for name, value in line.get("metrics", {}).items():
        yield f"{group}/metrics/{name}", value


def timed(line):
    """Tags and numbers of a line of timings.jsonl."""
    for key, name in (("data", "data"), ("compute", "compute"), ("seconds", line["event"]),
                      ("imagesPerSecond", "images-per-second")):
        if line.get(key) is not None:
            yield "time/" + name, line[key]


def expected(run):
    timings = {}
    for line in lines(os.path.join(run, "timings.jsonl")):
        if line["event"] != "checkpoint":
            key = line["event"], line["step"]
            assert key not in timings, f"timings.jsonl holds {key} twice"
            timings[key] = line
    scalars, seen = {}, set()
    for line in lines(os.path.join(run, "metrics.jsonl")):
        key = line["event"], line["step"]
        assert key not in seen, f"metrics.jsonl holds {key} twice"
        seen.add(key)
        timing = timings.get(key)
        for tag, value in list(named(line)) + (list(timed(timing)) if timing else []):
            if value is not None:
                scalars[tag, line["step"]] = float32(value), timing.get("time") if timing else None
    return scalars


def compare(found, wanted, reader):
    assert found.keys() == wanted.keys(), f"{reader}: {sorted(found.keys() ^ wanted.keys())[:5]} are not in both"
    for key, (value, time) in wanted.items():
        assert found[key][0] == value, f"{reader}: {key} is {found[key][0]}, expected {value}"
        assert time is None or found[key][1] == time, f"{reader}: {key} has time {found[key][1]}, expected {time}"


def check(run):
    paths = glob.glob(os.path.join(run, "*tfevents*"))
    assert len(paths) == 1, f"{len(paths)} event files"
    wanted = expected(run)

    accumulator = EventAccumulator(run, size_guidance={"scalars": 0})
    accumulator.Reload()
    found = {}
    for tag in accumulator.Tags()["scalars"]:
        for scalar in accumulator.Scalars(tag):
            assert (tag, scalar.step) not in found, f"{tag} has step {scalar.step} twice"
            found[tag, scalar.step] = scalar.value, scalar.wall_time
    compare(found, wanted, "EventAccumulator")

    raw, size = {}, 0
    for record in RawEventFileLoader(paths[0]).Load():
        size += len(record) + 16
        event = event_pb2.Event.FromString(record)
        for value in event.summary.value:
            assert (value.tag, event.step) not in raw, f"{value.tag} has step {event.step} twice in the file"
            raw[value.tag, event.step] = value.simple_value, event.wall_time
    compare(raw, wanted, "records")
    assert size == os.path.getsize(paths[0]), "the file ends within a record"
    print(f"{run}: {len(wanted)} scalars under {len({tag for tag, _ in wanted})} tags, all equal")


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        try:
            check(folder)
        except AssertionError as problem:
            sys.exit(f"{folder}: {problem}")
