#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packets of a guest for the usbredir stream: make-redir-seeds.py FOLDER."""

import pathlib
import struct
import sys


def packet(kind, body, number=1):
    return struct.pack('<IIQ', kind, len(body), number) + body


def bulk(endpoint, length, data=b''):
    return packet(101, struct.pack('<BBHIH', endpoint, 0, length & 0xffff, 0, length >> 16) + data)


def command(cdb, size, inward=True):
    wrapper = struct.pack('<4sIIBBB', b'USBC', 7, size, 0x80 if inward else 0, 0, len(cdb)) + cdb.ljust(16, b'\0')
    return bulk(0x02, 31, wrapper)


def control(kind, request, value, index, length):
    return packet(100, struct.pack('<BBBBHHH', kind & 0x80, request, kind, 0, value, index, length))


PACKETS = {
    'reset': packet(3, b''),
    'configure': packet(6, b'\1') + packet(7, b''),
    'alternate': packet(9, b'\0\0') + packet(10, b'\0'),
    'streams': packet(12, b'\x81\1\1') + packet(13, b'\x81') + packet(15, b'\x81') + packet(16, b'\x81'),
    'bulk-streams': packet(18, struct.pack('<II', 2, 4)) + packet(19, struct.pack('<I', 2)),
    'receiving': packet(25, struct.pack('<IIBB', 0, 512, 0x81, 1)) + packet(26, struct.pack('<IB', 0, 0x81)),
    'cancel': packet(21, b''),
    'filter': packet(22, b'') + packet(23, b'8,-1,-1,-1,0|-1,-1,-1,-1,1\0'),
    'acknowledge': packet(24, b''),
    'descriptors': b''.join(control(0x80, 6, value, 0, 255) for value in (0x100, 0x200, 0x300, 0x301, 0x600)),
    'inquiry': command(bytes((0x12, 0, 0, 0, 36, 0)), 36) + bulk(0x81, 36) + bulk(0x81, 13),
    'read': command(bytes((0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0)), 4096) + bulk(0x81, 4096) + bulk(0x81, 13),
    'interrupt': packet(103, struct.pack('<BBH', 0x83, 0, 8)),
    'iso': packet(102, struct.pack('<BBH', 0x02, 0, 4) + b'abcd'),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, packets in PACKETS.items():
        (folder / name).write_bytes(b'\xff' + packets)
        (folder / f'{name}-byte-by-byte').write_bytes(b'\x80' + packets)
    (folder / 'all').write_bytes(b'\xff' + b''.join(PACKETS.values()))


main()
