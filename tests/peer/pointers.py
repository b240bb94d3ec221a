# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shapes of pointers that the demo server's command “cursor” makes, and what they mean."""


def raw(kind, width, height, seed):
    """The demo server's documented test pattern."""
    area, mask = width * height, (width + 7) // 8 * height
    size = {"alpha": area * 4, "mono": mask * 2, "color32": area * 4 + mask, "color24": area * 3 + mask,
            "color16": area * 2 + mask, "color8": area + 1024 + mask, "color4": area // 2 + 64 + mask}[kind]
    data = bytearray((i * i + 31 * i + seed * 7) & 255 for i in range(size))
    first, last = {"color32": (0, area * 4), "color8": (area, area + 1024),
                   "color4": (area // 2, area // 2 + 64)}.get(kind, (0, 0))
    for i in range(first, last, 4):
        data[i + 3] = 0
    if kind == "alpha":
        for i in range(0, size, 4):
            data[i:i + 3] = bytes(min(c, data[i + 3]) for c in data[i:i + 3])
    return data


def rgba(kind, width, height, data):
    """R, G, B, A of a cursor as the protocol defines it; the width is a multiple of 8."""
    area, out = width * height, bytearray()
    bit = lambda base, i: data[base + i // 8] >> (7 - i % 8) & 1
    if kind == "alpha":
        return b"".join(bytes((data[i + 2], data[i + 1], data[i], data[i + 3])) for i in range(0, area * 4, 4))
    if kind == "mono":
        for i in range(area):
            a, x = bit(0, i), bit(area // 8, i)
            out += bytes({(0, 0): (0, 0, 0, 255), (0, 1): (255, 255, 255, 255), (1, 0): (0, 0, 0, 0),
                          (1, 1): (255, 255, 255, 255)}[a, x])
        return bytes(out)
    word = lambda at: data[at] | data[at + 1] << 8 | data[at + 2] << 16
    for i in range(area):
        if kind == "color32":
            color, white, mask = word(4 * i), 0xFFFFFF, area * 4
        elif kind == "color24":
            color, white, mask = word(3 * i), 0xFFFFFF, area * 3
        elif kind == "color16":
            raw = data[2 * i] | data[2 * i + 1] << 8
            color, mask = (raw >> 10 & 31) << 19 | (raw >> 5 & 31) << 11 | (raw & 31) << 3, area * 2
            white = color if raw & 0x7FFF == 0x7FFF else -1
        elif kind == "color8":
            color, white, mask = word(area + 4 * data[i]), 0xFFFFFF, area + 1024
        else:
            index = data[i // 2] >> (0 if i % 2 else 4) & 15
            color, white, mask = word(area // 2 + 4 * index), 0xFFFFFF, area // 2 + 64
        alpha = 255
        if bit(mask, i):
            alpha = 0
            if color == white:
                dark = (i % width ^ i // width) & 1
                color, alpha = (0x303030, 0xC0) if dark else (0x505050, 0x30)
        out += bytes((color >> 16 & 255, color >> 8 & 255, color & 255, alpha))
    return bytes(out)


def drawn(picture, kind, width, height, seed, left, top):
    """What the picture shows with that pointer over it. Alpha comes multiplied in, masks do not."""
    pixels, shape = bytearray(picture.data), rgba(kind, width, height, raw(kind, width, height, seed))
    for i in range(width * height):
        x, y = left + i % width, top + i // width
        if 0 <= x < picture.width and 0 <= y < picture.height:
            *ink, alpha = shape[4 * i:4 * i + 4]
            for c in range(3):
                at = (y * picture.width + x) * 3 + c
                over = ink[c] * (255 if kind == "alpha" else alpha) + pixels[at] * (255 - alpha)
                pixels[at] = min(255, (over + 127) // 255)
    return type(picture)(picture.width, picture.height, bytes(pixels))
