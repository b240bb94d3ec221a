# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client against servers that lie: no crash, no hang, bounded memory, and an error that names the trouble."""
import argparse
import re
import sys
import time

import clients
import peers
import tap
from hostile import spice, table
from hostile.server import Close, HostileServer, Pause, opening

SECONDS = 10
SETTLE = 0.1  # seconds an error may still take after the channel has answered
MEMORY_KIB = 400 * 1024  # what a client may take at most, sanitizer included
SANITIZER = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "CRITICAL **", "ERROR **")


def expect_end(viewer, what):
    status, rss = viewer.finish()
    said = viewer.process.text()
    for word in SANITIZER:
        if word in said:
            raise peers.Failed(f"{word} after {what}", said)
    tap.equal(status, 0, "exit status of the client")
    tap.true(rss <= MEMORY_KIB, f"the client took {rss} KiB, the limit is {MEMORY_KIB}")


def find_error(viewer, channel):
    prefix = f"error {spice.NAMES[channel]} "
    return next((line for line in viewer.lines if line.startswith(prefix)), None)


def await_outcome(viewer, server, channel, only_error):
    """The line of the channel's error, or “alive” once the channel has answered and then kept quiet for a moment:
    pictures are decoded beside the messages that follow them. With `only_error` an answer does not count."""
    end, answered = time.monotonic() + SECONDS, None
    while time.monotonic() < end:
        line = find_error(viewer, channel)
        if line:
            return line
        if "eof" in viewer.lines:
            raise peers.Failed(f"the client ended by itself with status {viewer.process.child.wait(5)}")
        connection = server.channel(channel, 0.02)
        if answered is None and connection and connection.wait(lambda: connection.pongs > 0, 0.02):
            answered = time.monotonic()
        if answered and not only_error and time.monotonic() - answered > SETTLE:
            return "alive"
        time.sleep(0.01)
    if answered:
        raise peers.Failed("the client went on as if nothing were wrong", "\n".join(viewer.lines))
    raise peers.Failed(f"neither an error of the {spice.NAMES[channel]} channel nor an answer for {SECONDS} s",
                       "\n".join(viewer.lines))


def run_case(case):
    name, channel, steps, verdict, pattern = case
    script = steps[1:] if steps and steps[0] is None else opening(channel) + steps
    with HostileServer({channel: script}) as server, clients.Viewer(server.uri) as viewer:
        came = await_outcome(viewer, server, channel, verdict == table.ERROR)
        if verdict == table.ALIVE:
            tap.equal(came, "alive", "outcome")
        elif verdict == table.ERROR:
            tap.true(re.search(pattern, came, re.I), f"{came!r} does not name the trouble (/{pattern}/)")
        expect_end(viewer, name)


def run_link(case):
    _, reply, result, pattern = case
    link = None if reply is None else (spice.MAIN, reply)
    with HostileServer({}, link, result and (spice.MAIN, result)) as server, clients.Viewer(server.uri) as viewer:
        viewer.wait("event main 0 error", SECONDS)
        line = viewer.wait("error main 0", 1)
        tap.true(re.search(pattern, line, re.I), f"{line!r} does not name the trouble (/{pattern}/)")
        expect_end(viewer, case[0])


@tap.test("a well-behaved script opens all four channels and the client answers on each")
def baseline():
    scripts = {kind: opening(kind) for kind in spice.NAMES}
    with HostileServer(scripts) as server, clients.Viewer(server.uri) as viewer:
        for kind in spice.NAMES:
            connection = server.channel(kind)
            tap.true(connection and connection.wait(lambda: connection.pongs > 0, SECONDS),
                     f"no answer on the {spice.NAMES[kind]} channel")
        viewer.wait("mark 0 1")
        tap.equal([line for line in viewer.lines if line.startswith("error")], [])
        expect_end(viewer, "the baseline")


@tap.cases("{} closed in the middle of a message ends the channel and nothing else", [2, 3, 4])
def cut(kind):
    steps = opening(kind) + [spice.message(4, b"abc", 12), Close()]
    with HostileServer({kind: steps}) as server, clients.Viewer(server.uri) as viewer:
        viewer.wait(f"event {spice.NAMES[kind]} 0 ", SECONDS)
        connection = server.channel(kind)
        tap.true(connection.wait(lambda: connection.closed, SECONDS), "the client kept the connection")
        expect_end(viewer, "the cut")


@tap.test("a server that goes away while channels open leaves no client hanging")
def vanish():
    scripts = {spice.DISPLAY: [Pause(0.1), Close()], spice.MAIN: opening(spice.MAIN) + [Pause(0.1), Close()]}
    with HostileServer(scripts) as server, clients.Viewer(server.uri) as viewer:
        for channel in ("main", "display"):
            viewer.wait((f"event {channel} 0 closed", f"event {channel} 0 error"), SECONDS)
        expect_end(viewer, "the server's end")


def register(vectors, per_codec):
    for case in table.links():
        tap.test(f"link: {case[0]}")(lambda case=case: run_link(case))
    for case in [*table.cases(), *(table.vector_cases(vectors, per_codec) if vectors else ())]:
        tap.test(f"{spice.NAMES[case[1]]}: {case[0]} → {case[3]}")(lambda case=case: run_case(case))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--vectors", help="folder of broken compressed pictures")
    parser.add_argument("--per-codec", type=int, default=4)
    parser.add_argument("--only")
    options = parser.parse_args()
    clients.Viewer.program = options.viewer
    register(options.vectors, options.per_codec)
    sys.exit(tap.main(options.only))
