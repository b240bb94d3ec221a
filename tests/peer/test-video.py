# SPDX-License-Identifier: LGPL-2.1-or-later
"""Areas that a real server sends as video streams: they move, they look like what was drawn, and when they stop the
picture is exact again."""
import argparse
import sys
import time

import clients
import peers
import pictures
import tap

WIDTH, HEIGHT = 320, 240
RAW = WIDTH * HEIGHT * 4  # bytes of a frame that is not compressed
FRAMES = 8  # different ones
CODECS = []  # filled by main ()


def mean_difference(one, other):
    return sum(abs(a - b) for a, b in zip(one.data, other.data)) / len(one.data)


class Film:
    """Draws frame after frame in one place, as players do."""

    def __init__(self, server, box=(32, 16)):
        self.server, self.number = server, 0
        self.box = (*box, box[0] + WIDTH, box[1] + HEIGHT)
        for i in range(FRAMES):
            server.command(f"picture film{i} kind=photo size={WIDTH}x{HEIGHT} format=32bit seed={i + 40}")

    def frame(self):
        self.server.command(f"copy box={','.join(map(str, self.box))} src=film{self.number % FRAMES}")
        self.number += 1
        time.sleep(0.03)  # a server takes no other frames for a film

    def play_until_streamed(self, viewer):
        """The server begins a stream when it has seen enough; then there is far less to read."""
        for _ in range(40):
            before = viewer.bytes_read()
            for _ in range(10):
                self.frame()
            if viewer.bytes_read() - before < 10 * RAW / 3:
                return
        raise peers.Failed("the server never began a video stream")


def looks_like(server, viewer, most):
    server.command("sync")
    truth = server.dump()
    peers.wait_until(lambda: mean_difference(viewer.dump(), truth) < most, "a similar picture", 0.02)


def becomes_exact(server, viewer):
    truth = server.dump()
    peers.wait_until(lambda: pictures.difference(viewer.dump(), truth) is None, "the exact picture", 0.1)


def film(codec):
    with peers.DemoServer("--size", "400x300", "--compression", "off", "--streaming", "all", "--video-codecs",
                          codec) as server, clients.Viewer(server.uri, env=peers.WHOLE_STACKS) as viewer:
        viewer.wait("mark 0 1")
        player = Film(server)
        player.play_until_streamed(viewer)
        for _ in range(6):
            player.frame()
            looks_like(server, viewer, 12)
        # Something is drawn on it.
        server.command("fill box=100,100,180,160 color=20c040")
        for _ in range(4):
            player.frame()
        looks_like(server, viewer, 12)
        becomes_exact(server, viewer)
        player.play_until_streamed(viewer)
        looks_like(server, viewer, 12)


@tap.test("the mode changes and the client goes while a film is playing")
def interrupted():
    with peers.DemoServer("--size", "400x300", "--compression", "off", "--streaming", "all", "--video-codecs",
                          CODECS[0]) as server:
        with clients.Viewer(server.uri, env=peers.WHOLE_STACKS) as viewer:
            viewer.wait("mark 0 1")
            player = Film(server)
            player.play_until_streamed(viewer)
            server.command("mode size=420x320")
            for _ in range(30):
                player.frame()
            becomes_exact(server, viewer)
            player.play_until_streamed(viewer)
        with clients.Viewer(server.uri, env=peers.WHOLE_STACKS) as viewer:
            viewer.wait("mark 0 1")
            player.play_until_streamed(viewer)
            looks_like(server, viewer, 12)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--codecs", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    CODECS += options.codecs.split(",")
    tap.cases("a film of {} moves, looks right, and ends exact", CODECS)(film)
    peers.DemoServer.program, clients.Viewer.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=2))
