# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unmodified programs of the existing client, run on our library."""
import argparse
import sys
from pathlib import Path

import clients
import peers
import pictures
import tap

library = None


def statistics(env):
    """What spicy-stats prints, {channel: bytes}, and the client library it had loaded."""
    with peers.DemoServer("--size", "320x200", "--no-animation", scene=True) as server:
        program = server.start([peers.which("spicy-stats"), "--uri", server.uri], env=env)
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        server.command("sync")
        maps = Path(f"/proc/{program.child.pid}/maps").read_text()
        server.command("disconnect")
        status = program.child.wait(10)
        if status != 0:
            raise program.failed(f"exit status {status}")
        lines = [line.split(": ") for line in program.text().splitlines()]
    loaded = {line.split()[-1] for line in maps.splitlines() if "libspice-client-glib-2.0" in line}
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}, loaded


@tap.test("spicy-stats runs on our library and counts the bytes of the same channels as on its own")
def spicy_stats():
    ours, loaded = statistics({"LD_LIBRARY_PATH": str(library)})
    tap.equal({str(Path(path).parent) for path in loaded}, {str(library)}, "folder of the loaded library")
    theirs, loaded = statistics({"LD_LIBRARY_PATH": ""})
    tap.true(loaded and all(path.startswith("/usr/lib/") for path in loaded), f"the other run loaded {loaded}")
    tap.equal(sorted(ours), sorted(theirs), "channels")
    for channel in ("main", "cursor", "inputs", "display"):
        tap.true(ours[channel] > 0, f"no byte of {channel}: {ours}")


@tap.test("spicy-screenshot shows the demo server's scene on our library")
def spicy_screenshot():
    with peers.DemoServer("--no-animation", scene=True) as server:
        server.command("sync")
        trouble = pictures.difference(clients.Spicy(library).screenshot(server.uri), server.dump())
        tap.true(trouble is None, trouble)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--library", required=True, help="folder of the client library to load")
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, library = options.demo, Path(options.library).resolve()
    sys.exit(tap.main(options.only))
