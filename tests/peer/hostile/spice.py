# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes of the protocol, as a server writes them; nothing here checks anything."""
import struct

MAIN, DISPLAY, INPUTS, CURSOR, USBREDIR, PORT, WEBDAV = 1, 2, 3, 4, 9, 10, 11
NAMES = {MAIN: "main", DISPLAY: "display", INPUTS: "inputs", CURSOR: "cursor", USBREDIR: "usbredir"}
PUT = 8
COPY_SIZE = 57  # of the fixed part of DRAW_COPY without clip rectangles
IMAGE_SIZE = 18  # of an image's descriptor


def u8(*values):
    return struct.pack(f"<{len(values)}B", *values)


def u16(*values):
    return struct.pack(f"<{len(values)}H", *values)


def u32(*values):
    return struct.pack(f"<{len(values)}I", *(v & 0xFFFFFFFF for v in values))


def u64(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def message(number, body=b"", size=None):
    """A message with the mini header; `size` lies about the body."""
    return u16(number) + u32(len(body) if size is None else size) + body


class Raw(bytes):
    """Bytes that are sent as they are, whatever headers the other messages get."""


def full_message(number, body=b"", size=None, serial=1, subs=0):
    """A message with the full header; `size` lies about the body, `subs` is the offset of a list of sub-messages."""
    return Raw(u64(serial) + u16(number) + u32(len(body) if size is None else size, subs) + body)


def with_full_headers(messages):
    """Well-formed messages with mini headers, given full ones."""
    out = b""
    while messages:
        number, size = struct.unpack_from("<HI", messages)
        out += full_message(number, messages[6:6 + size])
        messages = messages[6 + size:]
    return out


def sub_message(number, body=b"", size=None):
    return message(number, body, size)


def sub_list(subs, offsets=None, count=None):
    """A LIST message: the table of offsets, then the sub-messages."""
    return message(8, sub_table(subs, offsets, count))


def sub_table(subs, offsets=None, count=None, at=0):
    """The table and the sub-messages, as they stand at the offset `at` of a body."""
    at, where = at + 2 + 4 * len(subs), []
    for sub in subs:
        where.append(at)
        at += len(sub)
    where = where if offsets is None else offsets
    return u16(len(where) if count is None else count) + u32(*where) + b"".join(subs)


def rect(left, top, right, bottom):
    return u32(top, left, bottom, right)


def base(box=(0, 0, 16, 16), surface=0, clip=b"\0"):
    return u32(surface) + rect(*box) + clip


def solid(color=0x102030):
    return u8(1) + u32(color)


def mask(flags=0, x=0, y=0, pointer=0):
    return u8(flags) + u32(x, y, pointer)


def surface_create(width=64, height=48, surface=0, form=32, flags=1):
    return message(314, u32(surface, width, height, form, flags))


MARK = message(102)


def monitors_config(*heads):
    """Of each head its id, width, height, x and y."""
    return message(317, u16(len(heads), 16) + b"".join(u32(number, 0, *place, 0) for number, *place in heads))


def fill(box=(0, 0, 16, 16), rop=PUT, **where):
    return message(302, base(box, **where) + solid() + u16(rop) + mask())


def image(kind, payload=b"", width=16, height=16, number=1, flags=0):
    return u64(number) + u8(kind, flags) + u32(width, height) + payload


def bitmap(width=16, height=16, form=8, flags=4, stride=None, data=None, palette=0, descriptor=None, number=1, cache=0):
    stride = width * 4 if stride is None else stride
    data = b"\x55" * (stride * height) if data is None else data
    dw, dh = descriptor or (width, height)
    return image(0, u8(form, flags) + u32(width, height, stride, palette) + data, dw, dh, number, cache)


def coded(kind, data, width, height, number=1, size=None, extra=b"", flags=0):
    return image(kind, extra + u32(len(data) if size is None else size) + data, width, height, number, flags)


def lz4_black(width, height):
    """A black picture as LZ4: one byte, a match that repeats it, and the five last bytes."""
    more = width * height * 4 - 1 - 5 - 4 - 15
    block = b"\x1f\0\1\0" + b"\xff" * (more // 255) + u8(more % 255) + b"\x50" + b"\0" * 5
    return u8(1, 8) + struct.pack(">I", len(block)) + block


def copy(picture, box=(0, 0, 16, 16), area=None, pointer=None, rop=PUT, scale=1, number=304, surface=0, clip=b"\0"):
    """DRAW_COPY (or BLEND): the picture follows the fixed part."""
    area = area or (0, 0, box[2] - box[0], box[3] - box[1])
    head = base(box, surface, clip)
    fixed = len(head) + COPY_SIZE - 21
    body = head + u32(fixed if pointer is None else pointer) + rect(*area) + u16(rop) + u8(scale) + mask() + picture
    return message(number, body)


def cursor_set(kind=0, width=8, height=8, data=b"\x80" * 256, flags=0, unique=1, hot=(0, 0)):
    return message(103, u16(5, 5) + u8(1) + u16(flags) + u64(unique) + u8(kind) + u16(width, height, *hot) + data)


CURSOR_INIT = message(101, u16(0, 0, 0, 0) + u8(1) + u16(1))
INPUTS_INIT = message(101, u16(0))


def main_init(session=0x1234, agent=0, tokens=10, modes=(3, 1), mm_time=1000, ram=0):
    return message(103, u32(session, 1, *modes, agent, tokens, mm_time, ram))


def channels_list(*channels, count=None):
    return message(104, u32(len(channels) if count is None else count) + b"".join(u8(t, i) for t, i in channels))


def agent(kind, data=b"", size=None, protocol=1):
    """AGENT_DATA with one agent message; `size` lies about it."""
    return message(109, u32(protocol, kind) + u64(0) + u32(len(data) if size is None else size) + data)


def der(tag, content):
    size = len(content)
    return bytes([tag]) + (u8(size) if size < 128 else u8(0x81, size)) + content


def public_key(size=128):
    """A SubjectPublicKeyInfo of an RSA key of `size` bytes nobody has the other half of: tickets are taken unread."""
    last = size - 1
    modulus = bytes((i * 37 + 0xC1) & 255 | (0x80 if i == 0 else 1 if i == last else 0) for i in range(size))
    key = der(0x30, der(2, b"\0" + modulus) + b"\x02\x03\x01\x00\x01")
    return der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der(3, b"\0" + key))


def link_reply(error=0, key=None, common=(0x0B,), channel=(0,), offset=178, size=None, magic=b"REDQ", major=2,
               counts=None):
    key = public_key() if key is None else key
    n_common, n_channel = counts or (len(common), len(channel))
    body = u32(error) + key.ljust(162, b"\0") + u32(n_common, n_channel, offset) + u32(*common, *channel)
    return magic + u32(major, 2, len(body) if size is None else size) + body


DISPLAY_CAPS = 0x1052
