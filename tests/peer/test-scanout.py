#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests that draw in video memory, with a real server: shared memory stands for it.
test-scanout.py --demo PROGRAM --caraway PROGRAM"""
import argparse
import sys

import clients
import peers
import pictures
import tap

FAILED, UNSUPPORTED = 1, 9
caraway = None


class GlServer(peers.DemoServer):
    """On a unix socket, without which there are no descriptors; its primary surface is 160x120."""

    def __init__(self, *options):
        super().__init__("--size", "160x120", *options)
        self.options += ["--unix", self.folder / "spice.sock"]

    def show(self, width, height, seed, *more):
        self.command(" ".join((f"scanout size={width}x{height} seed={seed}", *more)))


def truth(width, height, seed):
    return pictures.Picture(width, height, bytes(
        value & 255 for y in range(height) for x in range(width) for value in ((x ^ y) + seed, 3 * y, 5 * x + seed)))


def equal(ours, width, height, seed):
    tap.equal(pictures.difference(ours, truth(width, height, seed)), None)


LAYOUTS = [("rows without gaps", ""), ("the lower row first", "top=0"), ("rows with gaps", "stride=1000"),
           ("gaps and the lower row first", "top=0 stride=812")]


@tap.cases("a screenshot is what is in video memory, not the primary surface: {0[0]}", LAYOUTS)
def shot(case):
    with GlServer() as server:
        server.command("fill box=0,0,160,120 color=ff0000")
        server.show(203, 90, 17, case[1])
        equal(caraway.screenshot(server.uri), 203, 90, 17)
        # The client has answered for the last one, else this would not be taken.
        server.show(64, 200, 30, case[1])
        equal(caraway.screenshot(server.uri), 64, 200, 30)


@tap.test("without waiting for anything to be stable, too")
def at_once():
    with GlServer() as server:
        server.show(203, 90, 17)
        peers.wait_until(lambda: pictures.difference(caraway.screenshot(server.uri, stable=0), truth(203, 90, 17))
                         is None, "the picture in video memory")


@tap.test("its displays and regions are those of what is in video memory")
def places():
    with GlServer("--heads", "2") as server:
        server.show(400, 300, 5)
        server.command("heads at=400x300+0+0")
        peers.wait_until(lambda: [(d["number"], d["width"], d["height"]) for d in caraway.info(server.uri)["displays"]]
                         == [(0, 400, 300)], "the size of what is in video memory")
        tap.equal(pictures.difference(caraway.screenshot(server.uri, "--display=0", "--region=50x20+340+270"),
                                      truth(400, 300, 5).crop(340, 270, 50, 20)), None)
        server.command("heads at=200x300+0+0,200x300+200+0")
        tap.equal(pictures.difference(caraway.screenshot(server.uri, "--display=1"),
                                      truth(400, 300, 5).crop(200, 0, 200, 300)), None)


@tap.cases("while the guest shows one picture after the other, one of them is taken, after {} ms", [500, 1000])
def running(stable):
    with GlServer() as server:
        server.show(120, 80, 0)
        path = server.folder / "x.png"
        process = server.start([caraway.program, "screenshot", server.uri, path, f"--stable={stable}"])
        for seed in range(1, 30):
            server.show(120, 80, seed)
        tap.equal(process.child.wait(peers.PATIENCE), 0, "status")
        shown = pictures.read(path)
        equal(shown, 120, 80, int(shown.pixel(0, 0)[4:], 16))


@tap.test("while the guest changes the width only, from narrow to wide and back, one of the pictures is taken")
def widths():
    with GlServer() as server:
        server.show(40, 1500, 0)
        path = server.folder / "x.png"
        process = server.start([caraway.program, "screenshot", server.uri, path, "--stable=1000"])
        for seed in range(1, 13):
            server.show((40, 2000)[seed % 2], 1500, seed)
        tap.equal(process.child.wait(peers.PATIENCE), 0, "status")
        shown = pictures.read(path)
        equal(shown, shown.width, 1500, int(shown.pixel(0, 0)[4:], 16))


@tap.test("without anything in video memory any more, the primary surface is shown")
def off():
    with GlServer() as server:
        server.command("fill box=0,0,160,120 color=00ff80")
        server.show(120, 80, 1)
        server.command("scanout-off")
        tap.equal(pictures.difference(caraway.screenshot(server.uri), server.dump()), None)


@tap.test("when the guest goes back to the primary surface meanwhile, that is taken, and the other way round")
def back():
    for to_surface in (True, False):
        with GlServer() as server:
            server.show(120, 80, 1)
            path = server.folder / "x.png"
            process = server.start([caraway.program, "screenshot", server.uri, path, "--stable=3000"])
            peers.wait_until(lambda: server.command("stats")["display"] == "1", "the display's channel")
            server.show(120, 80, 2)
            server.show(120, 80, 3)  # has seen the one before
            server.command("scanout-off")
            server.command("mode size=200x150")
            server.command("fill box=0,0,200,150 color=00ff80")
            server.command("sync")
            if not to_surface:
                server.show(90, 80, 4)
            tap.equal(process.child.wait(peers.PATIENCE), 0, "status")
            tap.equal(pictures.difference(pictures.read(path), server.dump() if to_surface else truth(90, 80, 4)), None)


# Name, how it is shown, exit status, what the program says.
UNREADABLE = [("a format without single pixels", "format=NV12", UNSUPPORTED, "0x3231564e"),
              ("a buffer that is too small", "bytes=500", FAILED, "which has 500"),
              ("rows that are too short", "stride=100", FAILED, "rows of 100 bytes")]


@tap.cases("it says why a picture cannot be read: {0[0]}", UNREADABLE)
def unreadable(case):
    _, how, status, words = case
    with GlServer() as server:
        server.show(120, 80, 1, how)
        path = server.folder / "x.png"
        for options in ([], ["--display=0"]):
            result = caraway.run("screenshot", server.uri, path, "--stable=500", *options, status=status)
            tap.true("video memory" in result.err and words in result.err, f"{words!r} is not in {result.err!r}")
            tap.true(not path.exists(), "there is a picture")


@tap.test("over TCP there is only the primary surface")
def over_tcp():
    with peers.DemoServer("--size", "160x120") as server:
        server.command("fill box=0,0,160,120 color=ff0000")
        server.command("scanout size=120x80")
        tap.equal(pictures.difference(caraway.screenshot(server.uri), server.dump()), None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program = options.demo
    caraway = clients.Caraway(options.caraway)
    sys.exit(tap.main(options.only))
