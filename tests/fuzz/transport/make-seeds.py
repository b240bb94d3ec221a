#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-seeds.py connect|sasl FOLDER: connections of all kinds, or those with SASL, as fuzz-connect.c takes them, with good and
bad far ends."""
import itertools
import pathlib
import struct
import sys

FD, TCP, UNIX, OTHER, PROXY, PROXY_TLS, TLS, SASL, TWICE, HURRY = 0, 1, 2, 3, 4, 8, 16, 32, 64, 128
PUBKEY, HOSTNAME, SUBJECT = 1, 2, 4
CERTIFICATE, OLD_TLS, MINI_HEADER, SESSIONS = 8, 32, 64, 128
ALL_STEPS, TRUST, WHO = 15, 16, 64
SAY, BELOW, FAR, ACT, INSIDE = range(5)
STEP, END_WRITING, HANG_UP, UPDATE_KEY, TICKET, NOTIFY_CLOSE, ATTACH, DEAF, HEAR, STEPS, TURN, FLIP = range(12)
PAUSE, RESUME, FLUSH, ROOM, WRITE_NOW, EXPECT, NEST, END, CLOSE, STREAM, SEND = range(11)


def setup(first, second=MINI_HEADER, third=ALL_STEPS):
    return bytes((first, second, third))


def say(data, op=SAY):
    return struct.pack("<BH", op, len(data)) + data


def far(what, more=0):
    return bytes((FAR, what + 12 * more))


def act(what, more=0, inside=False):
    return bytes((INSIDE if inside else ACT, what + 16 * more))


def frame(kind, body=b""):
    return struct.pack("<HI", kind, len(body)) + body


def full_frame(serial, kind, body=b""):
    return struct.pack("<QHII", serial, kind, len(body), 0) + body


TALK = say(frame(101, b"abc") + frame(8, struct.pack("<HI", 1, 6) + frame(5, b"")[:6])) + say(frame(7, bytes(500)))
CUT = say(frame(104, bytes(3000))[:1000]) + say(bytes(1000)) + say(bytes(1006)) + say(frame(9)[:3])
SENDS = act(SEND, 1) + act(SEND, 15) + act(SEND + 3, 15) + act(FLUSH) + act(ROOM, 10) + act(WRITE_NOW) + far(TURN, 3)
FULL = far(DEAF) + act(SEND, 15) * 4 + act(SEND + 3, 15) * 3 + act(FLUSH) + far(TURN, 2) + far(HEAR) + far(TURN, 20)
ACTS = b"".join(say(frame(2)) + act(what, 3, inside=True) + say(frame(3)[:6] + b"\0" + frame(4)) for what in range(16))
CALLS = act(PAUSE) + TALK + act(RESUME) + act(EXPECT, 15) + TALK + act(STREAM) + act(NEST)
ENDS = (far(END_WRITING), far(HANG_UP), act(CLOSE), act(END) + TALK, say(frame(101)[:4]) + far(END_WRITING), far(NOTIFY_CLOSE),
        act(SEND, 15) * 3 + far(HANG_UP) + act(FLUSH) + act(SEND), say(struct.pack("<HI", 7, 0xffffffff)),
        act(CLOSE) + act(FLUSH) + act(ROOM) + act(SEND), act(CLOSE, 0, True) + TALK)


RECORDS = (b"\x15\x03\x03\0\2\2\x28", b"\x16\x03\x03\xff\xff", b"\x17\x03\x03\0\4abcd", b"\x16\x03\1\0\4\2\0\0\0", b"REDQ",
           bytes(202))


def descriptors():
    """Type 3: one more byte follows, and descriptors come with it."""
    for n in (1, 3, 5, 19):
        yield setup(FD) + say(frame(3, b"x")) + far(ATTACH, n) + say(b"\0") + TALK
        yield setup(FD) + far(ATTACH, n) + TALK + say(frame(11)) + far(ATTACH, n) + say(b"\0") + far(ATTACH, 1) + TALK
        yield setup(UNIX) + (far(ATTACH, n) + say(b"\0")) * 3 + act(CLOSE)


def kinds():
    """What there can be below the frames."""
    return (FD, TCP, UNIX, FD | TLS, TCP | TLS, TCP | PROXY, TCP | PROXY | TLS, TCP | PROXY | PROXY_TLS | TLS)


def trust():
    for verify, certificate, who in itertools.product((0, PUBKEY, HOSTNAME, SUBJECT, PUBKEY | SUBJECT), range(4), range(4)):
        if verify == SUBJECT or certificate == 0 or who == 0:
            yield setup(TCP | TLS, verify | certificate * CERTIFICATE | MINI_HEADER, ALL_STEPS | who * WHO) + TALK
    for anchors, who in itertools.product(range(4), range(2)):
        yield setup(FD | TLS, HOSTNAME | MINI_HEADER, ALL_STEPS | anchors * TRUST | who * WHO) + TALK


def hostile():
    """Proxies, records and links that are no good, at every step."""
    proxy = TCP | PROXY
    for reply in (b"HTTP/1.1 403 No\r\n\r\n", b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\n", b"SSH-2.0-x\r\n",
                  b"HTTP/1.0 200 OK\n\n", b"HTTP/1.1 200 " + b"x" * 3000, b"HTTP/1.1 2"):
        yield setup(proxy, 0, 0) + say(reply) + far(END_WRITING)
        yield setup(proxy | TLS, OLD_TLS, 0) + far(STEP) + say(reply) + far(HANG_UP)
        yield setup(proxy | PROXY_TLS, 0, 1) + far(TURN, 1) + say(reply) + far(TURN, 1)
    for steps in range(6):
        for bad in RECORDS:
            yield setup(TCP | TLS, MINI_HEADER, steps) + far(TURN, 1) + say(bad, BELOW) + far(TURN, 1) + far(STEPS, 5)
        for kind in (TLS, PROXY | PROXY_TLS | TLS):
            yield setup(TCP | kind, MINI_HEADER, steps) + far(END_WRITING)
            yield setup(TCP | kind, MINI_HEADER, steps) + far(HANG_UP) + far(TURN, 1)
            yield setup(TCP | kind, OLD_TLS, steps) + far(FLIP, steps * 3) + far(STEPS, 9) + far(TURN, 2) + TALK
    for which in range(8):
        yield setup(OTHER, which | MINI_HEADER) + TALK
        yield setup(OTHER | TLS, which) + TALK
        yield setup(OTHER | PROXY, which) + TALK
    yield setup(TCP | HURRY, 0, 0)
    yield setup(TCP | PROXY | HURRY, 0, 0)
    yield setup(FD | TLS | HURRY, 0, 0)
    yield setup(FD, 0, 0) + act(15)


def in_tls():
    """After the handshake: keys, tickets, records with a byte altered, sessions that are offered again."""
    for version in (0, OLD_TLS):
        start = setup(TCP | TLS, MINI_HEADER | version)
        yield start + far(UPDATE_KEY) + TALK + SENDS + far(UPDATE_KEY) * 5 + TALK
        yield start + far(TICKET) + TALK + far(TICKET) + SENDS
        yield start + far(FLIP, 1) + TALK + SENDS
        yield start + say(bytes(300), BELOW) + SENDS
        for proxy in (0, PROXY | PROXY_TLS):
            yield setup(TCP | TLS | TWICE | proxy, MINI_HEADER | version | SESSIONS) + TALK + SENDS + far(NOTIFY_CLOSE)
            yield setup(TCP | TLS | TWICE | proxy, version | SESSIONS | HOSTNAME) + far(TICKET) + TALK


def seeds():
    for kind in kinds():
        start = setup(kind)
        for talk in (TALK, CUT, SENDS, FULL, ACTS, CALLS):
            yield start + talk
    for kind in (FD, TCP, TCP | TLS):
        yield setup(kind, 0) + say(full_frame(1, 101, b"abc") + full_frame(2, 9)) + SENDS
        for end in ENDS:
            yield setup(kind) + TALK + end
    yield from descriptors()
    yield from trust()
    yield from hostile()
    yield from in_tls()


def sasl():
    """With a layer of its own, and without it inside TLS; the far end ends, or says something else, at every step."""
    for talk in (TALK, CUT, SENDS, FULL, ACTS, CALLS):
        yield setup(TCP | SASL) + talk
    yield setup(FD | SASL) + TALK
    yield setup(TCP | SASL | TLS) + TALK
    yield setup(TCP | SASL) + say(b"\0\0\0\x20" + bytes(32), BELOW)
    yield setup(TCP | SASL) + say(b"\0\2\0\0", BELOW) + SENDS
    yield setup(TCP | SASL) + TALK + far(END_WRITING)
    yield setup(TCP | SASL) + far(FLIP, 1) + TALK
    for steps in range(1, 6):
        yield setup(TCP | SASL, MINI_HEADER, steps) + say(bytes(9)) + far(END_WRITING)


kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for index, data in enumerate(sasl() if kind == "sasl" else seeds()):
    (folder / f"{index:03}").write_bytes(data)
