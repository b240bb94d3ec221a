# SPDX-License-Identifier: LGPL-2.1-or-later
"""Smartcards: a card made of certificates, a real machine's card reader, and servers that follow a script."""
import argparse
import struct
import sys
import tempfile

import cards
import clients
import peers
import tap
from hostile import spice
from hostile.server import HostileServer, Wait, opening

SMARTCARD, DATA = 8, 101
INIT, ERROR, READER_ADD, READER_REMOVE, ATR, CARD_REMOVE, APDU, FLUSH, FLUSH_COMPLETE = range(1, 10)
NOBODY = 0xFFFFFFFF
NAME = b"Spice Software Smartcard"
database = None


class CardClient(clients.Viewer):
    program = None  # path, set by main ()

    def __init__(self, uri, with_cards=True):
        certificates = [f"sql:{database}", *cards.CERTIFICATES] if with_cards else []
        super().__init__(uri, *certificates)

    def news(self):
        return [line.split()[0] for line in self.lines if line.startswith(("reader-", "card-"))]

    def end(self):
        self.finish()
        tap.true("CRITICAL" not in self.process.text(), self.process.text())


def message(kind, body=b"", reader=0, length=None):
    size = len(body) if length is None else length
    return spice.message(DATA, spice.u32(kind, reader, size) + body)


OK = message(ERROR, spice.u32(0))


def script(steps):
    return {spice.MAIN: opening(spice.MAIN, ((SMARTCARD, 0),)), SMARTCARD: steps}


def sent(server):
    """(type, reader, data) of each message of the client."""
    connection = server.channel(SMARTCARD)
    found = []
    for number, body in zip(connection.seen, connection.bodies):
        if number == DATA:
            kind, reader, size = struct.unpack_from("<III", body)
            tap.equal(size, len(body) - 12, "length")
            found.append((kind, reader, body[12:]))
    return found


def wait_sent(server, expected, seconds=peers.PATIENCE):
    peers.wait_until(lambda: server.channel(SMARTCARD) and len(sent(server)) >= len(expected), f"{expected}", seconds=seconds)
    tap.equal(sent(server), expected)


ADD = (READER_ADD, NOBODY, NAME)
INSERTED = (ATR, 0, cards.ATR)


@tap.test("K1, K2, Y1, Y3, Y4, Y5: reader and card are told, taken out and put in again, as the wire of a real machine had it")
def whole():
    with HostileServer(script([Wait(DATA), OK, Wait(DATA, 2), OK, Wait(DATA, 3), OK, Wait(DATA, 4), OK])) as server:
        with CardClient(server.uri) as client:
            wait_sent(server, [ADD, INSERTED])
            tap.equal(client.wait("same"), "same 1")
            tap.equal(client.wait("reader-added"), "reader-added software=1 type=VReader")
            client.wait("card-inserted")
            client.command("readers")
            client.wait("readers 1 1")
            client.command("remove")
            client.wait("remove 1")
            client.wait("card-removed")
            wait_sent(server, [ADD, INSERTED, (CARD_REMOVE, 0, b"")])
            client.command("insert")
            client.wait("insert 1")
            wait_sent(server, [ADD, INSERTED, (CARD_REMOVE, 0, b""), INSERTED])
            tap.equal(client.news(), ["reader-added", "card-inserted", "card-removed", "card-inserted"])
            client.end()


@tap.test("K3: nothing is asked before the last has been answered")
def one_at_a_time():
    with HostileServer(script([Wait(DATA), Wait(102)])) as server, CardClient(server.uri) as client:
        client.wait("card-inserted")
        client.command("remove")
        client.wait("card-removed")
        wait_sent(server, [ADD])
        client.end()


@tap.test("commands to the card are answered by the card")
def commands():
    steps = [Wait(DATA), OK, Wait(DATA, 2), OK, message(APDU, cards.SELECT), Wait(DATA, 3), message(APDU, cards.GET_RESPONSE)]
    with HostileServer(script(steps)) as server, CardClient(server.uri) as client:
        peers.wait_until(lambda: server.channel(SMARTCARD) and len(sent(server)) >= 4, "two answers")
        tap.equal([row[:2] for row in sent(server)], [ADD[:2], INSERTED[:2], (APDU, 0), (APDU, 0)])
        tap.equal(sent(server)[2][2][:1], b"\x61", "answer to SELECT")
        tap.true(sent(server)[3][2].endswith(b"\x90\x00"), f"{sent(server)[3]}")
        client.end()


@tap.test("the channel connected again tells reader and card again, once")
def again():
    with HostileServer(script([Wait(DATA), OK, Wait(DATA, 2), OK])) as server, CardClient(server.uri) as client:
        wait_sent(server, [ADD, INSERTED])
        client.command("leave")
        client.wait("channel closed")
        server.links = [link for link in server.links if link.kind != SMARTCARD]
        client.command("enter")
        wait_sent(server, [ADD, INSERTED])
        client.end()


@tap.test("a machine with a card reader takes reader and card")
def real_machine():
    device = ["-device", "qemu-xhci", "-device", "usb-ccid", "-chardev", "spicevmc,name=smartcard,id=ccid", "-device",
              "ccid-card-passthru,chardev=ccid,debug=4"]
    with peers.Qemu(extra=device) as machine:
        with CardClient(machine.uri) as client:
            client.wait("channel opened")
            client.wait("card-inserted")
            client.command("remove")
            client.wait("card-removed")
            client.command("insert")
            peers.wait_until(lambda: client.news().count("card-inserted") == 2, "the card")
            peers.wait_until(lambda: "ATR" in machine.process.text(), "the machine to look at the card")
            tap.equal([line for line in client.lines if line.startswith("channel")], ["channel opened"])
            client.end()


@tap.test("K4, Y2: without certificates and readers the channel is open and silent, after one warning")
def none():
    with HostileServer(script([])) as server, CardClient(server.uri, with_cards=False) as client:
        client.wait("channel opened")
        peers.wait_until(lambda: "there are no smartcards" in client.process.text(), "the warning")
        client.command("readers")
        client.wait("readers 0")
        client.command("insert")
        client.wait("insert 0")
        tap.equal(sent(server), [])
        client.command("quit")
        client.finished = True  # its critical is the application's own fault
        log = client.process.text()
        tap.equal((log.count("WARNING **"), log.count("CRITICAL **")), (1, 1), log)


GENERAL = spice.u32(1)
# What the server says after the reader and card were accepted, and what the client answers.
TROUBLES = {
    "results that nothing was asked for": ([OK] * 100, []),
    "a command for an unknown reader": ([message(APDU, cards.SELECT, 7)], [(ERROR, 7, GENERAL)]),
    "a command for no reader": ([message(APDU, cards.SELECT, NOBODY)], [(ERROR, NOBODY, GENERAL)]),
    "K5: commands of 0 to 3 bytes": ([message(APDU, b"\0" * n) for n in range(4)], [(APDU, 0, b"\x67\0")] * 4),
    "K5: a command of 600 bytes": ([message(APDU, b"\0" * 600)], [(APDU, 0, b"\x67\0")]),
    "K5: a command of 900000 bytes": ([message(APDU, b"\0" * 900_000)], [(APDU, 0, b"\x67\0")]),
    "flush": ([message(FLUSH)], [(FLUSH_COMPLETE, 0, b"")]),
    "messages that are the client's": ([message(k, b"abcdefgh", 0) for k in (INIT, READER_ADD, READER_REMOVE, ATR, CARD_REMOVE, 0,
                                                                             77, NOBODY)], []),
}


@tap.cases("a hostile server: {}", TROUBLES)
def hostile(case):
    steps, answers = TROUBLES[case]
    last = message(APDU, cards.SELECT[:4])
    with HostileServer(script([Wait(DATA), OK, Wait(DATA, 2), OK, *steps, last])) as server:
        with CardClient(server.uri) as client:
            peers.wait_until(lambda: server.channel(SMARTCARD) and len(sent(server)) >= 3 + len(answers), "the answers")
            tap.equal(sent(server)[:2 + len(answers)], [ADD, INSERTED, *answers])
            tap.equal(sent(server)[-1][0], APDU)
            client.end()


@tap.test("a hostile server: random commands of every length; each is answered, in order")
def random_commands():
    commands = [message(APDU, bytes((i * 31 + j * 7) & 255 for j in range(4 + i % 300))) for i in range(600)]
    with HostileServer(script([Wait(DATA), OK, Wait(DATA, 2), OK, *commands])) as server, CardClient(server.uri) as client:
        peers.wait_until(lambda: server.channel(SMARTCARD) and len(sent(server)) >= 602, "600 answers")
        tap.equal({row[0] for row in sent(server)[2:]} <= {APDU, ERROR}, True)
        client.end()


REFUSALS = {"a code": (0, 2), "a code of the device": (0, 0x02000000), "no id": (NOBODY, 0)}


@tap.cases("a reader refused by {} is not spoken of any more", REFUSALS)
def refused(case):
    reader, code = REFUSALS[case]
    steps = [Wait(DATA), message(ERROR, spice.u32(code), reader), message(APDU, cards.SELECT, 0), message(FLUSH)]
    with HostileServer(script(steps)) as server, CardClient(server.uri) as client:
        wait_sent(server, [ADD, (ERROR, 0, GENERAL), (FLUSH_COMPLETE, 0, b"")])
        client.command("remove")
        client.wait("card-removed")
        client.end()


ENDS = {"a length beyond the body": message(APDU, b"abc", 0, 4), "a message without its length": spice.message(DATA, b"\0" * 8),
        "a length of 4 GiB": message(APDU, b"", 0, NOBODY), "a message of 2 MiB": spice.message(DATA, b"", 2 << 20)}


@tap.cases("a hostile server: {} ends the channel", ENDS)
def ends(case):
    with HostileServer(script([Wait(DATA), ENDS[case]])) as server, CardClient(server.uri) as client:
        client.wait("channel error-io")
        client.wait("channel closed")
        client.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    CardClient.program = options.client
    with tempfile.TemporaryDirectory(prefix="caraway-cards-") as database:
        cards.make_certificates(database)
        sys.exit(tap.main(options.only, jobs=3))
