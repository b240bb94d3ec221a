# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay between the command-line program and a real server cuts the stream after a number of bytes: always an error
that says what happened, with its exit status; never a hang or a crash of the client.

The display worker of libspice-server 0.15 itself crashes now and then when a client leaves while it connects, so
servers are started again when they are gone."""
import argparse
import concurrent.futures
import contextlib
import queue
import re
import select
import socket
import struct
import subprocess
import sys
import threading

import clients
import peers
import tap

CONNECT, PROTOCOL, TIMEOUT, TLS_PORT, TLS, CLOSED = 3, 6, 7, 12, 14, 18  # exit statuses
TICKET = 4 + 128
N_SERVERS = 4
END = re.compile(r"^caraway info: .*(clos|reset|awaited|broke|ended)", re.M)
SETTINGS = {}


class Relay(peers.FakeServer):
    """Passes connections on to `port`. The connection number `victim` is cut after `size` bytes of the server, or of
    the client: `how` is "close", "reset" or "stall"."""

    def __init__(self, port, victim=None, size=0, how="close", of_client=False):
        super().__init__(self._relay)
        self.target, self.victim, self.size, self.how, self.of_client = port, victim, size, how, of_client
        self.lock, self.streams, self.ended = threading.Lock(), [], threading.Event()

    def close(self):
        self.ended.set()
        super().close()

    def _relay(self, client):
        with self.lock:
            number = len(self.streams)
            self.streams.append(bytearray())
        with contextlib.closing(client), socket.create_connection(("127.0.0.1", self.target)) as server:
            self._pass(client, server, number)

    def _pass(self, client, server, number):
        self.connections.append(server)
        rest = {client: None, server: None}
        if number == self.victim:
            rest[client if self.of_client else server] = self.size
        ways = {client: server, server: client}
        with contextlib.suppress(OSError, ValueError):  # reset by one of them, or closed at the end of the test
            while ways and 0 not in rest.values():
                for source in select.select(list(ways), [], [])[0]:
                    data = source.recv(min(1 << 16, rest[source] or 1 << 16))
                    if not data:
                        ways.pop(source).shutdown(socket.SHUT_WR)
                        continue
                    if source is server:
                        self.streams[number] += data
                    ways[source].sendall(data)
                    if rest[source] is not None:
                        rest[source] -= len(data)
            if self.how == "stall" and ways:
                self.ended.wait()
            if self.how == "reset":
                for sock in client, server:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def attempt(server, options, **cut):
    tls = server.port is None
    with Relay(server.tls_port if tls else server.port, **cut) as relay:
        uri = f"spice+tls://localhost:{relay.port}" if tls else relay.uri
        return SETTINGS["caraway"].run("info", uri, "--timeout", peers.PATIENCE, *options, status=None,
                                       seconds=2 * peers.PATIENCE), relay


class Servers:
    """Demo servers of which each has one client at a time: a second one would end the first."""

    def __init__(self, number, *options):
        self.options, self.idle = options, queue.SimpleQueue()
        self.all = [peers.DemoServer("--size", "64x48", *options) for _ in range(number)]

    def __enter__(self):
        for server in self.all:
            self.idle.put(server.__enter__())
        return self

    def __exit__(self, *error):
        for server in self.all:
            server.close()

    @contextlib.contextmanager
    def one(self):
        server = self.idle.get()
        try:
            if not server.process.running():
                tap.note("a server had crashed and is started again")
                server.close()
                server = peers.DemoServer("--size", "64x48", *self.options).__enter__()
                self.all.append(server)
            yield server
        finally:
            self.idle.put(server)


def check_all(cuts, statuses=(PROTOCOL, CLOSED), said=END, options=(), servers=None):
    """Runs the program for every cut and lists what went wrong."""
    def run(cut):
        for _ in range(3):
            with (servers or SETTINGS["servers"]).one() as server:
                result = attempt(server, options, **cut)[0]
                if result.status in statuses and said.search(result.err):
                    return None
                # A server that a client before had made crash ends the connection by itself.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.child.wait(5)
                if server.process.running():
                    break
        return f"{cut}: exit status {result.status}, said {result.err!r}"

    with concurrent.futures.ThreadPoolExecutor(N_SERVERS) as pool:
        wrong = [trouble for trouble in pool.map(run, cuts) if trouble]
    if wrong:
        raise peers.Failed(f"{len(wrong)} of {len(cuts)} cuts ended wrongly", "\n".join(wrong[:20]))


def link_size(stream):
    return 16 + struct.unpack_from("<I", stream, 12)[0] + 4


def messages(stream):
    """(number, first byte, byte after the last) of the messages after the link, framed by mini headers."""
    at = link_size(stream)
    while at + 6 <= len(stream):
        number, size = struct.unpack_from("<HI", stream, at)
        yield number, at, at + 6 + size
        at += 6 + size


@tap.test("uncut, the relay changes nothing")
def uncut():
    with SETTINGS["servers"].one() as server:
        result, relay = attempt(server, ())
    result.check(0)
    SETTINGS["streams"] = relay.streams
    tap.equal(len(relay.streams), 4, "connections")


@tap.test("main, the server's stream closed after n bytes, for every n of the link")
def every_byte():
    size = link_size(SETTINGS["streams"][0])
    check_all([{"victim": 0, "size": n} for n in range(16)], (TLS_PORT,))
    check_all([{"victim": 0, "size": n} for n in range(16, size)], (PROTOCOL,))
    check_all([{"victim": 0, "size": size}], (CLOSED,))


@tap.cases("main, the client's stream closed after some of its bytes: {}", ["link message", "ticket"])
def client_bytes(part):
    sizes = range(0, 40, 5) if part == "link message" else range(60, 60 + TICKET, 16)
    check_all([{"victim": 0, "size": n, "of_client": True} for n in sizes], (PROTOCOL, TLS_PORT, CLOSED))


@tap.test("main, reset instead of closed")
def reset():
    check_all([{"victim": 0, "size": n, "how": "reset"} for n in (0, 1, 16, 17, 100, 202, 203, 206)],
              (CONNECT, PROTOCOL, TLS_PORT, CLOSED))


@tap.test("main, closed before, inside and after its first messages, and far behind them")
def main_messages():
    stream = SETTINGS["streams"][0]
    ends = {size for _, start, end in list(messages(stream))[:5] for size in (start, start + 3, start + 7, end)}
    check_all([{"victim": 0, "size": n} for n in sorted(n for n in ends if n < len(stream))
                                   + [len(stream) // 4, len(stream) // 2]])


@tap.cases("connection {}, opened later, closed in its link and its first message", [1, 2, 3])
def later_channels(number):
    link = link_size(SETTINGS["streams"][number])
    check_all([{"victim": number, "size": n} for n in (0, 7, 16, 90, link - 4, link - 1)])


@tap.test("a stream that stops without an end runs into the time limit of the program")
def stall():
    cuts = [{"victim": victim, "size": n, "how": "stall"} for victim, n in ((0, 0), (0, 100), (0, 230), (1, 100))]
    check_all(cuts, (TIMEOUT,), re.compile("gave up after 1.5 s"), ("--timeout", "1.5"))


@tap.test("TLS, closed in the handshake and behind it")
def tls():
    with Servers(1, "--port", "-1", "--tls-port", "0") as servers:
        options = ("--ca-file", servers.all[0].ca_file)
        with servers.one() as server:
            result, relay = attempt(server, options)
            result.check(0)
        check_all([{"victim": 0, "size": n} for n in (0, 1, 5, 6, 127)], (TLS,), re.compile("TLS"), options, servers)
        sizes = [*range(200, 2600, 300), len(relay.streams[0]) // 2]
        check_all([{"victim": 0, "size": n} for n in sizes], (TLS, TLS_PORT, PROTOCOL, CLOSED),
                  re.compile("TLS|" + END.pattern, re.M), options, servers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    peers.DemoServer.program = arguments.demo
    SETTINGS["caraway"] = clients.Caraway(arguments.caraway)
    with Servers(N_SERVERS) as SETTINGS["servers"]:
        status = tap.main(arguments.only)
    sys.exit(status)
