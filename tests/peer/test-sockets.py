# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sockets that the program brings, with a real server: given in the handler that asks for them, later, unasked, or never.
Programs run so that a critical message ends them."""
import argparse
import sys

import clients
import peers
import pictures
import tap

FATAL = {"G_DEBUG": "fatal-criticals"}
CHANNELS = ["main 0", "display 0", "inputs 0", "cursor 0"]


_folders = []


def folder():
    """A new folder, which goes with the program."""
    _folders.append(peers.tempfile.TemporaryDirectory(prefix="caraway-sockets-"))
    return peers.Path(_folders[-1].name)


def questions(viewer):
    return sorted(line for line in viewer.lines if line.startswith("open-fd"))


def shows(server, viewer):
    server.command("sync")
    truth = server.dump()
    peers.wait_until(lambda: pictures.difference(viewer.dump(), truth) is None, "the same picture")


def ends_well(viewer):
    start = len(viewer.lines)
    viewer.command("disconnect")
    viewer.wait("disconnected", start=start)
    viewer.finish()


@tap.cases("sockets given {0[0]}, over {0[1]}: every channel asks once and works",
           [(mode, endpoint) for mode in ("inside", "later", "given") for endpoint in ("TCP", "a unix socket")])
def works(case):
    mode, endpoint = case
    options = ["--unix", folder() / "spice.sock"] if endpoint != "TCP" else []
    with peers.DemoServer("--no-animation", *options, scene=True) as server, \
            clients.Viewer(server.uri, f"sockets={mode}", env=FATAL) as viewer:
        for name in CHANNELS:
            viewer.wait(f"event {name} opened")
        viewer.wait("mark 0 1")
        shows(server, viewer)
        asked = [name for name in CHANNELS if mode != "given" or name != "main 0"]
        tap.equal(questions(viewer), sorted(f"open-fd {name} 0" for name in asked), "the questions")
        viewer.command("key 30")
        peers.wait_until(lambda: server.events(clear=False), "the key")
        ends_well(viewer)


@tap.test("a question without an answer is in the way of nothing: neither of disconnecting nor of connecting otherwise")
def never():
    with peers.DemoServer("--no-animation", scene=True) as server, \
            clients.Viewer(server.uri, "sockets=never", env=FATAL) as viewer:
        viewer.wait("open-fd main 0 0")
        start = len(viewer.lines)
        viewer.command("disconnect")
        viewer.wait("disconnected", start=start)
        tap.equal([line for line in viewer.lines if line.startswith("event")], [], "the events")
    with peers.DemoServer("--no-animation", scene=True) as server, \
            clients.Viewer(server.uri, "sockets=never", env=FATAL) as viewer:
        viewer.wait("open-fd main 0 0")
        viewer.command("connect")
        viewer.wait("mark 0 1")
        shows(server, viewer)
        tap.equal(questions(viewer), ["open-fd main 0 0"], "the questions")
        ends_well(viewer)


@tap.test("after the server's end the same program connects again by new sockets")
def again():
    with peers.DemoServer("--no-animation", scene=True) as server, \
            clients.Viewer(server.uri, "sockets=later", env=FATAL) as viewer:
        viewer.wait("mark 0 1")
        start = len(viewer.lines)
        server.command("disconnect")
        viewer.wait("event main 0 closed", start=start)
        viewer.command("connect-fd")
        viewer.wait("mark 0 1", start=start)
        shows(server, viewer)
        ends_well(viewer)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, clients.Viewer.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=3))
