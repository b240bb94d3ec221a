#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tries the guest agent of another suite of the distribution: newer-agent.py BUILD [--suite testing] [TEST…]

Its packages, with what they need, are unpacked in the user's cache (130 MB to load), and the peer tests that use an agent run
with them. No part of the ordinary tests, as such suites move on. Without rights, and without a change to this machine."""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import packages
import peers
import tap
from xspice import AGENT, Xspice

PACKAGE = "spice-vdagent"
TESTS = ["peer-agent", "peer-programs", "peer-managers"]


def tell(what):
    print(f"the other agent: {what}", file=sys.stderr, flush=True)


def find(folder, suite):
    tell(f"asks for the packages of {suite}")
    apt = packages.OtherSuite(folder, suite, PACKAGE)
    return apt, apt.closure(PACKAGE)


def make(apt, versions, folder, temporary):
    # Nothing but programs and libraries is taken.
    root = packages.unpacked(apt, versions, temporary, tell, ["*/usr/share/*"])
    packages.Choice(root, packages.Folder(folder)).add_programs(AGENT)
    (folder / "version").write_text(f"{versions[PACKAGE]}\n")


def agent(suite):
    """The folder for CARAWAY_VDAGENT_ROOT."""
    return packages.kept(f"agent-{suite}", Path(__file__).read_bytes(), lambda folder: find(folder, suite), make, tell)


def check_runs(folder):
    """The tests would pass with this machine's agent, too."""
    with Xspice(agent=True) as x:
        for process in (x.daemon, x.session_agent):
            maps = Path(f"/proc/{process.child.pid}/maps").read_text()
            loaded = set(re.findall(r"\S+\.so[.\d]*$", maps, re.MULTILINE))
            foreign = sorted(path for path in loaded if not path.startswith(f"{folder}/"))
            tap.true(loaded and not foreign, f"{process.argv} has loaded {foreign}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="a build folder")
    parser.add_argument("--suite", default="testing")
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"of the build (default: {' '.join(TESTS)})")
    options = parser.parse_args()
    folder = agent(options.suite)
    os.environ["CARAWAY_VDAGENT_ROOT"] = str(folder)
    check_runs(folder)
    tell(f"{PACKAGE} {(folder / 'version').read_text().strip()} runs, of {folder}")
    argv = ["meson", "test", "-C", options.build, "--verbose", *(options.tests or TESTS)]
    return subprocess.run(argv, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (peers.Failed, peers.Missing) as why_not:
        sys.exit("\n".join(["the other agent cannot be tried: " + str(why_not), *getattr(why_not, "logs", [])]))
