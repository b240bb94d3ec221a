# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shared folders: the frames of a webdav channel, by scripted guests."""
import argparse
import random
import struct
import sys

import peers
import tap
from hostile import spice
from hostile.server import HostileServer, Pause, Wait, opening
from portclient import DATA, PortClient, SharedFolder, data, event, init

NAME = "org.spice-space.webdav.0"


def frame(number, content=b""):
    return struct.pack("<qH", number, len(content)) + content


def frames(stream):
    """(id, content) of what a client has sent."""
    at, found = 0, []
    while len(stream) - at >= 10:
        number, size = struct.unpack_from("<qH", stream, at)
        if len(stream) - at < 10 + size:
            break
        found.append((number, stream[at + 10:at + 10 + size]))
        at += 10 + size
    return found


def script(steps):
    return {spice.MAIN: opening(spice.MAIN, ((spice.WEBDAV, 0),)), spice.WEBDAV: steps}


class Guest(SharedFolder):
    """A scripted guest and a client that shares a folder with one file."""

    def __init__(self, *steps, properties=()):
        super().__init__(*properties)
        self.steps = steps

    def start_server(self):
        (self.path / "f").write_bytes(b"content")
        return self.stack.enter_context(HostileServer(script([init(NAME.encode() + b"\0"), *self.steps])))

    def sent(self):
        connection = self.server.channel(spice.WEBDAV)
        return frames(b"".join(b for n, b in zip(connection.seen, connection.bodies) if n == DATA))

    def answers(self, number, count=1, seconds=peers.PATIENCE):
        """What came back on a connection, once it holds that many answers."""
        def text():
            return b"".join(content for own, content in self.sent() if own == number)
        peers.wait_until(lambda: text().count(b"HTTP/1.1 ") >= count and b"content" in text(),
                         f"answers on {number}", seconds=seconds)
        return text()

    def ends(self, number):
        return [content for own, content in self.sent() if own == number].count(b"")


GET = b"GET /f HTTP/1.1\r\nHost: h\r\n\r\n"
CLOSE = b"GET /f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
IDS = (1, 0, -1, -2 ** 63, 2 ** 63 - 1, -0x64DAFD90)


@tap.test("W5: a connection stays open; when the server's side ends, a frame of size 0 says so and the id works again")
def ids():
    with Guest(event(0), *(data(frame(n, GET)) for n in IDS), Wait(201), *(data(frame(n, CLOSE)) for n in IDS), Wait(201, 2),
               *(data(frame(n, CLOSE)) for n in IDS)) as guest:
        for number in IDS:
            guest.answers(number)
            tap.equal(guest.ends(number), 0, "ends")
        guest.client.command("event 0 2")
        for number in IDS:
            guest.answers(number, 2)
            peers.wait_until(lambda: guest.ends(number) == 1, "the end")
        guest.client.command("event 0 2")
        for number in IDS:
            guest.answers(number, 3)
            peers.wait_until(lambda: guest.ends(number) == 2, "the end")


@tap.test("W7: frames cut at every byte, and several in one message")
def cut():
    whole = frame(7, GET) + frame(8, GET[:10]) + frame(9) + frame(8, GET[10:])
    steps = [data(whole[i:i + 1]) for i in range(len(whole))] + [data(whole)]
    with Guest(event(0), *steps) as guest:
        for number in (7, 8):
            guest.answers(number, 2)


@tap.test("W8: frames of 65535 bytes in both directions")
def largest():
    head = b"PUT /big HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n"
    body = head + random.Random(1).randbytes(200_000)
    steps = [data(frame(5, body[i:i + 65535])) for i in range(0, len(body), 65535)]
    with Guest(event(0), *steps, data(frame(5, b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n" + GET))) as guest:
        text = guest.answers(5, 3)
        tap.true(body[len(head):] in text, "the content")
        tap.true(max(len(content) for _, content in guest.sent()) > 60_000, "small frames")


@tap.test("W9: the port closes with a request under way: no frame afterwards, and later requests work")
def closes():
    steps = [event(0), data(frame(3, GET[:12])), data(frame(4, GET)), event(1), Wait(201), event(0), data(frame(3, GET))]
    with Guest(*steps) as guest:
        guest.client.wait("event 0 1")
        guest.client.command("event 0 2")
        text = guest.answers(3)
        tap.equal(text.count(b"HTTP/1.1 "), 1, "answers")


@tap.test("W10, W11: data before the port opens is passed over; the program hears of no data at all")
def before_open():
    with Guest(data(frame(1, GET)), Wait(201), event(0), data(frame(2, GET))) as guest:
        guest.client.wait(f"name 0 {NAME}")
        guest.client.command("event 0 2")
        guest.answers(2)
        tap.equal([number for number, _ in guest.sent() if number == 1], [])


@tap.test("the connection ends with requests under way")
def connection_ends():
    with Guest(event(0), *(data(frame(n, GET)) for n in range(100))) as guest:
        guest.answers(0)
        guest.client.command("leave 0")
        guest.client.wait("channel 0 closed")


@tap.test("a hostile guest: thousands of connections, of which the client holds some; each refused one is told")
def flood():
    steps = [data(b"".join(frame(n, b"G") for n in range(i, i + 1000))) for i in range(0, 20000, 1000)]
    with Guest(event(0), *steps, data(frame(5, b"ET /f HTTP/1.1\r\nHost: h\r\n\r\n"))) as guest:
        guest.answers(5)
        peers.wait_until(lambda: len(guest.sent()) > 19_000, "refusals")
        tap.true(guest.ends(19_999) == 1 and guest.ends(5) == 0, "the wrong ones were refused")


@tap.test("a hostile guest: requests and bodies that the server does not read do not grow memory")
def unread():
    pipelined = data(b"".join(frame(1, GET * 2000) for _ in range(10)))
    with Guest(event(0), *[pipelined] * 100, Pause(1)) as guest:
        guest.answers(1, 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    PortClient.program = options.viewer
    sys.exit(tap.main(options.only, jobs=3))
