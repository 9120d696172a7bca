"""Makes tables.json and numpy.json: what Python's csv module and NumPy read from, and write to, files of every kind."""
import base64
import csv
import io
import json
import os
import random

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def write(name, rows):
    with open(os.path.join(here, name), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def tables():
    random.seed(7)
    pieces = ["a", "bc", " ", "é", '"', '""', ",", ";", "\t", "\n", "\r\n", "x y", "", "7", "-1.5", "日本"]
    cases = []
    for case in range(120):
        width = random.randint(2, 4)
        rows = [["c%d" % column for column in range(width)]]
        for _ in range(random.randint(1, 4)):
            rows.append(["".join(random.choice(pieces) for _ in range(random.randint(0, 4))) for _ in range(width)])
        # A row of one empty field could not be told from an empty line; the first field is never blank here.
        for row in rows:
            row[0] = "k" + row[0]
        text = io.StringIO()
        delimiter = random.choice(",;\t")
        csv.writer(
            text, delimiter=delimiter, lineterminator=random.choice(["\n", "\r\n"]),
            quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerows(rows)
        content = text.getvalue()
        if case % 3 == 0:
            content = content.rstrip("\r\n") if not rows[-1][-1].endswith(("\n", "\r\n")) else content
        if case % 4 == 0:
            content = "\ufeff" + content
        read = list(csv.reader(io.StringIO(content.lstrip("\ufeff"), newline=""), delimiter=delimiter))
        assert read == rows, (read, rows)
        cases.append({"text": content, "rows": rows})
    write("tables.json", cases)


def numpy_files():
    cases = []

    def add(name, array, number, version=None):
        file = io.BytesIO()
        np.lib.format.write_array(file, np.asarray(array), version=version, allow_pickle=True)
        cases.append({"name": name, "file": base64.b64encode(file.getvalue()).decode(), "number": number})

    add("text", np.array("3"), 3)
    add("big-endian text", np.array("10", dtype=">U4"), 10)
    add("bytes", np.array(b"7"), 7)
    for kind in ["i1", "<i2", ">i4", "<i8", "u1", ">u2", "<u4", "<u8", "<f4", ">f8"]:
        add(kind, np.array(6, dtype=kind), 6)
    add("negative", np.array(-2, dtype="<i4"), -2)
    add("one element", np.array([5]), 5)
    add("format 2", np.array(4), 4, (2, 0))
    add("format 3", np.array("4"), 4, (3, 0))
    add("half of one", np.array(0.5), None)
    add("not a number", np.array(np.nan), None)
    add("beyond whole numbers", np.array(1e300), None)
    add("a word", np.array("happy"), None)
    add("two numbers", np.array([1, 2]), None)
    add("none", np.zeros((0,)), None)
    write("numpy.json", cases)
    refused = []
    for name, array in [
        ("objects", np.array(["x", 1], dtype=object)),
        ("records", np.zeros(2, dtype=[("a", "<i4"), ("b", "<f8")])),
        ("beyond 64 bits", np.array(2**64 - 1, dtype="<u8")),
        ("complex", np.array(1j)),
        ("dates", np.array("2020-01-01", dtype="datetime64[D]")),
        ("Fortran's order", np.asfortranarray(np.zeros((2, 2)))),
        ("half", np.array(1, dtype="<f2")),
    ]:
        file = io.BytesIO()
        np.lib.format.write_array(file, array, allow_pickle=True)
        refused.append({"name": name, "file": base64.b64encode(file.getvalue()).decode()})
    write("numpy-refused.json", refused)


tables()
numpy_files()
