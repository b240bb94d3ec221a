# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ports: bytes and events both ways between a live client and the demo server, every write answered once, and what a
client makes of servers that follow a script."""
import argparse
import hashlib
import sys

import peers
import tap
from hostile import spice
from hostile.server import Close, HostileServer, Wait, opening
from portclient import BUSY, CANCELLED, COMPRESSED, DATA, EVENT, FAILED, INIT, NAME, PortClient, data, event, init

OPENED, CLOSED, BREAK = 0, 1, 2


def pattern(size, seed=0):
    """What the client and the demo server send."""
    return bytes((7 * i + 13 * (i >> 8) + seed) & 255 for i in range(size))


def patterns(size, seed, times):
    base = pattern(size)
    return b"".join(base.translate(bytes((b + s) & 255 for b in range(256))) for s in range(seed, seed + times))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Bench:
    """A demo server with one port, and a client on it."""

    def __init__(self, *properties, opened=True):
        self.server, self.properties, self.opened = peers.DemoServer("--size", "64x48"), properties, opened

    def __enter__(self):
        self.server.__enter__()
        try:
            self.server.command(f"port {NAME}")
            if self.opened:
                self.server.command(f"port-event {NAME} number=0")
            self.client = PortClient(self.server.uri, *self.properties)
            self.client.__enter__()
        except BaseException:
            self.server.__exit__(None, None, None)
            raise
        self.client.wait(f"name 0 {NAME}")
        return self

    def __exit__(self, kind, error, trace):
        try:
            if error is None:
                self.client.end()
        except BaseException as wrong:
            self.client.__exit__(type(wrong), wrong, wrong.__traceback__)
            self.server.__exit__(type(wrong), wrong, wrong.__traceback__)
            raise
        self.client.__exit__(kind, error, trace)
        self.server.__exit__(kind, error, trace)

    def wait_port(self, seconds=peers.PATIENCE, **values):
        """Until the server reports these of the port."""
        seen = {}

        def as_wanted():
            seen.update(self.server.command(f"port {NAME}"))
            return all(seen[key] == str(value) for key, value in values.items())
        try:
            peers.wait_until(as_wanted, f"{values} of the port", seconds=seconds)
        except peers.Failed as error:
            raise peers.Failed(f"{error}: {seen}") from error


@tap.test("T1: an open port: name and state come in the order programs rely on")
def open_port():
    with Bench() as bench:
        tap.equal(bench.client.told(), [f"opened 0 1 {NAME}", "event 0 0", f"name 0 {NAME}"])


@tap.test("T2: a closed port: the name alone; then open, break, close as they happen")
def closed_port():
    with Bench(opened=False) as bench:
        for event in (OPENED, BREAK, CLOSED, BREAK, OPENED, CLOSED, 77):
            bench.server.command(f"port-event {NAME} number={event}")
        bench.client.wait("event 0 77")
        tap.equal(bench.client.told(), [f"name 0 {NAME}", f"opened 0 1 {NAME}", "event 0 0", "event 0 2",
                                        f"opened 0 0 {NAME}", "event 0 1", "event 0 2", f"opened 0 1 {NAME}", "event 0 0",
                                        f"opened 0 0 {NAME}", "event 0 1", "event 0 77"])


@tap.cases("T4: {} bytes from the client arrive as they were", [0, 1, 1000, 65536, 65537, 70000, 5_000_000])
def client_to_server(size):
    with Bench() as bench:
        bench.client.command(f"write 0 {size} 5")
        tap.equal(bench.client.written(0), {"ok": 1, "failed": 0, "bytes": size, "ordered": 1, "error": ""})
        bench.wait_port(received=size, sha256=sha256(pattern(size, 5)))


@tap.cases("{} bytes from the server arrive as they were", [1, 1001, 65568, 70000, 5_000_000])
def server_to_client(size):
    with Bench() as bench:
        bench.server.command(f"port-send {NAME} size={size} seed=9")
        peers.wait_until(lambda: bench.client.received()[0] >= size, f"{size} bytes")
        tap.equal(bench.client.received(), (size, sha256(pattern(size, 9))))


@tap.test("both ways at once: 3 MB echoed while they are still being written")
def echo():
    with Bench() as bench:
        bench.server.command(f"port {NAME} echo=1")
        bench.client.command("write 0 3000 0 1000")
        tap.equal(bench.client.written(0)["ok"], 1000)
        peers.wait_until(lambda: bench.client.received()[0] >= 3_000_000, "the echo")
        tap.equal(bench.client.received(), (3_000_000, sha256(patterns(3000, 0, 1000))))


@tap.test("10000 writes in flight all arrive in order, each answered in order")
def many_writes():
    with Bench() as bench:
        bench.client.command("write 0 200 0 10000")
        tap.equal(bench.client.written(0), {"ok": 10000, "failed": 0, "bytes": 2_000_000, "ordered": 1, "error": ""})
        bench.wait_port(received=2_000_000, sha256=sha256(patterns(200, 0, 10000)))


@tap.test("a write is answered when the system has taken it, not before: a machine that does not read holds it up")
def held_up():
    with Bench() as bench:
        bench.server.command(f"port {NAME} room=0")
        bench.client.command("write 0 40000000 1")
        bench.client.command("event 0 2")
        start = len(bench.client.lines)
        bench.server.command(f"port-event {NAME} number=2")  # something later than whatever could be answered at once
        bench.client.wait("event 0 2", start=start)
        tap.equal([line for line in bench.client.lines if line.startswith("written")], [])
        bench.server.command(f"port {NAME} room=-1")
        tap.equal(bench.client.written(0)["ok"], 1)
        bench.wait_port(received=40_000_000, events=2)


@tap.test("a program that writes without waiting: what is beyond the limit fails at once, the rest arrives in order")
def bound():
    with Bench() as bench:
        bench.server.command(f"port {NAME} room=0")
        bench.client.command("write 0 30000000 1")  # more than the system and the server take
        bench.client.command("write 0 1 0 100000")
        bench.client.command("write 0 60000000 0")
        result = bench.client.written(2)
        tap.true(result["error"].startswith(BUSY), result["error"])
        bench.server.command(f"port {NAME} room=-1")
        tap.equal(bench.client.written(0)["ok"], 1)
        result = bench.client.written(1)
        tap.true(15_000 < result["ok"] < 70_000, f"{result}")
        tap.true(result["error"].startswith(BUSY), result["error"])
        tap.equal(result["ok"] + result["failed"], 100_000)
        small = bytes(i & 255 for i in range(result["ok"]))
        bench.wait_port(received=30_000_000 + len(small), sha256=sha256(pattern(30_000_000, 1) + small))
        bench.client.command("event 0 3")
        bench.client.command("write 0 70000000 7")
        tap.equal(bench.client.written(3, 60)["ok"], 1)
        bench.wait_port(received=100_000_000 + len(small), events="3")


@tap.test("events of the client reach the machine; opened and closed are not its to tell")
def client_events():
    with Bench(opened=False) as bench:
        for event in (2, 3, 255):
            bench.client.command(f"event 0 {event}")
        bench.wait_port(events="2,3,255")


@tap.test("T3: a write to a port that is not open fails, later than the call")
def write_closed():
    with Bench(opened=False) as bench:
        bench.client.command("write 0 10 0 3")
        result = bench.client.written(0)
        tap.equal((result["failed"], result["ordered"]), (3, 1))
        tap.true(result["error"].startswith(FAILED), result["error"])
        bench.server.command(f"port-event {NAME} number=0")
        bench.client.wait("event 0 0")
        bench.client.command("write-old 0 10 4")
        tap.equal(bench.client.written(1)["ok"], 1)
        bench.wait_port(received=10, sha256=sha256(pattern(10, 4)))
        bench.server.command(f"port-event {NAME} number=1")
        bench.client.wait("event 0 1")
        bench.client.command("write 0 10 0")
        tap.true(bench.client.written(2)["error"].startswith(FAILED), "it was sent to a closed port")


@tap.test("T5: a write cancelled before says so and sends nothing; cancelled after, it says so and its bytes go on")
def cancelled():
    with Bench() as bench:
        bench.client.command("write-cancelled 0 10 1")
        bench.client.command("write-cancel 0 20 2")
        bench.client.command("write 0 30 3")
        for number, error in ((0, CANCELLED), (1, CANCELLED), (2, "")):
            tap.true(bench.client.written(number)["error"].startswith(error), f"write {number}")
        bench.wait_port(received=50, sha256=sha256(pattern(20, 2) + pattern(30, 3)))


@tap.test("flush comes after the writes before it")
def flush():
    with Bench() as bench:
        bench.client.command("write 0 100000 0 20")
        bench.client.command("flush 0")
        bench.client.wait("flushed")
        tap.true(any(line.startswith("written 0 ok=20") for line in bench.client.lines), "flushed before it was written")


WAYS = {
    "the port": ("leave 0", "channel 0 closed"),
    "the session": ("disconnect", "disconnected"),
    "nothing but its end": (None, None),
}


@tap.cases("T6: {}, disconnected with 3000 writes pending: each fails once", WAYS)
def disconnect_pending(way):
    command, proof = WAYS[way]
    with Bench() as bench:
        bench.server.command(f"port {NAME} room=0")
        bench.client.command("write 0 10000 0 3000")
        if command is None:
            bench.client.end()
        else:
            bench.client.command(command)
            bench.client.wait(proof)
        result = bench.client.written(0)
        tap.equal((result["ok"] + result["failed"], result["ordered"]), (3000, 1))
        tap.true(result["failed"] > 100 and result["error"].startswith(FAILED), f"{result}")
        if command is not None:
            tap.equal(bench.client.told()[-2:], [f"opened 0 0 {NAME}", "event 0 1"])


@tap.test("a server that goes away with writes pending: each fails once, the port closes while its name is known")
def server_gone():
    with Bench() as bench:
        bench.server.command(f"port {NAME} room=0")
        bench.client.command("write 0 10000 0 3000")
        bench.server.process.stop()
        bench.client.wait("channel 0 closed")
        result = bench.client.written(0)
        tap.true(result["failed"] > 100 and result["ordered"] == 1, f"{result}")
        tap.equal(bench.client.told()[-2:], [f"opened 0 0 {NAME}", "event 0 1"])


@tap.test("T7: a port connected again tells its name and state again")
def again():
    with Bench() as bench:
        bench.client.command("leave 0")
        bench.client.wait("channel 0 closed")
        bench.client.command("write 0 10 0")
        tap.true(bench.client.written(0)["error"].startswith(FAILED), "written without a connection")
        bench.client.command("flush 0")
        bench.client.wait(f"flush-failed {FAILED[:-1]}")
        start = len(bench.client.lines)
        bench.server.wait_channels(port=0)  # it takes no second one while it still has the first
        bench.client.command("enter 0")
        bench.client.wait(f"name 0 {NAME}", start=start)
        tap.equal(bench.client.told(start), [f"opened 0 1 {NAME}", "event 0 0", f"name 0 {NAME}"])
        bench.client.command("write 0 10 6")
        tap.equal(bench.client.written(1)["ok"], 1)
        bench.wait_port(received=10, sha256=sha256(pattern(10, 6)))


@tap.test("a read-only session hears everything and sends neither bytes nor events")
def read_only():
    with Bench("read-only=true") as bench:
        bench.client.command("write 0 10 0")
        bench.client.command("event 0 2")
        tap.true(bench.client.written(0)["error"].startswith(FAILED), "success for what was not sent")
        bench.server.command(f"port-send {NAME} size=10 seed=1")
        bench.client.wait("data 0 10")
        bench.client.command("flush 0")
        bench.client.wait("flushed")
        bench.wait_port(received=0, events="")


@tap.test("three ports at once keep apart")
def three_ports():
    with peers.DemoServer("--size", "64x48", "--spice-port", "a", "--spice-port", "b", "--spice-port", "c") as server:
        with PortClient(server.uri) as client:
            names = {client.wait(f"name {i} ").split()[2] for i in range(3)}
            tap.equal(names, {"a", "b", "c"})
            for i in range(3):
                client.command(f"write {i} 1000 {i}")
            for i in range(3):
                peers.wait_until(lambda: client.received(port=i)[0] >= 1000, "the echo")
                tap.equal(client.received(port=i), (1000, sha256(pattern(1000, i))))
            client.end()


def compressed(body, size=None, kind=1):
    return spice.message(COMPRESSED, spice.u8(kind) + (b"" if size is None else spice.u32(size)) + body)


LZ4 = bytes.fromhex("1f410100ffffffd3504141414141")  # 1001 times A, as a real server sends it
END = event(99)
HEARD = "event 0 99"

# What the server says after the link, and what the client makes of it.
ORDERS = {
    "data before it is open opens it": ([init(), data(b"abc")], [f"name 0 {NAME}", f"opened 0 1 {NAME}", "data 0 3"]),
    "opened twice is told twice": ([init(opened=1), event(0)],
                                   [f"opened 0 1 {NAME}", "event 0 0", f"name 0 {NAME}", "event 0 0"]),
    "init repeated says nothing": ([init(opened=1)] * 3, [f"opened 0 1 {NAME}", "event 0 0", f"name 0 {NAME}"]),
    "init repeated tells what is new": (
        [init(opened=1), init(), init(b"b\0"), init(b"c\0", 1)],
        [f"opened 0 1 {NAME}", "event 0 0", f"name 0 {NAME}", f"opened 0 0 {NAME}", "event 0 1", "name 0 b",
         "opened 0 1 c", "event 0 0", "name 0 c"]),
    "compressed data is unpacked": ([init(opened=1), compressed(LZ4, 1001)],
                                    [f"opened 0 1 {NAME}", "event 0 0", f"name 0 {NAME}", "data 0 1001"]),
    "compressed data that is not compressed": ([init(), compressed(b"abcdefg", kind=0)],
                                               [f"name 0 {NAME}", f"opened 0 1 {NAME}", "data 0 7"]),
    "a name of 255 bytes, with no end, with an end before its own": (
        [init(b"x" * 255), init(b"y" * 255 + b"\0"), init(b"z\0z\0z")],
        [f"name 0 {'x' * 255}", f"name 0 {'y' * 255}", "name 0 z"]),
    "names of 256 and of 100000 bytes are cut": (
        [init(b"x" * 256), init(b"y" * 100000)], [f"name 0 {'x' * 255}", f"name 0 {'y' * 255}"]),
    "a long name is cut between two characters": (
        [init("é".encode() * 127 + "€".encode())], [f"name 0 {'é' * 127}"]),
    "a name that is not text is made valid": ([init(b"a\xff\xfeb\0")], ["name 0 a\ufffd\ufffdb"]),
    "a long name that is not text is made valid and cut": ([init(b"\xff" * 300)], [f"name 0 {85 * chr(0xfffd)}"]),
    "an empty name": ([init(b"\0")], ["name 0 "]),
    "an unknown message": ([init(), spice.message(203, b"abc")], [f"name 0 {NAME}"]),
}

TROUBLES = {
    "data before init": ([data(b"abc")], "data came before init"),
    "compressed data before init": ([compressed(LZ4, 1001)], "before init"),
    "an event before init": ([event(0)], "event came before init"),
    "a name longer than its message": ([init(size=0xFFFFFFFF)], "init.name"),
    "a name outside its message": ([init(at=0xFFFFFFF0)], "init.name"),
    "a name of no bytes": ([init(b"")], "init.name"),
    "a name that is nowhere": ([init(at=0)], "init.name"),
    "init cut short": ([spice.message(INIT, b"\0\0\0")], "init"),
    "an event of no bytes": ([init(), spice.message(EVENT)], "event"),
    "compressed data of no bytes": ([init(), spice.message(COMPRESSED)], "compressed-data"),
    "compressed data without its size": ([init(), spice.message(COMPRESSED, b"\1\0\0")], "compressed-data"),
    "compressed data of another kind": ([init(), compressed(b"abc", 100, 9)], "compression 9"),
    "compressed data of 4 GiB": ([init(), compressed(LZ4, 0xFFFFFFFF)], "4294967295"),
    "compressed data one byte short": ([init(), compressed(LZ4, 1002)], "1001 bytes, 1002 announced"),
    "compressed data one byte long": ([init(), compressed(LZ4, 1000)], "1000"),
    "compressed data of rubbish": ([init(), compressed(b"\xff" * 100, 5000)], "LZ4"),
    "a message of 2 MiB": ([init(), spice.message(DATA, b"", 2 << 20)], "2097152"),
}


def script(steps):
    return {spice.MAIN: opening(spice.MAIN, ((spice.PORT, 0),)), spice.PORT: steps}


@tap.cases("T2: a scripted server: {}", ORDERS)
def scripted(case):
    steps, said = ORDERS[case]
    with HostileServer(script([*steps, END])) as server, PortClient(server.uri) as client:
        client.wait(HEARD)
        tap.equal(client.told(), [*said, HEARD])
        if "unpacked" in case:
            tap.equal(client.received(), (1001, sha256(b"A" * 1001)))
        client.end()


@tap.cases("a hostile server: {} ends the port, naming it", TROUBLES)
def hostile(case):
    steps, reason = TROUBLES[case]
    with HostileServer(script([*steps, END])) as server, PortClient(server.uri) as client:
        line = client.wait("channel 0 error-io")
        tap.true(reason in line, f"{line!r} does not say {reason!r}")
        client.wait("channel 0 closed")
        tap.true(HEARD not in client.lines, "it went on after the trouble")
        client.end()


@tap.cases("a program that leaves the port in its handler of “{}” hears of it closing and of nothing after", [
    "opened", "event", "data"])
def leaves(where):
    steps = [init(), Wait(201), init(opened=1), data(b"abc"), data(b"def"), END]
    heard = {"opened": ["opened 0 1 " + NAME], "event": ["opened 0 1 " + NAME, "event 0 0"],
             "data": ["opened 0 1 " + NAME, "event 0 0", "data 0 3"]}[where]
    # GObject notifies of a property after the handler that has changed it again, not inside.
    last = [f"opened 0 0 {NAME}", "event 0 1"] if where != "opened" else ["event 0 1", f"opened 0 0 {NAME}"]
    with HostileServer(script(steps)) as server, PortClient(server.uri) as client:
        client.wait(f"name 0 {NAME}")
        client.command(f"leave-in 0 {where}")
        client.command("event 0 2")
        client.wait("channel 0 closed")
        client.wait("opened 0 0")
        tap.equal(client.told(), [f"name 0 {NAME}", *heard, *last])
        client.end()


@tap.test("what a client says on the wire: no capability, its bytes in pieces a server takes, its event")
def on_the_wire():
    with HostileServer(script([init(opened=1)])) as server, PortClient(server.uri) as client:
        client.wait(f"name 0 {NAME}")
        client.command("write 0 150000 8")
        client.command("event 0 2")
        connection = server.channel(spice.PORT)
        tap.true(connection.wait(lambda: 201 in connection.seen), "no event came")
        n_common, n_channel = (int.from_bytes(connection.offered[at:at + 4], "little") for at in (6, 10))
        tap.true(n_common > 0, "no common capabilities")
        tap.equal(sum(connection.offered[18 + 4 * n_common:18 + 4 * (n_common + n_channel)]), 0, "channel capabilities")
        sent = [(n, b) for n, b in zip(connection.seen, connection.bodies) if n > 100]
        tap.equal([(n, len(b)) for n, b in sent], [(101, 65536), (101, 65536), (101, 18928), (201, 1)])
        tap.equal(sha256(b"".join(b for n, b in sent if n == 101)), sha256(pattern(150000, 8)))
        tap.equal(sent[-1][1], b"\2")
        client.end()


@tap.test("a connection cut inside a message closes the port")
def cut():
    with HostileServer(script([init(opened=1), spice.message(DATA, b"abc", 10), Close()])) as server:
        with PortClient(server.uri) as client:
            client.wait("channel 0 closed")
            tap.equal(client.told()[-2:], [f"opened 0 0 {NAME}", "event 0 1"])
            client.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, PortClient.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=3))
