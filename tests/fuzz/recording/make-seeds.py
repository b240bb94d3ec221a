# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seeds of the recordings' fuzz target: make-seeds.py FOLDER"""
import os
import struct
import sys
import zlib


def record(kind, channel, payload=b'', flags=0, time=0, serial=1):
    return struct.pack('<BBBBIQQ', kind, channel, 0, flags, len(payload), time, serial) + payload


def message(channel, number, body):
    return record(2, channel, struct.pack('<H', number) + body)


def block(plain):
    packer = zlib.compressobj(wbits=-15)
    coded = packer.compress(plain) + packer.flush()
    return struct.pack('<III', len(coded), len(plain), zlib.crc32(coded)) + coded


OPENED = record(1, 2, struct.pack('<IIII', 1, 1, 0x0b, 0x6fbf), flags=1)
FILL = message(2, 302, struct.pack('<IiiiiBBIHBiiI', 0, 0, 0, 9, 9, 0, 1, 0xff, 8, 0, 0, 0, 0))
IMAGE = struct.pack('<QBBII', 1, 103, 0, 4, 4)
COPY = message(2, 304, struct.pack('<IiiiiBIiiiiHBBiiI', 0, 0, 0, 4, 4, 0, 57, 0, 0, 4, 4, 8, 0, 0, 0, 0, 0) + IMAGE)
LIST = message(2, 8, struct.pack('<HIHIQ', 1, 6, 107, 8, 5))
CURSOR = message(4, 103, struct.pack('<hhBHQ', 1, 1, 1, 4, 9))
HEADER = b'CWRECORD' + struct.pack('<HHIQ', 1, 0, 0, 1)
RECORDS = OPENED + FILL + COPY + LIST + CURSOR + message(1, 999, b'x') + record(3, 2) + record(77, 1, b'later')

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
SEEDS = (b'\1' + RECORDS, b'\0' + HEADER + block(RECORDS), b'\0' + HEADER + block(OPENED) + block(FILL * 50),
         b'\0' + HEADER, b'\1' + COPY, b'\1' + LIST, b'\0' + HEADER + block(RECORDS)[:-3])
for number, seed in enumerate(SEEDS):
    with open(os.path.join(folder, str(number)), 'wb') as out:
        out.write(seed)
