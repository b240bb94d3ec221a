# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real guest agent (spice-vdagentd and spice-vdagent beside Xorg with spiceqxl): clipboard, files, sizes, and an agent
that goes and comes back. What the guest has is what programs there say: xclip, the files themselves, xwininfo."""
import argparse
import hashlib
import json
import os
import re
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
from hostile.server import HostileServer, Wait
from xspice import Xspice

caraway = None  # set by main
TEXT = "Grüße, 世界 \U0001f600\nsecond line\ttab\n"
LONG = "".join(f"{i} übung\n" for i in range(30000))  # hundreds of bodies, and pieces within X
FAILED, FILE, TIMEOUT = 1, 8, 7
AGENT_DATA = 107  # of the main channel; what it carries:
CLIPBOARD, GRAB, REQUEST = 4, 7, 8


def copy_in_guest(x, content, selection="clipboard", target=None):
    """A program of the guest that owns the selection until it is stopped."""
    argv = [peers.which("xclip"), "-quiet", "-i", "-selection", selection] + (["-t", target] if target else [])
    process = peers.Process(argv, env=x.env, stdin=subprocess.PIPE)
    process.child.stdin.write(content)
    process.child.stdin.close()
    return process


def paste_in_guest(x, selection="clipboard", target=None):
    argv = ["xclip", "-o", "-selection", selection] + (["-t", target] if target else [])
    result = subprocess.run(argv, env={**os.environ, **x.env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            timeout=peers.PATIENCE)
    return result.stdout if result.returncode == 0 else None


def start(*arguments, content=None):
    """caraway in the background; its output comes by finish ()."""
    output = tempfile.TemporaryFile()
    process = peers.Process([caraway.program, *arguments], stdin=subprocess.PIPE, stdout=output)
    process.output = output
    if content is not None:
        process.child.stdin.write(content)
    process.child.stdin.close()
    return process


def said(process):
    """Its output so far. The place in the file is the program's: nobody else moves it."""
    return os.pread(process.output.fileno(), os.fstat(process.output.fileno()).st_size, 0)


def finish(process, status=0, seconds=peers.PATIENCE):
    if process.child.wait(seconds) != status:
        raise process.failed(f"exit status {process.child.returncode}, not {status}")
    clients.check_quiet("caraway", process.text())
    process.stop()
    return said(process)


def from_guest(x, content, *options, selection="clipboard", target=None):
    """What “clipboard get” gives while programs of the guest copy the content: again, if the client was not there yet to
    see it, and each time with more patience."""
    get = start("clipboard", "get", x.uri, "--selection", selection, *options)
    patience = 1
    try:
        while get.running():
            tap.true(patience < peers.PATIENCE, "the client never got the content")
            owner = copy_in_guest(x, content, selection, target)
            end = time.monotonic() + patience
            while get.running() and time.monotonic() < end:
                time.sleep(0.05)
            owner.stop()
            patience *= 2
        return finish(get)
    finally:
        get.stop()


def to_guest(x, content, *options, selection="clipboard", target=None):
    """What a program of the guest pastes while “clipboard set” gives the content."""
    give = start("clipboard", "set", x.uri, "--selection", selection, *options, content=content)
    try:
        pasted = peers.wait_until(lambda: paste_in_guest(x, selection, target), "the guest to have the content")
        finish(give)
        return pasted
    finally:
        give.stop()


def same(found, expected, what):
    tap.true(found == expected, f"{what}: {len(found)} bytes, not the {len(expected)} expected")


@tap.cases("text is copied in the guest and read by the client, and back, selection {}", ["clipboard", "primary"])
def text(selection):
    with Xspice(agent=True) as x:
        same(from_guest(x, TEXT.encode(), selection=selection), TEXT.encode(), "from the guest")
        same(to_guest(x, TEXT.encode(), selection=selection), TEXT.encode(), "to the guest")


@tap.test("long text crosses whole, both ways")
def long_text():
    with Xspice(agent=True) as x:
        same(from_guest(x, LONG.encode()), LONG.encode(), "from the guest")
        same(to_guest(x, LONG.encode()), LONG.encode(), "to the guest")


def agent_messages(connection):
    """[(type, body)] of what the client has told the agent."""
    told = b"".join(body for number, body in zip(connection.seen, connection.bodies) if number == AGENT_DATA)
    messages = []
    while len(told) >= 20 and len(told) >= 20 + (size := struct.unpack_from("<I", told, 16)[0]):
        messages.append((struct.unpack_from("<I", told, 4)[0], told[20:20 + size]))
        told = told[20 + size:]
    return messages


def questions(content):
    """What “clipboard set” asks an agent that takes the content and then has nothing itself."""
    announce = spice.agent(6, spice.u32(0, 1 << 5))
    script = [spice.main_init(agent=1, tokens=100000), Wait(104), spice.channels_list(), announce]
    with HostileServer({spice.MAIN: script}) as server:
        give = start("clipboard", "set", server.uri, content=content)
        main, answered, asked = server.channel(spice.MAIN), 0, False
        while give.running():
            kinds = [kind for kind, _ in agent_messages(main)]
            if GRAB in kinds and not asked:
                main.socket.sendall(spice.agent(REQUEST, spice.u32(1)))
                asked = True
            while answered < kinds.count(REQUEST):
                main.socket.sendall(spice.agent(CLIPBOARD, spice.u32(0)))
                answered += 1
            time.sleep(0.01)
        finish(give)
        given = [body[4:] for kind, body in agent_messages(main) if kind == CLIPBOARD]
        tap.true(given == [content], f"given are {[len(body) for body in given]} bytes")
        return answered


@tap.test("who gives long text stays while a guest may take its pieces, and does not for short text")
def stays():
    tap.equal(questions(TEXT.encode()), 1, "questions behind short text")
    long = LONG.encode() * 3
    pieces, asked = len(long) // 262140, questions(long)
    tap.true(asked > pieces, f"{asked} questions behind {pieces} pieces")


@tap.test("an image crosses as it is, both ways, and is recognised")
def image():
    with Xspice(agent=True) as x:
        path = x.folder / "image.png"
        x.run("import", "-silent", "-window", "root", "-depth", "8", path)
        png = path.read_bytes()
        same(from_guest(x, png, "--type", "png", target="image/png"), png, "from the guest")
        same(to_guest(x, png, target="image/png"), png, "to the guest")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_file(folder, name, size):
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


@tap.test("files arrive with their content and names")
def files():
    with Xspice(agent=True) as x, tempfile.TemporaryDirectory(prefix="caraway-send-") as folder:
        sent = [make_file(Path(folder), name, size) for name, size in
                (("one.bin", 3_000_000), ("empty", 0), ("a [b] = c; d.txt", 65536), ("übung", 65537), ("small", 1))]
        out = caraway.run("send", x.uri, *sent).out
        tap.true(out.startswith("5 files, 3.1"), out)
        for path in sent:
            tap.true(digest(path) == digest(x.received / path.name), f"{path.name} differs")


@tap.test("what cannot be sent ends with its exit status, and the rest arrives")
def refused():
    with Xspice(agent=True) as x, tempfile.TemporaryDirectory(prefix="caraway-send-") as name:
        folder = Path(name)
        good = make_file(folder, "good", 1000)
        huge = folder / "huge"
        with open(huge, "wb") as file:
            file.truncate(8 << 40)
        result = caraway.run("send", x.uri, folder, good, status=FILE)
        tap.true("Folders cannot be sent" in result.err, result.err)
        tap.true(digest(good) == digest(x.received / "good"), "the good file differs")
        tap.true("No such file" in caraway.run("send", x.uri, folder / "missing", status=FILE).err, "missing file")
        result = caraway.run("send", x.uri, huge, status=FAILED)
        tap.true("not enough space" in result.err, result.err)


def wait_idle(process):
    """Until it has read nothing for a second: what was on its way to it has come."""
    seen = []  # (time, what /proc says that it has read)

    def idle():
        now, read = time.monotonic(), Path(f"/proc/{process.child.pid}/io").read_text().split()[1]
        if not seen or seen[0][1] != read:
            seen[:] = [(now, read)]
        return now - seen[0][0] > 1
    peers.wait_until(idle, f"{process.argv[0]} to have read everything")


def lose_agent(x, folder):
    """An agent that goes in the middle of a file, and what comes back."""
    path, small = folder / "file", make_file(folder, "small", 100_000)
    with open(path, "wb") as file:
        file.truncate(4 << 30)  # more than is sent until it is stopped
    send = start("send", x.uri, path)
    peers.wait_until(lambda: (x.received / "file").exists(), "the file to begin to arrive")
    # A daemon that loses the session's agent closes its port, and bytes unread there would reset the connection. The driver
    # takes the −1 of its read for a count, and what comes later is cut one byte off: so nothing is on its way then.
    os.kill(send.child.pid, signal.SIGSTOP)
    wait_idle(x.daemon)
    x.session_agent.stop()
    os.kill(send.child.pid, signal.SIGCONT)
    finish(send, FAILED)
    tap.true("The guest" in send.text(), send.text())
    x.daemon.stop()
    for path_left in x.received.iterdir():
        path_left.unlink()
    x.start_daemon()
    x.start_session_agent()
    caraway.run("send", x.uri, small)
    tap.true(digest(small) == digest(x.received / "small"), "the file after it differs")


@tap.test("an agent that goes while a file is sent fails it, and one that comes back takes it")
def loss():
    for _ in range(5):
        with Xspice(agent=True) as x, tempfile.TemporaryDirectory(prefix="caraway-send-") as folder:
            try:
                lose_agent(x, Path(folder))
                return
            except peers.Failed:
                # The X server's driver loses bytes when the daemon does not read at once, and says so; now and then it
                # ends with the daemon.
                if x.server.running() and "short write to vdagentd" not in x.server.text():
                    raise
    raise AssertionError("the driver of the X server failed each time")


@tap.test("without an agent, commands that need one say so when their time is over")
def no_agent():
    with Xspice() as x:
        for command in (["clipboard", "get", x.uri], ["send", x.uri, "/etc/hostname"], ["resize", x.uri, "800x600"]):
            result = caraway.run(*command, "--timeout", "8", status=TIMEOUT)  # which includes connecting
            tap.true("waiting for the guest agent" in result.err, result.err)


@tap.test("a display takes the size that is asked for")
def resize():
    with Xspice(agent=True) as x:
        for size in ("1024x768", "800x600"):
            caraway.run("resize", x.uri, size)
            shown = x.run("xwininfo", "-root").out
            width, height = size.split("x")
            tap.true(f"Width: {width}" in shown and f"Height: {height}" in shown, shown)
            x.wait_shown(lambda: caraway.screenshot(x.uri))


@tap.test("a second display is plugged in with the size that is asked for, beside the first")
def second_display():
    with Xspice(agent=True, heads=2) as x:
        for display, size in ((0, "1024x768"), (1, "800x600")):
            caraway.run("resize", x.uri, "--display", display, size)
        monitors = re.findall(r"^(qxl-\d) connected (?:primary )?(\S+) ", x.run("xrandr").out, re.MULTILINE)
        tap.equal(monitors, [("qxl-0", "1024x768+0+0"), ("qxl-1", "800x600+1024+0")], "the guest's monitors")
        x.wait_shown(lambda: caraway.screenshot(x.uri))


@tap.test("events tell of the agent and what it copies, a JSON object a line")
def events():
    with Xspice(agent=True) as x:
        watch = start("events", x.uri, "--seconds", "60")

        def lines():
            return [json.loads(line) for line in said(watch).splitlines(keepends=True) if line.endswith(b"\n")]

        def tells(event, **values):
            def told():
                return next((line for line in lines() if line["event"] == event
                             and all(line.get(name) == value for name, value in values.items())), None)
            return peers.wait_until(told, f"the event {event}")
        try:
            tells("agent", connected=True, capabilities=0)
            peers.wait_until(lambda: any(line.get("capabilities") for line in lines()), "its capabilities")
            owner = copy_in_guest(x, b"text")
            tap.true(1 in tells("clipboard-grab", selection=0)["types"], "there is no text")
            owner.stop()
            tells("clipboard-release")
            tells("display-create", channel="display", id=0, width=1280)
            for channel in ("main", "display", "inputs", "cursor"):
                tells("channel", channel=channel, state="opened")
            tap.true(all(isinstance(line["ms"], int) for line in lines()), "a line has no time")
        finally:
            watch.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    caraway = clients.Caraway(options.caraway)
    sys.exit(tap.main(options.only, jobs=2))
