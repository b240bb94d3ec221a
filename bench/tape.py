# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay between a client and a server: it delays and slows what passes, as a long line does, or records what the server
says, for tape-server to play."""

import collections
import select
import socket
import struct
import threading
import time

SEGMENT = 1460  # bytes that travel together on a slow line


class Line:
    """One direction of a connection: when which bytes are due at the other end."""

    def __init__(self, delay, rate):
        self.delay, self.rate, self.busy_until = delay, rate, 0.0
        self.waiting = collections.deque()

    def put(self, data):
        now = time.monotonic()
        if not self.rate:
            self.waiting.append((now + self.delay, data))
            return
        for at in range(0, len(data), SEGMENT) if data else [0]:
            piece = data[at:at + SEGMENT]
            self.busy_until = max(self.busy_until, now) + len(piece) / self.rate
            self.waiting.append((self.busy_until + self.delay, piece))

    def is_full(self):
        return len(self.waiting) > 512


class Relay(threading.Thread):
    """Forwards connections to 127.0.0.1:port: every byte comes `delay` seconds later in each direction and at most
    `rate` bytes a second pass. With `tracks`, a list, what the server says on each connection is appended to it."""

    def __init__(self, port, delay=0.0, rate=None, tracks=None):
        super().__init__(daemon=True)
        self.target, self.delay, self.rate, self.tracks = port, delay, rate, tracks
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        # Closing alone does not wake those that wait for them.
        for sock in [self.listener, *self.sockets]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            track = {"sent": bytearray(), "said": bytearray()}
            if self.tracks is not None:
                self.tracks.append(track)
            for source, sink, heard in ((client, server, "sent"), (server, client, "said")):
                self.sockets.append(source)
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                log = track[heard] if self.tracks is not None else None
                threading.Thread(target=self._forward, args=(source, sink, log), daemon=True).start()

    def _forward(self, source, sink, log):
        line, more = Line(self.delay, self.rate), True
        try:
            while more or line.waiting:
                timeout = max(0, line.waiting[0][0] - time.monotonic()) if line.waiting else None
                if select.select([source] if more and not line.is_full() else [], [], [], timeout)[0]:
                    data = source.recv(1 << 16)
                    more = bool(data)
                    if log is not None:
                        log += data
                    line.put(data)
                while line.waiting and line.waiting[0][0] <= time.monotonic():
                    data = line.waiting.popleft()[1]
                    if data:
                        sink.sendall(data)
                    else:
                        sink.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):
            return


def write_tape(path, tracks):
    """What tape-server reads: of each channel type, id, capabilities, and all that came after the link's result."""
    with open(path, "wb") as out:
        for track in tracks:
            sent, said = bytes(track["sent"]), bytes(track["said"])
            if len(sent) < 22 or len(said) < 16:
                continue
            kind, number = sent[20], sent[21]
            size, = struct.unpack_from("<I", said, 12)
            n_common, n_channel, offset = struct.unpack_from("<III", said, 16 + 4 + 162)
            words = struct.unpack_from(f"<{n_common + n_channel}I", said, 16 + offset)
            stream = said[16 + size + 4:]
            caps = words[n_common] if n_channel else 0
            out.write(struct.pack("<BBxxII", kind, number, caps, whole(stream)) + stream[:whole(stream)])


def whole(stream):
    """The size of the messages that are complete, with headers of six bytes."""
    at = 0
    while at + 6 <= len(stream):
        size, = struct.unpack_from("<I", stream, at + 2)
        if at + 6 + size > len(stream):
            break
        at += 6 + size
    return at
