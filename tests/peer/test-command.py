#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command promises beyond a plain connection: files, waiting, keys, places, texts, and reasons for failures.
test-command.py --demo PROGRAM --caraway PROGRAM"""
import argparse
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import clients
import peers
import pictures
import pointers
import tap
from hostile import spice
from hostile.server import HELLO, HELLO_ID, LISTED, Close, HostileServer, Meet, Pause, Wait

USAGE, CONNECT, UNTRUSTED, AUTH, PROTOCOL, TIMEOUT, FILE, UNSUPPORTED, UNKNOWN_HOST, WANTS_TLS = range(2, 12)
TLS_PORT, PLAIN_PORT, TLS, WRONG_PEER, NO_PASSWORD, NOT_SPICE, CLOSED, DISPLAY_OFF, NO_CHANNELS = range(12, 21)
caraway = None


def still(*options, **more):
    return peers.DemoServer("--no-animation", *options, scene=True, **more)


def fails(status, words, *arguments, **options):
    result = caraway.run(*arguments, status=status, **options)
    for word in [words] if isinstance(words, str) else words:
        tap.true(word in result.err, f"{word!r} is not in {result.err!r}")
    return result


def keys(server, n):
    """The scan codes that came, once there are so many."""
    peers.wait_until(lambda: len([e for e in server.events(clear=False) if e[0] == "key"]) >= n, f"{n} codes")
    return " ".join(e[1] for e in server.events() if e[0] == "key")


@tap.test("screenshot writes into what is no regular file, follows links, and keeps a file's mode")
def targets():
    with still() as server:
        folder = server.folder
        os.mkfifo(folder / "fifo")
        came = []
        reader = threading.Thread(target=lambda: came.append((folder / "fifo").read_bytes()), daemon=True)
        reader.start()
        caraway.run("screenshot", server.uri, folder / "fifo")
        reader.join(10)
        tap.true(came[0].startswith(b"\x89PNG"), "the FIFO got no picture")
        tap.true(stat.S_ISFIFO((folder / "fifo").stat().st_mode), "the FIFO is one no more")
        caraway.run("screenshot", server.uri, "/dev/null")
        tap.true(stat.S_ISCHR(os.stat("/dev/null").st_mode), "/dev/null is no device any more")
        fails(FILE, "cannot write /dev/full: No space left on device\n", "screenshot", server.uri, "/dev/full")
        tap.true(stat.S_ISCHR(os.stat("/dev/full").st_mode), "/dev/full is no device any more")
        (folder / "real.png").write_text("old")
        (folder / "real.png").chmod(0o640)
        (folder / "link.png").symlink_to("real.png")
        (folder / "new-link.png").symlink_to("new.png")
        caraway.run("screenshot", server.uri, folder / "link.png")
        caraway.run("screenshot", server.uri, folder / "new-link.png")
        for name in ("link.png", "new-link.png"):
            tap.true((folder / name).is_symlink(), f"{name} is no link any more")
            tap.equal(pictures.difference(pictures.read(folder / name), server.dump()), None)
        tap.equal(stat.S_IMODE((folder / "real.png").stat().st_mode), 0o640)
        mask = os.umask(0)
        os.umask(mask)
        tap.equal(stat.S_IMODE((folder / "new.png").stat().st_mode), 0o666 & ~mask)
        tap.equal(sorted(p.name for p in folder.glob("*.png*")), ["link.png", "new-link.png", "new.png", "real.png"])
        tap.equal(list(folder.glob(".caraway*")), [])
        longest = folder / ("x" * (os.pathconf(folder, "PC_NAME_MAX") - 4) + ".png")
        caraway.run("screenshot", server.uri, longest)
        tap.true(longest.exists(), "no picture")


@tap.test("screenshot writes to standard output; a target's owner stays, and links lead wherever they do")
def more_targets():
    with still() as server, tempfile.TemporaryDirectory(prefix="caraway-links-") as name:
        folder, away, path = server.folder, Path(name), server.folder / "out.png"
        with open(path, "wb") as out:
            tap.equal(peers.Process([caraway.program, "screenshot", server.uri, "-"], stdout=out).child.wait(peers.PATIENCE), 0)
        tap.equal(pictures.difference(pictures.read(path), server.dump()), None)
        with open("/dev/full", "wb") as full:
            process = peers.Process([caraway.program, "screenshot", server.uri, "-"], stdout=full)
            tap.equal(process.child.wait(peers.PATIENCE), FILE, process.text())
            tap.true("cannot write to standard output: No space left on device\n" in process.text(), process.text())
        (folder / "owned.png").write_text("old")
        if os.geteuid() == 0:
            os.chown(folder / "owned.png", 65534, 65533)
        (away / "first").symlink_to(folder / "second")
        (folder / "second").symlink_to("owned.png")
        owner = (folder / "owned.png").stat()
        caraway.run("screenshot", server.uri, away / "first")
        after = (folder / "owned.png").stat()
        tap.equal((after.st_uid, after.st_gid), (owner.st_uid, owner.st_gid), "owner")
        tap.equal(pictures.difference(pictures.read(folder / "owned.png"), server.dump()), None)
        tap.equal(os.listdir(away), ["first"])
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "socket"))
            fails(FILE, "cannot write", "screenshot", server.uri, folder / "socket")


@tap.test("a target that has become a folder meanwhile: the reason, and nothing is left beside it")
def lost_target():
    with still() as server:
        path = server.folder / "x.png"
        server.process.child.send_signal(signal.SIGSTOP)
        try:
            process = server.start([caraway.program, "screenshot", server.uri, path])
            peers.wait_until(lambda: list(server.folder.glob(".caraway-*")), "the file that takes its place")
            path.mkdir()
        finally:
            server.process.child.send_signal(signal.SIGCONT)
        tap.equal(process.child.wait(peers.PATIENCE), FILE, process.text())
        tap.true(f"cannot write {path}: Is a directory" in process.text(), process.text())
        tap.equal([each.name for each in server.folder.glob("*")], ["x.png"])


@tap.test("a region of a display, one monitor of two, and no more than there is")
def regions():
    with still("--heads", "2") as server:
        path = server.folder / "x.png"
        whole = server.dump()
        caraway.run("screenshot", "--display=1", "--region=20x10+30+40", server.uri, path)
        shot = pictures.read(path)
        tap.equal((shot.width, shot.height), (20, 10))
        tap.equal([shot.pixel(x, y) for x in (0, 19) for y in (0, 9)],
                  [whole.pixel(400 + 30 + x, 40 + y) for x in (0, 19) for y in (0, 9)])
        for number in (0, 1):
            caraway.run("screenshot", f"-d{number}", server.uri, path)
            tap.equal(pictures.difference(pictures.read(path), whole.crop(400 * number, 0, 400, 600)), None)
        caraway.run("screenshot", server.uri, path)
        tap.equal(pictures.difference(pictures.read(path), whole), None)
        fails(UNSUPPORTED, "lies beyond", "screenshot", "-d1", "--region=20x10+390+40", server.uri, path)
        fails(UNSUPPORTED, "there is no display 2: the server shows 2,", "screenshot", "-d2", server.uri, path)
        shown = caraway.info(server.uri)["displays"]
        tap.equal([(d["number"], d["width"], d["height"]) for d in shown], [(0, 400, 600), (1, 400, 600)])


@tap.test("the guest's pointer in the picture: its shape, where its hot spot is, and none when it is hidden")
def pointer():
    with still() as server:
        path, screen = server.folder / "x.png", server.dump()

        def shows(expected, x, y, *options):
            server.command("sync")
            caraway.run("screenshot", f"--region=80x80+{x}+{y}", *options, server.uri, path)
            tap.equal(pictures.difference(pictures.read(path), expected.crop(x, y, 80, 80)), None)
        for kind, x, y in (("alpha", 100, 90), ("mono", 1, 2), ("color32", 799, 599), ("alpha", -2, 300)):
            server.command(f"cursor type={kind} size=16x24 hot=3,5 seed=9 at={x},{y}")
            server.command(f"cursor-move at={x},{y}")
            over = pointers.drawn(screen, kind, 16, 24, 9, x - 3, y - 5)
            tap.true(pictures.difference(over, screen) is not None, "nothing to see")
            corner = max(0, min(x - 40, 720)), max(0, min(y - 40, 520))
            shows(screen, *corner)
            shows(over, *corner, "--cursor")
            shows(over, *corner, "-c", "--display=0")
        server.command("cursor-hide")
        shows(screen, *corner, "-c")
    with HostileServer({}, listed=((spice.DISPLAY, 0),)) as server:
        fails(UNSUPPORTED, "the server has no cursor channel 0", "screenshot", "-c", server.uri, server.folder / "x.png")
    with HostileServer({spice.CURSOR: [Pause(20)]}) as server:
        fails(TIMEOUT, "waiting for the pointer", "screenshot", "-c", "-t1", server.uri, server.folder / "x.png")


@tap.test("displays are numbered over all channels")
def channels():
    with still("--displays", "2", "--heads", "2") as server:
        tap.equal([(d["number"], d["channel"]) for d in caraway.info(server.uri)["displays"]],
                  [(0, 0), (1, 0), (2, 1), (3, 1)])
        path = server.folder / "x.png"
        caraway.run("screenshot", "-d3", server.uri, path)
        whole, shot = server.dump(1), pictures.read(path)
        tap.equal([shot.pixel(x, 50) for x in (0, 399)], [whole.pixel(400 + x, 50) for x in (0, 399)])


@tap.test("where the first channel shows nothing, display 0 is the second's, for info and for screenshot")
def first_channel_off():
    listed = ((spice.DISPLAY, 0), (spice.DISPLAY, 1), (spice.CURSOR, 0), (spice.CURSOR, 1), (spice.INPUTS, 0))
    with HostileServer({(spice.DISPLAY, 0): [Pause(60)]}, listed=listed) as server:
        path = server.folder / "x.png"
        tap.equal([(d["number"], d["channel"]) for d in caraway.info(server.uri)["displays"]], [(0, 1)])
        for options in ((), ("-d0",), ("-d0", "-s100")):
            caraway.run("screenshot", *options, server.uri, path)
            shot = pictures.read(path)
            tap.equal((shot.width, shot.height), (64, 48), f"{options}")
            path.unlink()
        fails(UNSUPPORTED, "there is no display 1", "screenshot", "-d1", server.uri, path)


@tap.test("a blinking cursor is no change, a running picture is; at the time limit the last one can be kept")
def stable():
    with peers.Qemu() as qemu:
        qemu.wait_text()
        caraway.run("screenshot", "--stable", "1500", qemu.uri, qemu.folder / "x.png")
    with peers.DemoServer(scene=True) as server:
        path = server.folder / "x.png"
        fails(TIMEOUT, "--on-timeout=save saves", "screenshot", "-s1000", "-t2", server.uri, path)
        tap.true(not path.exists(), "a picture was kept")
        fails(0, "saving what is there", "screenshot", "-s1000", "-t2", "--on-timeout=save", server.uri, path)
        tap.equal(pictures.read(path).width, 800)


@tap.test("a picture that has to rest for longer than the usual time limit")
def long_stable():
    with still() as server:
        caraway.run("screenshot", "--stable=30500", server.uri, server.folder / "x.png")


@tap.test("clicks go where they are meant to, or nowhere")
def places():
    with still("--heads", "2", "--mouse", "client") as server:
        fails(UNSUPPORTED, "display 0 is 400x600; 400,10 lies beyond it", "click", server.uri, "400", "10")
        fails(UNSUPPORTED, "there is no display 2", "click", "-d", "2", server.uri, "4", "10")
        tap.equal(server.events(), [])
        caraway.run("click", "-d1", server.uri, "7", "10")
        caraway.run("move", "-d1", server.uri, "9", "11")
        peers.wait_until(lambda: len(server.events(clear=False)) >= 4, "a click and a motion")
        tap.equal(server.events(), [("position", "407", "10", "0"), ("wheel", "0", "1"), ("buttons", "0"),
                                    ("position", "409", "11", "0")])


@tap.test("where only relative motion is taken, nothing is clicked; no display has the number -1 or 16")
def relative_only():
    with still() as server:
        for command in ("click", "move"):
            fails(UNSUPPORTED, "relative motion only", command, server.uri, "1", "1")
            for number in ("-1", "16"):
                fails(USAGE, "--display is 0 to 15", command, f"--display={number}", server.uri, "1", "1")
        tap.equal(server.events(), [])
        caraway.run("click", "--relative", "--double", "-bright", server.uri, "3", "4")
        peers.wait_until(lambda: len(server.events(clear=False)) >= 5, "motion and two clicks")
        right, none = ("motion", "0", "0", "0", "2"), ("buttons", "0")
        tap.equal(server.events(), [("motion", "3", "4", "0", "0"), right, none, right, none])


@tap.test("what stands behind “--”, and short options with their value")
def dashes():
    with still() as server:
        caraway.run("move", "-r", server.uri, "--", "-5", "-6")
        peers.wait_until(lambda: server.events(clear=False), "a motion")
        tap.true(("-5", "-6") in [tuple(e[1:3]) for e in server.events()], "not moved by -5,-6")
        caraway.run("type", server.uri, "--", "-x")
        tap.equal(keys(server, 4), "0c 8c 2d ad")


@tap.test("Caps Lock of the guest is allowed for")
def caps_lock():
    with still() as server:
        server.command("leds state=4")
        tap.equal(caraway.info(server.uri)["locks"], ["caps"])
        caraway.run("type", server.uri, "aB1!")
        tap.equal(keys(server, 12), "2a 1e 9e aa 30 b0 02 82 2a 02 82 aa")


@tap.test("texts from standard input and from a file")
def texts():
    with still() as server:
        caraway.run("type", server.uri, "-", text="ab")
        tap.equal(keys(server, 4), "1e 9e 30 b0")
        (server.folder / "text").write_text("ba\n")
        caraway.run("type", "--file", server.folder / "text", "--enter", server.uri)
        tap.equal(keys(server, 8), "30 b0 1e 9e 1c 9c 1c 9c")
        fails(FILE, "/no/such/text", "type", "-f", "/no/such/text", server.uri)
        fails(USAGE, "nothing was typed", "type", server.uri, "-", text="a\0b")
        tap.equal(server.events(), [])


@tap.test("a long text is typed to its end, whatever the time limit")
def long_text():
    with still() as server:
        # 12 seconds of typing; a busy machine has 10 to connect in.
        caraway.run("type", "--delay=20", "--timeout=10", server.uri, "-", text="a" * 600)
        tap.equal(len(keys(server, 1200).split()), 1200)


@tap.test("what is typed last arrives, however late the server reads it")
def late_reader():
    with still() as server:
        command = peers.Process([caraway.program, "type", server.uri, "a" * 60, "--delay", "20"])
        try:
            peers.wait_until(lambda: server.events(clear=False), "the first key")
            server.process.child.send_signal(signal.SIGSTOP)
            time.sleep(4)
            tap.true(command.running(), f"ended before the server had read everything: {command.text()}")
            server.process.child.send_signal(signal.SIGCONT)
            tap.equal(command.child.wait(peers.PATIENCE), 0, command.text())
            clients.check_quiet("type", command.text())
        finally:
            server.process.child.send_signal(signal.SIGCONT)
            command.stop()
        tap.equal(keys(server, 120).split(), ["1e", "9e"] * 60)


@tap.test("a server that stops reading in the middle of a text: the time limit, and how much was typed")
def stopped_reader():
    # Where a system takes little for a server that does not read.
    with tempfile.TemporaryDirectory(prefix="caraway-unix-") as folder, still("--unix", f"{folder}/socket") as server:
        command = server.start([caraway.program, "type", "-t6", "--delay=5", server.uri, "a" * 9000])
        try:
            peers.wait_until(lambda: server.events(clear=False), "the first key")
            server.process.child.send_signal(signal.SIGSTOP)
            tap.equal(command.child.wait(peers.PATIENCE), TIMEOUT, command.text())
        finally:
            server.process.child.send_signal(signal.SIGCONT)
        said = re.search(r"typed (\d+) of 9000 characters: gave up after 6 s, waiting for the server to take", command.text())
        tap.true(said and 0 < int(said[1]) < 9000, command.text())


@tap.cases("a text that is interrupted by {}: how much was typed, all of which arrives", ["INT", "TERM", "HUP"])
def interrupted(name):
    with still() as server:
        # Whoever starts the tests may ignore signals.
        command = server.start([peers.which("env"), f"--default-signal={name}", caraway.program, "type", server.uri, "a" * 9000])
        peers.wait_until(lambda: server.events(clear=False), "the first key")
        command.child.send_signal(getattr(signal, f"SIG{name}"))
        tap.equal(command.child.wait(peers.PATIENCE), -getattr(signal, f"SIG{name}"), command.text())
        said = re.search(r"^caraway type: interrupted; typed (\d+) of 9000 characters$", command.text(), re.M)
        tap.true(said and 0 < int(said[1]) < 9000, command.text())
        tap.equal(keys(server, 2 * int(said[1])).split(), ["1e", "9e"] * int(said[1]))


@tap.test("signals that are ignored stay so")
def ignored():
    with still() as server:
        command = server.start([peers.which("env"), "--ignore-signal=HUP", caraway.program, "type", server.uri, "a" * 60])
        peers.wait_until(lambda: server.events(clear=False), "the first key")
        command.child.send_signal(signal.SIGHUP)
        tap.equal(command.child.wait(peers.PATIENCE), 0, command.text())
        tap.equal(len(keys(server, 120).split()), 120)


@tap.test("a server that ends in the middle of a text: how much was typed")
def half_typed():
    script = {spice.INPUTS: [spice.INPUTS_INIT, Wait(104, 5), Close()]}
    with HostileServer(script) as server:
        result = fails(CLOSED, " of 2000 characters: ", "type", server.uri, "-", text="a" * 2000)
        tap.true(0 < int(result.err.split("typed ")[1].split()[0]) < 2000, result.err)


NAMES = {"A": "2a 1e 9e aa", "!": "2a 02 82 aa", "ctrl+C": "1d 2e ae 9d", "ctrl-alt-f1": "1d 38 3b bb b8 9d",
         "KEY_LEFTCTRL+KEY_C": "1d 2e ae 9d", "ret": "1c 9c", "Return": "1c 9c", "meta_l": "e0:5b e0:db",
         "Super_L": "e0:5b e0:db", "Prior": "e0:49 e0:c9", "0x1e": "1e 9e", "0xe01d": "e0:1d e0:9d",
         "pause": "e1:1d 45 e1:9d c5", "f13": "5d dd", "mute": "e0:20 e0:a0", "XF86AudioMute": "e0:20 e0:a0"}


@tap.test("names of keys: ours, QEMU's, X's, virsh's, and scan codes")
def names():
    with still() as server:
        for name, codes in NAMES.items():
            codes = codes.replace(":", " ").split()
            caraway.run("key", server.uri, name)
            tap.equal(keys(server, len(codes)).split(), codes, name)
        caraway.run("key", server.uri, "shift:down", "a", "b", "shift:up", "c")
        tap.equal(keys(server, 8), "2a 1e 9e 30 b0 aa 2e ae")


@tap.test("a name that would operate the terminal is printed as escapes, also in JSON")
def escapes():
    with peers.DemoServer("--name", "x\x9b31m\u202egpj\x1b[2J") as server:
        text = caraway.run("info", server.uri).out
        tap.true("\\u009b31m\\u202egpj\\u001b[2J" in text, text)
        told = caraway.run("info", "--json", server.uri).out
        tap.true(not any(c in told for c in "\x9b\u202e\x1b"), "raw controls in JSON")
        tap.equal(json.loads(told)["name"], "x\x9b31m\u202egpj\x1b[2J")
        with open("/dev/full", "w") as full:
            tap.equal(peers.Process([caraway.program, "info", server.uri], stdout=full).child.wait(peers.PATIENCE), FILE)


# The first and the last of every range of characters that are not printed as they are, and what stands beside them.
HARMFUL = [(0x01, 0x1f), (0x7f, 0x9f), (0x61c, 0x61c), (0x200b, 0x200f), (0x2028, 0x202e), (0x2060, 0x2069), (0xfeff, 0xfeff),
           (0xe0000, 0xe007f)]


@tap.test("characters that would operate the terminal, range by range")
def ranges():
    plain = [c for first, last in HARMFUL for c in (first - 1, last + 1) if c not in (0, 0xe0080, 0xdffff)] + [0x1f600]
    harmful = [c for pair in HARMFUL for c in dict.fromkeys(pair)]
    with peers.DemoServer("--name", "".join(map(chr, plain + harmful))) as server:
        text = caraway.run("info", server.uri).out
        escaped = "".join(f"\\u{unit:04x}" for c in harmful for unit in struct.unpack(
            f">{1 + (c > 0xffff)}H", chr(c).encode("utf-16-be")))
        tap.true(f"\nname         {''.join(map(chr, plain))}{escaped}\n" in text, repr(text))


@tap.test("reasons: TLS where there is none, and none where there is; a server that wants it")
def tls_reasons():
    with still("--tls-port=0") as server:
        fails(PLAIN_PORT, "TLS failed (is this the port without TLS? then use spice://): wrong version number\n", "info",
              f"spice+tls://127.0.0.1:{server.port}")
        fails(TLS_PORT, "or one that expects TLS on this port", "info", f"spice://127.0.0.1:{server.tls_port}")
        fails(UNTRUSTED, "is not trusted (--ca-file", "info", f"spice+tls://127.0.0.1:{server.tls_port}")
        caraway.run("info", "--insecure", f"spice+tls://127.0.0.1:{server.tls_port}")
    need = spice.link_reply(error=5)
    with HostileServer({}, (spice.MAIN, need)) as server:
        fails(WANTS_TLS, "the server wants TLS", "info", server.uri)


@tap.test("reasons: no password, a wrong one; each says which")
def password_reasons():
    with still("--password", "secret") as server:
        fails(NO_PASSWORD, "wants a password", "info", server.uri)
        result = fails(AUTH, "refused the password", "info", server.uri, env={"CARAWAY_PASSWORD": "wrong"})
        tap.true(result.err.endswith(f"{server.uri}: the server refused the password\n"), result.err)
        (server.folder / "word").write_text("secret\r\nwhatever")
        caraway.run("info", server.uri, "--password-file", server.folder / "word")
        caraway.run("info", server.uri, "--password-file", "-", text="secret")
        caraway.run("info", server.uri, env={"CARAWAY_PASSWORD": "secret"})


@tap.test("reasons: another client took over; what the server said before it ended")
def closing_reasons():
    notice = spice.message(7, spice.u64(1) + spice.u32(0, 0, 0) + spice.u32(5) + b"bye\x1b!\0")
    with HostileServer({spice.MAIN: [spice.main_init(), notice, Wait(104), Close()]}) as server:
        words = ["closed the connection", "another one took over", "it said: bye\\033!"]
        result = fails(CLOSED, words, "info", server.uri)
        tap.true("GSpice-DEBUG" not in result.err, result.err)
        fails(CLOSED, [*words, "GSpice-DEBUG", "the server notes (0): bye"], "info", server.uri, env={"SPICE_DEBUG": ""})


@tap.test("another client may have taken over, whichever channel is seen to end first")
def taken_over():
    for kind in (spice.INPUTS, spice.MAIN):
        script = {spice.INPUTS: [spice.INPUTS_INIT, Wait(104, 5), Close() if kind == spice.INPUTS else Pause(60)]}
        if kind == spice.MAIN:
            script[spice.MAIN] = [spice.main_init(), Wait(104), spice.channels_list(*LISTED), Meet(spice.INPUTS), Close()]
            script[spice.INPUTS][1:1] = [HELLO]
        with HostileServer(script) as server:
            fails(CLOSED, "perhaps another one took over", "type", server.uri, "-", text="a" * 2000)
    with peers.Qemu() as qemu:
        first = qemu.start([caraway.program, "type", qemu.uri, "a" * 5000])
        peers.wait_until(lambda: 3 in [c["channel-type"] for c in qemu.qmp.run("query-spice").get("channels", [])],
                         "the first client's keyboard")
        caraway.run("info", qemu.uri)
        tap.equal(first.child.wait(peers.PATIENCE), CLOSED, first.text())
        tap.true("perhaps another one took over" in first.text(), first.text())


@tap.test("what a server has said at the beginning is not the reason of the end")
def old_notice():
    notice = spice.message(7, spice.u64(1) + spice.u32(1, 0, 0) + spice.u32(8) + b"insecure\0")
    main = [spice.main_init(), notice, HELLO, Wait(104), spice.channels_list(*LISTED), Meet(spice.MAIN), Pause(3), Close()]
    with HostileServer({spice.MAIN: main}) as server:
        result = fails(CLOSED, "closed the connection", "type", server.uri, "-", text="a" * 2000)
        tap.true("insecure" not in result.err, result.err)
    usual = b"keyboard channel is insecure\0"
    notice = spice.message(7, spice.u64(1) + spice.u32(1, 0, 0) + spice.u32(len(usual) - 1) + usual)
    with HostileServer({spice.MAIN: [spice.main_init(), notice, Wait(104), Close()]}) as server:
        result = fails(CLOSED, "closed the connection", "info", server.uri)
        tap.true("insecure" not in result.err, result.err)


TWICE = {"a closed port": (None, CONNECT, "cannot connect to 127.0.0.1: Connection refused"),
         "a server of another protocol": (b"RFB 003.008\n" + bytes(200), NOT_SPICE,
                                        "not a SPICE server but, it seems, a VNC server: its link"),
         "a server that wants TLS": (spice.link_reply(error=5), WANTS_TLS,
                                     "the server wants TLS, and the address names no port for it "
                                     "(use spice+tls://HOST:PORT, or ?tls-port=PORT)\n")}


@tap.cases("a message says it once: {}", TWICE)
def once(what):
    reply, status, words = TWICE[what]
    if reply is None:
        uri = f"spice://127.0.0.1:{peers.free_port()}"
        fails(status, f"caraway info: {uri}: {words}\n", "info", uri)
        proxy = f"cannot connect: The proxy cannot be reached: Could not {words.removeprefix('cannot ')}\n"
        fails(status, f"caraway info: {uri}: {proxy}", "info", f"--proxy={uri.replace('spice', 'http')}", uri)
    else:
        with HostileServer({}, (spice.MAIN, reply)) as server:
            fails(status, f"caraway info: {server.uri}: {words}", "info", server.uri)


@tap.test("a display that is off, and a server without any channel")
def nothing_there():
    with HostileServer({spice.DISPLAY: [Pause(20)]}) as server:
        fails(DISPLAY_OFF, "the display is off", "click", server.uri, "1", "1")
        for options in ((), ("-d0",), ("-d1",), ("--stable=100", "--on-timeout=save")):
            fails(DISPLAY_OFF, "the display is off", "screenshot", *options, server.uri, server.folder / "x.png")
        tap.true("displays     none" in caraway.run("info", server.uri).out, "info")
    with HostileServer({spice.MAIN: [spice.main_init(), Wait(104), spice.channels_list()]}) as server:
        for options in ((), ("--json",)):
            result = fails(NO_CHANNELS, "the server offers no channel but main, nothing to see", "info", *options, server.uri)
            tap.true(("none but main" if not options else '"channels"') in result.out, result.out)
        for command in ("type", "key"):
            fails(NO_CHANNELS, "no inputs channel 0: it offers no channel but main", command, server.uri, "a")
        fails(NO_CHANNELS, "no display: it offers no channel but main", "resize", server.uri, "640x480")
        fails(NO_CHANNELS, "no port \"x\": it offers no channel but main", "port", server.uri, "x")
        fails(NO_CHANNELS, "no display: it offers no channel but main", "screenshot", server.uri, server.folder / "x.png")


@tap.test("a reason that is found when the time limit has passed as well is the reason")
def reason_at_the_limit():
    empty = {spice.MAIN: [spice.main_init(), Wait(104), spice.channels_list(), HELLO]}
    with HostileServer(empty) as server:
        command = server.start([caraway.program, "screenshot", "-t8", server.uri, server.folder / "x.png"])
        main = server.channel(spice.MAIN)
        tap.true(main.wait(lambda: HELLO_ID in main.answers), "the client has not read the list")
        command.child.send_signal(signal.SIGSTOP)
        time.sleep(8.5)  # both limits, that of the option and that for an empty list, pass meanwhile
        command.child.send_signal(signal.SIGCONT)
        tap.equal(command.child.wait(peers.PATIENCE), NO_CHANNELS, command.text())
        clients.check_quiet("screenshot", command.text())


@tap.test("a public key as PEM, and only that key")
def public_key():
    with still("--port=-1", "--tls-port=0") as server, still("--port=-1", "--tls-port=0") as other:
        for name, peer in (("right", server), ("wrong", other)):
            pem = peers.run(["openssl", "x509", "-pubkey", "-noout", "-in", peer.tls_dir / "server-cert.pem"]).check().out
            (server.folder / name).write_text(pem)
            peers.run(["openssl", "pkey", "-pubin", "-in", server.folder / name, "-outform", "DER", "-out",
                       server.folder / f"{name}.der"]).check()
        for name in ("right", "right.der"):
            caraway.run("info", "--pubkey-file", server.folder / name, server.uri)
        fails(WRONG_PEER, "certificate", "info", "--pubkey-file", server.folder / "wrong.der", server.uri)
        fails(WRONG_PEER, "certificate", "info", "--pubkey-file", server.folder / "wrong", server.uri)
        # That key and no other: nothing else makes up for it.
        for other in (("--ca-file", server.ca_file), ("--insecure",), ("--cert-subject", "O=Caraway demo,CN=localhost")):
            fails(WRONG_PEER, "certificate", "info", "--pubkey-file", server.folder / "wrong", *other, server.uri)
            caraway.run("info", "--pubkey-file", server.folder / "right", *other, server.uri)
        fails(FILE, "no public key", "info", "--pubkey-file", server.ca_file, server.uri)
        fails(FILE, "no PEM certificate", "info", "--ca-file", peers.__file__, server.uri)


@tap.test("a file without an end is refused, wherever one is read whole")
def endless():
    uri = "spice://127.0.0.1:1"
    for command in (["type", "--file", "/dev/zero", uri], ["info", "--ca-file", "/dev/zero", uri],
                    ["info", "--pubkey-file", "/dev/zero", uri]):
        fails(FILE, "cannot read /dev/zero: it is too large", *command)
    fails(FILE, "first line of /dev/zero is longer", "info", "--password-file", "/dev/zero", uri)
    with open("/dev/zero", "rb") as zero:
        result = subprocess.run([caraway.program, "type", uri, "-"], stdin=zero, capture_output=True, text=True)
    tap.equal(result.returncode, FILE, result.stderr)
    tap.true("cannot read standard input: it is too large" in result.stderr, result.stderr)


@tap.test("connection files as Proxmox and oVirt write them")
def connection_files():
    with still("--port=-1", "--tls-port=0", "--password", "secret", "--tls-host", "node.example") as server:
        path = server.folder / "x.vv"
        ca = server.ca_file.read_text().replace("\n", "\\n")
        ovirt = (f"[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=-1\ntls-port={server.tls_port}\npassword=secret\n"
                 "# Password is valid for 120 seconds.\ndelete-this-file=1\nfullscreen=0\ntitle=vm:%d\n"
                 "toggle-fullscreen=shift+f11\nrelease-cursor=shift+f12\ntls-ciphers=DEFAULT\n"
                 f"host-subject=O=Caraway demo,CN=node.example\nca={ca}\n"
                 "secure-channels=main;inputs;cursor;playback;record;display;smartcard;usbredir\n"
                 "usb-filter=null\nusb-filter=-1,-1,-1,-1,0\nversions=rhev-win64:2.0-160\n\n[ovirt]\nhost=h:443\n")
        path.write_text(ovirt)
        tap.equal(len(caraway.info(path)["displays"]), 1)
        tap.true(not path.exists(), "the file is still there")
        told = json.loads(caraway.run("info", "--json", "-", text=ovirt).out)
        tap.equal(len(told["displays"]), 1)
        path.write_text(ovirt.replace("CN=node.example", "CN=other.example").replace("delete-this-file=1\n", ""))
        fails(WRONG_PEER, "subject", "info", path)
        tap.true(path.exists(), "the file is gone")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options_ = parser.parse_args()
    peers.DemoServer.program, caraway = options_.demo, clients.Caraway(options_.caraway)
    sys.exit(tap.main(options_.only, jobs=2))
