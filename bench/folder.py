#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""folder.py VIEWER DEMO GUEST LIMIT LIBRARY-FOLDER [--quick] [--only ROW,…]: shared folders, MB/s or files a second, of the
library in that folder and, where it is installed, of the distribution's, with the same client and in turns; and of a peer
that answers from memory, which is what the other side takes at most. The guest is bench/folder/guest.c, which costs next
to nothing; in the rows demo-… it is a program on a socket, behind the demo server with its libspice-server."""
import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SYSTEM = "/usr/lib/x86_64-linux-gnu"
STATUS = re.compile(rb"HTTP/1\.1 20[0-9] ")
LENGTH = re.compile(rb"^Content-Length: *([0-9]+)", re.M | re.I)
ROWS = {"read": "MB/s", "write": "MB/s", "small": "files/s", "kept": "files/s"}


class Program:
    """Says on a line where it is to be found, then what it is asked."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.hear("port="))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self, word):
        for line in self.process.stdout:
            if word in line:
                return line.split(word)[1].split()[0]
        raise RuntimeError(f"{self.process.args[0]} has ended")

    def end(self):
        self.process.kill()
        self.process.wait()


class Guest(Program):
    """bench/folder/guest.c"""

    def __init__(self, options):
        super().__init__(options.guest)

    def use(self, what, size, count):
        """How much of what it does in how many seconds."""
        self.say({"read": "read big", "write": f"write big {size}"}.get(what, f"{what} {count}"))
        words = self.process.stdout.readline().split()
        if not words or words[0] != "done":
            raise RuntimeError("the guest has failed")
        return int(words[1]), float(words[2])


class Demo(Program):
    """The demo server's guest, and a program that speaks HTTP to its folder as curl does: a request, its answer."""

    def __init__(self, options):
        super().__init__(options.demo, "--control", "--size", "64x48", "--no-animation")
        self.say("folder")
        self.folder, self.buffer = int(self.hear("port=")), bytearray(1 << 20)

    def use(self, what, size, count):
        content = bytes(1 << 20) * (size >> 20)
        start = time.monotonic()
        if what == "read":
            amount = self.fetch("big")
        elif what == "write":
            amount = self.put("big", content)
        else:
            amount = count
            names = [f"small{i}" for i in range(count)]
            if what == "kept":
                self.fetch_all(names)
            else:
                for name in names:
                    self.fetch(name)
        return amount, time.monotonic() - start

    def connect(self):
        own = socket.create_connection(("127.0.0.1", self.folder), timeout=120)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return own

    def fetch(self, name, kept=None):
        """The size of the file, or None where the kept connection has been closed meanwhile."""
        own = kept or self.connect()
        try:
            own.sendall(b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % name.encode())
            return self.receive(own)
        except (BrokenPipeError, ConnectionResetError):
            return None
        finally:
            if not kept:
                own.close()

    def receive(self, own):
        """The size of the answer's body; None: there is no answer."""
        view, got, end = memoryview(self.buffer), 0, -1
        while end < 0:
            n = own.recv_into(view[got:])
            if n == 0 and got == 0:
                return None
            got += n
            end = self.buffer.find(b"\r\n\r\n", 0, got)
            if n == 0:
                raise RuntimeError(f"half an answer: {bytes(view[:got])}")
        head = bytes(view[:end])
        if not STATUS.match(head):
            raise RuntimeError(f"refused: {head}")
        length = LENGTH.search(head)
        size, got = int(length[1]) if length else 0, got - end - 4
        while got < size:
            n = own.recv_into(view)
            if n == 0:
                raise RuntimeError(f"{got} of {size} bytes")
            got += n
        return size

    def fetch_all(self, names):
        """As programs do that keep their connection as long as the other side does."""
        own = self.connect()
        for name in names:
            while self.fetch(name, own) is None:
                own.close()
                own = self.connect()
        own.close()

    def put(self, name, content):
        with self.connect() as own:
            own.sendall(b"PUT /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" %
                        (name.encode(), len(content)))
            own.sendall(content)
            self.receive(own)
        return len(content)


def cpu(process):
    """Seconds, of all threads."""
    total = 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def start_client(options, library, port, folder):
    if library is None:
        return subprocess.Popen([options.limit, str(port), str(options.size)], stderr=subprocess.DEVNULL)
    client = subprocess.Popen([options.client, f"spice://127.0.0.1:{port}", "only=ports", f"shared-dir={folder}"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env={**os.environ, "LD_LIBRARY_PATH": str(library)})
    while not client.stdout.readline().startswith("event 0 0"):
        if client.poll() is not None:
            raise RuntimeError("the client has ended")
    return client


def measure(options, row, library, folder):
    """(units a second, CPU seconds of the client)"""
    demo = row.startswith("demo-")
    what = row.removeprefix("demo-")
    peer = (Demo if demo else Guest)(options)
    client = start_client(options, library, peer.port, folder)
    if what == "write":
        Path(folder, "big").unlink(missing_ok=True)
    try:
        peer.use("small", options.size, 1)
        before = cpu(client)
        amount, seconds = peer.use(what, options.size, options.count)
        used = cpu(client) - before
    finally:
        client.kill()
        client.wait()
        peer.end()
    return amount / seconds / (1e6 if ROWS[what] == "MB/s" else 1), used


def fill(options, folder):
    with open(folder / "big", "wb") as file:
        for _ in range(options.size >> 20):
            file.write(os.urandom(1 << 20))
    for i in range(options.count):
        (folder / f"small{i}").write_bytes(os.urandom(1000))


def main():
    parser = argparse.ArgumentParser()
    for name in ("client", "demo", "guest", "limit", "library"):
        parser.add_argument(name)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join([*ROWS, *(f"demo-{row}" for row in ROWS)]))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    options.size, options.count = (4 << 20, 50) if options.quick else (400 << 20, 1000)
    libraries = {"caraway": options.library}
    if Path(SYSTEM, "libspice-client-glib-2.0.so.8").exists():
        libraries["0.42"] = SYSTEM
    libraries["(limit)"] = None
    print(f"{'folder':10} {'library':8} {'median':>10} {'':7} {'best':>8} {'ratio':>6} {'CPU s':>7} {'ratio':>6}")
    for row in options.only.split(","):
        unit = ROWS[row.removeprefix("demo-")]
        results = {name: [] for name in libraries}
        with tempfile.TemporaryDirectory(prefix="caraway-bench-") as temporary:
            fill(options, Path(temporary))
            for _ in range(1 if options.quick else options.rounds):
                for name, library in libraries.items():
                    results[name].append(measure(options, row, library, temporary))
        medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
        for name, rows in results.items():
            speed, used = medians[name]
            ratios = [f"{own / other:.2f}" if other > 0 else "-"
                      for own, other in zip(medians[name], medians.get("0.42", (0, 0)))]
            print(f"{row:10} {name:8} {speed:10.1f} {unit:7} {max(s for s, _ in rows):8.1f} {ratios[0]:>6} {used:7.3f} "
                  f"{ratios[1]:>6}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
