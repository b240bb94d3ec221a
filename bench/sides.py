# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured against what: the same client on one library or another, and a server that plays a recording."""
import pathlib
import statistics
import subprocess

import peers

LIBRARY = "libspice-client-glib-2.0.so.8"


class Side:
    """A library to run the client on."""

    def __init__(self, name, folder, drive):
        self.name, self.folder, self.drive = name, pathlib.Path(folder), drive

    def env(self, more=None):
        return {"LD_LIBRARY_PATH": str(self.folder), "G_MESSAGES_DEBUG": "", **(more or {})}

    def read(self, line):
        words = dict(word.split("=", 1) for word in line.split())
        library = pathlib.Path(words.pop("library"))
        if library.resolve().parent != self.folder.resolve():
            raise peers.Failed(f"{self.name} ran on {library}")
        return {name: float(value) for name, value in words.items()}

    def run(self, run, port, *options, seconds=600, env=None, ca=None):
        """By TLS, with the CA's file."""
        uri = f"spice://127.0.0.1?tls-port={port}" if ca else f"spice://127.0.0.1:{port}"
        argv = [self.drive, run, uri, *([f"ca={ca}"] if ca else []), *options]
        return self.read(peers.run(argv, env=self.env(env), seconds=seconds).check().out)


class TapeServer(peers.Peer):
    def __init__(self, program, path, stay=False, films=False):
        super().__init__()
        self.argv = [program, path] + ["stay"] * stay + ["films"] * films

    def open(self):
        self.process = self.start(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.child.stdout.readline().decode().rpartition("=")[2])


def best(name, values):
    """Of several runs: what the machine disturbed least; the median of what is a maximum already."""
    if name.endswith("per-s"):
        return max(values)
    if name.startswith(("stall", "growth")) or "kib" in name:
        return statistics.median(values)
    return min(values)


def find_reference(folder, ours):
    """The folder of an installed library of the name, or None."""
    if folder:
        return folder
    for place in [*pathlib.Path("/usr/lib").glob("*-linux-gnu"), pathlib.Path("/usr/lib64"), pathlib.Path("/usr/lib")]:
        found = place / LIBRARY
        if found.exists() and found.resolve().parent != ours.resolve():
            return place
    return None
