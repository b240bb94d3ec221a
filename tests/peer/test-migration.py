# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest moves from one QEMU to another, and the client with it: seamless, semi-seamless, by a plain switch; refused,
cancelled, given up."""
import argparse
import contextlib
import socket
import sys
import tempfile
import threading
from urllib.parse import urlparse

import clients
import peers
import pictures
import tap

# A tablet, a port and sound: as many kinds of channels as a machine without a system can have.
DEVICES = ["-device", "virtio-serial", "-chardev", "spiceport,name=org.example.port,id=port",
           "-device", "virtserialport,chardev=port,name=org.example.port",
           "-audiodev", "spice,id=audio", "-device", "intel-hda", "-device", "hda-duplex,audiodev=audio"]
CHANNELS = ["main:0", "display:0", "inputs:0", "cursor:0", "port:0", "playback:0", "record:0"]


class Pair:
    """A source with a running machine, a target that waits for it, and a client of the source."""

    def __init__(self, seamless, password=None):
        self.port = peers.free_port()
        common = {"seamless": seamless, "password": password}
        self.source = peers.Qemu(extra=[*DEVICES, "-boot", "menu=on,splash-time=60000"], **common)
        self.target = peers.Qemu(extra=[*DEVICES, "-boot", "menu=on,splash-time=60000",
                                        "-incoming", f"tcp:127.0.0.1:{self.port}"], **common)

    def __enter__(self):
        self.source.__enter__()
        self.target.__enter__()
        self.source.wait_text()
        self.client = clients.Viewer(self.source.uri)
        self.client.__enter__()
        for channel in CHANNELS:
            self.client.wait(f"session {channel} event opened")
        self.client.wait("session display:0 display-primary-create")
        self.client.wait("session inputs:0 inputs-modifiers")
        self.mark()
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.client.__exit__(kind, error, trace)
        finally:
            self.target.__exit__(kind, error, trace)
            self.source.__exit__(kind, error, trace)

    def mark(self):
        """What is looked at from now on has been said from now on."""
        self.start = len(self.client.lines)

    def said(self):
        return self.client.lines[self.start:]

    def wait(self, line, seconds=peers.PATIENCE):
        return self.client.wait(line, seconds, self.start)

    def announce(self, port=None):
        port = port or urlparse(self.target.uri).port
        self.source.qmp.run("client_migrate_info", protocol="spice", hostname="127.0.0.1", port=port)

    def migrate(self):
        # The client says that it is connected after its signal: what leaves first, and is asked first, comes first.
        for _ in range(5):
            self.client.command("state")
            self.source.qmp.run("query-status")
        self.source.qmp.run("migrate", uri=f"tcp:127.0.0.1:{self.port}")

    def arrived(self):
        """The client shows the target's screen, and what is typed arrives there."""
        peers.wait_until(lambda: self.target.qmp.run("query-status")["running"], "the target to run")
        self.same_picture()
        before = self.target.wait_text()
        self.client.command("key 1")
        peers.wait_until(lambda: pictures.difference(self.target.truth(), before) is not None,
                         "the target's firmware to answer the key")
        self.target.wait_text()
        self.same_picture()

    def same_picture(self):
        def same():
            with tempfile.TemporaryDirectory(prefix="caraway-view-") as folder:
                before = self.target.truth()
                self.client.command(f"dump {folder}/view.ppm")
                return pictures.difference(pictures.read(f"{folder}/view.ppm"), before) is None
        peers.wait_until(same, "the target's screen", every=0.3)

    def address(self, machine):
        self.mark()
        self.client.command("state")
        tap.equal(self.wait("address "), f"address host=127.0.0.1 port={urlparse(machine.uri).port}")


def opened(pair):
    """Every channel is linked to the target, and nothing has happened to the session's own."""
    pair.wait("started for-migration=1")
    for channel in CHANNELS:
        pair.wait(f"target {channel} event opened")
    pair.wait("state migrating")
    tap.equal([line for line in pair.said() if line.startswith("session ") and " event " in line], [], "events")


def left(pair):
    """The migration is over: the temporary session has closed the source, the session's channels never noticed."""
    pair.wait("state none")
    for channel in CHANNELS:
        pair.wait(f"target {channel} event closed")
    tap.equal([line for line in pair.said() if line.startswith("session ") and " event " in line], [], "events")


@tap.test("S23: a seamless migration: no channel has an event, nothing is redrawn")
def seamless():
    with Pair(True) as pair:
        pair.announce()
        opened(pair)
        pair.migrate()
        left(pair)
        tap.equal([line for line in pair.said() if "display-primary" in line or "agent-update" in line], [], "signals")
        pair.arrived()
        pair.address(pair.target)


@tap.test("S23: a semi-seamless migration: no channel has an event, the screen stays until it is drawn anew")
def semi_seamless():
    with Pair(False) as pair:
        pair.announce()
        opened(pair)
        pair.migrate()
        left(pair)
        said = pair.said()
        tap.true(said.index("session main:0 main-agent-update") < said.index("state none"), "the agent goes first")
        # What the target's display does when its machine begins to run, and when keys arrive, is its own business.
        own = said[:said.index("state none")]
        tap.equal([line for line in own if "display-primary" in line], [], "signals")
        pair.wait("session inputs:0 inputs-modifiers")
        pair.arrived()
        pair.address(pair.target)


class Relay:
    """A port that leads to a machine's SPICE server."""

    def __init__(self, port, machine):
        self.target = ("127.0.0.1", urlparse(machine.uri).port)
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(self.target)
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    @staticmethod
    def _carry(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


@tap.cases("S23: nobody listens at the destination, seamless {0}: the session stays, and is sent there at the end",
           [True, False])
def switched(seamless_wanted):
    with Pair(seamless_wanted) as pair:
        port = peers.free_port()
        pair.announce(port)
        pair.wait("target main:0 event error-connect")
        tap.true("state migrating" not in pair.said(), "not migrating")
        with contextlib.closing(Relay(port, pair.target)):
            pair.mark()
            pair.migrate()
            pair.wait("state switching")
            pair.wait("session main:0 event switching")
            for channel in CHANNELS[1:]:
                pair.wait(f"session {channel} destroyed")
            pair.wait("session main:0 main-agent-update")
            pair.wait("state none")
            pair.wait("session main:0 event opened")
            for channel in CHANNELS[1:]:
                pair.wait(f"session {channel} event opened")
            pair.wait("session display:0 display-primary-create")
            tap.true("session main:0 event closed" not in pair.said(), "no CLOSED of main")
            pair.arrived()
            pair.mark()
            pair.client.command("state")
            tap.equal(pair.wait("address "), f"address host=127.0.0.1 port={port}")


@tap.cases("S23: cancelled, seamless {0}: the session goes on at the source", [True, False])
def cancelled(seamless_wanted):
    with Pair(seamless_wanted) as pair:
        pair.announce()
        opened(pair)
        pair.source.qmp.run("migrate-set-parameters", **{"max-bandwidth": 10000})
        pair.migrate()
        pair.source.qmp.run("migrate_cancel")
        left(pair)
        tap.equal([line for line in pair.said() if "display-primary" in line], [], "signals")
        pair.address(pair.source)
        pair.source.qmp.run("query-status")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", required=True, help="the client that is sent around")
    parser.add_argument("--only")
    options = parser.parse_args()
    clients.Viewer.program = options.client
    sys.exit(tap.main(options.only))
