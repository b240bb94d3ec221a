# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys, pointer and cursor between a live client and the demo server, in both mouse modes."""
import argparse
import hashlib
import re
import sys

import clients
import peers
import pointers
import tap

LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN = 1, 2, 3, 4, 5


class Bench:
    """A demo server and a viewer with all channels open."""

    def __init__(self, *options):
        self.server = peers.DemoServer("--size", "640x480", *options)

    def __enter__(self):
        self.server.__enter__()
        self.viewer = clients.Viewer(self.server.uri)
        self.viewer.__enter__()
        self.viewer.wait("mark 0 1")
        self.viewer.wait("event inputs 0 opened")
        self.server.events()
        return self

    def __exit__(self, *error):
        self.viewer.__exit__(*error)
        self.server.__exit__(*error)

    def events(self, count, kinds=None, seconds=peers.PATIENCE):
        """The next events, once as many as `count` came."""
        seen = []

        def enough():
            seen.extend(e for e in self.server.events() if kinds is None or e[0] in kinds)
            return len(seen) >= count
        try:
            peers.wait_until(enough, f"{count} input events", seconds=seconds)
        except peers.Failed as error:
            raise peers.Failed(f"{error}, got {seen}") from error
        return seen


def keys(events):
    return " ".join(e[1] for e in events if e[0] == "key")


@tap.test("keys arrive in order, with prefixes, presses and releases apart")
def key_order():
    with Bench() as bench:
        for line in ("key 0x1e", "key-press 0x2a", "key 0x30", "key-release 0x2a", "key 0x11d", "key-press 0x1",
                     "key-release 0x1"):
            bench.viewer.command(line)
        tap.equal(keys(bench.events(12)), "1e 9e 2a 30 b0 aa e0 1d e0 9d 01 81")


@tap.test("200 keys in a row all arrive, in order")
def many_keys():
    with Bench() as bench:
        codes = [0x10 + i % 30 for i in range(200)]
        for code in codes:
            bench.viewer.process.child.stdin.write(b"key %d\n" % code)
        bench.viewer.process.child.stdin.flush()
        tap.equal(keys(bench.events(400, {"key"}, 10)), " ".join(f"{c:02x} {c | 0x80:02x}" for c in codes))


@tap.test("lock keys: the client's state reaches the machine and the machine's reaches the client")
def locks():
    with Bench() as bench:
        bench.viewer.command("locks 4")
        tap.equal(keys(bench.events(2)), "3a ba")
        start = len(bench.viewer.lines)
        bench.server.command("leds state=3")
        bench.viewer.wait("modifiers 3", start=start)


@tap.test("server mouse mode: relative motion adds up, buttons and wheel come in order")
def relative():
    with Bench() as bench:
        tap.equal(bench.server.command("stats")["mouse"], "server")
        for _ in range(40):
            bench.viewer.command("motion 3 -2 0")
        bench.viewer.command(f"press {LEFT} 1")
        bench.viewer.command(f"release {LEFT} 0")
        bench.viewer.command(f"press {WHEEL_DOWN} 0")
        bench.viewer.command(f"release {WHEEL_DOWN} 0")
        moved = [0, 0]
        wheel, seen = 0, []

        def all_there():
            nonlocal wheel
            for event in bench.server.events():
                seen.append(event)
                if event[0] == "motion":
                    moved[0] += int(event[1])
                    moved[1] += int(event[2])
                    wheel += int(event[3])
            return moved == [120, -80] and wheel == 1
        try:
            peers.wait_until(all_there, "the sum of all motion")
        except peers.Failed as error:
            raise peers.Failed(f"{error}: {moved}, wheel {wheel}, {seen}") from error
        states = [int(e[-1]) for e in seen]  # every kind of event ends with the buttons held
        tap.true(1 in states and states[-1] == 0, f"button states {states}")


@tap.test("client mouse mode: positions arrive, the last one exactly, buttons where they were pressed")
def absolute():
    with Bench("--mouse", "client") as bench:
        bench.viewer.wait("mouse-mode client")
        for i in range(50):
            bench.viewer.command(f"position {i * 10} {i * 7} 0 0")
        bench.viewer.command(f"press {RIGHT} 4")
        bench.viewer.command(f"release {RIGHT} 0")
        seen = []

        def released():
            seen.extend(bench.server.events())
            return [e for e in seen if e[0] == "buttons"][-1:] == [("buttons", "0")] and len(seen) > 2
        peers.wait_until(released, "the release")
        places = [(int(e[1]), int(e[2])) for e in seen if e[0] == "position"]
        tap.equal(places[-1], (490, 343), "last position")
        tap.equal(places, sorted(places), "positions")
        pressed = next(i for i, e in enumerate(seen) if e[-1] == "2")  # the server swaps middle and right
        tap.equal([e for e in seen[:pressed] if e[0] == "position"][-1][1:3], ("490", "343"), "position at the press")


@tap.test("the mouse mode follows the tablet")
def mode_follows():
    with Bench() as bench:
        bench.viewer.wait("mouse-mode server")
        start = len(bench.viewer.lines)
        bench.server.command("tablet on=1")
        bench.viewer.wait("mouse-mode client", start=start)
        start = len(bench.viewer.lines)
        bench.server.command("tablet on=0")
        bench.viewer.wait("mouse-mode server", start=start)


@tap.cases("a cursor of type {} is converted to the pixels the protocol means",
           ["alpha", "mono", "color32", "color16", "color4", "color24", "color8"])
def cursor_type(kind):
    with Bench() as bench:
        start = len(bench.viewer.lines)
        bench.server.command(f"cursor type={kind} size=16x24 hot=3,5 seed=9")
        line = bench.viewer.wait("cursor 16x24", start=start)
        sum_ = hashlib.sha256(pointers.rgba(kind, 16, 24, pointers.raw(kind, 16, 24, 9))).hexdigest()
        tap.equal(line, f"cursor 16x24 hot=3,5 sha256={sum_}")


@tap.test("the cursor moves, hides and comes back from the cache")
def cursor_life():
    with Bench() as bench:
        first = len(bench.viewer.lines)
        bench.server.command("cursor type=alpha size=8x8 cached=1 seed=3 at=5,5")
        shape = bench.viewer.wait("cursor 8x8", start=first)
        bench.server.command("cursor-move at=100,-7")
        bench.viewer.wait("cursor-move 100 -7", start=first)
        bench.server.command("cursor-hide")
        bench.viewer.wait("cursor-hide", start=first)
        again = len(bench.viewer.lines)
        bench.server.command("cursor type=alpha size=8x8 cached=1 seed=3 at=5,5")
        tap.equal(bench.viewer.wait("cursor 8x8", start=again), shape)


@tap.test("monitors and primary surfaces follow the machine's changes")
def monitors():
    with Bench("--heads", "2") as bench:
        bench.viewer.wait("monitors 0 320x480+0+0 320x480+320+0")
        start = len(bench.viewer.lines)
        bench.server.command("mode size=800x200")
        bench.viewer.wait("primary-destroy 0", start=start)
        bench.viewer.wait("primary-create 0 800x200", start=start)
        bench.server.command("heads at=400x200+0+0,300x200+400+0 max=2")
        bench.viewer.wait("monitors 0 400x200+0+0 300x200+400+0", start=start)
        tap.true(not any(re.match("error", line) for line in bench.viewer.lines), "an error was reported")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, clients.Viewer.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=3))
