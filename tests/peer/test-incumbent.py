# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same random drawing of a real server, shown by one program on this library and on the distribution's.

--seed repeats a run, --count makes it longer."""
import argparse
import random
import sys

import clients
import operations
import peers
import pictures
import tap

LIBRARY = "/usr/lib/x86_64-linux-gnu"  # where the distribution's is
BLOCK = 4  # operations between two comparisons

# What the other library does wrongly itself (docs/compatibility.md) is left out.
FORMATS = ["1bit-be", "4bit-be", "8bit", "16bit", "24bit", "32bit", "rgba"]


def script(form, seed, count):
    scribe = operations.Scribe(seed, 160, 120, FORMATS)
    lines = [line.replace(" cache=1", "") for line in scribe.setup()]
    return lines, [scribe.shape(safe=True, masked=form == "32-xrgb") if number % 2 else scribe.operation()
                   for number in range(count)]


def marker(form, number):
    """A colour as the control command wants it, and as it is seen: another one for each block."""
    if form == "32-xrgb":
        color = f"{(number + 1) * 7919 % (1 << 24):06x}"
        return color, color
    word = (number + 1) * 7919 % (1 << 15)
    channels = [word >> shift & 31 for shift in (10, 5, 0)]
    return f"{word:x}", "".join(f"{v << 3 | v >> 2:02x}" for v in channels)


def shown(form, setup, lines, library):
    """The picture after each block, and what the model expects. A pixel in the corner tells when all of it is there."""
    pictures_of, env = [], {"LD_LIBRARY_PATH": library} if library else None
    with peers.DemoServer("--size", "160x120", "--compression", "off") as server:
        server.command(f"mode size=160x120 format={form}")
        with clients.Viewer(server.uri, env=env) as viewer:
            viewer.wait("mark 0 1")
            for line in setup:
                server.command(line)
            for start in range(0, len(lines), BLOCK):
                for line in lines[start:start + BLOCK]:
                    server.command(line)
                color, seen = marker(form, start // BLOCK)
                server.command(f"fill box=0,0,1,1 color={color}")
                peers.wait_until(lambda: viewer.dump().pixel(0, 0) == seen, "the block", 0.01)
                pictures_of.append((viewer.dump(), server.dump()))
    return pictures_of


def compare(form, seed, count):
    setup, lines = script(form, seed, count)
    ours, theirs = shown(form, setup, lines, None), shown(form, setup, lines, LIBRARY)
    for block, ((our, model), (their, _)) in enumerate(zip(ours, theirs)):
        if pictures.difference(our, their) is None:
            continue
        said = "\n".join(lines[block * BLOCK:(block + 1) * BLOCK])
        raise peers.Failed(f"{form}, seed {seed}, block {block}:\n{said}\nthis library against the model: "
                           f"{pictures.difference(our, model)}\nthe distribution's: {pictures.difference(their, model)}")


@tap.test("the program really runs on the distribution's library")
def loads():
    said = peers.run(["ldd", clients.Viewer.program], env={"LD_LIBRARY_PATH": LIBRARY}).check().out
    found = next(line.split()[2] for line in said.splitlines() if "libspice-client-glib-2.0" in line)
    tap.true(found.startswith(LIBRARY + "/"), found)


@tap.cases("both libraries show the same of random drawing on {}", ("32-xrgb", "16-555"))
def random_drawing(form):
    chooser = random.Random(options.seed)
    for _ in range(options.count):
        compare(form, chooser.randint(1, 1 << 30), 100)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5)
    options = parser.parse_args()
    tap.note(f"seed {options.seed}, {options.count} times 100 operations")
    peers.DemoServer.program, clients.Viewer.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=2))
