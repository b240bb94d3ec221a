# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings as docs/recording.md has them, made by the tests: what was said when is theirs to choose."""
import struct
import zlib

from hostile import spice

OPENED, MESSAGE, CLOSED = 1, 2, 3


def record(kind, channel, number, seconds, payload=b"", serial=0):
    return struct.pack("<BBBBIQQ", kind, channel, number, kind == OPENED, len(payload), int(seconds * 1e6), serial) + payload


def opened(channel, number=0, seconds=0, caps=0):
    return record(OPENED, channel, number, seconds, spice.u32(1, 1, 0x0B, caps))


def said(channel, messages, number=0, seconds=0):
    """Messages with mini headers, as a server sends them."""
    out, serial = b"", 0
    while messages:
        kind, size = struct.unpack_from("<HI", messages)
        serial += 1
        out += record(MESSAGE, channel, number, seconds, spice.u16(kind) + messages[6:6 + size], serial)
        messages = messages[6 + size:]
    return out


def file_of(records):
    packed = zlib.compressobj(wbits=-15)
    data = packed.compress(records) + packed.flush()
    return b"CWRECORD" + struct.pack("<HHIQ", 1, 0, 0, 0) + spice.u32(len(data), len(records), zlib.crc32(data)) + data


def screen(*pictures):
    """A session with a display of 64x48; of each picture when it was drawn, and its message."""
    main = opened(spice.MAIN, caps=3) + said(spice.MAIN, spice.main_init() + spice.channels_list((spice.DISPLAY, 0)))
    shown = opened(spice.DISPLAY, caps=spice.DISPLAY_CAPS) + said(spice.DISPLAY, spice.surface_create() + spice.MARK)
    return file_of(main + shown + b"".join(said(spice.DISPLAY, message, seconds=when) for when, message in pictures))
