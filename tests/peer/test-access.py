# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ways into a server, right and wrong, with the command-line program: each failure has its own exit status, says
what is the matter, and comes in time."""
import argparse
import os
import socket
import sys
import tempfile
from pathlib import Path

import clients
import peers
import pictures
import tap
from hostile import spice
from hostile.server import HELLO, HostileServer, Meet, Pause, Wait

# Exit statuses
USAGE, CONNECT, UNTRUSTED, AUTH, PROTOCOL, TIMEOUT, FILE, UNSUPPORTED, UNKNOWN_HOST, WANTS_TLS = range(2, 12)
TLS_PORT, PLAIN_PORT, TLS, WRONG_PEER, NO_PASSWORD, NOT_SPICE = range(12, 18)
caraway = None


def shows(server, uri, *options, env=None):
    server.command("sync")
    trouble = pictures.difference(caraway.screenshot(uri, *options), server.dump())
    tap.true(trouble is None, trouble)


def refused(words, uri, *options, env=None, text=None, warnings=()):
    """The program must fail, name one of the words, write no picture; returns its exit status."""
    with tempfile.TemporaryDirectory(prefix="caraway-none-") as folder:
        result = caraway.run("screenshot", uri, f"{folder}/none.png", *options, status=None, env=env,
                             text=text, warnings=warnings)
        tap.equal(os.listdir(folder), [], "files written all the same")
    tap.true(result.status > 1, f"exit status {result.status}")
    tap.true(any(word in result.err.lower() for word in words), f"none of {words} in: {result.err}")
    tap.true(len(result.err.strip().splitlines()) <= 3, f"more than a reason: {result.err}")
    return result.status


def password_file(server, word):
    path = server.folder / "password"
    path.write_text(word + "\n")
    return path


@tap.test("without a password, over TCP")
def plain():
    with peers.DemoServer("--no-animation", scene=True) as server:
        shows(server, server.uri)


@tap.test("over a unix socket")
def unix_socket():
    with tempfile.TemporaryDirectory(prefix="caraway-unix-") as folder, \
            peers.DemoServer("--no-animation", "--unix", f"{folder}/spice.sock", scene=True) as server:
        shows(server, server.uri)


@tap.test("with a password from a file")
def ticket():
    with peers.DemoServer("--no-animation", "--password", "kümmel", scene=True) as server:
        shows(server, server.uri, "--password-file", password_file(server, "kümmel"))


@tap.test("a wrong, empty or long password is an authentication error with its own status")
def wrong_password():
    with peers.DemoServer("--password", "secret") as server:
        for word in ("wrong", "", "Secret", "x" * 59):  # an empty one is none
            status = refused(("refused the password" if word else "wants a password",), server.uri, "--password-file",
                             password_file(server, word))
            tap.equal(status, AUTH if word else NO_PASSWORD, "exit status")
        shows(server, server.uri, "--password-file", password_file(server, "secret"))


@tap.test("over TLS with the server's CA, by name and by address")
def tls():
    with peers.DemoServer("--no-animation", "--port=-1", "--tls-port=0", scene=True) as server:
        shows(server, server.uri, "--ca-file", server.ca_file)
        shows(server, f"spice://localhost?tls-port={server.tls_port}", "--ca-file", server.ca_file)
        caraway.run("info", "--ca-file=-", server.uri, text=Path(server.ca_file).read_text())


@tap.test("TLS and a password together")
def tls_ticket():
    with peers.DemoServer("--no-animation", "--port=-1", "--tls-port=0", "--password", "secret", scene=True) as server:
        shows(server, server.uri, "--ca-file", server.ca_file, "--password-file", password_file(server, "secret"))


@tap.test("a certificate of another CA is refused, and so is one of an unknown CA")
def wrong_ca():
    with peers.DemoServer("--port=-1", "--tls-port=0") as server, \
            peers.DemoServer("--port=-1", "--tls-port=0") as other:
        refused(("certificate", "verif"), server.uri, "--ca-file", other.ca_file)
        refused(("certificate", "verif"), server.uri)


@tap.test("a certificate for another host is refused, unless its subject is the one asked for")
def wrong_host():
    with peers.DemoServer("--no-animation", "--port=-1", "--tls-port=0", "--tls-host", "elsewhere.example",
                          scene=True) as server:
        refused(("host", "name", "certificate"), server.uri, "--ca-file", server.ca_file)
        trust = ("--ca-file", server.ca_file, "--cert-subject")
        shows(server, server.uri, *trust, "O=Caraway demo,CN=elsewhere.example")
        refused(("subject", "certificate"), server.uri, *trust, "O=Caraway demo,CN=x")


@tap.test("a missing CA file is named")
def missing_ca():
    with peers.DemoServer("--port=-1", "--tls-port=0") as server:
        refused(("/no/such/ca.pem",), server.uri, "--ca-file", "/no/such/ca.pem")


@tap.test("what the library alone knows to be wrong has the status of its kind, too")
def not_valid():
    with peers.DemoServer("--port=-1", "--tls-port=0") as server:
        wrong = server.folder / "wrong.pem"
        wrong.write_text("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n")
        words = f"authority to trust: the ca file {wrong} holds no certificate\n".lower()
        tap.equal(refused((words,), server.uri, "--ca-file", wrong), FILE)
        tap.equal(refused(('shall have is not valid: certificate subject at +0: no key=value in "nokey=x"\n',), server.uri,
                          "--ca-file", server.ca_file, "--cert-subject=NOKEY=x"), USAGE)


@tap.test("a closed port, an unknown host, a missing socket: the error says which of these it is")
def unreachable():
    port = peers.free_port()
    refused(("refused",), f"spice://127.0.0.1:{port}")
    refused(("no-such-host.invalid",), "spice://no-such-host.invalid:5900")
    refused(("no such file",), "spice+unix:///no/such/socket")


@tap.cases("what is no URI is a usage error: {}", ["", "nonsense", "http://127.0.0.1", "spice://127.0.0.1:99999",
                                                  "spice://127.0.0.1:abc", "spice://"])
def wrong_uri(uri):
    refused(("uri", "port", "host", "address"), uri)


@tap.test("a server that never answers is given up, with a reason")
def silent():
    with peers.silent_server() as server:
        tap.equal(refused(("did not answer in time", "gave up after"), server.uri, "--timeout=60"), TIMEOUT, "exit status")


SILENT = {"says nothing behind the link": {spice.MAIN: [Pause(60)]},
          "says nothing of use": {spice.MAIN: [spice.message(103, b"\0\0")]},
          "lists no channel": {spice.MAIN: [spice.main_init(), Wait(104), spice.channels_list()]},
          "has no surface": {spice.DISPLAY: [Pause(60)]},
          "has a display that waits for ever": {spice.DISPLAY: [
              HELLO, Meet(spice.CURSOR), spice.message(5, spice.u8(1, 4, 0) + spice.u64(1 << 60)), spice.MARK],
              spice.CURSOR: [HELLO]}}


@tap.cases("a server that {} is given up at the program's time limit", SILENT)
def silent_later(how):
    with HostileServer(SILENT[how]) as server:
        status = refused(("gave up after 1.5 s",), server.uri, "--timeout", "1.5",
                         warnings=("a damaged message was passed over",))
        tap.equal(status, TIMEOUT, "exit status")


@tap.test("a server of another protocol is refused")
def other_protocol():
    def http(connection):
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + b"\0" * 400)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    with peers.FakeServer(http) as server:
        refused(("spice", "protocol", "magic"), server.uri)


@tap.test("the failures a script must tell apart have an exit status each")
def statuses():
    with peers.DemoServer("--tls-port=0", "--tls-host", "elsewhere.example") as both, \
            peers.DemoServer("--password", "secret") as ticket, peers.silent_server() as mute, \
            peers.FakeServer(lambda connection: connection.sendall(b"RFB 003.008\n" + bytes(200))) as vnc:
        wrong = password_file(ticket, "no")
        secured = f"spice+tls://127.0.0.1:{both.tls_port}"
        trust = ("--ca-file", both.ca_file)
        for status, words, *arguments in (
                (USAGE, "address", "nonsense"),
                (CONNECT, "refused", f"spice://127.0.0.1:{peers.free_port()}"),
                (UNKNOWN_HOST, "the host is not known", "spice://no-such-host.invalid:5900"),
                (AUTH, "the server refused the password", ticket.uri, "--password-file", wrong),
                (NO_PASSWORD, "the server wants a password", ticket.uri),
                (UNTRUSTED, "is not trusted (--ca-file", secured),
                (WRONG_PEER, "not valid for the host name", secured, *trust),
                (WRONG_PEER, "the subject of", secured, *trust, "--cert-subject", "O=Caraway demo,CN=x"),
                (WANTS_TLS, "the address names no port for it", both.uri, "--secure-channel=all"),
                (TLS_PORT, "expects tls on this port", f"spice://127.0.0.1:{both.tls_port}"),
                (PLAIN_PORT, "is this the port without tls?", f"spice+tls://127.0.0.1:{both.port}"),
                (NOT_SPICE, "a vnc server", vnc.uri),
                (TIMEOUT, "gave up after 1 s", mute.uri, "--timeout=1")):
            tap.equal(refused((words,), *arguments), status, f"exit status where it says “{words}”")


@tap.test("what answers a SPICE client in the words of TLS is a port for it")
def tls_alert():
    def alert(connection):
        connection.recv(1 << 16)
        connection.sendall(b"\x15\3\1\0\2\2\x46")
    with peers.FakeServer(alert) as server:
        tap.equal(refused(("this port is for tls",), server.uri), TLS_PORT)


@tap.test("several displays: each is shown by its number, one that is not there is an error")
def displays():
    with peers.DemoServer("--no-animation", "--displays", "2", "--size", "640x480", scene=True) as server:
        for display in (0, 1):
            server.command(f"sync display={display}")
            shot = caraway.screenshot(server.uri, "--display", str(display))
            trouble = pictures.difference(shot, server.dump(display))
            tap.true(trouble is None, f"display {display}: {trouble}")
        refused(("display",), server.uri, "--display", "7")


@tap.test("info names the server, its channels, surfaces and monitors")
def info():
    uuid = "12345678-9abc-def0-1234-56789abcdef0"
    with peers.DemoServer("--name", "caraway-test", "--uuid", uuid, "--size", "640x480", "--heads", "2") as server:
        told = caraway.info(server.uri)
        text = str(told)
        for word in ("caraway-test", uuid, "main", "display", "inputs", "cursor", "640", "480", "320"):
            tap.true(word in text, f"{word!r} is missing in {text}")


@tap.test("a server that drops its clients ends the program with a reason")
def dropped():
    with peers.DemoServer(scene=True) as server:
        with_animation = clients.peers.Process([caraway.program, "screenshot", server.uri, server.folder / "x.png",
                                                "--stable", "60000"])
        try:
            server.wait_channels(main=1)
            server.command("disconnect")
            tap.true(with_animation.child.wait(peers.PATIENCE) not in (0, -11, -6), "exit status")
        finally:
            with_animation.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program = options.demo
    caraway = clients.Caraway(options.caraway)
    sys.exit(tap.main(options.only, jobs=4))
