# SPDX-License-Identifier: LGPL-2.1-or-later
"""caraway clipboard, send and resize with a guest agent that says and is told every byte by the test.
test-guest-tool.py --caraway PROGRAM"""
import argparse
import contextlib
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import clients
import peers
import tap
from hostile import spice
from hostile.server import LISTED, HostileServer, Pause, Wait, opening

FAILED, TIMEOUT, FILE, UNSUPPORTED = 1, 7, 8, 9
# Messages and capabilities of agents.
MONITORS, CLIPBOARD, ANNOUNCE, GRAB, REQUEST, START, STATUS, DATA = 2, 4, 6, 7, 8, 10, 11, 12
CAN_SIZE, BY_DEMAND, SELECTIONS, SPARSE, CRLF, NO_FILES, DETAILS = (1 << bit for bit in (1, 5, 6, 7, 9, 13, 14))
ALL = BY_DEMAND | SELECTIONS | CRLF
TEXT, PNG, BMP, TIFF, JPEG = range(1, 6)
CONTENT = {TEXT: b"plain", PNG: b"\x89PNG\r\n\x1a\n.", BMP: b"BM.", TIFF: b"II*\0.", JPEG: b"\xff\xd8\xff."}
NAMES = {TEXT: "text", PNG: "png", BMP: "bmp", TIFF: "tiff", JPEG: "jpeg"}
AGENT_DATA = 107
caraway = None


class Guest:
    """A server with an agent, and the command that talks to it."""

    def __init__(self, *arguments, caps=BY_DEMAND | SELECTIONS, content=b"", scripts=None, listed=LISTED, **streams):
        main = [spice.main_init(agent=1, tokens=1000), Wait(104), spice.channels_list(*listed),
                spice.agent(ANNOUNCE, spice.u32(0, caps))]
        self.server = HostileServer({spice.MAIN: main, **(scripts or {})}, listed=listed)
        self.arguments, self.content, self.streams = arguments, content, streams

    def __enter__(self):
        self.server.__enter__()
        self.out = tempfile.TemporaryFile()
        command = [caraway.program, *(self.server.uri if word is None else word for word in self.arguments)]
        self.process = peers.Process(command, stdin=subprocess.PIPE, **{"stdout": self.out, **self.streams})
        with contextlib.suppress(BrokenPipeError):
            self.process.child.stdin.write(self.content)
            self.process.child.stdin.close()
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Exception):
            error.logs = [*getattr(error, "logs", []), self.process.text()]
        self.process.stop()
        self.server.__exit__(kind, error, trace)

    def told(self):
        """What the agent was told, without announcements: (type, body)."""
        connection = self.server.channel(spice.MAIN)
        if connection is None:
            return []
        with connection.changed:
            data = b"".join(body for number, body in zip(connection.seen, connection.bodies) if number == AGENT_DATA)
        found = []
        while len(data) >= 20:
            kind, size = struct.unpack_from("<4xI8xI", data)
            if kind != ANNOUNCE and len(data) >= 20 + size:
                found.append((kind, data[20:20 + size]))
            data = data[20 + size:]
        return found

    def wait(self, kind, times=1):
        """The bodies of that type, once there are so many."""
        def found():
            bodies = [body for each, body in self.told() if each == kind]
            return bodies if len(bodies) >= times else None
        return peers.wait_until(found, f"message {kind} of the agent")

    def say(self, kind, body):
        self.server.channel(spice.MAIN).socket.sendall(spice.agent(kind, body))

    def leave(self):
        self.server.channel(spice.MAIN).socket.sendall(spice.message(108, spice.u32(0)))

    def come(self, caps=BY_DEMAND | SELECTIONS):
        announced = spice.agent(ANNOUNCE, spice.u32(1, caps))
        self.server.channel(spice.MAIN).socket.sendall(spice.message(115, spice.u32(1000)) + announced)

    def grab(self, *kinds, selection=0):
        """Once everybody listens, or the client would not hear it."""
        peers.wait_until(lambda: self.server.channel(spice.MAIN), "the client")
        self.say(GRAB, spice.u8(selection, 0, 0, 0) + spice.u32(*kinds))

    def give(self, kind, content, selection=0):
        self.say(CLIPBOARD, spice.u8(selection, 0, 0, 0) + spice.u32(kind) + content)

    def ask(self, kind, selection=0):
        self.say(REQUEST, spice.u8(selection, 0, 0, 0) + spice.u32(kind))

    def ends(self, status=0, words=""):
        tap.equal(self.process.child.wait(peers.PATIENCE), status, self.process.text())
        clients.check_quiet("caraway", self.process.text())
        tap.true(words in self.process.text(), f"{words!r} is not in {self.process.text()!r}")
        self.out.seek(0)
        return self.out.read()


def whose(selection, kind):
    return spice.u8(selection, 0, 0, 0) + spice.u32(kind)


def got(kinds, chosen, content, *options, caps=BY_DEMAND | SELECTIONS, selection=0):
    """What “clipboard get” prints of the content, of which it asks for the chosen type."""
    with Guest("clipboard", "get", None, *options, caps=caps) as guest:
        def asked():
            if not guest.told():
                guest.grab(*kinds, selection=selection)
            return [body for kind, body in guest.told() if kind == REQUEST]
        body = peers.wait_until(asked, "the question for the content", every=0.3)[0]
        tap.equal(body, whose(selection, chosen) if caps & SELECTIONS else spice.u32(chosen))
        guest.give(chosen, b"another selection's", selection=1 - selection)
        # One answer is one, also when another comes with it.
        answers = [spice.agent(CLIPBOARD, whose(selection, chosen) + answer) for answer in (content, b"and another")]
        guest.server.channel(spice.MAIN).socket.sendall(b"".join(answers))
        return guest.ends()


@tap.test("the best type that the guest has is asked for, or the one that was wished; other selections are others' content")
def get():
    tap.equal(got((JPEG, PNG, TEXT), TEXT, b"plain"), b"plain")
    tap.equal(got((JPEG, TIFF, BMP), BMP, CONTENT[BMP]), CONTENT[BMP])
    for kind, name in NAMES.items():
        tap.equal(got((JPEG, TIFF, BMP, PNG, TEXT), kind, CONTENT[kind], "--type", name), CONTENT[kind])
    tap.equal(got((TEXT,), TEXT, b"two", "--selection=primary", selection=1), b"two")


@tap.test("lines end as they do here: CR LF of a guest that says so is LF, in text only")
def ends_of_lines():
    lines = b"a\r\nb\rc\n\r\n\r"
    tap.equal(got((TEXT,), TEXT, lines), lines)
    tap.equal(got((TEXT,), TEXT, lines, caps=ALL), b"a\nb\rc\n\n\r")
    tap.equal(got((PNG,), PNG, CONTENT[PNG], caps=ALL), CONTENT[PNG])


REFUSED = {"holds no png, only: text, bmp": ((BMP, TEXT), ("--type=png",), UNSUPPORTED),
           "primary holds no text or image, only: something else": ((6,), ("--selection=primary",), UNSUPPORTED)}


@tap.cases("nothing to get: {}", REFUSED)
def nothing_to_get(words):
    kinds, options, status = REFUSED[words]
    with Guest("clipboard", "get", None, *options) as guest:
        def over():
            if guest.process.running():
                guest.grab(*kinds, selection=int("primary" in words))
            return not guest.process.running()
        peers.wait_until(over, "the refusal", every=0.3)
        guest.ends(status, words)


@tap.test("an empty content is none; an output that is full is a failure")
def empty():
    for content, words, status in ((b"", "no content to give", FAILED), (b"x" * 10, "cannot write the output: No space", FILE)):
        with open("/dev/full", "w") as full, Guest("clipboard", "get", None, stdout=full) as guest:
            def asked():
                if not guest.told():
                    guest.grab(TEXT)
                return guest.told()
            peers.wait_until(asked, "the question", every=0.3)
            guest.give(TEXT, content)
            guest.ends(status, words)


@tap.test("an image is not written to a terminal")
def terminal():
    ours, theirs = pty.openpty()
    with open(ours, "rb"), Guest("clipboard", "get", None, stdout=theirs) as guest:
        os.close(theirs)

        def over():
            if guest.process.running():
                guest.grab(PNG)
            return guest.told() or not guest.process.running()
        peers.wait_until(over, "the end, or the question for the content", every=0.3)
        tap.equal(guest.told(), [])
        guest.ends(FILE, "standard output is a terminal; send the output on: | PROGRAM, > FILE\n")


@tap.cases("given away: {0[0]}", [
    ("text", TEXT, b"a\nb\r\n\n", BY_DEMAND, b"a\nb\r\n\n", 0),
    ("text for CR LF", TEXT, b"\na\nb\r\n\n", ALL, b"\r\na\r\nb\r\n\r\n", 0),
    *((name, kind, CONTENT[kind], ALL, CONTENT[kind], 2) for kind, name in NAMES.items())])
def given(case):
    _, kind, content, caps, crossing, selection = case
    head = (lambda kind: whose(selection, kind)) if caps & SELECTIONS else spice.u32
    options = ["--selection=secondary"] if selection else []
    with Guest("clipboard", "set", None, *options, caps=caps, content=content) as guest:
        tap.equal(guest.wait(GRAB), [head(kind)])
        if caps & SELECTIONS:
            guest.ask(kind, selection=1)
        guest.say(REQUEST, head(30))
        guest.say(REQUEST, head(kind))
        # Other types and selections are not what was lent.
        tap.equal(guest.wait(CLIPBOARD, 2), [head(30), head(kind) + crossing])
        # What the agent has heard it answers for.
        tap.equal(guest.wait(REQUEST), [head(kind)])
        tap.true(guest.process.running(), "it did not wait for the agent to have heard it")
        guest.say(CLIPBOARD, head(kind) + b"x")
        tap.equal(guest.ends(), b"")


@tap.test("content is given away as often as is wished; without an end until the guest copies something, or Ctrl-C")
def loops():
    with Guest("clipboard", "set", None, "--loops=2", content=b"two") as guest:
        guest.wait(GRAB)
        for times in (1, 2):
            guest.ask(TEXT)
            guest.wait(CLIPBOARD, times)
        guest.wait(REQUEST)
        guest.give(TEXT, b"x")
        guest.ends()
    for end in ("grab", "signal"):
        with Guest("clipboard", "set", None, "-l0", content=b"ever") as guest:
            guest.wait(GRAB)
            for times in range(1, 5):
                guest.ask(TEXT)
                tap.equal(guest.wait(CLIPBOARD, times)[-1], whose(0, TEXT) + b"ever")
            guest.grab(TEXT, selection=1)
            guest.ask(TEXT)
            guest.wait(CLIPBOARD, 5)
            tap.true(guest.process.running(), "another selection ended it")
            if end == "grab":
                guest.grab(TEXT)
            else:
                guest.process.child.send_signal(signal.SIGINT)
            guest.ends()
            tap.equal([kind for kind, _ in guest.told() if kind == REQUEST], [])


@tap.test("an agent that goes and comes is lent the content anew; one that goes while it is given it is a failure")
def agent_goes():
    with Guest("clipboard", "set", None, content=b"lent") as guest:
        guest.wait(GRAB)
        guest.leave()
        guest.come()
        guest.wait(GRAB, 2)
        guest.ask(TEXT)
        tap.equal(guest.wait(CLIPBOARD), [whose(0, TEXT) + b"lent"])
        guest.wait(REQUEST)
        guest.leave()
        guest.ends(FAILED, "the guest agent has gone while it was given the content")


@tap.test("a guest that copies something else before it has pasted: a failure")
def copied_before():
    with Guest("clipboard", "set", None, "--loops=2", content=b"lent") as guest:
        guest.wait(GRAB)
        guest.ask(TEXT)
        guest.wait(CLIPBOARD)
        guest.grab(TEXT)
        guest.ends(FAILED, "the guest has copied something else before it has pasted this")


CANNOT = {"no clipboard": (("clipboard", "get", None), CAN_SIZE), "no primary selection":
          (("clipboard", "get", None, "--selection=primary"), BY_DEMAND), "no monitor configuration":
          (("resize", None, "800x600"), BY_DEMAND), "does not allow file transfers": (("send", None, "/etc/hostname"), NO_FILES)}


@tap.cases("an agent that cannot do it: {}", CANNOT)
def cannot(words):
    arguments, caps = CANNOT[words]
    shown = [Wait(101), spice.surface_create(), spice.monitors_config((0, 64, 48, 0, 0)), spice.MARK]
    with Guest(*arguments, caps=caps, scripts={spice.DISPLAY: shown}) as guest:
        guest.ends(UNSUPPORTED, words)


@tap.cases("another size for display {0[0]}; the rest stays as it is", [
    (0, (640, 480), [(640, 480), (300, 200), (64, 48)], 0, 0), (1, (640, 480), [(100, 200), (640, 480), (64, 48)], 0, 1),
    (2, (50, 60), [(100, 200), (300, 200), (50, 60)], 2, 0),
    (15, (50, 60), [(100, 200), (300, 200), (64, 48), *[(0, 0)] * 12, (50, 60)], 0, 15)])
def resized(case):
    number, size, wish, channel, head = case
    listed = ((spice.DISPLAY, 0), (spice.DISPLAY, 2), (spice.INPUTS, 0))
    first = [Wait(101), spice.surface_create(400, 200), spice.monitors_config((0, 100, 200, 0, 0), (1, 300, 200, 100, 0)),
             spice.MARK]
    # Late: who does not wait for it switches its display off.
    other = [Wait(101), spice.surface_create(64, 48), Pause(0.5), spice.monitors_config((0, 64, 48, 0, 0)), spice.MARK]
    with Guest("resize", None, "%dx%d" % size, f"--display={number}", caps=CAN_SIZE | SPARSE, listed=listed,
               scripts={(spice.DISPLAY, 0): first, (spice.DISPLAY, 2): other}) as guest:
        def wished():
            found = [body for kind, body in guest.told() if kind == MONITORS]
            return found and found[-1]
        body = peers.wait_until(wished, "the wish")
        found = [struct.unpack_from("<II", body, 8 + 20 * i) for i in range(struct.unpack_from("<I", body)[0])]
        tap.equal([(width, height) for height, width in found], wish + [(0, 0)] * (16 - len(wish)))
        display = guest.server.channel(spice.DISPLAY, number=channel)
        for n, (width, height) in enumerate(((size[0], size[1] - 1), (size[0] - 1, size[1]))):
            display.socket.sendall(spice.monitors_config((head, width, height, 0, 0)))
            display.socket.sendall(spice.message(4, spice.u32(n) + spice.u64(1)))
            peers.wait_until(lambda n=n: n in display.answers, "an answer")
            time.sleep(0.1)
            tap.true(guest.process.running(), "it ended with another size")
        display.socket.sendall(spice.monitors_config((head, *size, 0, 0)))
        guest.ends()


@tap.test("no display to resize")
def no_display():
    with Guest("resize", None, "800x600", caps=CAN_SIZE, listed=((spice.INPUTS, 0),)) as guest:
        guest.ends(UNSUPPORTED, "the server has no display")


@tap.test("Ctrl-C while files are sent: the guest is told, and it is a failure; so is a guest that refuses")
def send():
    with tempfile.TemporaryDirectory(prefix="caraway-send-") as folder:
        names = [Path(folder) / name for name in ("one", "two")]
        for name in names:
            name.write_bytes(b"12345")
        # Refused, failed, failed with the detail that the name is none there: G_IO_ERROR_INVALID_FILENAME.
        for end, words in (("signal", "cancel"), (spice.u32(1), "caraway send: "), (spice.u32(2), "caraway send: "),
                           (spice.u32(2) + spice.u8(0) + spice.u32(10), "name")):
            with Guest("send", None, *names, caps=BY_DEMAND | DETAILS) as guest:
                starts = guest.wait(START, 2)
                tap.true(all(b"size=5\n" in start for start in starts), starts)
                if end == "signal":
                    guest.process.child.send_signal(signal.SIGINT)
                else:
                    for start in starts:
                        guest.say(STATUS, start[:4] + end)
                guest.ends(FAILED, words)
        with Guest("send", None, *names, caps=BY_DEMAND) as guest:
            for start in guest.wait(START, 2):
                guest.say(STATUS, start[:4] + spice.u32(0))
            for data in guest.wait(DATA, 2):
                tap.equal(data[4:], spice.u64(5) + b"12345")
                guest.say(STATUS, data[:4] + spice.u32(3))
            tap.true(guest.ends().startswith(b"2 files, 10 bytes in 0."), "report")
        os.mkfifo(f"{folder}/fifo")
        with Guest("send", None, f"{folder}/fifo", caps=BY_DEMAND) as guest:
            guest.ends(FILE, "caraway send: fifo: ")
        with Guest("send", None, f"{folder}/a\x1b[2J\x9b", caps=BY_DEMAND) as guest:
            guest.ends(FILE, "caraway send: a\\u001b[2J\\u009b: ")
            tap.true(not any(c in guest.process.text() for c in "\x1b\x9b"), repr(guest.process.text()))


@tap.test("a guest that takes no file: the time limit, and the guest is told")
def no_taker():
    with Guest("send", None, __file__, "--timeout=1", caps=BY_DEMAND) as guest:
        start, = guest.wait(START)
        guest.ends(TIMEOUT, "gave up after 1 s, waiting for the guest to take a file")
        tap.equal(guest.wait(STATUS), [start[:4] + spice.u32(1)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options_ = parser.parse_args()
    caraway = clients.Caraway(options_.caraway)
    sys.exit(tap.main(options_.only, jobs=2))
