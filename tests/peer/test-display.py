# SPDX-License-Identifier: LGPL-2.1-or-later
"""A live client follows random drawing on the demo server pixel for pixel, through every image compression."""
import argparse
import sys

import clients
import operations
import peers
import pictures
import tap

EVERY = operations.FORMATS + ["1bit-le", "4bit-le"]
CASES = [("32-xrgb", "off", EVERY), ("32-xrgb", "quic", EVERY), ("32-xrgb", "lz", EVERY), ("32-xrgb", "glz", EVERY),
         ("32-xrgb", "auto_glz", EVERY), ("32-xrgb", "auto_lz", EVERY),
         ("32-xrgb", "lz4", EVERY), ("16-555", "off", EVERY), ("16-555", "glz", EVERY)]
SURFACES = ["surface-create id=5 size=90x70 format=32-xrgb", "surface-create id=6 size=64x48 format=32-argb",
            "picture alpha kind=disc size=48x40 format=rgba seed=9", "picture flat kind=photo size=70x60 format=32bit",
            "copy surface=5 box=3,4,73,64 src=flat", "fill surface=5 box=10,10,50,40 color=ff00ff rop=xor",
            "alpha-blend surface=5 box=5,5,53,45 src=alpha alpha=200", "fill surface=6 box=0,0,64,48 color=80402010",
            "alpha-blend surface=6 box=8,4,56,44 src=alpha", "copy-bits surface=5 box=20,20,60,60 from=10,10",
            "copy box=0,0,90,70 src=surface:5", "copy box=95,0,155,110 src=surface:5 scale=interpolate",
            "alpha-blend box=10,60,74,108 src=surface:6 alpha=255", "fill box=80,80,150,118 pattern=surface:5",
            "surface-destroy id=6", "copy box=20,20,110,90 src=surface:5 rop=or", "surface-destroy id=5"]


def follows(server, viewer, last, display=0):
    """The viewer must come to show the oracle's picture."""
    server.command(f"sync display={display}")
    truth = server.dump(display)
    try:
        peers.wait_until(lambda: pictures.difference(viewer.dump(display), truth) is None, "the same picture", 0.02)
    except peers.Failed:
        raise peers.Failed(f"after {last!r}: {pictures.difference(viewer.dump(display), truth)}") from None


@tap.cases("random operations on {0[0]}, compression {0[1]}, arrive pixel for pixel", CASES)
def random_operations(case):
    form, compression, formats = case
    for seed in (11, 12):
        with peers.DemoServer("--size", "160x120", "--compression", compression) as server:
            server.command(f"mode size=160x120 format={form}")
            with clients.Viewer(server.uri) as viewer:
                viewer.wait("mark 0 1")
                # The server itself cannot draw the LE formats; it need not while there is a client and few commands.
                scribe = operations.Scribe(seed, 160, 120, formats)
                for line in scribe.setup():
                    server.command(line)
                for number in range(60):
                    line = scribe.operation()
                    server.command(line)
                    if number % 4 == 3:
                        follows(server, viewer, f"seed {seed}, operation {number}: {line}")


@tap.cases("lines, text, composition and all rops on {} arrive pixel for pixel", ("32-xrgb", "16-555"))
def random_shapes(form):
    for seed in (21, 22, 23):
        with peers.DemoServer("--size", "160x120", "--compression", "off") as server:
            server.command(f"mode size=160x120 format={form}")
            with clients.Viewer(server.uri) as viewer:
                viewer.wait("mark 0 1")
                scribe = operations.Scribe(seed, 160, 120)
                for line in scribe.setup():
                    server.command(line)
                server.command("copy box=0,0,80,60 src=p0 scale=interpolate")
                for number in range(60):
                    line = scribe.shape()
                    server.command(line)
                    if number % 4 == 3:
                        follows(server, viewer, f"seed {seed}, shape {number}: {line}")


@tap.cases("every bitmap format arrives as LZ4, drawn and blended: {}", EVERY)
def lz4_format(form):
    with peers.DemoServer("--size", "160x120", "--compression", "lz4") as server, clients.Viewer(server.uri) as viewer:
        viewer.wait("mark 0 1")
        for kind in ("photo", "disc"):
            server.command(f"picture {kind} kind={kind} size=60x50 format={form} seed=5")
            for line in (f"copy box=10,10,70,60 src={kind}", f"alpha-blend box=40,30,100,80 src={kind} alpha=130",
                         f"blend box=90,60,150,110 src={kind} rop=xor"):
                server.command(line)
                follows(server, viewer, line)


# (by its name in the property, a picture that it does well, bytes a pixel at most)
PREFERRED = [("quic", 4, "photo", 3), ("glz", 5, "checker", 1), ("lz", 6, "checker", 1), ("lz4", 7, "checker", 1)]


@tap.cases("the server heeds the client's preferred compression, {0[0]}", PREFERRED)
def preferred(case):
    _, number, kind, limit = case
    with peers.DemoServer("--size", "320x240", "--compression", "off") as server, \
            clients.Viewer(server.uri, f"preferred-compression={number}") as viewer:
        viewer.wait("mark 0 1")
        server.command(f"picture a kind={kind} size=300x200 format=32bit seed=5")
        before = viewer.bytes_read()
        server.command("copy box=10,10,310,210 src=a")
        follows(server, viewer, "the copy")
        came = viewer.bytes_read() - before
        tap.true(0 < came < 300 * 200 * limit, f"{came} bytes for {300 * 200} pixels")


@tap.test("off-screen surfaces are drawn on and from")
def surfaces():
    with peers.DemoServer("--size", "160x120") as server, clients.Viewer(server.uri) as viewer:
        viewer.wait("mark 0 1")
        for line in SURFACES:
            server.command(line)
            follows(server, viewer, line)


@tap.test("two displays keep apart and share their picture cache")
def two_displays():
    with peers.DemoServer("--displays", "2", "--size", "320x200", "--compression", "auto_glz") as server, \
            clients.Viewer(server.uri) as viewer:
        viewer.wait("mark 0 1")
        viewer.wait("mark 1 1")
        for number in range(12):
            server.command(f"picture p{number} kind=photo size=90x70 seed={number % 3} cache=1")
            for display in (0, 1, 0):
                x, y = number * 17 % 220, number * 11 % 120
                line = f"copy display={display} box={x},{y},{x + 90},{y + 70} src=p{number}"
                server.command(line)
                follows(server, viewer, line, display)


@tap.test("a client that comes late shows the whole scene")
def scene():
    with peers.DemoServer("--no-animation", scene=True) as server, clients.Viewer(server.uri) as viewer:
        viewer.wait("mark 0 1")
        follows(server, viewer, "the scene")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, clients.Viewer.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=3))
