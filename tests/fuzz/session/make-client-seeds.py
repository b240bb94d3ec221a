#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-client-seeds.py FOLDER VECTORS…: what servers say, as fuzz-client.c takes it: captured messages of each channel, some
that were not captured, and a program's acts between and inside them."""
import importlib.util
import pathlib
import struct
import sys

wire = pathlib.Path(__file__).resolve().parent.parent / "wire" / "make-seeds.py"
spec = importlib.util.spec_from_file_location("wire_seeds", wire)
captured = importlib.util.module_from_spec(spec)
spec.loader.exec_module(captured)

# The order in which the client of the target opens its channels; 7 is a second display.
ORDER = {"main": 0, "display": 1, "inputs": 2, "cursor": 3, "port": 4, "playback": 5, "record": 6, "usbredir": 8, "webdav": 9}
MAIN, DISPLAY, INPUTS, CURSOR, PORT, PLAYBACK, RECORD, OTHER_DISPLAY = range(8)
N_ACTS = 16
NEST, END_SESSION, DISCONNECT, DISCONNECT_CLOSED, CONNECT, FLUSH, SHUTDOWN, HANG_UP, USE, USE_MORE, SET, DISCONNECT_ERROR, \
    READ_PROPERTIES, WAIT, CANCEL, DEAF = range(N_ACTS)
# The first byte: how the client connects.
BY_SOCKETS, BY_PATH, BY_PORT, BY_TLS_PORT, RECORDED, READ_ONLY, WITH_NAME, BARE = 0, 1, 2, 3, 4, 8, 16, 32
# How the next connection is greeted.
WELL, REFUSE, ERROR, NONSENSE, SILENTLY, SASL, GONE, BARELY = range(8)
NEED_SECURED = 5
PRIMARY = struct.pack("<5I", 0, 64, 64, 32, 1)


def record(channel, kind, body=b""):
    return struct.pack("<BHH", channel, kind, len(body)) + body


def act(channel, what, number=0, inside=False):
    return bytes((0x80 | (0x40 if inside else 0) | channel, what + N_ACTS * number))


def greet(how, number=0):
    return record(MAIN, 0xFFFC, bytes((how + 8 * number,)))


def move(kind, what=1):
    return record(MAIN, 0xFFFD, struct.pack("<HB", kind, what))


def descriptors(kind, n):
    return record(DISPLAY, 0xFFFE, bytes((64, kind, n)))


def at(connection, kind, body=b""):
    return record(0x40 | connection, kind, body)


def box(top, left, bottom, right):
    return struct.pack("<4i", top, left, bottom, right)


def said(paths):
    """Of each channel, what was captured."""
    talks = {}
    for path in paths:
        for words, body in captured.vectors(path):
            if words[0] == "body" and words[2] == "server" and words[1] in ORDER:
                channel = ORDER[words[1]]
                talks.setdefault(channel, []).append(record(channel, int(words[3]), body[:1500]))
    return talks


def common(channel):
    """What every channel understands."""
    ping, notify = struct.pack("<IQ", 1, 2), struct.pack("<Q4I", 5, 1, 2, 3, 4) + b"text\0"
    sub = struct.pack("<HI", 4, len(ping)) + ping
    listed = struct.pack("<HI", 2, 4) + struct.pack("<I", 8) + sub
    wait = struct.pack("<BBBQ", 1, 2, 0, 1)
    return [record(channel, 3, struct.pack("<2I", 1, 2)), record(channel, 4, ping), record(channel, 4, ping + bytes(100)),
            record(channel, 7, notify), record(channel, 8, listed), record(channel, 5, wait), record(channel, 99, b"?"),
            record(channel, 6, struct.pack("<QI", 1, 0)), *[record(channel, 105, b"?")] * 2, act(channel, DEAF),
            *[record(channel, 4, ping * 40)] * 8, act(channel, DEAF), record(channel, 6, b"")]


def fill(surface, color=0x123456):
    base = struct.pack("<I", surface) + box(1, 2, 30, 40) + b"\0"
    return base + struct.pack("<BIHBiiI", 1, color, 8, 0, 0, 0, 0)


def display(channel):
    wait = struct.pack("<BBBQ", 1, 2, 0, 4)
    monitors = struct.pack("<HH", 1, 4) + struct.pack("<7I", 0, 0, 64, 64, 0, 0, 0)
    return [record(channel, 102), record(channel, 302, fill(0)), record(channel, 104, struct.pack("<I", 0) + box(0, 0, 20, 20)
            + b"\0" + struct.pack("<2i", 5, 5)), record(channel, 317, monitors), record(channel, 5, wait),
            record(channel, 302, fill(0, 0xFFFFFF)), record(channel, 105, struct.pack("<HBQ", 1, 1, 7)),
            record(channel, 106, struct.pack("<BBBQ", 1, 2, 0, 3)), record(channel, 107, bytes(8)), record(channel, 108),
            record(channel, 122, struct.pack("<IIBBQIIII", 0, 1, 1, 0, 9, 32, 32, 32, 32) + box(0, 0, 32, 32) + b"\0"),
            record(channel, 123, struct.pack("<3I", 1, 10, 20) + bytes(20)), record(channel, 125, struct.pack("<I", 1)),
            record(channel, 314, struct.pack("<5I", 3, 16, 16, 96, 0)), record(channel, 302, fill(3)),
            record(channel, 315, struct.pack("<I", 3)), record(channel, 103), record(channel, 302, fill(0)),
            record(channel, 315, struct.pack("<I", 0)), record(channel, 101, struct.pack("<3I", 80, 60, 32))]


def copy(surface, kind, data, side=16):
    """DRAW_COPY of an image, which comes right behind the operation."""
    base = struct.pack("<I", surface) + box(0, 0, side, side) + b"\0"
    operation = struct.pack("<I", 57) + box(0, 0, side, side) + struct.pack("<HBBiiI", 8, 0, 0, 0, 0, 0)
    return base + operation + struct.pack("<QBBII", 9, kind, 0, side, side) + struct.pack("<I", len(data)) + data


def troubles():
    """Pictures that are none, a surface that nobody draws on; and one that goes, and does not come back for a while."""
    yield [record(DISPLAY, 304, copy(0, 1, b"QUIC" + bytes(60))), act(MAIN, WAIT), act(DISPLAY, CONNECT)]
    yield [record(DISPLAY, 314, struct.pack("<5I", 4, 16, 16, 1, 0)), record(DISPLAY, 302, fill(4)), act(MAIN, WAIT)]
    yield [record(DISPLAY, 304, copy(0, 102, struct.pack(">4sIIIIIIQI", b"  ZL", 0x10001, 8, 16, 16, 64, 1, 7, 3) + bytes(64))),
           act(DISPLAY, HANG_UP), act(MAIN, WAIT), record(OTHER_DISPLAY, 302, fill(0))]
    yield [record(DISPLAY, 302, fill(0)), record(OTHER_DISPLAY, 315, struct.pack("<I", 0)), act(MAIN, WAIT, 15)]


def shape(kind, flags=0, unique=1):
    """A cursor of 8 by 8 points."""
    sizes = {0: 256, 1: 16, 2: 104, 6: 264}
    return struct.pack("<HQBHHHH", flags, unique, kind, 8, 8, 1, 2) + bytes(i * 7 & 0xff for i in range(sizes[kind]))


def cursor():
    init = struct.pack("<hhHHB", 3, 4, 0, 0, 1) + struct.pack("<H", 1)
    return [record(CURSOR, 101, init), record(CURSOR, 103, struct.pack("<hhB", 5, 6, 1) + shape(0, 2, 11)),
            record(CURSOR, 103, struct.pack("<hhB", 5, 6, 1) + struct.pack("<HQBHHHH", 4, 11, 0, 8, 8, 1, 2)),
            record(CURSOR, 103, struct.pack("<hhB", 5, 6, 1) + shape(1)), record(CURSOR, 104, struct.pack("<hh", 7, 8)),
            record(CURSOR, 103, struct.pack("<hhB", 5, 6, 0) + shape(6)), record(CURSOR, 105), record(CURSOR, 106, bytes(4)),
            record(CURSOR, 107, struct.pack("<Q", 11)), record(CURSOR, 108), record(CURSOR, 102),
            record(CURSOR, 101, struct.pack("<hhHHB", 3, 4, 2, 3, 1) + shape(2))]


def agent(kind, body):
    return record(MAIN, 109, struct.pack("<2IQI", 1, kind, 0, len(body)) + body)


def main_talk():
    return [record(MAIN, 107), agent(6, struct.pack("<2I", 1, 0x7FFF)), agent(7, struct.pack("<2I", 0, 1)),
            agent(8, struct.pack("<2I", 0, 1)), agent(4, struct.pack("<2I", 0, 1) + b"text"), agent(9, bytes(4)),
            agent(3, struct.pack("<2I", 2, 1)), record(MAIN, 110, struct.pack("<I", 5)),
            record(MAIN, 105, struct.pack("<2H", 3, 2)), record(MAIN, 106, struct.pack("<I", 77)), record(MAIN, 108, bytes(4)),
            record(MAIN, 113, struct.pack("<I", 4) + b"name"), record(MAIN, 114, bytes(range(16))),
            record(MAIN, 115, struct.pack("<I", 10)), record(MAIN, 102),
            record(MAIN, 104, struct.pack("<I", 2) + bytes((4, 1, 2, 2)))]


def port():
    return [record(PORT, 201, struct.pack("<IIB", 4, 9, 1) + b"port"), record(PORT, 101, b"data"), record(PORT, 202, b"\2"),
            record(PORT, 202, b"\1"), record(PORT, 101, bytes(2000))]


def sound():
    start = struct.pack("<IHII", 2, 1, 48000, 5)
    return [record(PLAYBACK, 103, start), record(PLAYBACK, 102, struct.pack("<IH", 4, 1)), record(PLAYBACK, 101, bytes(500)),
            record(PLAYBACK, 105, struct.pack("<BHH", 2, 9, 8)), record(PLAYBACK, 106, b"\1"),
            record(PLAYBACK, 107, struct.pack("<I", 100)), act(PLAYBACK, USE, 3), record(PLAYBACK, 104),
            record(RECORD, 101, struct.pack("<IHI", 2, 1, 48000)), act(RECORD, USE), act(RECORD, USE, 9),
            record(RECORD, 103, struct.pack("<BHH", 2, 9, 8)), record(RECORD, 104, b"\0"), record(RECORD, 102)]


def inputs():
    return [record(INPUTS, 101, struct.pack("<H", 2)), record(INPUTS, 102, struct.pack("<H", 4)), act(INPUTS, USE),
            record(INPUTS, 111), *(act(INPUTS, USE, number) for number in range(7))]


def scanout(fourcc, stride=256, height=64):
    return record(DISPLAY, 320, struct.pack("<3I4sI", 64, height, stride, fourcc, 1))


def scanout2(fourcc, planes=1, modifier=0):
    plane = struct.pack("<2I", 0, 256)
    return record(DISPLAY, 323, struct.pack("<2I4sIBQ", 64, 64, fourcc, 1, planes, modifier) + plane * planes)


def scanouts():
    draw = record(DISPLAY, 321, struct.pack("<4I", 0, 0, 64, 64))
    look = act(DISPLAY, USE)
    one = descriptors(0, 1)
    return [scanout(b"XR24"), one, look, draw, look, scanout(b"AB30"), descriptors(1, 1), look, draw + draw, look,
            scanout(b"XR24"), descriptors(2, 1), look, scanout(b"NV12"), one, look, draw, scanout(b"XR24", 8), one, look,
            scanout2(b"XB24"), one, look, draw, look, scanout2(b"XR24", 3), descriptors(0, 3), look,
            scanout2(b"XR24", 2), one, draw, scanout2(b"XR24", 1, 1 << 56), one, look, draw,
            scanout(b"\0\0\0\0"), look, draw, scanout(b"XR24"), one, record(DISPLAY, 314, PRIMARY), look]


def preferences():
    return [act(DISPLAY, USE, number) for number in range(16)] + [act(DISPLAY, READ_PROPERTIES)]


def files():
    """Two files, one of which is empty; the guest takes them, refuses them, or has no room."""
    status = [agent(11, struct.pack("<2I", number, what)) for what in (0, 2, 4, 3, 1) for number in (1, 2)]
    start = [record(MAIN, 107), record(MAIN, 110, struct.pack("<I", 500)), agent(6, struct.pack("<2I", 0, 0x1FFF))]
    copies = [[act(MAIN, USE_MORE, which), act(MAIN, WAIT)] for which in (0, 2, 4, 1, 9)]
    goes = [status[0], status[1], act(MAIN, WAIT), act(MAIN, WAIT), status[6], status[7]]
    yield start + copies[0] + goes
    yield start + [act(MAIN, CANCEL, 0, True)] + copies[0] + goes
    yield start + copies[1] + copies[2] + goes
    yield start + copies[4] + status[:1] + [act(MAIN, CANCEL), act(MAIN, WAIT)]
    yield start + copies[3] + status[2:]
    yield start + copies[0] + status[:2] + [record(MAIN, 108, bytes(4)), act(MAIN, WAIT)]
    yield start + copies[0] + status[:2] + [act(MAIN, HANG_UP), act(MAIN, WAIT)]
    yield copies[3] + [act(MAIN, READ_PROPERTIES)]


def targets(seamless):
    """The target's connections follow those of the source: 10 is its main channel."""
    begin = [greet(SILENTLY), move(116 if seamless else 101), act(MAIN, WAIT)] + ([at(10, 117)] if seamless else [])
    migrate = [at(number, 1, struct.pack("<I", 1 + number % 3)) for number in range(10)]
    data = [at(number, 2, b"data") for number in range(10)]
    typing = [act(INPUTS, USE), act(PORT, USE, 5), act(PORT, FLUSH), act(INPUTS, FLUSH)]
    init = at(10, 103, struct.pack("<8I", 1, 1, 3, 1, 1, 10, 1000, 0))
    yield begin + [act(MAIN, WAIT), *(migrate if seamless else [at(0, 112)]), *typing, *data, init, act(MAIN, WAIT), *typing]
    for stop in (at(0, 102), act(MAIN, HANG_UP), at(10, 118), act(MAIN, END_SESSION), act(INPUTS, DISCONNECT), move(101), init,
                 at(0, 112) + init, migrate[1] + migrate[2] + typing[1] + at(0, 102), migrate[1] + migrate[1] + data[1] * 2):
        yield begin + [act(MAIN, WAIT), stop, act(MAIN, WAIT), at(0, 112), act(MAIN, WAIT)]
        yield begin[:2] + [stop, act(MAIN, WAIT)]
        yield [act(MAIN, DISCONNECT_ERROR, 0, True)] + begin + [stop, act(MAIN, WAIT)]
    for how in range(8):
        yield [greet(how, 1), move(116 if seamless else 101), act(MAIN, WAIT), at(0, 112), act(MAIN, WAIT)]


def switches():
    yield [move(111), act(MAIN, WAIT), *main_talk()]
    yield [move(111, 0x80), move(101, 0x80), act(MAIN, WAIT)] + [move(111), act(MAIN, WAIT)] * 3
    yield [move(111), act(MAIN, DISCONNECT), act(MAIN, WAIT)]


def ports():
    return [record(PORT, 201, struct.pack("<IIB", 4, 9, 1) + b"port"), act(PORT, USE, 3), act(PORT, USE, 2), act(PORT, CANCEL),
            *(act(PORT, USE, 15) for _ in range(8)), record(PORT, 102, struct.pack("<BI", 1, 100) + bytes(20)),
            record(PORT, 101, b"x" * 5000), act(PORT, FLUSH, 1), act(PORT, CANCEL)]


def askers():
    """Flushes and ends that are cancelled, and that nobody answers, as their channels are gone."""
    for channel in (MAIN, INPUTS, PORT):
        asked = [act(channel, what, 1) for what in (FLUSH, SHUTDOWN, CANCEL, FLUSH)]
        yield [act(channel, DEAF)] + [act(PORT, USE, 15)] * 5 + asked \
            + [act(channel, SHUTDOWN), act(channel, HANG_UP), act(channel, FLUSH), act(channel, SHUTDOWN)]
        yield [act(channel, SHUTDOWN), act(channel, SHUTDOWN), act(channel, DISCONNECT), act(channel, CONNECT)]


def connecting():
    """Each way to connect, and how each may end."""
    talk = b"".join(inputs() + ports())
    for way in (BY_SOCKETS, BY_PATH, BY_PORT, BY_TLS_PORT):
        for more in (RECORDED, READ_ONLY, BARE, WITH_NAME):
            yield bytes((way | more,)) + talk + record(DISPLAY, 314, PRIMARY) + b"".join(display(DISPLAY)[:6] + main_talk())
        for how in range(8):
            again = act(MAIN, END_SESSION if way == BY_TLS_PORT else DISCONNECT) + act(MAIN, CONNECT) + act(MAIN, WAIT)
            yield bytes((way | (WITH_NAME if how % 2 else 0),)) + greet(how, how + 3) + again + talk
    for number in range(5):
        for way in (BY_PORT, BY_PORT | WITH_NAME):
            yield bytes((way,)) + act(INPUTS, DISCONNECT) + greet(SASL, number) + act(INPUTS, CONNECT) + act(MAIN, WAIT) + talk
    yield bytes((BY_PORT,)) + act(INPUTS, DISCONNECT) + greet(ERROR, NEED_SECURED) + act(INPUTS, CONNECT) + act(MAIN, WAIT)


def moving():
    for way in (BY_PORT, BY_PATH, BY_SOCKETS):
        talks = [*targets(True), *targets(False), *switches()]
        for talk in talks if way == BY_PORT else talks[::20]:
            yield bytes((way,)) + b"".join(talk)


def seeds(paths):
    start = bytes((BY_SOCKETS,)) + record(DISPLAY, 314, PRIMARY) + record(OTHER_DISPLAY, 314, PRIMARY)
    talks = [*said(paths).values(), main_talk(), display(DISPLAY), display(OTHER_DISPLAY), cursor(), port(), sound(), inputs(),
             scanouts(), preferences(), *troubles(), *files(), ports(), *askers()]
    talks += [common(channel) for channel in (MAIN, DISPLAY, INPUTS, CURSOR)]
    for talk in talks:
        yield start + b"".join(talk)
    for talk in talks[:12]:
        for begin in range(0, len(talk), 8):
            yield start + b"".join(talk[begin:begin + 8])
    for what in range(N_ACTS):
        for number, talk in enumerate(talks[:12]):
            channel = (number + what) % 10
            yield start + act(channel, what, 0, number % 2 == 0) + b"".join(talk[:6]) + act(channel, what) \
                + b"".join(talk[6:12]) + act(channel, 4)
    # Servers that go while pictures wait.
    wait = record(DISPLAY, 5, struct.pack("<BBBQ", 1, 2, 1, 200))
    yield start + wait + b"".join(display(DISPLAY)[:6]) + act(DISPLAY, HANG_UP) + b"".join(display(OTHER_DISPLAY))
    yield start + record(DISPLAY, 0xFFFF, bytes(range(40)))
    yield from connecting()
    yield from moving()


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for index, data in enumerate(seeds(sys.argv[2:])):
    (folder / f"{index:03}").write_bytes(data)
