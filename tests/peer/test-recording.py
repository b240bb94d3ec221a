# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings of real servers: recorded, inspected, and served again to our client and to a foreign one."""
import argparse
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import clients
import peers
import pictures
import recordings
import tap
from hostile import spice
from hostile.server import Close, HostileServer, Pause

CONNECT, FILE, CLOSED = 3, 8, 18  # exit statuses
caraway = None


class Replay(peers.Peer):
    """caraway replay; its uri is what it prints."""

    def __init__(self, path, *options):
        super().__init__()
        self.path, self.options = path, options

    def open(self):
        self.process = self.start([caraway.program, "replay", self.path, *self.options], stdout=subprocess.PIPE)
        pipe = self.process.child.stdout
        if not select.select([pipe], [], [], 20)[0]:
            raise self.process.failed("printed no address")
        self.uri = pipe.readline().decode().strip()
        tap.true(self.uri.startswith("spice"), f"an address, not {self.uri!r}")

    def close(self):
        if self.processes:
            self.processes[0].stop(30)
        super().close()

    def check_end(self):
        clients.check_quiet("caraway replay", self.process.text())
        tap.equal(self.process.child.returncode, 0, "exit status")


@contextlib.contextmanager
def recorded(server, *options, uri=None):
    """A recording that has all of the server's screen: the first that was long enough."""
    server.command("sync")
    truth = server.dump()
    with tempfile.TemporaryDirectory(prefix="caraway-record-") as folder:
        path = Path(folder) / "session"
        for seconds in (0.5, 2, 8):
            caraway.run("record", uri or server.uri, path, "--for", seconds, *options)
            channels = json.loads(caraway.run("inspect", path, "--json").out)["channels"]
            if "display:0" not in {channel["channel"] for channel in channels}:
                trouble = "the display has not come while it was recorded"
                continue
            with Replay(path, "--fast") as replay:
                trouble = pictures.difference(caraway.screenshot(replay.uri), truth)
            if trouble is None:
                yield path, truth
                return
        raise AssertionError(trouble)


@tap.test("our client and spicy-screenshot see the recorded screen, at the recorded pace and fast")
def shows():
    with peers.DemoServer("--no-animation", scene=True) as server, recorded(server) as (path, truth):
        for options in ((), ("--fast",)):
            with Replay(path, *options) as replay:
                trouble = pictures.difference(caraway.screenshot(replay.uri), truth)
                tap.true(trouble is None, trouble)
        # It takes the first picture it gets, whole or not.
        with Replay(path, "--fast") as replay:
            peers.wait_until(lambda: pictures.difference(clients.Spicy().screenshot(replay.uri), truth) is None,
                             "the whole screen in a foreign client")


@tap.test("through TLS and with a password, and neither it nor the key is in the file")
def no_password():
    word = "geheimes-wort"
    with peers.DemoServer("--no-animation", "--password", word, "--port=-1", "--tls-port=0", scene=True) as server:
        secret = server.folder / "password"
        secret.write_text(word + "\n")
        with recorded(server, "--password-file", secret, "--ca-file", server.ca_file) as (path, _):
            tap.true(word.encode() not in path.read_bytes(), "the password is in the file")
            tap.true(word not in caraway.run("inspect", path, "--messages").out, "the password is in a message")
            tap.equal(path.stat().st_mode & 0o777, 0o600, "mode")


@tap.test("inspect counts what was drawn, as text, as JSON and message by message")
def inspected():
    with peers.DemoServer("--no-animation", scene=True) as server, recorded(server) as (path, _):
        said = json.loads(caraway.run("inspect", path, "--json").out)
        by_name = {channel["channel"]: channel for channel in said["channels"]}
        tap.true({"main:0", "display:0", "cursor:0", "inputs:0"} <= set(by_name), str(list(by_name)))
        copies = by_name["display:0"]["kinds"]["draw-copy"]
        tap.true(copies["messages"] > 0 and copies["bytes"] > 0, str(copies))
        tap.equal(sum(kind["messages"] for kind in by_name["main:0"]["kinds"].values()), by_name["main:0"]["messages"])
        tap.equal([channel["damaged"] for channel in said["channels"]], [0] * len(said["channels"]))
        text = caraway.run("inspect", path).out
        tap.true("draw-copy" in text and "Caches:" in text, text)
        messages = caraway.run("inspect", path, "--messages").out
        tap.equal(messages.count(" display:0 draw-copy, "), copies["messages"])
        tap.true("src_bitmap.type" in messages, "fields of a picture")


@tap.test("a recording cut off says where, plays what precedes, and a broken one likewise")
def cut():
    with peers.DemoServer("--no-animation", scene=True) as server, recorded(server) as (path, truth):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        start = int(re.search(r"offset (\d+)", caraway.run("inspect", path, status=FILE).err)[1])
        # The last block once more, damaged: every channel precedes it, whatever came when.
        for bad in (whole[start:-7], whole[start:-20] + b"\xff" * 20):
            path.write_bytes(whole + bad)
            result = caraway.run("inspect", path, status=FILE)
            tap.true(f"offset {len(whole)}" in result.err and "main:0" in result.out, result.err)
            with Replay(path, "--fast") as replay:
                peers.wait_until(lambda process=replay.process: "offset" in process.text(), "a word on the damage")
                names = {channel["type"] for channel in caraway.info(replay.uri)["channels"]}
                tap.true({"main", "display", "cursor", "inputs"} <= names, str(names))
        path.write_bytes(b"no recording at all, however long it may be")
        for command in ("inspect", "replay"):
            result = caraway.run(command, path, status=FILE)
            tap.true("not a recording" in result.err, result.err)


@tap.test("an interrupted recording is whole, and a client that leaves ends replay --once")
def ends():
    with peers.DemoServer("--no-animation", scene=True) as server, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session"
        process = server.start([caraway.program, "record", server.uri, path])
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        process.child.send_signal(signal.SIGINT)
        tap.equal(process.child.wait(peers.PATIENCE), 0, "exit status")
        caraway.run("inspect", path)
        with Replay(path, "--once", "--unix", f"{folder}/socket") as replay:
            tap.equal(replay.uri, f"spice+unix://{folder}/socket")
            caraway.info(replay.uri)
            tap.equal(replay.process.child.wait(peers.PATIENCE), 0, "exit status")
            tap.true(not Path(f"{folder}/socket").exists(), "its socket is left")
        process = server.start([caraway.program, "record", server.uri, path])
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        process.child.send_signal(signal.SIGTERM)
        tap.equal(process.child.wait(peers.PATIENCE), 0, "exit status")
        caraway.run("inspect", path)
        tap.true("No space left" in caraway.run("record", server.uri, "/dev/full", "--for=1", status=FILE).err, "no reason")
        process = server.start([caraway.program, "record", server.uri, path])
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        server.process.stop()
        tap.equal(process.child.wait(peers.PATIENCE), CLOSED, process.text())
        tap.true("main:0" in caraway.run("inspect", path).out, "not whole")


@tap.test("a recording has its name as soon as the server has let us in, with the file's mode, and through links")
def targets():
    with peers.DemoServer("--no-animation", scene=True) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "real").write_text("old")
        (folder / "real").chmod(0o640)
        (folder / "link").symlink_to("real")
        server.process.child.send_signal(signal.SIGSTOP)
        process = server.start([caraway.program, "record", server.uri, folder / "link"])
        try:
            peers.wait_until(lambda: list(folder.glob(".caraway-*")), "the file that takes its place")
            tap.equal((folder / "real").read_text(), "old")
        finally:
            server.process.child.send_signal(signal.SIGCONT)
        peers.wait_until(lambda: (folder / "real").read_bytes().startswith(b"CWRECORD"), "the recording under its name")
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        process.child.send_signal(signal.SIGINT)
        tap.equal(process.child.wait(peers.PATIENCE), 0, process.text())
        tap.true("main:0" in caraway.run("inspect", folder / "real").out, "not whole")
        tap.equal((folder / "real").stat().st_mode & 0o777, 0o640)
        tap.equal(sorted(path.name for path in folder.iterdir()), ["link", "real"])
        os.mkfifo(folder / "fifo")
        came = []
        reader = threading.Thread(target=lambda: came.append((folder / "fifo").read_bytes()), daemon=True)
        reader.start()
        caraway.run("record", "--for=0.5", server.uri, folder / "fifo")
        reader.join(10)
        (folder / "copy").write_bytes(came[0])
        tap.true("main:0" in caraway.run("inspect", folder / "copy").out, "not whole")


@tap.test("a server that ends after its first words, and one that is left then: what it said is kept")
def first_words():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session"
        with HostileServer({spice.MAIN: [spice.main_init(), Close()]}) as server:
            caraway.run("record", server.uri, path, status=CLOSED)
            tap.true("init" in caraway.run("inspect", path).out, "its words are not there")
        path.unlink()
        with HostileServer({spice.MAIN: [spice.main_init(), Pause(peers.PATIENCE)]}) as server:
            process = peers.Process([caraway.program, "record", server.uri, path])
            peers.wait_until(path.exists, "the recording")
            process.child.send_signal(signal.SIGTERM)
            tap.equal(process.child.wait(peers.PATIENCE), -signal.SIGTERM, process.text())
            tap.true("main:0" in caraway.run("inspect", path).out, "its words are not there")


RED, BLUE = (spice.fill((0, 0, 64, 48)).replace(spice.u32(0x102030), spice.u32(color)) for color in (0xFF0000, 0xFF))


@contextlib.contextmanager
def made(*drawn):
    with tempfile.TemporaryDirectory(prefix="caraway-record-") as folder:
        path = Path(folder) / "made"
        path.write_bytes(recordings.screen(*drawn))
        yield path


@tap.test("what was recorded an hour later comes an hour later, or at once with --fast")
def pace():
    with made((0, RED), (3600, BLUE)) as path:
        for options, color in (((), "ff0000"), (("--fast",), "0000ff")):
            with Replay(path, *options) as replay:
                for _ in range(2):
                    tap.equal(caraway.screenshot(replay.uri).pixel(3, 3), color)
    with made((0, RED), (1.5, BLUE)) as path, Replay(path) as replay:
        for _ in range(2):
            watch = replay.start([caraway.program, "events", replay.uri, "--draws", "--seconds=60"], stdout=subprocess.PIPE)
            lines = (json.loads(line) for line in watch.child.stdout)
            first = next(line["ms"] for line in lines if line["event"] == "channel-new")
            draws = (line["ms"] - first for line in lines if line["event"] == "display-draw")
            tap.true(next(draws) < next(draws) >= 1500, "the second picture came early")
            watch.stop()


@tap.test("at its end a channel stays open, or is closed with --close")
def at_end():
    with made((0, RED)) as path:
        with Replay(path, "--close") as replay:
            caraway.run("events", replay.uri, status=CLOSED)
        with Replay(path) as replay:
            caraway.run("events", replay.uri, "--seconds=1")


@tap.test("replay listens where it is told to, says why it cannot, and ends at Ctrl-C")
def places():
    port = peers.free_port()
    with made((0, RED)) as path, Replay(path, "--port", port) as replay:
        tap.equal(replay.uri, f"spice://127.0.0.1:{port}")
        tap.true("in use" in caraway.run("replay", path, "-p", port, status=CONNECT).err, "no reason")
        replay.process.child.send_signal(signal.SIGINT)
        tap.equal(replay.process.child.wait(peers.PATIENCE), 0, "exit status")


@tap.test("who speaks another protocol is told of, and others are served")
def others():
    with made((0, RED)) as path, Replay(path) as replay:
        with socket.create_connection(("127.0.0.1", int(replay.uri.rpartition(":")[2]))) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            peers.wait_until(lambda: "caraway replay: " in replay.process.text(), "a word on it")
            tap.equal(caraway.screenshot(replay.uri).pixel(3, 3), "ff0000")


@tap.cases("inspect {}: an output that is full is a failure", ["", "--json", "--messages"])
def full_output(option):
    with made((0, RED)) as path, open("/dev/full", "w") as full:
        process = peers.Process([caraway.program, "inspect", path, *option.split()], stdout=full)
        tap.equal(process.child.wait(peers.PATIENCE), FILE)
        tap.true("the output cannot be written: No space left on device\n" in process.text(), process.text())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program = options.demo
    caraway = clients.Caraway(options.caraway)
    sys.exit(tap.main(options.only, jobs=2))
