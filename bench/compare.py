#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole table of speed and memory: one client binary (bench/drive) on this library and, where it is installed, on the
distribution's libspice-client-glib-2.0.so.8, in alternating runs, with the ratio of ours to theirs.

    compare.py --build FOLDER [--quick] [--only WORD]… [--rounds N] [--reference FOLDER] [--new-tapes]

Recordings are made at first use, from real servers (the demo server, QEMU, Xorg with spiceqxl), into FOLDER/bench/tapes.
--only takes the beginning of a row's name; --list names the rows."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "peer")]
import peers  # noqa: E402
import tape  # noqa: E402
from sides import Side, TapeServer, best, find_reference  # noqa: E402
from tapes import Tapes  # noqa: E402

LINE = 10e6 / 8  # bytes a second of a slow line

# What is hoped for; a figure beside the value or the ratio, never a reason to fail.
GOALS = {
    "cycles/cycles-per-s": "ratio ≥ 1.2", "cycles/cycle-cpu-ms": "ratio ≤ 1.0", "growth/growth-per-cycle-kib": "< 1",
    "first/first-ms": "ratio ≤ 0.55", "first/round-trips": "≤ 6", "terminal/cpu-ms": "ratio ≤ 0.70",
    "desktop/cpu-ms": "ratio ≤ 0.65", "idle-50/threads": "≤ processors + 3", "idle-50/above-framebuffer-kib": "≤ 300",
    "idle-500/above-framebuffer-kib": "≤ 300", "port-1k/mb-per-s": "ratio ≥ 2", "port-1k/cpu-ms-per-mb": "ratio ≤ 0.6",
    "port-64k/mb-per-s": "ratio ≥ 1", "send/mb-per-s": "ratio ≥ 3", "send-8/mb-per-s": "ratio ≥ 3",
    "send/stall-default-ms": "≤ 5", "clipboard/there-and-back-ms": "ratio ≤ 0.5", "clipboard/more-peak-kib": "ratio ≤ 0.5",
    "cd/mb-per-s": "ratio ≥ 2", "opus/cpu-ms": "ratio ≤ 0.8", "sound/median-ms": "≤ 40",
    "clipboard/stall-default-ms": "≤ 5", "slow-terminal/cpu-ms": "ratio ≤ 0.8", "slow-firmware/cpu-ms": "ratio ≤ 0.8",
}


class DeviceServer(peers.Peer):
    """A server with one device; what it has found is on its next line."""

    def __init__(self, program, *arguments):
        super().__init__()
        self.argv = [program, *arguments]

    def open(self):
        self.process = self.start(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.line().rpartition("=")[2])

    def line(self):
        return self.process.child.stdout.readline().decode().rstrip()

    def found(self):
        line = self.line()
        if "=" not in line:
            raise peers.Failed(f"device-server: {line}")
        return {name: float(value) for name, value in (word.split("=") for word in line.split())}


def sound_to(sink):
    caps = "audio/x-raw,format=S16LE,channels=2,rate=48000,layout=interleaved"
    return {"SPICE_GST_AUDIOSINK": f"appsrc name=appsrc is-live=true format=time caps={caps} ! {sink}"}


class Bench:
    def __init__(self, build, sides, quick, renew, devices):
        self.build, self.sides, self.quick = build, sides, quick
        self.tape_server, self.device_server = build / "bench" / "tape-server", build / "bench" / "device-server"
        self.tapes = Tapes(build / "bench" / "tapes", sides[0], quick, renew)
        names = ["scene"] if quick else ["terminal", "desktop", "firmware"]
        self.small = "scene" if quick else "firmware"
        many, most = (3, 5) if quick else (50, 500)
        self.rows = {"first": self.first, "first-tls": self.first_tls}
        self.rows["cycles"] = lambda side: self.cycles(side, 10 if quick else 200)
        self.rows["cycles-tls"] = lambda side: self.cycles_tls(side, 5 if quick else 50)
        self.rows["growth"] = lambda side: self.cycles(side, 30 if quick else 1500)
        for name in names:
            self.rows[name] = lambda side, name=name: self.replay(side, name, 1)
            self.rows[f"stall-{name}"] = lambda side, name=name: self.replay(side, name, 1, "stalls")
        self.rows[f"replay-{many}"] = lambda side: self.replay(side, names[0], many)
        self.rows[f"stall-{many}"] = lambda side: self.replay(side, names[0], many, "stalls")
        self.rows["stall-machine"] = lambda side: side.run("machine", 0, f"count={100 if quick else 10000}")
        self.rows[f"idle-{many}"] = lambda side: self.idle(side, many)
        self.rows[f"idle-{most}"] = lambda side: self.idle(side, most)
        self.rows["port-1k"] = lambda side: self.port(side, 1024, 1000 if quick else 50000)
        self.rows["port-64k"] = lambda side: self.port(side, 65536, 100 if quick else 8000)
        for name, count, size in (("send", 1, 8 if quick else 256), ("send-8", 8, 1 if quick else 32)):
            self.rows[name] = lambda side, count=count, size=size: self.with_agent(side, "send", size, count)
        self.rows["clipboard"] = lambda side: self.with_agent(side, "clipboard", 1 if quick else 20)
        for name in devices:
            self.rows[name] = getattr(self, name)
        for name in names:
            if name != "desktop":
                self.rows[f"slow-{name}"] = lambda side, name=name: self.slow(side, name)

    def with_agent(self, side, run, size, count=1):
        """And what a bare socket does with the same server, which is the limit of any client."""
        with peers.DemoServer("--agent", "--no-scene") as server:
            said = side.run(run, server.port, f"count={count}", f"size={size}", "stalls")
        with peers.DemoServer("--agent", "--no-scene") as server:
            limit = peers.run([self.build / "bench" / "agent-limit", server.port, run, size * count], seconds=600)
        name, value = limit.check().out.strip().split("=")
        return {**said, name: float(value)}

    def _middle(self, side, port, ca=None):
        """Servers make keys by chance, and take 8 to 50 ms for one: of several runs the middle one."""
        runs = sorted((side.run("first", port, ca=ca) for _ in range(1 if self.quick else 9)),
                      key=lambda said: said["first-ms"])
        return runs[len(runs) // 2]

    def first(self, side):
        """Over a line without and with delay: what the delay adds, divided by it, is the number of round trips. The first
        client of all has a row of its own: the server sets its encoders up then, as long as everything else takes."""
        with peers.DemoServer(scene=True) as server:
            new = side.run("first", server.port)["first-ms"]
            said = self._middle(side, server.port)
            said["first-ms-of-server"] = new
            for delay in (20, 50):
                with tape.Relay(server.port, delay / 2000) as relay:
                    said[f"first-ms-at-{delay}"] = self._middle(side, relay.port)["first-ms"]
            with tape.Relay(server.port) as relay:
                near = self._middle(side, relay.port)["first-ms"]
            said["round-trips"] = (said["first-ms-at-50"] - near) / 50
        return said

    def first_tls(self, side):
        with peers.DemoServer("--port=-1", "--tls-port=0", scene=True) as server:
            side.run("first", server.tls_port, ca=server.ca_file)  # for the server's encoders
            said = self._middle(side, server.tls_port, server.ca_file)
            with tape.Relay(server.tls_port, 0.025) as relay:
                said["first-ms-at-50"] = self._middle(side, relay.port, server.ca_file)["first-ms"]
        return said

    def cycles_tls(self, side, n):
        with peers.DemoServer("--port=-1", "--tls-port=0", scene=True) as server:
            said = side.run("cycles", server.tls_port, f"cycles={n}", ca=server.ca_file, seconds=60)
        del said["growth-per-cycle-kib"]
        return said

    def cycles(self, side, n):
        with TapeServer(self.tape_server, self.tapes.path(self.small), stay=True) as server:
            said = side.run("cycles", server.port, f"cycles={n}")
        if n < 1000 and not self.quick:
            del said["growth-per-cycle-kib"]  # mostly of the first cycles
        return said

    def replay(self, side, name, sessions, *options):
        with TapeServer(self.tape_server, self.tapes.path(name)) as server:
            said = side.run("replay", server.port, f"sessions={sessions}", *options)
        if options:
            return {key: value for key, value in said.items() if key.startswith("stall")}
        return said

    def idle(self, side, sessions):
        with TapeServer(self.tape_server, self.tapes.path(self.small), stay=True) as server:
            said = side.run("idle", server.port, f"sessions={sessions}")
        said["above-framebuffer-kib"] = said["session-kib"] - said["framebuffer-kib"]
        return said

    def port(self, side, size, count):
        with peers.DemoServer("--spice-port=bench") as server:
            server.command("port bench echo=0 sum=0")
            return side.run("port", server.port, "port=bench", f"size={size}", f"count={count}")

    def cd(self, side):
        """A CD that the page cache has, read as Linux reads, and compared."""
        with tempfile.NamedTemporaryFile(prefix="caraway-bench-", suffix=".iso") as file:
            file.write(os.urandom(1 << 20) * (4 if self.quick else 200))
            file.flush()
            with DeviceServer(self.device_server, "cd", file.name) as server:
                said = side.run("cd", server.port, f"file={file.name}")
                return {**server.found(), **said}

    def opus(self, side):
        """A stream of packets of 10 ms, on a device that takes what comes, as devices with a buffer do."""
        sink = "audioconvert ! audioresample ! volume name=audiosink ! fakesink sync=false"
        with DeviceServer(self.device_server, "opus", "1" if self.quick else "10") as server:
            said = side.run("sound", server.port, env=sound_to(sink))
            server.found()
        return {"cpu-ms": said["cpu-ms"]}

    def sound(self, side):
        """From the sending of a packet of 10 ms to its being given to the device, here a pipe."""
        with tempfile.TemporaryDirectory(prefix="caraway-bench-") as folder:
            pipe = f"{folder}/pipe"
            sink = f"filesink name=audiosink location={pipe} buffer-mode=2 sync=true"
            with DeviceServer(self.device_server, "raw", "3" if self.quick else "20", pipe) as server:
                side.run("sound", server.port, env=sound_to(sink))
                return server.found()

    def slow(self, side, name):
        """10 Mbit/s and 50 ms there and back."""
        with TapeServer(self.tape_server, self.tapes.path(name)) as server:
            with tape.Relay(server.port, 0.025, LINE) as relay:
                said = side.run("replay", relay.port, "sessions=1")
        return {"cpu-ms": said["cpu-ms"]}


def run_side(bench, row, side, runs):
    """What the reference cannot do is no reason to have no figure of ours."""
    try:
        runs[side.name].append(bench.rows[row](side))
    except peers.Failed as error:
        if side.name == "ours":
            raise
        print(f"# {row}: {side.name}: {error}", flush=True)


def print_row(row, runs, sides):
    names = {name: None for said in runs[sides[0].name] for name in said}
    for name in names:
        ours, *others = [best(name, [said[name] for said in runs[side.name]]) for side in sides if runs[side.name]]
        full = f"{row}/{name}"
        line = f"{full:<36} {ours:>12.2f}"
        if others:
            ratio = f"{ours / others[0]:.2f}" if others[0] > 0 else "-"
            line += f" {others[0]:>12.2f} {ratio:>8}"
        elif len(sides) > 1:
            line += f" {'failed':>12} {'-':>8}"
        print(f"{line}   {GOALS.get(full, '')}".rstrip(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--new-tapes", action="store_true")
    parser.add_argument("--devices", default="cd,opus,sound", help="those the build has")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    drive, ours = options.build / "bench" / "drive", options.build / "src"
    sides = [Side("ours", ours, drive)]
    reference = find_reference(options.reference, ours)
    if reference:
        sides.append(Side("reference", reference, drive))
    peers.DemoServer.program = options.build / "demo" / "caraway-demo-server"
    devices = [name for name in options.devices.split(",") if name]
    bench = Bench(options.build, sides, options.quick, options.new_tapes, devices)
    rows = [row for row in bench.rows if not options.only or row.startswith(tuple(options.only))]
    if options.list:
        print(*rows, sep="\n")
        return 0
    head = f"{'# name':<36} {'ours':>12}" + (f" {'reference':>12} {'ratio':>8}   goal" if reference else "")
    print(f"# processors: {os.cpu_count()}, load {os.getloadavg()[0]:.1f}; reference: {reference or 'not installed'}")
    print(head, flush=True)
    for row in rows:
        runs = {side.name: [] for side in sides}
        for _ in range(options.rounds or (1 if options.quick else 3)):
            for side in sides:
                run_side(bench, row, side, runs)
        print_row(row, runs, sides)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (peers.Failed, peers.Missing) as error:
        print(f"compare.py: {error}", *getattr(error, "logs", []), sep="\n", file=sys.stderr)
        sys.exit(1)
