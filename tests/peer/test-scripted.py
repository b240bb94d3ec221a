# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command with servers that say every byte by a script: all that info tells, where pointers go, what is asked for, which
pictures are complete. test-scripted.py --caraway PROGRAM"""
import argparse
import struct
import sys
import tempfile
from pathlib import Path

import clients
import pictures
import tap
from hostile import spice
from hostile.server import HELLO, LISTED, Close, HostileServer, Pause, Wait

PROTOCOL, TIMEOUT, UNSUPPORTED, WANTS_TLS, TLS_PORT, CLOSED = 6, 7, 9, 11, 12, 18
NAME, UUID, NOTIFY, MODIFIERS = 113, 114, 7, 102
caraway = None


def display(*heads, width=400, height=200, form=32):
    return [Wait(101), spice.surface_create(width, height, form=form), spice.monitors_config(*heads), spice.MARK]


def main_channel(listed, *more, **init):
    return [spice.main_init(**init), *more, Wait(104), spice.channels_list(*listed)]


# Monitors out of order, one that reaches beyond the surface, three of which nothing is to be seen.
HEADS = (7, 100, 150, 300, 100), (3, 90, 80, 10, 20), (4, 50, 50, 400, 0), (5, 50, 50, 0, 200), (6, 0, 5, 0, 0), (8, 5, 0, 0, 0)
EVERY = ((spice.DISPLAY, 2), (spice.DISPLAY, 0), (spice.CURSOR, 0), (spice.INPUTS, 0), (spice.PORT, 3), (spice.USBREDIR, 1))
TEXT = """server       {uri}
name         na\\u001b
uuid         00010203-0405-0607-0809-0a0b0c0d0e0f
display 0    90x80
display 1    100x100
display 2    64x48
pointer      absolute: click and move go to a place
locks on     scroll, num, caps
guest agent  connected
channels
  main 0
    can        auth-selection, auth-spice, mini-header, semi-seamless-migrate, name-and-uuid
  display 2
{display}
    surface    64x48 RGB565
  display 0
{display}
    surface    400x200 xRGB8888
    monitor 7  100x150 at 300,100
    monitor 3  90x80 at 10,20
    monitor 4  50x50 at 400,0
    monitor 5  50x50 at 0,200
    monitor 6  0x5 at 0,0
    monitor 8  5x0 at 0,0
  cursor 0
    can        auth-selection, auth-spice, mini-header
  inputs 0
    can        auth-selection, auth-spice, mini-header, key-scancode
  port 3
  usbredir 1
"""
BARE = """server       {uri}
display 0    64x48
pointer      relative: only move and click --relative, until the guest has a tablet or agent
locks on     none
guest agent  none
channels
  main 0
    can        auth-selection, auth-spice, mini-header, semi-seamless-migrate, name-and-uuid
  display 0
{display}
    surface    64x48 xRGB8888
  cursor 0
    can        auth-selection, auth-spice, mini-header
  inputs 0
    can        auth-selection, auth-spice, mini-header, key-scancode
"""


def everything():
    scripts = {(spice.DISPLAY, 0): display(*HEADS), (spice.DISPLAY, 2): display(width=64, height=48, form=80),
               spice.INPUTS: [spice.message(101, spice.u16(7))],
               spice.MAIN: main_channel(EVERY, spice.message(NAME, spice.u32(4) + b"na\x1b\0"),
                                        spice.message(UUID, bytes(range(16))), agent=1, modes=(3, 2))}
    return HostileServer(scripts, listed=EVERY)


def filled(text, server):
    return text.format(uri=server.uri, display="    can        auth-selection, auth-spice, mini-header, monitors-config, "
                       "stream-report, preferred-compression, preferred-video-codec")


@tap.test("info, as text: everything that there can be, and what is missing")
def as_text():
    with everything() as server:
        tap.equal(caraway.run("info", server.uri).out, filled(TEXT, server))
    for more in ((), (spice.message(UUID, bytes(16)),)):
        with HostileServer({spice.MAIN: main_channel(LISTED, *more)}) as server:
            tap.equal(caraway.run("info", server.uri).out, filled(BARE, server))


@tap.test("info, as JSON: the same")
def as_json():
    with everything() as server:
        told = caraway.info(server.uri)
        tap.equal({key: told[key] for key in told if key not in ("channels", "displays")}, {
            "uri": server.uri, "name": "na\x1b", "uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f", "mouse-mode": "client",
            "agent-connected": True, "locks": ["scroll", "num", "caps"]})
        tap.equal(told["displays"], [{"number": 0, "width": 90, "height": 80, "channel": 0},
                                     {"number": 1, "width": 100, "height": 100, "channel": 0},
                                     {"number": 2, "width": 64, "height": 48, "channel": 2}])
        tap.equal([(channel["type"], channel["id"]) for channel in told["channels"]],
                  [("main", 0), ("display", 2), ("display", 0), ("cursor", 0), ("inputs", 0), ("port", 3), ("usbredir", 1)])
        shown = told["channels"][2]
        tap.equal(shown["surface"], {"width": 400, "height": 200, "format": "xRGB8888"})
        tap.equal(shown["monitors"], [{"id": number, "x": x, "y": y, "width": width, "height": height}
                                      for number, width, height, x, y in HEADS])
        tap.true("capabilities" not in told["channels"][5], "capabilities of a channel that is not opened")
    with HostileServer({spice.DISPLAY: [Pause(20)]}) as server:
        told = caraway.info(server.uri)
        tap.equal((told["name"], told["uuid"], told["mouse-mode"], told["displays"]), (None, None, "server", []))
        tap.equal(told["channels"][1]["surface"], None)
        tap.true("    surface    none\n" in caraway.run("info", server.uri).out, "text of a display that is off")


@tap.test("locks of the keyboard, one by one; without a keyboard there are none")
def locks():
    for bit, name in ((1, "scroll"), (2, "num"), (4, "caps")):
        with HostileServer({spice.INPUTS: [spice.message(101, spice.u16(bit))]}) as server:
            tap.equal(caraway.info(server.uri)["locks"], [name])
    with HostileServer({}, listed=((spice.DISPLAY, 0),)) as server:
        tap.equal(caraway.info(server.uri)["locks"], [])


@tap.test("formats of surfaces")
def formats():
    for form, name in ((16, "xRGB1555"), (80, "RGB565"), (32, "xRGB8888"), (96, "ARGB8888")):
        with HostileServer({spice.DISPLAY: display(form=form)}) as server:
            tap.equal(caraway.info(server.uri)["channels"][1]["surface"]["format"], name)


# In the order of the protocol's bits, from 0 on.
CAPS = {spice.MAIN: ["semi-seamless-migrate", "name-and-uuid", "agent-connected-tokens", "seamless-migrate"],
        spice.DISPLAY: ["sized-stream", "monitors-config", "composite", "a8-surface", "stream-report", "lz4-compression",
                        "preferred-compression", "gl-scanout", "multi-codec", None, None, None, "preferred-video-codec"],
        spice.INPUTS: ["key-scancode"]}


@tap.test("capabilities: each bit has its name")
def capabilities():
    # Each bit differs from every other in one of these.
    for word in (0, 0x5555, 0x3333, 0x0F0F, 0x00FF, 0xFFFF):
        with HostileServer({}, caps={kind: word for kind in CAPS}) as server:
            told = {channel["type"]: channel["capabilities"][3:] for channel in caraway.info(server.uri)["channels"]}
            for kind, names in CAPS.items():
                expected = [name for bit, name in enumerate(names) if name and word >> bit & 1]
                tap.equal(told[spice.NAMES[kind]], expected, f"{spice.NAMES[kind]} {word:#x}")
    with HostileServer({}, full=True) as server:
        tap.equal(caraway.info(server.uri)["channels"][2]["capabilities"], ["auth-selection", "auth-spice"])


@tap.test("a server that is slow to tell its monitors is waited for")
def slow_monitors():
    heads = [Pause(2), spice.monitors_config((0, 200, 200, 0, 0), (1, 200, 200, 200, 0)), spice.MARK]
    with HostileServer({spice.DISPLAY: [Wait(101), spice.surface_create(400, 200), *heads]}) as server:
        tap.equal([(d["number"], d["width"]) for d in caraway.info(server.uri)["displays"]], [(0, 200), (1, 200)])


@tap.cases("asked for: --compression={}", ["off", "auto-glz", "auto-lz", "quic", "glz", "lz", "lz4"])
def compression(name):
    with HostileServer({}) as server:
        caraway.run("info", f"--compression={name}", server.uri)
        link = server.channel(spice.DISPLAY)
        number = ["", "off", "auto-glz", "auto-lz", "quic", "glz", "lz", "lz4"].index(name)
        tap.equal([body for seen, body in zip(link.seen, link.bodies) if seen == 103], [spice.u8(number)])


@tap.cases("a display is told what it may have kept: {0[0]} MB of video memory", [(0, 12), (64, 32), (256, 64)])
def caches(case):
    megabytes, window = case
    with HostileServer({spice.MAIN: main_channel(LISTED, ram=megabytes << 20)}) as server:
        caraway.run("info", server.uri)
        link = server.channel(spice.DISPLAY)
        tap.equal(link.seen[0], 101)
        _, pictures_kept, _, words = struct.unpack("<BqBi", link.bodies[0])
        tap.equal((pictures_kept, words), (80 << 18, window << 18), "pixels")
        tap.equal({struct.unpack_from("<I", other.offered)[0] for other in server.links}, {0, 0x1234}, "connection ids")


def sent(server, *numbers):
    link = server.channel(spice.INPUTS)
    link.wait(lambda: link.closed)
    return [(number, body) for number, body in zip(link.seen, link.bodies) if number in numbers]


MOTION, POSITION, PRESS, RELEASE = 111, 112, 113, 114


@tap.cases("a pointer's place, {0}", ["to a tablet", "to the agent"])
def place(to):
    scripts = {(spice.DISPLAY, 0): display((0, 100, 200, 0, 0), (5, 300, 150, 100, 50)),
               (spice.DISPLAY, 2): display((0, 40, 30, 20, 10), (1, 30, 40, 60, 0)),
               spice.MAIN: main_channel(EVERY, agent=int(to == "to the agent"), modes=(3, 2))}
    # Of each display: where it is, how agents number it.
    for number, (x, y, told) in enumerate(((0, 0, 0), (100, 50, 5), (20, 10, 2), (60, 0, 2))):
        with HostileServer(scripts, listed=EVERY) as server:
            caraway.run("move", server.uri, f"-d{number}", "7", "9")
            x, y = (7, 9) if to == "to the agent" else (x + 7, y + 9)
            tap.equal(sent(server, POSITION, MOTION), [(POSITION, spice.u32(x, y) + spice.u16(0) + spice.u8(told))])
    for x, y, words in ((299, 150, "display 1 is 300x150; 299,150 lies beyond"), (300, 149, "300,149 lies beyond")):
        with HostileServer(scripts, listed=EVERY) as server:
            result = caraway.run("click", server.uri, "-d1", x, y, status=UNSUPPORTED)
            tap.true(words in result.err, result.err)


WANTED = {"click": (spice.INPUTS, 0), "screenshot": (spice.DISPLAY, 1), "port": (spice.PORT, 0)}


@tap.cases("{} begins as soon as what it needs is offered: the server goes on listing channels", WANTED)
def begins(command):
    begun, listed = [], [(spice.DISPLAY, 0), (spice.DISPLAY, 1), (spice.INPUTS, 0), (spice.PORT, 0)]
    port = [spice.message(201, spice.u32(5, 9) + spice.u8(1) + b"port\0")]
    with HostileServer({}) as server, tempfile.TemporaryDirectory() as folder:
        steps = [spice.main_init(modes=(3, 2)), Wait(104)]
        for n in range(1, 200):
            steps += [spice.channels_list(*listed, *((spice.USBREDIR, number) for number in range(n))), HELLO, Wait(3, n),
                      lambda: begun.append(server.channel(WANTED[command][0], 0, WANTED[command][1]) is not None), Pause(0.01)]
        server.scripts = {spice.MAIN: steps, spice.PORT: port}
        words = {"click": (5, 5), "screenshot": (Path(folder) / "x.png", "-d", 1), "port": ("port", "-q", 0)}[command]
        caraway.run(command, server.uri, *words)
        server.channel(spice.MAIN).wait(lambda: False)
        tap.true(any(begun) or len(begun) < 199, "neither begun nor ended before the last list came")


BUTTONS = {"left": (1, 1), "middle": (2, 2), "right": (3, 4), "wheel-up": (4, 0), "wheel-down": (5, 0)}


@tap.cases("a click: {}", BUTTONS)
def buttons(name):
    number, state = BUTTONS[name]
    with HostileServer({spice.MAIN: main_channel(LISTED, modes=(3, 1))}) as server:
        caraway.run("click", "-r", server.uri, "-b", name, "--", "-32767", "32767")
        tap.equal(sent(server, MOTION, POSITION, PRESS, RELEASE), [
            (MOTION, struct.pack("<iiH", -32767, 32767, 0)), (PRESS, spice.u8(number) + spice.u16(state)),
            (RELEASE, spice.u8(number) + spice.u16(0))])


@tap.test("relative motion is asked for where there is another, and waited for")
def to_relative():
    modes = [spice.main_init(modes=(3, 2)), Wait(104), spice.channels_list(*LISTED), Wait(105),
             spice.message(105, spice.u16(3, 1))]
    with HostileServer({spice.MAIN: modes}) as server:
        caraway.run("move", "-r", server.uri, "3", "4")
        link = server.channel(spice.MAIN)
        tap.equal([body for number, body in zip(link.seen, link.bodies) if number == 105], [spice.u16(1)])
        tap.equal(sent(server, MOTION, POSITION), [(MOTION, struct.pack("<iiH", 3, 4, 0))])
    with HostileServer({spice.MAIN: modes[:3]}) as server:
        result = caraway.run("move", "-r", "-t1", server.uri, "3", "4", status=TIMEOUT)
        tap.true("relative motion" in result.err, result.err)
        tap.equal(sent(server, MOTION), [])


@tap.test("absolute motion is asked for where there is another, and waited for")
def to_absolute():
    modes = [spice.main_init(modes=(3, 1)), Wait(104), spice.channels_list(*LISTED), Wait(105),
             spice.message(105, spice.u16(3, 2))]
    with HostileServer({spice.MAIN: modes}) as server:
        caraway.run("move", server.uri, "3", "4")
        link = server.channel(spice.MAIN)
        tap.equal([body for number, body in zip(link.seen, link.bodies) if number == 105], [spice.u16(2)])
        tap.equal(sent(server, MOTION, POSITION), [(POSITION, spice.u32(3, 4) + spice.u16(0) + spice.u8(0))])


def refused(server, status, words, *arguments):
    result = caraway.run(*arguments[:1], server.uri, *arguments[1:], status=status)
    tap.true(words in result.err, f"{words!r} is not in {result.err!r}")


@tap.test("reasons: channels that are refused, closed or not there, by name")
def reasons():
    denied = spice.link_reply(error=7)
    with HostileServer({}, (spice.MAIN, denied)) as server:
        refused(server, PROTOCOL, f"info: {server.uri}: the server refused the connection: permission denied (7)\n", "info")
    with HostileServer({}, (spice.MAIN, spice.link_reply(error=6))) as server:
        refused(server, PROTOCOL, ": the server refuses TLS for this channel (use spice://HOST:PORT, or ?port=PORT)\n",
                "info")
    with HostileServer({}, (spice.MAIN, b"")) as server:
        refused(server, TLS_PORT, "not a SPICE server, or one that expects TLS on this port (then use spice+tls://): ", "info")
    with HostileServer({}, (spice.DISPLAY, denied)) as server:
        refused(server, PROTOCOL, "the server refused the connection (display channel 0): permission denied (7)\n", "info")
    with HostileServer({spice.INPUTS: [spice.INPUTS_INIT, Wait(104), Close()]}) as server:
        refused(server, CLOSED, "the server closed the connection (inputs channel 0; QEMU serves one client at a time: ",
                "type", "a" * 999)
    with HostileServer({}, listed=((spice.DISPLAY, 0), (spice.CURSOR, 1))) as server:
        refused(server, UNSUPPORTED, "no inputs channel 0; it offers: main 0, display 0, cursor 1\n", "type", "a")
    with HostileServer({}, listed=((spice.INPUTS, 0),)) as server:
        for command in (("click", "1", "1"), ("screenshot", "-d1", "/nonexistent.png"), ("screenshot", "/nonexistent.png")):
            refused(server, UNSUPPORTED, "the server has no display", *command)
    with HostileServer({}) as server:
        for channel in ("all", "display"):
            refused(server, WANTS_TLS, "the server wants TLS, and the address names no port for it", "info",
                    f"--secure-channel={channel}")


@tap.test("what a server has not read when its time is over it may lose, and is told to")
def deaf():
    with HostileServer({spice.INPUTS: [spice.INPUTS_INIT, Pause(60)]}, deaf=60) as server:
        refused(server, TIMEOUT, "gave up after 5 s, waiting for the server to read everything; it may lose the end of it",
                "key", "-t5", "a")
        refused(server, TIMEOUT, "typed 3 of 3 characters: gave up after 5 s, ", "type", "-t5", "abc")


def shot(scripts, *options, listed=LISTED, status=0):
    with HostileServer(scripts, listed=listed) as server, tempfile.TemporaryDirectory(prefix="caraway-shot-") as folder:
        path = Path(folder) / "x.png"
        result = caraway.run("screenshot", server.uri, path, *options, status=status)
        tap.equal(path.exists(), status == 0, "a picture")
        return pictures.read(path) if status == 0 else result.err


RED = spice.fill((0, 0, 64, 48)).replace(spice.u32(0x102030), spice.u32(0xFF0000))


@tap.test("a surface that is never marked is complete when it has been drawn, and only then")
def unmarked():
    create = [Wait(101), spice.surface_create()]
    tap.equal(shot({spice.DISPLAY: [*create, RED]}).pixel(63, 47), "ff0000")
    for options in ((), ("--on-timeout=save",)):
        err = shot({spice.DISPLAY: create}, "-t3", *options, status=TIMEOUT)
        tap.true("waiting for a picture (the display may be off)" in err, err)


@tap.cases("a complete surface that goes away is none any more; {0}", ["nothing comes", "one comes that is not drawn"])
def gone(then):
    steps = [Wait(101), spice.surface_create(), RED, spice.MARK, HELLO, spice.message(315, spice.u32(0))]
    more = [spice.surface_create(32, 20)] if then.startswith("one") else []
    for options in ((), ("--on-timeout=save",)):
        err = shot({spice.DISPLAY: steps + more}, "-s500", "-t3", *options, status=TIMEOUT)
        tap.true("waiting for the picture to stay as it is for 500 ms" in err, err)
    picture = shot({spice.DISPLAY: [*steps, spice.surface_create(32, 20), spice.fill((0, 0, 32, 20)), spice.MARK]}, "-s500")
    tap.equal((picture.width, picture.height), (32, 20))


@tap.test("the first channel is shown where there is no channel 0; each display of it has its number")
def first_channel():
    listed = ((spice.DISPLAY, 3), (spice.DISPLAY, 2), (spice.CURSOR, 0))
    two = [Wait(101), spice.surface_create(), RED, spice.monitors_config((1, 30, 40, 10, 5)), spice.MARK]
    scripts = {(spice.DISPLAY, 2): two, (spice.DISPLAY, 3): display(width=20, height=10)}
    for options, size in (((), (64, 48)), (("-d0",), (30, 40)), (("-d1",), (20, 10)), (("-d0", "--region=9x8+21+32"), (9, 8))):
        picture = shot(scripts, *options, listed=listed)
        tap.equal((picture.width, picture.height), size, options)
    for region in ("9x8+22+32", "9x8+21+33"):
        err = shot(scripts, "-d0", f"--region={region}", listed=listed, status=UNSUPPORTED)
        tap.true(f"display 0 is 30x40; the region {region} lies beyond it" in err, err)


@tap.cases("surfaces of 16 bits are watched and saved, format {}", [16, 80])
def narrow(form):
    steps = [Wait(101), spice.surface_create(33, 35, form=form), RED.replace(spice.rect(0, 0, 64, 48), spice.rect(0, 0, 33, 35)),
             spice.MARK]
    picture = shot({spice.DISPLAY: steps}, "-s300")
    tap.equal((picture.width, picture.height, picture.colors()), (33, 35, 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options_ = parser.parse_args()
    caraway = clients.Caraway(options_.caraway)
    sys.exit(tap.main(options_.only, jobs=3))
