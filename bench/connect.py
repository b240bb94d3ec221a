#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Time from connecting to the first complete picture, in ms and in round trips, and the memory of an idle session.

    connect.py PROBE DEMO-SERVER OUR-LIBRARY-FOLDER [--reference FOLDER] [--quick]

The same probe program runs on our library and on the reference: the libspice-client-glib-2.0.so.8 that is installed (or
the one in FOLDER). Round trips are measured, not counted: through a relay that delays every byte by a known time, the
picture comes later by that time for each half round trip the client waits."""

import argparse
import ctypes.util
import os
import pathlib
import re
import select
import socket
import statistics
import subprocess
import sys
import threading
import time

DELAY = 0.05  # seconds added to each direction


class Relay(threading.Thread):
    """Forwards connections to a port and holds every chunk back for a while."""

    def __init__(self, port, delay):
        super().__init__(daemon=True)
        self.target, self.delay = port, delay
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(('127.0.0.1', self.target))
            for one, other in ((client, server), (server, client)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.forward, args=(one, other), daemon=True).start()

    def forward(self, source, sink):
        waiting = []  # (due, bytes)
        open_ = True
        try:
            while open_ or waiting:
                timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
                ready, _, _ = select.select([source] if open_ else [], [], [], timeout)
                if ready:
                    data = source.recv(1 << 18)
                    open_ = bool(data)
                    waiting.append((time.monotonic() + self.delay, data))
                while waiting and waiting[0][0] <= time.monotonic():
                    data = waiting.pop(0)[1]
                    if data:
                        sink.sendall(data)
                    else:
                        sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def probe(program, folder, port):
    environment = dict(os.environ)
    if folder:
        environment['LD_LIBRARY_PATH'] = str(folder)
    out = subprocess.run([program, f'spice://127.0.0.1:{port}'], env=environment, capture_output=True, text=True,
                         timeout=90)
    if out.returncode != 0:
        sys.exit(f'connect.py: the probe failed on {folder}: {out.stderr.strip()}')
    found = re.search(r'picture_ms=([\d.]+) private_kib=(\d+)', out.stdout)
    return float(found[1]), int(found[2])


def measure(program, folder, near, far, runs):
    """Medians of: picture in ms without delay, round trips, private memory in KiB."""
    close = [probe(program, folder, near) for _ in range(runs)]
    remote = [probe(program, folder, far)[0] for _ in range(max(1, runs // 3))]
    ms = statistics.median(c[0] for c in close)
    trips = (statistics.median(remote) - ms) / (2000 * DELAY)
    return ms, trips, statistics.median(c[1] for c in close)


def find_reference(folder):
    if folder:
        return pathlib.Path(folder)
    cache = subprocess.run(['/sbin/ldconfig', '-p'], capture_output=True, text=True).stdout
    found = re.search(r'libspice-client-glib-2\.0\.so\.8 .*=> (\S+)', cache)
    return pathlib.Path(found[1]).parent if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('probe')
    parser.add_argument('server')
    parser.add_argument('library')
    parser.add_argument('--reference', help='folder of the library to compare with')
    parser.add_argument('--quick', action='store_true', help='few runs, for the tests')
    arguments = parser.parse_args()
    runs = 3 if arguments.quick else 15

    server = subprocess.Popen([arguments.server, '--no-animation', '--size', '1280x1024'], stdout=subprocess.PIPE,
                              text=True)
    try:
        port = int(re.search(r'\bport=(\d+)', server.stdout.readline())[1])
        far = Relay(port, DELAY)
        far.start()
        reference = find_reference(arguments.reference)
        ours = measure(arguments.probe, arguments.library, port, far.port, runs)
        theirs = measure(arguments.probe, reference, port, far.port, runs) if reference else None
    finally:
        server.terminate()
        server.wait()

    print(f'{"1280x1024, ticket":28} {"ours":>10} {"reference":>10} {"ratio":>7}')
    for i, (name, form) in enumerate((('first picture, ms', '.1f'), ('first picture, round trips', '.1f'),
                                      ('idle private memory, KiB', '.0f'))):
        reference_text = format(theirs[i], form) if theirs else 'none'
        ratio = f'{ours[i] / theirs[i]:.2f}' if theirs and theirs[i] else '-'
        print(f'{name:28} {format(ours[i], form):>10} {reference_text:>10} {ratio:>7}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
