"""Writes records.tfevents beside it, with the real TensorBoard's own record writer and messages.

    pip install tensorboard==2.21.0; python make.py

LogRecordTests.swift writes the same records and expects the same bytes.
"""
import os

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

here = os.path.dirname(os.path.abspath(__file__))


def scalars(*pairs):
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in pairs])


start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
events = [
    event_pb2.Event(wall_time=1700000000.25, step=0, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=1700000000.25, step=0, session_log=start),
    event_pb2.Event(wall_time=1700000001.5, step=7, session_log=start),
    event_pb2.Event(wall_time=1700000002.125, step=1, summary=scalars(("training/loss", 1.5))),
    # A step and a name that need two bytes for their lengths, numbers at the ends of float32.
    event_pb2.Event(
        wall_time=1700000003.0, step=300,
        summary=scalars(("training/losses/" + "x" * 120, 0.1), ("überraschung", 0.0), ("b", 3.4028234663852886e38),
                        ("c", 1e-45), ("d", -2.75))),
    event_pb2.Event(wall_time=1700000004.0, step=5000000000, summary=scalars(("e", 1.0))),
]
with open(os.path.join(here, "records.tfevents"), "wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString())
