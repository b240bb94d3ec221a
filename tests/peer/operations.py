# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random drawing, as control commands of the demo server: the same seed gives the same lines."""
import random

ROPS = ["put", "or", "and", "xor", "blackness", "whiteness", "invers", "put+invers-src", "put+invers-brush",
        "or+invers-dest", "and+invers-src+invers-res", "xor+invers-res", "or+invers-brush+invers-dest",
        "put+invers-res"]
# The reference server, asked to draw 1bit-le and 4bit-le itself, aborts: only live clients can be tested with those.
FORMATS = ["1bit-be", "4bit-be", "8bit", "16bit", "24bit", "32bit", "rgba", "8bit-a"]
KINDS = ["gradient", "noise", "photo", "screen", "checker", "bars", "disc", "alpha-noise"]

# Codes of ROP3 that depend on fewer than three operands, in the classic tables.
TWO_OPERAND = {int(code, 16) for code in (
    "00 03 05 0a 0c 0f 11 22 30 33 3c 3f 44 50 55 5a 5f 66 77 88 99 a0 a5 aa af bb c0 c3 cc cf dd ee f0 f3 f5 fa fc ff"
).split()}


class Scribe:
    def __init__(self, seed, width, height, formats=FORMATS, rops=ROPS):
        self.random = random.Random(seed)
        self.width, self.height = width, height
        self.formats, self.rops = formats, rops
        self.pictures, self.masks = {}, {}

    def box(self, width=None, height=None, least=1):
        w = width or self.random.randint(least, max(least, min(90, self.width)))
        h = height or self.random.randint(least, max(least, min(70, self.height)))
        x, y = self.random.randint(0, self.width - w), self.random.randint(0, self.height - h)
        return x, y, w, h

    @staticmethod
    def words(x, y, w, h):
        return f"{x},{y},{x + w},{y + h}"

    def new_picture(self, name, **fixed):
        size = (self.random.randint(1, 80), self.random.randint(1, 60))
        spec = {"kind": self.random.choice(KINDS), "format": self.random.choice(self.formats),
                "size": "%dx%d" % size, "seed": self.random.randint(1, 10000)}
        for key in ("cache", "bottom-up"):
            if self.random.random() < 0.3:
                spec[key] = 1
        if self.random.random() < 0.2:
            spec["padding"] = 4 * self.random.randint(1, 5)
        spec.update(fixed)
        if spec["format"] in ("1bit-be", "4bit-be", "8bit"):
            spec.setdefault("kind", "photo")
        self.pictures[name] = (*size, spec["format"])
        return f"picture {name} " + " ".join(f"{k}={v}" for k, v in spec.items())

    def setup(self, pictures=14, masks=4):
        """Lines that make the pictures the operations use."""
        for i in range(pictures):
            yield self.new_picture(f"p{i}", format=self.formats[i % len(self.formats)])
        for i in range(masks):
            yield self.new_picture(f"m{i}", kind="noise", format="1bit-be")
            self.masks[f"m{i}"] = self.pictures.pop(f"m{i}")

    def clip(self, x, y, w, h):
        if self.random.random() > 0.3:
            return ""
        rects = []
        for _ in range(self.random.randint(1, 4)):
            left, top = x + self.random.randint(-5, w), y + self.random.randint(-5, h)
            rects.append(self.words(left, top, self.random.randint(1, w + 5), self.random.randint(1, h + 5)))
        return " clip='" + ";".join(rects) + "'"

    def mask(self):
        if not self.masks or self.random.random() > 0.2:
            return ""
        name = self.random.choice(sorted(self.masks))
        return (f" mask={name} mask-at={self.random.randint(0, 10)},{self.random.randint(0, 10)}"
                f" mask-invers={self.random.randint(0, 1)}")

    def brush(self):
        if self.random.random() < 0.4 and self.pictures:
            name = self.random.choice(sorted(self.pictures))
            return f" pattern={name} pattern-at={self.random.randint(-50, 50)},{self.random.randint(-50, 50)}"
        return f" color={self.random.getrandbits(24):06x}"

    def source(self):
        """A picture, an area of it and a box for it; half of the time of different sizes."""
        name = self.random.choice(sorted(self.pictures))
        pw, ph, _ = self.pictures[name]
        aw, ah = self.random.randint(1, pw), self.random.randint(1, ph)
        area = (self.random.randint(0, pw - aw), self.random.randint(0, ph - ah), aw, ah)
        same = self.random.random() < 0.5 and aw <= self.width and ah <= self.height
        box = self.box(aw, ah) if same else self.box()
        scale = self.random.choice(("nearest", "interpolate"))
        return box, f" src={name} area={self.words(*area)}", f" scale={scale}"

    def operation(self, surface=0):
        kind = self.random.choice(("fill", "fill", "copy", "copy", "copy", "opaque", "blend", "blackness", "whiteness",
                                   "invers", "copy-bits", "alpha-blend", "transparent"))
        rop = f" rop={self.random.choice(self.rops)}"
        box, rest = self.box(), ""
        if kind == "fill":
            rest = self.brush() + rop + self.mask()
        elif kind in ("copy", "blend"):
            box, source, scale = self.source()
            rest = source + scale + rop + self.mask()
        elif kind == "opaque":
            box, source, scale = self.source()
            rest = source + scale + self.brush() + rop + self.mask()
        elif kind == "alpha-blend":
            box, rest, _ = self.source()
            rest += f" alpha={self.random.choice((255, 255, 0, 1, 128, self.random.randint(0, 255)))}"
        elif kind == "transparent":
            box, rest, _ = self.source()
            rest += f" color={self.random.choice(('0', 'ffffff', '%06x' % self.random.getrandbits(24)))}"
        elif kind == "copy-bits":
            x, y, _, _ = self.box(box[2], box[3])
            rest = f" from={x},{y}"
        else:
            rest = self.mask()
        return f"{kind} surface={surface} box={self.words(*box)}{rest}{self.clip(*box)}"

    def path(self, box):
        """Segments in sixteenths of a pixel; curves, closed lines and several lines."""
        rnd, (x, y, w, h) = self.random, box

        def points(count):
            return [str(16 * (base + rnd.randint(-4, size + 4)) + rnd.choice((0, 0, 0, 7, 8, 9)))
                    for _ in range(count) for base, size in ((x, w), (y, h))]

        segments = []
        for _ in range(rnd.randint(1, 3)):
            if rnd.random() < 0.3:
                segments.append("1:" + ",".join(points(1)))
                segments.append(f"{rnd.choice((18, 26))}:" + ",".join(points(3 * rnd.randint(1, 2))))
            else:
                segments.append(f"{rnd.choice((1, 3, 11))}:" + ",".join(points(rnd.randint(2, 6))))
        return "'" + ";".join(segments) + "'"

    def stroke(self, box):
        line = f" path={self.path(box)} rop={self.random.choice(self.rops)}" + self.brush()
        if self.random.random() < 0.5:
            style = ",".join(str(16 * self.random.randint(1, 9)) for _ in range(self.random.randint(1, 5)))
            line += f" style={style} gap={self.random.randint(0, 1)}"
        return line

    def text(self, box, widths=(1, 4, 8), overlap=True):
        rnd, (x, y, w, h) = self.random, box
        bits, glyphs, at = rnd.choice(widths), [], x
        for _ in range(rnd.randint(1, 6)):
            width, height = rnd.randint(1, 12), rnd.randint(1, 14)
            glyphs.append(f"{at},{y + rnd.randint(-2, 4)},{width},{height},{rnd.randint(1, 99)}")
            at += rnd.randint(-3, width + 2) if overlap else width + rnd.randint(0, 3)
        line = f" bits={bits} glyphs='{';'.join(glyphs)}'" + self.brush()
        if rnd.random() < 0.5:
            line += f" back={self.words(x, y, w, h)} back-color={rnd.getrandbits(24):06x}"
        return line

    def input(self, prefix=""):
        rnd = self.random
        line = f" {prefix}repeat={rnd.randint(0, 3)} {prefix}origin={rnd.randint(-6, 9)},{rnd.randint(-6, 9)}"
        if rnd.random() < 0.5:
            numbers = [rnd.randint(-131072, 131072) if i % 3 != 2 else rnd.randint(-10 << 16, 40 << 16)
                       for i in range(6)]
            line += f" {prefix}transform={','.join(map(str, numbers))} {prefix}filter={rnd.choice((0, 1, 3, 4))}"
        return line

    def composite(self, names, masked=True):
        """Operators whose results are exact: those in floating point are left out."""
        rnd = self.random
        operator = rnd.choice((*range(13), 0x30, 0x31, 0x32, 0x33, 0x34, 0x37, 0x39, 0x3a))
        line = f" src={rnd.choice(names)} operator={operator}" + self.input()
        if masked and rnd.random() < 0.5:
            line += f" mask={rnd.choice(names)} component={rnd.randint(0, 1)}" + self.input("mask-")
        return line

    def shape(self, safe=False, masked=True):
        """ROP3, lines, text or composition; safe: nothing that 0.42 of the incumbent library is known to do wrongly,
        to which masks of composition on 16-bit surfaces belong."""
        kind, box = self.random.choice(("rop3", "stroke", "text", "composite")), self.box(least=8)
        clip = self.clip(*box)
        if kind == "rop3":
            box, source, scale = self.source()
            code = self.random.choice([c for c in range(256) if not safe or c not in TWO_OPERAND])
            brush = f" color={self.random.getrandbits(24):06x}" if safe else self.brush()
            rest, clip = source + scale + brush + f" code={code}" + ("" if safe else self.mask()), self.clip(*box)
        elif kind == "stroke":
            rest, clip = self.stroke(box), "" if safe else clip
        elif kind == "text":
            rest = self.text(box, (1, 4), overlap=False) if safe else self.text(box)
        else:
            rest = self.composite([n for n in sorted(self.pictures) if self.pictures[n][2] in ("rgba", "32bit")],
                                  masked)
        return f"{kind} box={self.words(*box)}{rest}{clip}"
