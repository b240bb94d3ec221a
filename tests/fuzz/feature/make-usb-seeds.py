#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole commands for the emulated drive: make-usb-seeds.py FOLDER."""

import pathlib
import struct
import sys

# CDB, bytes the host expects (negative: OUT)
COMMANDS = [
    ('000000000000', 0), ('030000001200', 18), ('120000002400', 36), ('12018000ff00', 255), ('12018300ff00', 255),
    ('25000000000000000000', 8), ('9e100000000000000000000000200000', 32), ('43000000000000001400', 20),
    ('4302020000000000ff00', 255), ('51000000000000002200', 34), ('52010000000100002400', 36),
    ('4600000000000000ff00', 255), ('4a010000100000000800', 8), ('5a003f0000000000ff00', 255), ('1a003f00c000', 192),
    ('1b0000000200', 0), ('1b0000000300', 0), ('1e0000000100', 0), ('28000000000100000200', 4096),
    ('a80000000001000000010000', 2048), ('080000010100', 2048), ('be0000000001000001100000', 2048),
    ('2a000000000100000100', -200), ('35000000000000000000', 0), ('55100000000000001400', -20),
]


def command(cdb, size):
    body = bytes.fromhex(cdb)
    wrapper = struct.pack('<4sIIBBB', b'USBC', 7, abs(size), 0x80 if size >= 0 else 0, 0, len(body)) + body.ljust(16, b'\0')
    steps = b'\0\0' + wrapper
    if size < 0:
        steps += bytes((2, -size)) + bytes(-size)
    for _ in range(size // 512 + 1 if size > 0 else 0):
        steps += bytes((1, 14))
    return steps + b'\6\0' + b'\1\2' + b'\6\0' + b'\7\1' + b'\1\2'


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    ready = command('000000000000', 0)
    for i, (cdb, size) in enumerate(COMMANDS):
        for kind in (0, 1, 3):
            (folder / f'command-{i}-{kind}').write_bytes(bytes((kind,)) + ready + command(cdb, size))
    everything = b''.join(command(cdb, size) for cdb, size in COMMANDS)
    (folder / 'all').write_bytes(b'\1' + ready + everything)


main()
