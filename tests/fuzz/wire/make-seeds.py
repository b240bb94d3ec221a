#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes seed inputs for the fuzz targets from the captured messages.

    make-seeds.py message|frame FOLDER VECTORS…

message: inputs as described in check.h; frame: a byte for the kind of header, then a mini header and the body.
"""

import os
import re
import struct
import sys

CHANNELS = {name: number for number, name in enumerate(
    ('main', 'display', 'inputs', 'cursor', 'playback', 'record', 'tunnel', 'smartcard', 'usbredir', 'port', 'webdav'),
    1)}


def to_bytes(line):
    out = b''
    for text, byte, times in re.findall(r'"([^"]*)"|([0-9a-f]{2})(?:\*(\d+))?', line):
        # A seed need not carry long fillings in full.
        out += bytes([int(byte, 16)]) * min(int(times or 1), 600) if byte else text.encode('ascii')
    return out


def vectors(path):
    """Yields (words of the == line, bytes)."""
    words, body, reading = None, b'', False
    with open(path, encoding='utf-8') as file:
        for line in file:
            line = line.rstrip('\n')
            if line.startswith('== '):
                words, body, reading = line[3:].split(), b'', True
            elif line == '->':
                yield words, body
                reading = False
            elif reading and not line.startswith('#'):
                body += to_bytes(line)


def message(words, body):
    if words[0] == 'agent':
        return struct.pack('<BBH', int(words[2]), 2, int(words[1])) + body
    if words[0] == 'frame':
        number, body = struct.unpack('<H', body[:2])[0], body[6:]
    elif words[0] == 'body':
        number = int(words[3])
    else:
        return None
    return struct.pack('<BBH', CHANNELS[words[1]], words[2] == 'client', number) + body


def frame(words, body):
    if words[0] == 'frame':
        return b'\1' + body
    if words[0] == 'body':
        return b'\1' + struct.pack('<HI', int(words[3]), len(body)) + body
    return None


def main():
    kind, folder, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    for path in paths:
        name = os.path.splitext(os.path.basename(path))[0]
        for number, (words, body) in enumerate(vectors(path), 1):
            seed = (message if kind == 'message' else frame)(words, body)
            if seed is not None:
                with open(os.path.join(folder, f'{name}-{number:02}'), 'wb') as file:
                    file.write(seed)


if __name__ == '__main__':
    main()
