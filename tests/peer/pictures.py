# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures in files: reading PPM and PNG, comparing them, with nothing but the standard library."""
import struct
import zlib


class Picture:
    """width × height pixels, three bytes each, rows from the top."""

    def __init__(self, width, height, data):
        if len(data) != width * height * 3:
            raise ValueError(f"{len(data)} bytes are not {width}x{height} pixels")
        self.width, self.height, self.data = width, height, bytes(data)

    def pixel(self, x, y):
        at = (y * self.width + x) * 3
        return self.data[at:at + 3].hex()

    def crop(self, x, y, width, height):
        rows = (self.data[((y + r) * self.width + x) * 3:((y + r) * self.width + x + width) * 3] for r in range(height))
        return Picture(width, height, b"".join(rows))

    def colors(self):
        return len({self.data[i:i + 3] for i in range(0, len(self.data), 3)})

    def write_ppm(self, path):
        with open(path, "wb") as file:
            file.write(b"P6\n%d %d\n255\n" % (self.width, self.height) + self.data)


def read_ppm(blob):
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while end < len(blob) and not blob[end:end + 1].isspace():
            end += 1
        if end > at:
            fields.append(blob[at:end])
        at = end + 1
    if fields[0] != b"P6" or fields[3] != b"255":
        raise ValueError(f"not a binary pixmap of 8 bits: {fields}")
    width, height = int(fields[1]), int(fields[2])
    return Picture(width, height, blob[at:at + width * height * 3])


def _unfilter(kind, row, above, step):
    """Undoes one PNG row filter in place."""
    if kind == 1:
        for i in range(step, len(row)):
            row[i] = (row[i] + row[i - step]) & 255
    elif kind == 2:
        for i in range(len(row)):
            row[i] = (row[i] + above[i]) & 255
    elif kind == 3:
        for i in range(len(row)):
            row[i] = (row[i] + ((row[i - step] if i >= step else 0) + above[i]) // 2) & 255
    elif kind == 4:
        for i in range(len(row)):
            left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
            up = above[i]
            guess = left + up - corner
            a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
            best = left if a <= b and a <= c else up if b <= c else corner
            row[i] = (row[i] + best) & 255
    elif kind != 0:
        raise ValueError(f"PNG row filter {kind}")


def read_png(blob):
    if blob[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG file")
    at, packed, head, palette = 8, b"", None, None
    while at < len(blob):
        size, name = struct.unpack_from(">I4s", blob, at)
        body = blob[at + 8:at + 8 + size]
        if struct.unpack_from(">I", blob, at + 8 + size)[0] != zlib.crc32(name + body):
            raise ValueError(f"PNG chunk {name}: wrong checksum")
        if name == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif name == b"PLTE":
            palette = body
        elif name == b"IDAT":
            packed += body
        at += 12 + size
    width, height, depth, color, _, _, interlace = head
    step = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    if depth != 8 or interlace:
        raise ValueError(f"PNG of depth {depth}, interlace {interlace}")
    raw, out = zlib.decompress(packed), bytearray()
    above = bytearray(width * step)
    for y in range(height):
        start = y * (width * step + 1)
        row = bytearray(raw[start + 1:start + 1 + width * step])
        _unfilter(raw[start], row, above, step)
        if color == 2:
            out += row
        elif color == 6:
            pixels = bytearray(width * 3)
            for channel in range(3):
                pixels[channel::3] = row[channel::4]
            out += pixels
        elif color == 3:
            out += b"".join(palette[i * 3:i * 3 + 3] for i in row)
        else:
            out += bytes(v for i in row[::step] for v in (i, i, i))
        above = row
    return Picture(width, height, out)


def read(path):
    with open(path, "rb") as file:
        blob = file.read()
    return read_png(blob) if blob[:4] == b"\x89PNG" else read_ppm(blob)


def difference(ours, truth, ignore=()):
    """None when equal, else a sentence. `ignore` holds boxes (left, top, right, bottom) that do not count."""
    if (ours.width, ours.height) != (truth.width, truth.height):
        return f"{ours.width}x{ours.height} instead of {truth.width}x{truth.height}"
    if ours.data == truth.data:
        return None
    wrong = []
    for y in range(ours.height):
        row = slice(y * ours.width * 3, (y + 1) * ours.width * 3)
        if ours.data[row] == truth.data[row]:
            continue
        wrong += [(x, y) for x in range(ours.width) if ours.pixel(x, y) != truth.pixel(x, y)
                  and not any(l <= x < r and t <= y < b for l, t, r, b in ignore)]
    if not wrong:
        return None
    x, y = wrong[0]
    box = (min(p[0] for p in wrong), wrong[0][1], max(p[0] for p in wrong) + 1, wrong[-1][1] + 1)
    return (f"{len(wrong)} of {ours.width * ours.height} pixels differ, within {box}; "
            f"at ({x},{y}) {ours.pixel(x, y)} instead of {truth.pixel(x, y)}")
