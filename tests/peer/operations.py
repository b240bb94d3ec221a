# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random drawing, as control commands of the demo server: the same seed gives the same lines."""
import random

ROPS = ["put", "or", "and", "xor", "blackness", "whiteness", "invers", "put+invers-src", "put+invers-brush",
        "or+invers-dest", "and+invers-src+invers-res", "xor+invers-res", "or+invers-brush+invers-dest",
        "put+invers-res"]
# The reference server, asked to draw 1bit-le and 4bit-le itself, aborts: only live clients can be tested with those.
FORMATS = ["1bit-be", "4bit-be", "8bit", "16bit", "24bit", "32bit", "rgba", "8bit-a"]
KINDS = ["gradient", "noise", "photo", "screen", "checker", "bars", "disc", "alpha-noise"]


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
