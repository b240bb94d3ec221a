#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""folder.py VIEWER DEMO LIBRARY-FOLDER [--quick]: shared folders, MB/s through a real server, of the library in that folder
and, where it is installed, of the distribution's, with the same client and in turns. The guest's side speaks HTTP as
curl does: a request, its answer."""
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


class Run:
    """A server, a client on it that shares a folder, and the way into that."""

    def __init__(self, options, library):
        self.options, self.library, self.buffer = options, library, bytearray(1 << 20)

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="caraway-bench-")
        self.folder = Path(self.temporary.name)
        self.server = subprocess.Popen([self.options.demo, "--control", "--size", "64x48", "--no-animation"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = dict(word.split("=") for word in self.server.stdout.readline().split()[1:])["port"]
        self.server.stdin.write("folder\n")
        self.server.stdin.flush()
        self.port = int(self.server.stdout.readline().split("port=")[1])
        self.client = subprocess.Popen([self.options.client, f"spice://127.0.0.1:{port}", "only=ports",
                                        f"shared-dir={self.folder}"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                       env={**os.environ, "LD_LIBRARY_PATH": str(self.library)})
        while not self.client.stdout.readline().startswith("event 0 0"):
            pass
        return self

    def __exit__(self, *error):
        self.client.kill()
        self.client.wait()
        self.server.kill()
        self.server.wait()
        self.temporary.cleanup()

    def cpu(self):
        with open(f"/proc/{self.client.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connect(self):
        own = socket.create_connection(("127.0.0.1", self.port), timeout=120)
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


def measure(run, what, size):
    """(units a second, CPU seconds of the client)"""
    content = os.urandom(1 << 20) * max(size >> 20, 1)
    if what == "read":
        (run.folder / "big").write_bytes(content)
    if what in ("small", "kept"):
        for i in range(200):
            (run.folder / f"small{i}").write_bytes(content[:1000])
    cpu, start = run.cpu(), time.monotonic()
    if what == "read":
        amount = run.fetch("big") / 1e6
    elif what == "write":
        run.put("big", content)
        amount = len(content) / 1e6
    elif what == "kept":
        run.fetch_all([f"small{i}" for i in range(200)])
        amount = 200
    else:
        for i in range(200):
            run.fetch(f"small{i}")
        amount = 200
    return amount / (time.monotonic() - start), run.cpu() - cpu


def main():
    parser = argparse.ArgumentParser()
    for name in ("client", "demo", "library"):
        parser.add_argument(name)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    size, rounds = (4 << 20, 1) if options.quick else (200 << 20, 5)
    libraries = {"caraway": options.library}
    if Path(SYSTEM, "libspice-client-glib-2.0.so.8").exists():
        libraries["0.42"] = SYSTEM
    print(f"{'folder':10} {'library':8} {'median':>10} {'CPU s':>7} {'ratio':>6}")
    for what, unit in (("read", "MB/s"), ("write", "MB/s"), ("small", "files/s"), ("kept", "files/s")):
        results = {name: [] for name in libraries}
        for _ in range(rounds):
            for name, library in libraries.items():
                with Run(options, library) as run:
                    results[name].append(measure(run, what, size))
        medians = {name: statistics.median(speed for speed, _ in rows) for name, rows in results.items()}
        for name, rows in results.items():
            ratio = f"{medians[name] / medians['0.42']:.2f}" if "0.42" in medians else "-"
            cpu = statistics.median(c for _, c in rows)
            print(f"{what:10} {name:8} {medians[name]:8.1f} {unit} {cpu:7.2f} {ratio:>6}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
