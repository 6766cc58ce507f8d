#!/usr/bin/env python3
"""Counts the I/O that QEMU's qcow2 driver issues on an image for given requests.

    tools/measure/qcow2_io.py > validation/data/qemu-qcow2-io-own.toml

Needs qemu-utils and strace, a file system with fallocate and 3 GB in --directory. Each case makes
an image with qemu-img, serves requests with qemu-io one at a time, and counts the system calls on
the image file from opening it to closing it. Requests are the same on every run: their places come
from splitmix64, started with the case's seed, modulo the number of places.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
CALLS = {
    "pread64": "read", "preadv": "read", "preadv2": "read",
    "pwrite64": "write", "pwritev": "write", "pwritev2": "write",
    "fdatasync": "sync", "fsync": "sync", "fallocate": "fallocate",
}
DEFAULTS = {
    "image_bytes": 8 * GIB, "cluster_bytes": 64 * KIB, "l2_cache_bytes": 0, "preallocation": "off",
    "lazy_refcounts": False, "snapshots": 0, "backing": "none", "direct": False,
    "operation": "write", "order": "random", "requests": 1024, "request_bytes": 4 * KIB,
    "working_set_bytes": 0, "flush_every": 0, "seed": 1,
}
CASES = (
    [{"cluster_bytes": c} for c in (4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 2 * MIB)]
    + [{"cluster_bytes": 512, "image_bytes": GIB, "requests": 512}]
    + [{"flush_every": n} for n in (1, 8, 32)]
    + [{"cluster_bytes": c, "flush_every": 8} for c in (4 * KIB, 256 * KIB)]
    + [{"request_bytes": n} for n in (64 * KIB, 100 * KIB, MIB)]
    + [{"order": "sequential", "request_bytes": n} for n in (4 * KIB, 64 * KIB, MIB)]
    + [{"order": "sequential", "flush_every": 16}]
    + [{"image_bytes": 64 * GIB, "l2_cache_bytes": n} for n in (256 * KIB, MIB)]
    + [{"image_bytes": 64 * GIB, "l2_cache_bytes": MIB, "flush_every": 8}]
    + [{"image_bytes": 64 * GIB, "preallocation": "metadata", "l2_cache_bytes": n,
        "operation": op} for n in (256 * KIB, 2 * MIB) for op in ("read", "write")]
    + [{"image_bytes": 64 * GIB, "preallocation": "metadata", "l2_cache_bytes": MIB,
        "operation": "read", "cluster_bytes": c} for c in (16 * KIB, 256 * KIB)]
    + [{"image_bytes": GIB, "preallocation": p, "flush_every": 16} for p in ("falloc", "full")]
    + [{"lazy_refcounts": True, "flush_every": n} for n in (0, 8)]
    + [{"image_bytes": GIB, "preallocation": "full", "snapshots": n, "flush_every": f}
       for n, f in ((1, 0), (1, 16), (2, 0))]
    + [{"image_bytes": GIB, "preallocation": "full", "snapshots": 1, "cluster_bytes": 16 * KIB}]
    + [{"image_bytes": GIB, "preallocation": "full", "snapshots": 1, "request_bytes": 64 * KIB}]
    + [{"image_bytes": GIB, "backing": "qcow2", "request_bytes": n}
       for n in (4 * KIB, 32 * KIB, 64 * KIB)]
    + [{"image_bytes": GIB, "backing": "qcow2", "flush_every": 16}]
    + [{"image_bytes": GIB, "backing": "qcow2", "operation": "read"}]
    + [{"direct": True}, {"direct": True, "flush_every": 8}]
)


class Places:
    """splitmix64 (Vigna 2015) modulo the number of places."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return (z ^ (z >> 31)) % n


def run(*command, text=None):
    return subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def make(case, directory):
    image = os.path.join(directory, "image.qcow2")
    backing = os.path.join(directory, "backing.qcow2")
    for old in (image, backing):
        if os.path.exists(old):
            os.remove(old)
    options = [f"cluster_size={case['cluster_bytes']}", f"preallocation={case['preallocation']}"]
    if case["lazy_refcounts"]:
        options.append("lazy_refcounts=on")
    create = ["qemu-img", "create", "-q", "-f", "qcow2"]
    if case["backing"] != "none":
        run(*create, "-o", f"cluster_size={case['cluster_bytes']},preallocation=full", backing,
            str(case["image_bytes"]))
        options += [f"backing_file={backing}", "backing_fmt=qcow2"]
    run(*create, "-o", ",".join(options), image, str(case["image_bytes"]))
    for i in range(case["snapshots"]):
        run("qemu-img", "snapshot", "-c", f"s{i}", image)
    return image, backing


def requests(case):
    places = Places(case["seed"])
    size = case["request_bytes"]
    count = (case["working_set_bytes"] or case["image_bytes"]) // size
    lines = []
    for i in range(case["requests"]):
        at = i % count if case["order"] == "sequential" else places.below(count)
        lines.append(f"{case['operation']} -q {at * size} {size}")
        if case["flush_every"] and (i + 1) % case["flush_every"] == 0:
            lines.append("flush")
    return "\n".join(lines) + "\n"


def counted(case, image, log):
    options = f"driver=qcow2,file.driver=file,file.filename={image}"
    if case["l2_cache_bytes"]:
        options += f",l2-cache-size={case['l2_cache_bytes']}"
    mode = "none" if case["direct"] else "writeback"
    run("strace", "-f", "-y", "-s", "0", "-o", log, "-e", "trace=" + ",".join(CALLS),
        "qemu-io", "-t", mode, "--image-opts", options, text=requests(case))
    counts, begun = {}, {}
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            pid = line.split()[0]
            start = re.search(r" (\w+)\(\d+<([^>]*)>", line)
            if start:
                begun[pid] = (os.path.basename(start[2]), CALLS.get(start[1]))
            # Not what failed or read nothing: attempts to find out the alignment, ends of file.
            end = re.search(r"= (\d+)$", line)
            if end and pid in begun and begun[pid][1] is not None:
                file, kind = begun.pop(pid)
                if kind == "read" and end[1] == "0":
                    continue
                entry = counts.setdefault((file, kind), [0, 0])
                entry[0] += 1
                entry[1] += int(end[1])
    return counts


def size_name(n):
    for unit, name in ((GIB, "G"), (MIB, "M"), (KIB, "K")):
        if n >= unit and n % unit == 0:
            return f"{n // unit}{name}"
    return str(n)


def name(case):
    parts = ["qcow2own", case["operation"], size_name(case["image_bytes"]),
             "cl" + size_name(case["cluster_bytes"]),
             "l2-" + (size_name(case["l2_cache_bytes"]) if case["l2_cache_bytes"] else "default"),
             case["preallocation"], case["order"], "bs" + size_name(case["request_bytes"]),
             f"flush{case['flush_every']}"]
    parts += ["lazy"] if case["lazy_refcounts"] else []
    parts += [f"snap{case['snapshots']}"] if case["snapshots"] else []
    parts += ["backed"] if case["backing"] != "none" else []
    parts += ["direct"] if case["direct"] else []
    return ".".join(parts)


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--directory", default=None, help="where the images are made")
    parser.add_argument("--only", default="", help="cases whose id contains this")
    options = parser.parse_args()
    version = subprocess.run(["qemu-io", "--version"], capture_output=True, text=True,
                             check=True).stdout.splitlines()[0].replace("qemu-io version ", "")
    print(f'''# More of what the real qcow2 driver does; made by tools/measure/qcow2_io.py.
[source]
id = "qemu-qcow2-io-own"
title = "I/Os that qemu-io issues on the image file for a guest request pattern, counted with strace"
provenance = "measured by tools/measure/qcow2_io.py: QEMU {version}, Linux {platform.release()}, image on ext4"
notes = "Counts include opening the image, its format given, and closing it. One request at a time; places are splitmix64(seed) modulo the number of places, or in order. fallocate counts are zeroings of new clusters. sync is fdatasync. A backing file is a fully written image of the same size and cluster; its own requests are under backing_read.''' + '"')
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        for chosen in CASES:
            case = {**DEFAULTS, **chosen}
            case["working_set_bytes"] = case["working_set_bytes"] or case["image_bytes"]
            if options.only not in name(case):
                continue
            image, _ = make(case, directory)
            counts = counted(case, image, os.path.join(directory, "log"))
            conditions = ", ".join(f"{key} = {toml(value)}" for key, value in case.items())
            print(f'''
[[point]]
id = "{name(case)}"
subsystem = "storage.qcow2"
metric = "host I/Os on the image file"
unit = "count, bytes"
conditions = {{ {conditions} }}''')
            for (file, kind), (count, total) in sorted(counts.items()):
                if file == "image.qcow2":
                    print(f"{kind} = {{ count = {count}, bytes = {total} }}")
                elif file == "backing.qcow2":
                    print(f"backing_{kind} = {{ count = {count}, bytes = {total} }}")
            print('role = "validate"', flush=True)
            print(name(case), file=sys.stderr)


if __name__ == "__main__":
    main()
