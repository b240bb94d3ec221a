# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SPICE server that follows a script: it links like a real one, takes any ticket, and then sends each channel the
bytes it was told to. It remembers what clients answered."""
import contextlib
import socket
import struct
import threading
import time

import peers
from hostile import spice

LISTED = ((spice.DISPLAY, 0), (spice.CURSOR, 0), (spice.INPUTS, 0))
PING_ID, HELLO_ID = 0x5A5A, 0x4E110
HELLO = spice.message(4, spice.u32(HELLO_ID) + spice.u64(1))


class Wait:
    """A step of a script: go on after the client has sent a message of this number, or so many of them."""

    def __init__(self, number, times=1):
        self.number, self.times = number, times


class Heard:
    """A step of a script: go on after what the client's messages of this number have said, put together, has `words`."""

    def __init__(self, number, words):
        self.number, self.words = number, words


class Meet:
    """A step of a script: go on after the client has answered the HELLO of another channel, so that it knows it."""

    def __init__(self, kind, number=0):
        self.kind, self.number = kind, number


class Close:
    """A step of a script: shut the connection."""


class Pause:
    """A step of a script: let the client work for a while."""

    def __init__(self, seconds):
        self.seconds = seconds


def opening(channel, listed=LISTED):
    """What a well-behaved server sends first."""
    if channel == spice.MAIN:
        return [spice.main_init(), Wait(104), spice.channels_list(*listed)]
    if channel == spice.DISPLAY:
        return [Wait(101), spice.surface_create(), spice.MARK]
    if channel == spice.USBREDIR:
        return []
    return [spice.CURSOR_INIT] if channel == spice.CURSOR else [spice.INPUTS_INIT]


class Connection:
    def __init__(self, sock, kind, number, offered, full=False):
        self.socket, self.kind, self.number, self.offered, self.full = sock, kind, number, offered, full
        self.seen, self.bodies, self.answers, self.pongs = [], [], [], 0  # bodies: of the messages in `seen`
        self.changed = threading.Condition()
        self.closed = False

    def read(self, pause):
        """Takes the client's messages until it closes."""
        try:
            time.sleep(pause)
            while True:
                if self.full:
                    _, number, size, _ = struct.unpack("<QHII", exactly(self.socket, 18))
                else:
                    number, size = struct.unpack("<HI", exactly(self.socket, 6))
                body = exactly(self.socket, size)
                with self.changed:
                    self.seen.append(number)
                    self.bodies.append(body)
                    if number == 3:
                        self.answers.append(struct.unpack_from("<I", body)[0])
                    self.pongs += number == 3 and body[:4] == spice.u32(PING_ID)
                    self.changed.notify_all()
        except (OSError, EOFError):
            with self.changed:
                self.closed = True
                self.changed.notify_all()
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)  # as servers do when a client has said that it is leaving

    def said(self, number):
        return b"".join(body for kind, body in zip(self.seen, self.bodies) if kind == number)

    def wait(self, condition, seconds=peers.PATIENCE):
        with self.changed:
            return self.changed.wait_for(lambda: condition() or self.closed, seconds) and condition()


def exactly(sock, size):
    data = b""
    while len(data) < size:
        block = sock.recv(min(size - len(data), 1 << 16))
        if not block:
            raise EOFError
        data += block
    return data


class HostileServer(peers.FakeServer):
    """`scripts` maps channel types, or (type, id), to steps that replace the opening; `listed` are the channels that
    main tells of. `link` replaces the link reply of the first channel of that type, given as (type, bytes) with the
    rest of the exchange left out. With `full` the data headers have 18 bytes; nothing is read from the channels of the
    scripts for `deaf` seconds. `caps` are the capabilities of channel types, where they are not the usual ones."""

    def __init__(self, scripts, link=None, result=None, listed=LISTED, full=False, deaf=0, caps=None):
        super().__init__(self._serve)
        self.scripts, self.link, self.result, self.listed, self.full = scripts, link, result, listed, full
        self.deaf, self.caps = deaf, {spice.DISPLAY: spice.DISPLAY_CAPS, spice.MAIN: 3, **(caps or {})}
        self.links, self.linked, self.overdue = [], threading.Condition(), []

    def _handshake(self, sock):
        _, _, _, size = struct.unpack("<4sIII", exactly(sock, 16))
        offered = exactly(sock, size)
        _, kind, number = struct.unpack("<IBB", offered[:6])
        if self.link is not None and kind == self.link[0]:
            sock.sendall(self.link[1])
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(1 << 16):
                pass
            return None
        sock.sendall(spice.link_reply(common=(0x03 if self.full else 0x0B,), channel=(self.caps.get(kind, 1),)))
        exactly(sock, 4 + 128)
        sock.sendall(spice.u32(0) if self.result is None or kind != self.result[0] else self.result[1])
        return Connection(sock, kind, number, offered, self.full)

    def _script(self, connection):
        for key in ((connection.kind, connection.number), connection.kind):
            if key in self.scripts:
                ping = spice.message(4, spice.u32(PING_ID) + spice.u64(1))
                return [*self.scripts[key], ping]
        return opening(connection.kind, self.listed)

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = self._handshake(sock)
        except EOFError:
            return
        if connection is None:
            return
        with self.linked:
            self.links.append(connection)
            self.linked.notify_all()
        pause = self.deaf if connection.kind in self.scripts else 0
        threading.Thread(target=connection.read, args=(pause,), daemon=True).start()
        for step in self._script(connection):
            if isinstance(step, Wait):
                self._await(connection, lambda: connection.seen.count(step.number) >= step.times, step)
            elif isinstance(step, Heard):
                self._await(connection, lambda: step.words in connection.said(step.number), step)
            elif isinstance(step, Meet):
                other = self.channel(step.kind, number=step.number)
                self._await(other, lambda: HELLO_ID in other.answers, step)
            elif isinstance(step, Pause):
                connection.wait(lambda: False, step.seconds)
            elif callable(step):  # to look how far others are
                step()
            elif isinstance(step, Close):
                sock.shutdown(socket.SHUT_RDWR)
                return
            elif isinstance(step, spice.Raw) or not self.full:
                sock.sendall(step)
            else:
                sock.sendall(spice.with_full_headers(step))

    def _await(self, connection, condition, step):
        """What never comes while the client stays is a mistake of the script, or the client's."""
        if not connection.wait(condition, peers.PATIENCE) and not connection.closed:
            self.overdue.append(f"channel {connection.kind}:{connection.number}, step {vars(step)}, seen {connection.seen}")

    def check_end(self):
        if self.overdue:
            raise peers.Failed("a client never did what the script waited for", *self.overdue)

    def channel(self, kind, seconds=peers.PATIENCE, number=0):
        """The connection of a channel once a client has linked it, or None."""
        def find():
            return next((c for c in self.links if (c.kind, c.number) == (kind, number)), None)
        with self.linked:
            self.linked.wait_for(find, seconds)
        return find()
