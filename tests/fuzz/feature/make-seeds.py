#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-seeds.py qmp|vsc|webdav-mux|webdav-xml FOLDER: writes the inputs that fuzzing starts from."""
import pathlib
import struct
import sys

QMP = (
    '{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1, "major": 11}, "package": ""}, "capabilities": []}}\r\n',
    '{"return": {}, "id": 0}\r\n{"return": {"status": "running", "singlestep": false, "running": true}, "id": 1}\r\n',
    '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true}}\r\n',
    '{"error": {"class": "CommandNotFound", "desc": "text \\u00e9 \\" "}, "id": 2}\r\n',
    '{"error": {"desc": "bad"}}\n[1, [2, [3, {"a": null}]]]\n"x"\n-1.5e3\n',
    '/*"*/{"event": "a"}\n{"event": \'"\'}\n{"event": "a"}{"return": 1}\n',
)
XML = (
    '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/><x xmlns="urn:y"/><z:w/></D:prop></D:propfind>',
    '<propfind xmlns="DAV:"><allprop/></propfind>',
    '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:shared/></D:lockscope>'
    '<D:owner><D:href>me &amp; you</D:href></D:owner></D:lockinfo>',
    '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><a><prop><b/></prop></a></D:prop></D:set></D:propertyupdate>',
)


def frames(*sizes):
    return b"".join(struct.pack("<qH", (-1) ** i * i * 0x123456789, n) + b"x" * n for i, n in enumerate(sizes))


SEEDS = {
    "qmp": [bytes([size]) + text.encode() for text in QMP for size in (0, 7)],
    "vsc": [bytes((0, 0x82, 0, 0x40, 0x82, 0, 0x87, 0, 0x60, 0x20)), bytes((0, 1, 0x40, 0x41, 0x82, 0, 0x82, 1, 0x87, 1)),
            bytes(range(256))],
    "webdav-mux": [b"\0" + frames(5, 0, 300), b"\x03" + frames(0, 0, 1), b"\x0a" + frames(1000)[:500]],
    "webdav-xml": [text.encode() for text in XML],
}

folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for index, seed in enumerate(SEEDS[sys.argv[1]]):
    (folder / f"{index:02}").write_bytes(seed)
