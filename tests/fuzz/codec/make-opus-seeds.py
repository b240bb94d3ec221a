#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Opus packets of every mode and length of frames, with little inside: make-opus-seeds.py FOLDER."""

import pathlib
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for mode in range(0, 32, 3):  # RFC 6716, 3.1: the upper five bits of the first byte
        packets = b''
        for count in (0, 1, 2):
            body = bytes(((mode << 3) | 4 | count,)) + bytes((i * 29 + mode) & 0xff for i in range(24))
            packets += bytes((len(body),)) + body
        (folder / f'mode-{mode}').write_bytes(bytes((8 | mode % 5,)) + packets)
    (folder / 'lost').write_bytes(b'\x08\x00\x00\x01\xfc')


main()
