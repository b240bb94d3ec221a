# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hostile guest on a usbredir channel, where an emulated CD is plugged in. Rows as in table.py."""
from hostile import spice as s
from hostile.server import Wait
from hostile.table import ALIVE, ERROR, HUGE

U = s.USBREDIR
CAPS = 0x7E  # versions of devices, filters, acknowledged ends, sizes of endpoints, ids of 64 bits, lengths of 32
HELLO, CONNECT, RESET, SET_CONFIGURATION, FILTER_REJECT, FILTER, DISCONNECT_ACK = 0, 1, 3, 6, 22, 23, 24
CONTROL, BULK, INTERRUPT = 100, 101, 103
OUT, IN = 0x01, 0x82
CHUNK = 60000


def data(*packets):
    """The packets as the messages of a channel."""
    stream = b"".join(packets)
    return [s.message(101, stream[at:at + CHUNK]) for at in range(0, len(stream), CHUNK)]


def packet(kind, body=b"", size=None, number=1):
    return s.u32(kind, len(body) if size is None else size) + s.u64(number) + body


def hello(body=b"guest".ljust(64, b"\0") + s.u32(CAPS), size=None, kind=HELLO):
    return s.u32(kind, len(body) if size is None else size, 0) + body


def bulk(endpoint, length, content=b"", number=1):
    return packet(BULK, s.u8(endpoint, 0) + s.u16(length & 0xFFFF) + s.u32(0) + s.u16(length >> 16) + content,
                  number=number)


def command(block, size=0, flags=0x80, signature=b"USBC"):
    """A command block wrapper, sent to the drive."""
    wrapper = signature + s.u32(7, size) + s.u8(flags, 0, len(block)) + block.ljust(16, b"\0")
    return bulk(OUT, len(wrapper), wrapper)


def control(request_type, request, value=0, index=0, length=0):
    return packet(CONTROL, s.u8(request_type & 0x80, request, request_type, 0) + s.u16(value, index, length))


def streams():
    yield "a message of 4 GiB", [s.message(101, b"", HUGE)], ERROR, "size|large|limit|4294967295"
    yield "an unknown message", [s.message(999, b"abc")], ALIVE
    yield "a reset before hello", data(hello(kind=RESET, body=b"")), ERROR, "before hello"
    yield "hello of 4 GiB", data(hello(size=HUGE)), ERROR, "limit"
    yield "hello of ten bytes", data(hello(b"0123456789")), ERROR, "damaged"
    yield "hello whose version has no end", data(hello(b"x" * 64 + s.u32(CAPS))), ALIVE
    yield "hello twice", data(hello(), packet(HELLO, b"guest".ljust(64, b"\0") + s.u32(HUGE))), ALIVE
    yield "hello byte by byte", [s.message(101, s.u8(byte)) for byte in hello()], ALIVE
    yield "a packet of an unknown type", data(hello(), packet(4711, b"abc")), ERROR, "4711"
    yield "a packet of 4 GiB", data(hello(), packet(BULK, size=HUGE)), ERROR, "limit"
    yield "a packet with nothing in it", data(hello(), packet(CONTROL)), ERROR, "damaged"
    yield "what only the other side sends", \
        data(hello(), packet(CONNECT, s.u8(2, 0, 0, 0) + s.u16(1, 2, 3))), ERROR, "damaged"
    yield "the beginning of a packet, and no more", data(hello(), packet(BULK, b"x" * 20, size=1 << 20)), ALIVE
    yield "bulk data whose length is a lie", data(hello(), bulk(OUT, HUGE, b"x" * 31)), ERROR, "damaged"
    yield "LZ4 of nothing", [s.message(102)], ERROR, "spicevmc|compressed"
    yield "LZ4 of 4 GiB", [s.message(102, s.u8(1) + s.u32(HUGE) + b"\0" * 20)], ERROR, "spicevmc"
    yield "LZ4 that is none", [s.message(102, s.u8(1) + s.u32(100) + b"\xff" * 20)], ERROR, "LZ4"
    yield "a compression there is not", [s.message(102, s.u8(9) + s.u32(100) + b"\0" * 20)], ERROR, "9"


def guests():
    yield "rules that are none", data(hello(), packet(FILTER, b"no rules\0")), ALIVE
    yield "rules without an end", data(hello(), packet(FILTER, b"-1,-1,-1,-1,1")), ERROR, "damaged"
    yield "rules that forbid all devices", data(hello(), packet(FILTER, b"-1,-1,-1,-1,0\0")), ALIVE
    yield "rules 5000 times", data(hello(), *[packet(FILTER, b"-1,-1,-1,-1,1\0")] * 5000), ALIVE
    yield "devices rejected, and rejected", data(hello(), *[packet(FILTER_REJECT)] * 50), ALIVE
    yield "ends acknowledged that were not told", data(hello(), *[packet(DISCONNECT_ACK)] * 50), ALIVE
    yield "20000 resets", data(hello(), *[packet(RESET)] * 20000), ALIVE
    yield "configurations there are not", \
        data(hello(), *[packet(SET_CONFIGURATION, s.u8(i)) for i in range(256)]), ALIVE
    yield "all control requests there are", \
        data(hello(), *[control(kind, request, 0xFFFF, 0xFFFF, 0 if kind < 0x80 else 0xFFFF)
                        for kind in range(256) for request in range(16)]), ALIVE


def drives():
    read = s.u8(0x28, 0, 0, 0, 0, 0, 0, 255, 255, 0)
    yield "a command that is none", data(hello(), command(b"", signature=b"nope")), ALIVE
    yield "a command of one byte", data(hello(), bulk(OUT, 1, b"U")), ALIVE
    yield "all commands there are", \
        data(hello(), *[command(s.u8(code) + b"\xff" * 15, 255) + bulk(IN, 255) + bulk(IN, 13) +
                        control(0x02, 1, 0, IN) + bulk(IN, 13) for code in range(256)]), ALIVE
    yield "reading beyond the end", data(hello(), *[command(read, HUGE), bulk(IN, 1 << 20)] * 20), ALIVE
    yield "data of endpoints there are not", \
        data(hello(), *[bulk(endpoint, 4, b"" if endpoint & 0x80 else b"data") for endpoint in range(256)]), ALIVE
    yield "5000 readers, and nothing to read", data(hello(), *[bulk(IN, 1 << 20)] * 5000), ALIVE
    yield "100 MB that nobody asked for", [*data(hello()), *data(bulk(OUT, 1 << 20, b"x" * (1 << 20))) * 100], \
        ALIVE
    yield "interrupts of a drive", data(hello(), packet(INTERRUPT, s.u8(1, 0) + s.u16(4) + b"data")), ALIVE


def cases(folder):
    """`folder` is one for the CD."""
    path = folder / "cd.iso"
    path.write_bytes(bytes(64 * 2048))
    options = {"listed": ((U, 0),), "viewer": ("enable-usbredir=true", f"shared-cd={path}")}
    announced = {"told": packet(CONNECT, b"", 10)[:8]}
    for group in (streams, guests, drives):
        for name, steps, verdict, *pattern in group():
            yield name, U, [Wait(101), *steps], verdict, "".join(pattern), \
                {**options, **(announced if group == drives else {})}
