# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client of the port tests, and the messages of scripted ports."""
import contextlib
import re
import tempfile
from pathlib import Path

import clients
import peers
import tap
from hostile import spice

NAME = "org.example.test.0"
INIT, EVENT, DATA, COMPRESSED = 201, 202, 101, 102
FAILED = "spice-client-error-quark:0:"
BUSY = "g-io-error-quark:26:"
CANCELLED = "g-io-error-quark:19:"


class PortClient(clients.Viewer):
    program = None  # path, set by main ()

    def __init__(self, uri, *properties, env=None):
        super().__init__(uri, "only=ports", *properties, env=env)

    def told(self, start=0):
        """What it said of its ports, without the channel's own events."""
        return [line for line in self.lines[start:] if re.match("opened|name|event|data", line)]

    def written(self, number, seconds=peers.PATIENCE):
        line = self.wait(f"written {number} ", seconds)
        fields, _, error = line.partition(" error=")
        return {**{k: int(v) for k, v in (word.split("=") for word in fields.split()[2:])}, "error": error}

    def received(self, start=0, port=0):
        start = len(self.lines)
        self.command(f"received {port}")
        _, _, size, digest = self.wait("received", start=start).split()
        return int(size), digest

    def end(self):
        """Ends it; every write has to have been called back once, later than it was asked for."""
        if self.process.child.stdin.closed:
            return
        self.finish()
        tap.true("WARNING **" not in self.process.text(), "the client warned")
        counts = dict(word.split("=") for word in self.wait("counts").split()[1:])
        tap.equal(counts["called"], counts["started"], "callbacks")
        tap.equal((counts["twice"], counts["early"]), ("0", "0"), "callbacks run twice, or too early")


class SharedFolder:
    """A temporary folder, a server, and a client that shares path with what is behind the server."""

    def __init__(self, *properties):
        self.properties = properties
        self.stack = contextlib.ExitStack()
        self.top = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="caraway-folder-")))
        self.path = self.top / "shared"
        self.path.mkdir()

    def start_server(self):
        """Returns it, entered in the stack."""
        raise NotImplementedError

    def __enter__(self):
        with self.stack:
            self.server = self.start_server()
            self.client = self.stack.enter_context(
                PortClient(self.server.uri, f"shared-dir={self.path}", *self.properties))
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, kind, error, trace):
        with self.stack:
            if error is None:
                tap.equal([line for line in self.client.lines if line.startswith("data")], [], "port-data")
                self.client.end()


def init(name=NAME.encode() + b"\0", opened=0, size=None, at=9):
    return spice.message(INIT, spice.u32(len(name) if size is None else size, at) + spice.u8(opened) + name)


def event(number):
    return spice.message(EVENT, spice.u8(number))


def data(body):
    return spice.message(DATA, body)
