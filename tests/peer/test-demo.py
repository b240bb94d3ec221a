# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo server itself: its oracle against the server library's own drawing and against what a client shows."""
import argparse
import signal
import sys

import clients
import operations
import peers
import pictures
import tap

FORMATS = {"32-xrgb": operations.FORMATS, "16-555": operations.FORMATS,
           # the server library cannot draw palettes on this one
           "16-565": [f for f in operations.FORMATS if f not in ("1bit-be", "4bit-be", "8bit")]}
SURFACES = ["surface-create id=5 size=90x70 format=32-xrgb", "surface-create id=6 size=64x48 format=32-argb",
            "picture alpha kind=disc size=48x40 format=rgba seed=9", "picture flat kind=photo size=70x60 format=32bit"]
ON_SURFACES = ["copy surface=5 box=3,4,73,64 src=flat", "fill surface=5 box=10,10,50,40 color=ff00ff rop=xor",
               "alpha-blend surface=5 box=5,5,53,45 src=alpha alpha=200", "fill surface=6 box=0,0,64,48 color=80402010",
               "alpha-blend surface=6 box=8,4,56,44 src=alpha", "copy-bits surface=5 box=20,20,60,60 from=10,10",
               "copy box=0,0,90,70 src=surface:5", "copy box=95,0,155,110 src=surface:5 scale=interpolate",
               "alpha-blend box=10,60,74,108 src=surface:6 alpha=255", "fill box=80,80,150,118 pattern=surface:5",
               "alpha-blend box=100,10,148,50 src=surface:6 alpha=120 area=4,4,36,30", "surface-destroy id=6",
               "copy box=20,20,110,90 src=surface:5 rop=or", "copy box=30,30,60,60 src=surface:0 area=0,0,30,30",
               "surface-destroy id=5"]


def random_run(format, seed, count=120, every=10):
    with peers.DemoServer("--size", "160x120") as server:
        server.command(f"mode size=160x120 format={format}")
        scribe = operations.Scribe(seed, 160, 120, FORMATS[format])
        for line in scribe.setup():
            server.command(line)
        for number in range(count):
            line = scribe.operation()
            server.command(line)
            if number % every == every - 1:
                try:
                    server.check()
                except peers.Failed as error:
                    raise peers.Failed(f"seed {seed}, operation {number}, last {line!r}: {error}") from error
        tap.true(server.dump().colors() > 20, "the operations drew nothing to speak of")


@tap.cases("the oracle draws {0[0]} surfaces as the server library does, random operations {0[1]}",
           [(f, s) for f in FORMATS for s in (1, 2)])
def oracle_random(case):
    random_run(*case)


@tap.test("the oracle draws on and from off-screen surfaces as the server library does")
def oracle_surfaces():
    with peers.DemoServer("--size", "160x120") as server:
        for line in SURFACES + ON_SURFACES:
            server.command(line)
            server.check()


@tap.test("the comparisons notice one wrong pixel and say where it is")
def comparisons_notice():
    with peers.DemoServer("--size", "64x48") as server:
        server.command("fill box=0,0,64,48 color=102030")
        shown = clients.Spicy().screenshot(server.uri)
        tap.equal(pictures.difference(shown, server.dump()), None)
        server.command("spoil at=63,47")
        tap.equal(pictures.difference(shown, server.dump()),
                  "1 of 3072 pixels differ, within (63, 47, 64, 48); at (63,47) 102030 instead of efdfcf")
        tap.equal(server.command("check"), {"different": "1", "x": "63", "y": "47", "server": "102030",
                                            "oracle": "efdfcf"})


@tap.cases("a client of the existing library shows the oracle's picture, compression {}",
           ["off", "quic", "lz", "glz", "auto_glz", "auto_lz"])
def late_client(compression):
    with peers.DemoServer("--no-animation", "--compression", compression, scene=True) as server:
        server.command("sync")
        trouble = pictures.difference(clients.Spicy().screenshot(server.uri), server.dump())
        tap.true(trouble is None, trouble)


@tap.test("control refuses what it does not understand, naming it, and goes on")
def control_refuses():
    wrong = {"nonsense": "unknown command", "fill": "box= is missing", "fill box=1,2": "box=1,2",
             "fill box=0,0,9,9 colour=1": "unknown key", "copy box=0,0,9,9": "src= is missing",
             "fill box=0,0,9,999 color=1": "leaves surface", "copy box=0,0,9,9 src=none": "no picture",
             "picture a kind=rainbow": "rainbow", "picture a format=17bit": "format",
             "fill box=0,0,1,1 rop=nand": "nand",
             "mode size=0x5": "0x5", "surface-destroy id=9": "9", "compression name=zip": "zip",
             "fill box=0,0,9,9 display=7": "display=7", "fill 'box=0": "quote"}
    with peers.DemoServer("--size", "64x48") as server:
        for line, reason in wrong.items():
            try:
                server.command(line)
            except peers.Failed as error:
                tap.true(reason in str(error).split(":", 1)[1], f"{line!r} was refused with {error}")
            else:
                raise AssertionError(f"{line!r} was taken")
        server.command("fill box=0,0,9,9 color=1")
        tap.equal(server.dump().pixel(8, 8), "000001")


@tap.cases("a wrong option ends the demo server with status 2 and its name: {}",
           ["--size=17", "--displays=9", "--heads=0", "--mouse=cat", "--port=99999", "--bogus", "argument"])
def wrong_option(option):
    result = peers.run([peers.DemoServer.program, option]).check(2)
    tap.true(option.split("=")[0].strip("-") in result.err, result.err)


@tap.test("a client that goes while the server writes to it does not end the demo server")
def gone_client():
    # A port of its own choice it would look for with GLib's sockets, and these ignore the signal for the whole process.
    with peers.DemoServer("--size", "64x48", "--port", str(peers.free_port())) as server:
        server.process.child.send_signal(signal.SIGPIPE)  # what the system does then
        server.command("sync")
        tap.equal(clients.Spicy().screenshot(server.uri).width, 64)


@tap.test("the animation goes on, and the picture stays the one the server library draws")
def animation():
    with peers.DemoServer("--size", "480x360", scene=True) as server:
        first = server.dump()
        peers.wait_until(lambda: pictures.difference(server.dump(), first), "the picture to change")
        server.check()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program = options.demo
    sys.exit(tap.main(options.only, jobs=3))
