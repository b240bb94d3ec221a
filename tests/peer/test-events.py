# SPDX-License-Identifier: LGPL-2.1-or-later
"""caraway events: every kind of line it writes, whole, and how it ends. test-events.py --demo PROGRAM --caraway PROGRAM"""
import argparse
import fcntl
import json
import os
import select
import signal
import socket
import sys
import tempfile

import clients
import peers
import tap
from hostile import spice
from hostile.server import Close, HostileServer, Pause, Wait

FILE, CLOSED = 8, 18
caraway = None


class Watch:
    """The command in the background; what it has written is in a file."""

    def __init__(self, *arguments, env=None):
        self.output = tempfile.TemporaryFile()
        self.process = peers.Process([caraway.program, "events", *arguments], stdout=self.output, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()

    def text(self):
        return os.pread(self.output.fileno(), os.fstat(self.output.fileno()).st_size, 0).decode()

    def lines(self):
        """The objects of the whole lines, without their time."""
        objects = [json.loads(line) for line in self.text().split("\n")[:-1]]
        for line in objects:
            tap.true(isinstance(line.pop("ms"), int), f"no time: {line}")
        return objects

    def wait(self, *expected):
        """Until there has been each of these lines, whole, in this order, whatever is between them."""
        def came():
            lines = iter(self.lines())
            return all(line in lines for line in expected)
        try:
            peers.wait_until(came, "the lines")
        except peers.Failed:
            raise peers.Failed(f"not all of {expected} in this order", self.text(), self.process.text()) from None

    def ends(self, status=0):
        tap.equal(self.process.child.wait(peers.PATIENCE), status, self.process.text())
        clients.check_quiet("caraway events", self.process.text())
        return self.lines()


def of(event, channel=None, number=0, **values):
    return {"event": event, **({"channel": channel, "id": number} if channel else {}), **values}


def changed(name, channel=None, **values):
    return of("property", channel, property=name, **values)


@tap.test("channels, what is shown and drawn, properties of each type, and what comes on a port: each a whole object")
def kinds():
    with peers.DemoServer("--size", "64x48", "--spice-port", "a") as server, Watch(server.uri, "--draws") as watch:
        for channel in ("main", "display", "cursor", "port", "inputs"):
            watch.wait(of("channel-new", channel), of("channel", channel, state="opened"))
        watch.wait(of("display-create", "display", width=64, height=48), of("display-mark", "display"))
        watch.wait(changed("name", value="Caraway demo"))
        watch.wait(changed("mouse-mode", "main", value=1))
        watch.wait(changed("port-opened", "port", value=True), changed("port-name", "port", value="a"))
        server.command("fill box=4,5,24,35 color=ff0000")
        watch.wait(of("display-draw", "display", x=4, y=5, width=20, height=30))
        server.command("port-send a size=5 seed=65")
        watch.wait(of("port-data", "port", size=5))
        server.command("port-event a number=1")
        watch.wait(of("port-data", "port", size=5), changed("port-opened", "port", value=False))
        server.command("mode size=32x20")
        watch.wait(of("display-mark", "display"), of("display-destroy", "display"),
                   of("display-create", "display", width=32, height=20), of("display-mark", "display"))
        server.process.stop()
        lines = watch.ends(CLOSED)
        for channel in ("main", "display", "cursor", "port", "inputs"):
            tap.equal(lines.count(of("channel-new", channel)), 1, channel)


@tap.test("a connection file that disables channels: they are told of, and not connected")
def disabled():
    with peers.DemoServer("--size", "64x48") as server:
        file = server.folder / "x.vv"
        file.write_text(f"[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport={server.port}\ndisable-channels=inputs;cursor;\n")
        with Watch(file) as watch:
            watch.wait(of("channel-new", "inputs"))
            watch.wait(of("channel-new", "cursor"))
            watch.wait(of("display-mark", "display"))
            server.process.stop()
            opened = {line["channel"] for line in watch.ends(CLOSED) if line["event"] == "channel" and line["state"] == "opened"}
            tap.equal(opened, {"main", "display"})


@tap.test("a message that is wrong: the channel's state with the reason")
def reason():
    wrong = [Wait(101), spice.message(314, b"\0")]
    with HostileServer({spice.DISPLAY: wrong}) as server, Watch(server.uri) as watch:
        def state():
            return next((line for line in watch.lines() if line["event"] == "channel" and line["channel"] == "display"
                         and line["state"] != "opened"), None)
        found = peers.wait_until(state, "the end of the display")
        tap.equal(found["state"], "error-io")
        tap.true("surface-create" in found["error"], found)


@tap.test("a clipboard that the guest fills and empties, and an agent that comes and goes")
def agent():
    announce = spice.agent(6, spice.u32(0, 1 << 5 | 1 << 6))
    script = [spice.main_init(agent=1), Wait(104), spice.channels_list(), announce,
              spice.agent(7, spice.u8(1, 0, 0, 0) + spice.u32(1, 3)), spice.agent(9, spice.u8(1, 0, 0, 0)),
              spice.message(108, spice.u32(0)), Pause(1), Close()]
    with HostileServer({spice.MAIN: script}) as server, Watch(server.uri) as watch:
        watch.wait(of("agent", "main", connected=True, capabilities=0),
                   of("agent", "main", connected=True, capabilities=1 << 5 | 1 << 6),
                   of("clipboard-grab", "main", selection=1, types=[1, 3]),
                   of("clipboard-release", "main", selection=1),
                   of("agent", "main", connected=False, capabilities=0))
        watch.ends(CLOSED)


@tap.test("a client that is sent to another server: its channels go and come")
def switched():
    with peers.DemoServer("--size", "64x48") as server, peers.DemoServer("--size", "32x20") as other, \
            Watch(server.uri) as watch:
        watch.wait(of("display-mark", "display"))
        for channel in ("cursor", "inputs"):
            watch.wait(of("channel", channel, state="opened"))
        server.command(f"migration-switch host=127.0.0.1 port={other.port}")
        watch.wait(of("channel", "main", state="switching"), of("channel", "main", state="opened"))
        watch.wait(of("channel-new", "display"), of("channel-destroy", "display"), of("channel-new", "display"),
                   of("display-create", "display", width=32, height=20), of("display-mark", "display"))
        watch.process.child.send_signal(signal.SIGINT)
        watch.ends()


@tap.test("an output that is full is a failure, even if the last line was the one that did not fit")
def full_output():
    for count in (1, 5, 10**9):
        # A server each: libspice-server may crash when a client leaves while its display is being connected.
        with peers.DemoServer("--size", "64x48") as server, open("/dev/full", "w") as full:
            process = peers.Process([caraway.program, "events", f"--count={count}", server.uri], stdout=full)
            tap.equal(process.child.wait(peers.PATIENCE), FILE, process.text())
            tap.true("cannot write to standard output: No space left on device\n" in process.text(), process.text())


@tap.cases("it ends by itself: {}", ["--count=0", "--count=1", "--count=5", "--seconds=0.5", "--seconds=0"])
def ends(limit):
    with peers.DemoServer("--size", "64x48") as server, Watch(limit, server.uri) as watch:
        lines = watch.ends()
        if limit.startswith("--count"):
            tap.equal(len(lines), int(limit[-1]))
        else:
            tap.true(of("channel-new", "main") in lines, "nothing was told")


@tap.test("it ends at Ctrl-C; what is drawn is told on request only")
def interrupted():
    with peers.DemoServer("--size", "64x48") as server, Watch(server.uri) as watch:
        watch.wait(of("display-mark", "display"))
        server.command("fill box=4,5,24,35 color=ff0000")
        server.command("mode size=32x20")
        watch.wait(of("display-create", "display", width=32, height=20))
        watch.process.child.send_signal(signal.SIGINT)
        tap.true(not any(line["event"] == "display-draw" for line in watch.ends()), "draws were told")


@tap.test("it ends at Ctrl-C before anybody answers, too")
def unanswered():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with Watch(f"spice://127.0.0.1:{server.getsockname()[1]}") as watch:
            server.settimeout(peers.PATIENCE)
            connection, _ = server.accept()
            connection.recv(16)
            watch.process.child.send_signal(signal.SIGINT)
            tap.equal(watch.process.child.wait(peers.PATIENCE), -signal.SIGINT, watch.process.text())
            connection.close()


@tap.cases("an output that nobody reads does not hold it: {}", ["Ctrl-C", "--seconds"])
def unread(how):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    options = ["--seconds=3"] if how == "--seconds" else []
    with peers.DemoServer("--size", "64x48") as server:
        command = server.start([caraway.program, "events", "--draws", *options, server.uri], stdout=writer)
        peers.wait_until(lambda: not select.select([], [writer], [], 0)[1], "the output to be full")
        for i in range(200):
            server.command(f"fill box=0,0,{i % 8 + 1},8 color=ff0000")
        if how == "Ctrl-C":
            command.child.send_signal(signal.SIGINT)
        tap.equal(command.child.wait(peers.PATIENCE), 0, command.text())
    os.close(reader)
    os.close(writer)


@tap.test("a name that would operate the terminal is printed as escapes")
def escapes():
    name = "x\x9b31m\u202egpj\x1b[2J"
    with peers.DemoServer("--name", name, "--size", "64x48") as server, Watch(server.uri) as watch:
        watch.wait(changed("name", value=name))
        tap.true(not any(c in watch.text() for c in "\x9b\u202e\x1b"), repr(watch.text()))


@tap.test("a password is not shown")
def password():
    with peers.DemoServer("--password", "secret", "--size", "64x48") as server:
        with Watch("-n", "8", server.uri, env={"CARAWAY_PASSWORD": "secret"}) as watch:
            tap.true(changed("password") in watch.ends(), "its change is not told")
            tap.true("secret" not in watch.text(), watch.text())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, caraway = options.demo, clients.Caraway(options.caraway)
    sys.exit(tap.main(options.only, jobs=2))
