#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-client-seeds.py FOLDER VECTORS…: what servers say, as fuzz-client.c takes it: captured messages of each channel, some
that were not captured, and a program's acts between and inside them."""
import importlib.util
import pathlib
import struct
import sys

wire = pathlib.Path(__file__).resolve().parent.parent / "wire" / "make-seeds.py"
spec = importlib.util.spec_from_file_location("wire_seeds", wire)
captured = importlib.util.module_from_spec(spec)
spec.loader.exec_module(captured)

# The order in which the client of the target opens its channels; 7 is a second display.
ORDER = {"main": 0, "display": 1, "inputs": 2, "cursor": 3, "port": 4, "playback": 5, "record": 6, "usbredir": 8, "webdav": 9}
MAIN, DISPLAY, INPUTS, CURSOR, PORT, PLAYBACK, RECORD, OTHER_DISPLAY = range(8)
N_ACTS = 12
DISCONNECT, CONNECT, HANG_UP, REPLY = 2, 4, 7, 10
PRIMARY = struct.pack("<5I", 0, 64, 64, 32, 1)


def record(channel, kind, body=b""):
    return struct.pack("<BHH", channel, kind, len(body)) + body


def act(channel, what, inside=False):
    return bytes((0x80 | (0x40 if inside else 0) | channel, what))


def box(top, left, bottom, right):
    return struct.pack("<4i", top, left, bottom, right)


def said(paths):
    """Of each channel, what was captured."""
    talks = {}
    for path in paths:
        for words, body in captured.vectors(path):
            if words[0] == "body" and words[2] == "server" and words[1] in ORDER:
                channel = ORDER[words[1]]
                talks.setdefault(channel, []).append(record(channel, int(words[3]), body[:1500]))
    return talks


def common(channel):
    """What every channel understands."""
    ping, notify = struct.pack("<IQ", 1, 2), struct.pack("<Q4I", 5, 1, 2, 3, 4) + b"text\0"
    sub = struct.pack("<HI", 4, len(ping)) + ping
    listed = struct.pack("<HI", 2, 4) + struct.pack("<I", 8) + sub
    wait = struct.pack("<BBBQ", 1, 2, 0, 1)
    return [record(channel, 3, struct.pack("<2I", 1, 2)), record(channel, 4, ping), record(channel, 4, ping + bytes(100)),
            record(channel, 7, notify), record(channel, 8, listed), record(channel, 5, wait), record(channel, 99, b"?"),
            record(channel, 6, struct.pack("<QI", 1, 0))]


def fill(surface, color=0x123456):
    base = struct.pack("<I", surface) + box(1, 2, 30, 40) + b"\0"
    return base + struct.pack("<BIHBiiI", 1, color, 8, 0, 0, 0, 0)


def display(channel):
    wait = struct.pack("<BBBQ", 1, 2, 0, 4)
    monitors = struct.pack("<HH", 1, 4) + struct.pack("<7I", 0, 0, 64, 64, 0, 0, 0)
    return [record(channel, 102), record(channel, 302, fill(0)), record(channel, 104, struct.pack("<I", 0) + box(0, 0, 20, 20)
            + b"\0" + struct.pack("<2i", 5, 5)), record(channel, 317, monitors), record(channel, 5, wait),
            record(channel, 302, fill(0, 0xFFFFFF)), record(channel, 105, struct.pack("<HBQ", 1, 1, 7)),
            record(channel, 106, struct.pack("<BBBQ", 1, 2, 0, 3)), record(channel, 107, bytes(8)), record(channel, 108),
            record(channel, 122, struct.pack("<IIBBQIIII", 0, 1, 1, 0, 9, 32, 32, 32, 32) + box(0, 0, 32, 32) + b"\0"),
            record(channel, 123, struct.pack("<3I", 1, 10, 20) + bytes(20)), record(channel, 125, struct.pack("<I", 1)),
            record(channel, 314, struct.pack("<5I", 3, 16, 16, 96, 0)), record(channel, 302, fill(3)),
            record(channel, 315, struct.pack("<I", 3)), record(channel, 103), record(channel, 302, fill(0)),
            record(channel, 315, struct.pack("<I", 0)), record(channel, 101, struct.pack("<3I", 80, 60, 32))]


def shape(kind, flags=0, unique=1):
    """A cursor of 8 by 8 points."""
    sizes = {0: 256, 1: 16, 2: 104, 6: 264}
    return struct.pack("<HQBHHHH", flags, unique, kind, 8, 8, 1, 2) + bytes(i * 7 & 0xff for i in range(sizes[kind]))


def cursor():
    init = struct.pack("<hhHHB", 3, 4, 0, 0, 1) + struct.pack("<H", 1)
    return [record(CURSOR, 101, init), record(CURSOR, 103, struct.pack("<hhB", 5, 6, 1) + shape(0, 2, 11)),
            record(CURSOR, 103, struct.pack("<hhB", 5, 6, 1) + struct.pack("<HQBHHHH", 4, 11, 0, 8, 8, 1, 2)),
            record(CURSOR, 103, struct.pack("<hhB", 5, 6, 1) + shape(1)), record(CURSOR, 104, struct.pack("<hh", 7, 8)),
            record(CURSOR, 103, struct.pack("<hhB", 5, 6, 0) + shape(6)), record(CURSOR, 105), record(CURSOR, 106, bytes(4)),
            record(CURSOR, 107, struct.pack("<Q", 11)), record(CURSOR, 108), record(CURSOR, 102),
            record(CURSOR, 101, struct.pack("<hhHHB", 3, 4, 2, 3, 1) + shape(2))]


def agent(kind, body):
    return record(MAIN, 109, struct.pack("<2IQI", 1, kind, 0, len(body)) + body)


def main_talk():
    return [record(MAIN, 107), agent(6, struct.pack("<2I", 1, 0x7FFF)), agent(7, struct.pack("<2I", 0, 1)),
            agent(8, struct.pack("<2I", 0, 1)), agent(4, struct.pack("<2I", 0, 1) + b"text"), agent(9, bytes(4)),
            agent(3, struct.pack("<2I", 2, 1)), record(MAIN, 110, struct.pack("<I", 5)),
            record(MAIN, 105, struct.pack("<2H", 3, 2)), record(MAIN, 106, struct.pack("<I", 77)), record(MAIN, 108, bytes(4)),
            record(MAIN, 113, struct.pack("<I", 4) + b"name"), record(MAIN, 114, bytes(range(16))),
            record(MAIN, 115, struct.pack("<I", 10)), record(MAIN, 102),
            record(MAIN, 104, struct.pack("<I", 2) + bytes((4, 1, 2, 2)))]


def port():
    return [record(PORT, 201, struct.pack("<IIB", 4, 9, 1) + b"port"), record(PORT, 101, b"data"), record(PORT, 202, b"\2"),
            record(PORT, 202, b"\1"), record(PORT, 101, bytes(2000))]


def sound():
    start = struct.pack("<2IHI", 2, 1, 48000, 5)
    return [record(PLAYBACK, 103, start), record(PLAYBACK, 102, struct.pack("<IH", 4, 1)), record(PLAYBACK, 101, bytes(500)),
            record(PLAYBACK, 105, struct.pack("<BHH", 2, 9, 8)), record(PLAYBACK, 106, b"\1"),
            record(PLAYBACK, 107, struct.pack("<I", 100)), record(PLAYBACK, 104), record(RECORD, 101, struct.pack("<IHI", 2, 1,
            48000)), record(RECORD, 103, struct.pack("<BHH", 2, 9, 8)), record(RECORD, 104, b"\0"), record(RECORD, 102)]


def inputs():
    return [record(INPUTS, 101, struct.pack("<H", 2)), record(INPUTS, 102, struct.pack("<H", 4)), act(INPUTS, 9),
            record(INPUTS, 111), act(INPUTS, 8)]


def seeds(paths):
    start = record(DISPLAY, 314, PRIMARY) + record(OTHER_DISPLAY, 314, PRIMARY)
    talks = [*said(paths).values(), main_talk(), display(DISPLAY), display(OTHER_DISPLAY), cursor(), port(), sound(), inputs()]
    talks += [common(channel) for channel in (MAIN, DISPLAY, INPUTS, CURSOR)]
    for talk in talks:
        yield start + b"".join(talk)
        for at in range(0, len(talk), 8):
            yield start + b"".join(talk[at:at + 8])
    for what in range(N_ACTS):
        for number, talk in enumerate(talks):
            channel = (number + what) % 10
            yield start + act(channel, what, inside=number % 2 == 0) + b"".join(talk[:6]) + act(channel, what) \
                + b"".join(talk[6:12]) + act(channel, 4)
    # Servers that go while pictures wait, and that refuse.
    wait = record(DISPLAY, 5, struct.pack("<BBBQ", 1, 2, 1, 200))
    yield start + wait + b"".join(display(DISPLAY)[:6]) + act(DISPLAY, HANG_UP) + b"".join(display(OTHER_DISPLAY))
    for how in range(1, 12):
        yield start + act(INPUTS, DISCONNECT) + act(INPUTS, REPLY + 12 * how) + act(INPUTS, CONNECT) + b"".join(inputs())
        yield act(MAIN, DISCONNECT) + act(MAIN, REPLY + 12 * how) + act(MAIN, CONNECT) + b"".join(main_talk())
    yield start + record(DISPLAY, 0xFFFF, bytes(range(40)))


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for index, data in enumerate(seeds(sys.argv[2:])):
    (folder / f"{index:03}").write_bytes(data)
