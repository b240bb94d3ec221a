# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client against servers that lie: no crash, no hang, bounded memory, and an error that names the trouble."""
import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import clients
import peers
import tap
from hostile import spice, table, usb
from hostile.server import LISTED, PING_ID, Close, HostileServer, Pause, opening

SILENCE = 1  # seconds after which a channel is taken to have stopped
SETTLE = 0.1  # seconds an error may still take after the channel has answered


def find_error(viewer, channel):
    prefix = f"error {spice.NAMES[channel]} 0 "
    return next((line for line in viewer.lines if line.startswith(prefix)), None)


def await_outcome(viewer, server, channel, verdict):
    """The line of the channel's error; or “alive” once the channel has answered and then kept quiet for a moment:
    pictures are decoded beside the messages that follow them. Or “silent” if that is expected and comes true."""
    start, answered = time.monotonic(), None
    while time.monotonic() < start + peers.PATIENCE:
        line = find_error(viewer, channel)
        if line:
            return line
        if "eof" in viewer.lines:
            raise peers.Failed(f"the client ended by itself with status {viewer.process.child.wait(peers.PATIENCE)}")
        connection = server.channel(channel, 0.02)
        if answered is None and connection and connection.wait(lambda: connection.pongs > 0, 0.02):
            answered = time.monotonic()
        if answered and verdict != table.ERROR and time.monotonic() - answered > SETTLE:
            return "alive"
        if verdict == table.SILENT and not answered and time.monotonic() - start > SILENCE:
            return "silent"
        time.sleep(0.01)
    if answered:
        raise peers.Failed("the client went on as if nothing were wrong", "\n".join(viewer.lines))
    raise peers.Failed(f"neither an error of the {spice.NAMES[channel]} channel nor an answer for {peers.PATIENCE} s",
                       "\n".join(viewer.lines))


def run_case(case):
    options = dict(case.options)
    script, also = opening(case.channel, options.get("listed", LISTED)) + case.steps, options.pop("also", ())
    color, told, viewer_options = options.pop("shows", None), options.pop("told", b""), options.pop("viewer", ())
    if case.steps[0] is None:
        script = case.steps[1:]
    scripts = {**options.pop("siblings", {}), (case.channel, 0): script}
    with HostileServer(scripts, **options) as server, clients.Viewer(server.uri, *viewer_options) as viewer:
        came = await_outcome(viewer, server, case.channel, case.verdict)
        if case.verdict == table.ERROR:
            tap.true(re.search(case.pattern, came, re.I), f"{came!r} does not name the trouble (/{case.pattern}/)")
        else:
            tap.equal(came, case.verdict, "outcome")
        tap.true(told in b"".join(server.channel(case.channel).bodies), f"the client has not sent {told}")
        for channel in also:
            tap.equal(await_outcome(viewer, server, channel, table.ALIVE), table.ALIVE, spice.NAMES[channel])
        if color:
            peers.wait_until(lambda: viewer.dump().pixel(0, 0) == color, f"{color} in the corner")


def run_link(case):
    _, reply, result, pattern = case
    link = None if reply is None else (spice.MAIN, reply)
    with HostileServer({}, link, result and (spice.MAIN, result)) as server, clients.Viewer(server.uri) as viewer:
        viewer.wait("event main 0 error")
        line = viewer.wait("error main 0")
        tap.true(re.search(pattern, line, re.I), f"{line!r} does not name the trouble (/{pattern}/)")


@tap.test("a well-behaved script opens all four channels and the client answers on each")
def baseline():
    scripts = {kind: opening(kind) for kind in (spice.MAIN, *(kind for kind, _ in LISTED))}
    with HostileServer(scripts) as server, clients.Viewer(server.uri) as viewer:
        for kind in scripts:
            connection = server.channel(kind)
            tap.true(connection and connection.wait(lambda: connection.pongs > 0),
                     f"no answer on the {spice.NAMES[kind]} channel")
        viewer.wait("mark 0 1")
        tap.equal([line for line in viewer.lines if line.startswith("error")], [])


@tap.cases("C13: {} PINGs are all answered, in order", [4000, 100000])
def pings(count):
    flood = [b"".join(spice.message(4, spice.u32(n) + spice.u64(n)) for n in range(at, at + 1000))
             for at in range(1 << 20, (1 << 20) + count, 1000)]
    with HostileServer({spice.DISPLAY: opening(spice.DISPLAY) + flood}) as server, clients.Viewer(server.uri) as viewer:
        connection = server.channel(spice.DISPLAY)
        connection.wait(lambda: connection.pongs > 0)
        tap.true(connection.answers == [*range(1 << 20, (1 << 20) + count), PING_ID],
                 f"{len(connection.answers)} answers, not the right ones")


@tap.test("C13: PINGs to a client whose answers are not read take no memory, and are answered later")
def unread_pings():
    flood = [spice.message(4, spice.u32(9) + spice.u64(9)) * 1000] * 1000
    with HostileServer({spice.DISPLAY: opening(spice.DISPLAY) + flood}, deaf=1.5) as server, \
            clients.Viewer(server.uri) as viewer:
        connection = server.channel(spice.DISPLAY)
        tap.true(connection.wait(lambda: len(connection.answers) > 10000), "no answers after the pause")


@tap.cases("{} closed in the middle of a message ends the channel and nothing else", [2, 3, 4])
def cut(kind):
    steps = opening(kind) + [spice.message(4, b"abc", 12), Close()]
    with HostileServer({kind: steps}) as server, clients.Viewer(server.uri) as viewer:
        viewer.wait(f"event {spice.NAMES[kind]} 0 ")
        connection = server.channel(kind)
        tap.true(connection.wait(lambda: connection.closed), "the client kept the connection")


@tap.test("a server that goes away while channels open leaves no client hanging")
def vanish():
    scripts = {spice.DISPLAY: [Pause(0.1), Close()], spice.MAIN: opening(spice.MAIN) + [Pause(0.1), Close()]}
    with HostileServer(scripts) as server, clients.Viewer(server.uri) as viewer:
        for channel in ("main", "display"):
            viewer.wait((f"event {channel} 0 closed", f"event {channel} 0 error"))


def register(vectors, usb_folder):
    for case in table.links():
        tap.test(f"link: {case[0]}")(lambda case=case: run_link(case))
    for case in [*table.cases(), *(table.vector_cases(vectors) if vectors else ()),
                 *(table.Case(*case) for case in (usb.cases(usb_folder) if usb_folder else ()))]:
        tap.test(f"{spice.NAMES[case.channel]}: {case.name} → {case.verdict}")(lambda case=case: run_case(case))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--vectors", help="folder of broken compressed pictures")
    parser.add_argument("--usb", action="store_true", help="USB channels too")
    parser.add_argument("--jobs", type=int, default=6, help="cases at a time; they mostly wait")
    parser.add_argument("--only")
    options = parser.parse_args()
    clients.Viewer.program = options.viewer
    with tempfile.TemporaryDirectory(prefix="caraway-hostile-") as folder:
        register(options.vectors, options.usb and Path(folder))
        sys.exit(tap.main(options.only, options.jobs))
