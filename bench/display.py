#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What showing a screen costs: recordings of many contents under each of the server's image compressions, played as fast as
they are taken (films in their own time), with this library and, where it is installed, the distribution's of the same name, in
alternating runs.

    display.py --build FOLDER [--quick] [--only WORD]… [--size WxH] [--rounds N] [--reference FOLDER] [--new-tapes]

Prints, for each recording, ours, theirs and the ratio of: time to the last pixel, processor time, peak memory, and the
longest time for which the main loop was held; then the geometric means, that of time without films. Recordings are made
at first use, from real servers, into FOLDER/bench/tapes. --only takes the beginning of a recording's name; --list names
them."""
import argparse
import math
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "peer")]
import peers  # noqa: E402
from sides import Side, TapeServer, best, find_reference  # noqa: E402
from tapes import Tapes  # noqa: E402

CONTENTS = ["terminal", "page", "desktop", "gtk", "x11"]
COMPRESSIONS = ["off", "quic", "lz", "glz", "wan"]  # the driver takes no lz4
CODECS = ["spice:mjpeg", "gstreamer:vp8"]
FIGURES = {"wall-ms": "mean ≤ 0.35, each ≤ 0.65", "cpu-ms": "mean ≤ 0.45, each ≤ 0.75",
           "peak-kib": "mean ≤ 0.5, each ≤ 0.8", "stall-idle-cpu-ms": "≤ 3 ms"}
SHORT = ["wall ms", "cpu ms", "peak MiB", "held ms"]


def recordings(size):
    """Name and how it is made."""
    rows = {f"{content}-{compression}": (content, {"compression": compression, "size": size})
            for content in CONTENTS for compression in COMPRESSIONS}
    rows |= {f"video-{codec.split(':')[1]}": ("video", {"codec": codec}) for codec in CODECS}
    return rows | {"firmware": ("firmware", {})}


def is_film(name):
    return name.startswith("video")


def play(side, tape_server, path):
    films = is_film(path.name)
    with TapeServer(tape_server, path, films=films) as server:
        said = side.run("replay", server.port, "sessions=1")
    with TapeServer(tape_server, path, films=films) as server:
        stalls = side.run("replay", server.port, "sessions=1", "stalls")
    return {name: {**stalls, **said}[name] for name in FIGURES}


def cell(name, ours, theirs):
    scale = 1024 if name.endswith("kib") else 1
    text = f"{ours / scale:8.1f}"
    return text + (f" {theirs / scale:8.1f} {ours / theirs:5.2f}" if theirs else "")


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def print_means(ratios):
    for name, goal in FIGURES.items():
        if ratios[name]:
            print(f"# {name}: mean {mean(ratios[name]):.2f}, worst {max(ratios[name]):.2f}   ({goal})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append")
    parser.add_argument("--size", default="1280x1024")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--new-tapes", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    rows = recordings(options.size)
    only = tuple(options.only or (["page-quic"] if options.quick else [""]))
    rows = {name: how for name, how in rows.items() if name.startswith(only)}
    if options.list:
        print(*rows, sep="\n")
        return 0
    if not rows:
        parser.error("no recording is called so; see --list")
    drive, library = options.build / "bench" / "drive", options.build / "src"
    sides = [Side("ours", library, drive)]
    reference = find_reference(options.reference, library)
    if reference:
        sides.append(Side("reference", reference, drive))
    peers.DemoServer.program = options.build / "demo" / "caraway-demo-server"
    tapes = Tapes(options.build / "bench" / "tapes", sides[0], options.quick, options.new_tapes)
    paths = {name: tapes.path(content, **how) for name, (content, how) in rows.items()}
    width = 24 if reference else 8
    print(f"# processors: {os.cpu_count()}, load {os.getloadavg()[0]:.1f}; reference: {reference or 'not installed'}")
    print(f"{'#':<16} {'MB':>6}  " + "  ".join(f"{short:>{width}}" for short in SHORT), flush=True)
    ratios = {name: [] for name in FIGURES}
    for row, path in paths.items():
        runs = [{side.name: play(side, options.build / "bench" / "tape-server", path) for side in sides}
                for _ in range(options.rounds or (1 if options.quick else 3))]
        cells = []
        for name in FIGURES:
            ours, *others = [best(name, [run[side.name][name] for run in runs]) for side in sides]
            if not (name == "wall-ms" and is_film(row)):  # it plays in its own time, whoever shows it
                ratios[name] += [ours / other for other in others if other > 0]
            cells.append(cell(name, ours, others[0] if others else 0))
        print(f"{row:<16} {path.stat().st_size / 1e6:6.1f}  " + "  ".join(cells), flush=True)
    print_means(ratios)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (peers.Failed, peers.Missing) as error:
        print(f"display.py: {error}", *getattr(error, "logs", []), sep="\n", file=sys.stderr)
        sys.exit(1)
