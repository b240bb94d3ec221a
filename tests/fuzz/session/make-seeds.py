#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-seeds.py uri|cursor|agent FOLDER: writes the inputs that fuzzing starts from."""
import pathlib
import struct
import sys

URIS = ("spice://h:5900", "spice://h?port=1&tls-port=2;password=a%20b", "spice+tls://u%40x@[::1]:3", "spice+unix:///s",
        "http://u:pw@p:3128/", "user:pw@p:1", "https://[::1]:99", "p", "spice://h:1?port=2", "spice://h%zz:1")
# Bytes of the pixels, palette and mask of an 8x8 shape, by type.
CURSORS = {0: 256, 1: 16, 2: 32 + 64 + 8, 3: 64 + 1024 + 8, 4: 128 + 8, 5: 192 + 8, 6: 256 + 8}
# What an agent says: type and body.
SAYS = {
    "caps": (6, struct.pack("<3I", 1, 0x3FFFF, 0)), "plain-caps": (6, struct.pack("<2I", 0, 0x20)),
    "grab": (7, struct.pack("<5I", 0, 0, 1, 2, 6)), "request": (8, struct.pack("<2I", 1, 1)),
    "data": (4, struct.pack("<2I", 0, 1) + bytes(range(256)) * 8), "release": (9, bytes(4)),
    "long": (4, struct.pack("<2I", 2, 2) + bytes(4000)), "reply": (3, struct.pack("<2I", 2, 1)),
    "begin": (11, struct.pack("<2I", 1, 0)), "begin2": (11, struct.pack("<2I", 2, 0)),
    "done": (11, struct.pack("<2I", 1, 3)), "status": (11, struct.pack("<2IBI", 1, 2, 0, 10)),
    "space": (11, struct.pack("<2IQ", 1, 4, 5)),
}
TALKS = ("caps grab data request release", "plain-caps grab data", "caps reply status space", "caps long release", "status",
         "begin begin2 reply reply reply done", "begin done begin2 status")


def agent(talk):
    """Bodies of 2048 bytes and, once more, of 16."""
    stream = b"".join(struct.pack("<2IQI", 1, number, 0, len(body)) + body for number, body in map(SAYS.get, talk.split()))
    return [b"".join(bytes((size // 16,)) + stream[at:at + size] for at in range(0, len(stream), size))
            for size in (2048, 16)]


def seeds(kind):
    if kind == "uri":
        return [uri.encode() for uri in URIS]
    if kind == "agent":
        return [seed for talk in TALKS for seed in agent(talk)]
    return [bytes((number, 8, 0, 8, 0)) + bytes(i * 37 & 0xff for i in range(size)) for number, size in CURSORS.items()]


folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for index, seed in enumerate(seeds(sys.argv[1])):
    (folder / f"{index:02}").write_bytes(seed)
