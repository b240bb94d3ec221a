#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-seeds.py uri|cursor FOLDER: writes the inputs that fuzzing starts from."""
import pathlib
import sys

URIS = ("spice://h:5900", "spice://h?port=1&tls-port=2;password=a%20b", "spice+tls://u%40x@[::1]:3", "spice+unix:///s",
        "http://u:pw@p:3128/", "user:pw@p:1", "https://[::1]:99", "p", "spice://h:1?port=2", "spice://h%zz:1")
# Bytes of the pixels, palette and mask of an 8x8 shape, by type.
CURSORS = {0: 256, 1: 16, 2: 32 + 64 + 8, 3: 64 + 1024 + 8, 4: 128 + 8, 5: 192 + 8, 6: 256 + 8}


def seeds(kind):
    if kind == "uri":
        return [uri.encode() for uri in URIS]
    return [bytes((number, 8, 0, 8, 0)) + bytes(i * 37 & 0xff for i in range(size)) for number, size in CURSORS.items()]


folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for index, seed in enumerate(seeds(sys.argv[1])):
    (folder / f"{index:02}").write_bytes(seed)
