#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-seeds.py qmp FOLDER: writes the inputs that fuzzing starts from."""
import pathlib
import sys

QMP = (
    '{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1, "major": 11}, "package": ""}, "capabilities": []}}\r\n',
    '{"return": {}, "id": 0}\r\n{"return": {"status": "running", "singlestep": false, "running": true}, "id": 1}\r\n',
    '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true}}\r\n',
    '{"error": {"class": "CommandNotFound", "desc": "text \\u00e9 \\" "}, "id": 2}\r\n',
    '{"error": {"desc": "bad"}}\n[1, [2, [3, {"a": null}]]]\n"x"\n-1.5e3\n',
)
SEEDS = {"qmp": [bytes([size]) + text.encode() for text in QMP for size in (0, 7)]}

folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for index, seed in enumerate(SEEDS[sys.argv[1]]):
    (folder / f"{index:02}").write_bytes(seed)
