# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients sent from one program on libspice-server to another: seamless, semi-seamless, by a plain switch; back again, stayed,
by TLS with the certificate's subject told."""
import argparse
import contextlib
import sys

import clients
import peers
import pictures
import tap

CHANNELS = ["main:0", "display:0", "inputs:0", "cursor:0"]
SUBJECT = "O=Caraway demo,CN=localhost"


class World:
    """Two servers whose screens differ in one place, and a client of the first."""

    def __init__(self, *options, tls=False):
        if tls:
            options = (*options, "--port", "-1", "--tls-port", "0")
        self.tls = tls
        self.source, self.target = peers.DemoServer(*options), peers.DemoServer(*options)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with self.stack as stack:
            for server, color in ((self.source, "red"), (self.target, "green")):
                stack.enter_context(server)
                self.paint(server, "0,0,400,300", "0x102030")
                self.paint(server, "500,400,600,500", {"red": "0xff0000", "green": "0x00ff00"}[color])
            arguments = [self.trust()] if self.tls else []
            self.client = stack.enter_context(clients.Viewer(self.source.uri, *arguments))
            for channel in CHANNELS:
                self.client.wait(f"session {channel} event opened")
            self.client.wait("session display:0 display-primary-create")
            self.shows(self.source)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def trust(self):
        """Each server has an authority of its own."""
        path = self.source.folder / "both.pem"
        path.write_text("".join(server.ca_file.read_text() for server in (self.source, self.target)))
        return path

    @staticmethod
    def paint(server, box, color):
        server.command(f"fill box={box} color={color}")
        server.command("sync")

    @staticmethod
    def place(server, subject=None):
        port = f"port={server.port}" if server.port else f"tls-port={server.tls_port}"
        return f"host=127.0.0.1 {port}" + (f" subject='{subject}'" if subject else "")

    def announce(self, subject=None):
        """Until the source has heard the client's answer."""
        self.source.command(f"migration {self.place(self.target, subject)}")
        peers.wait_until(lambda: self.source.command("migration")["state"] == "connected", "the client's answer")

    def picture(self):
        path = self.source.folder / "view.ppm"
        self.client.command(f"dump {path}")
        return pictures.read(path)

    def shows(self, server):
        peers.wait_until(lambda: pictures.difference(self.picture(), server.dump()) is None, "that server's screen")

    def typed_on(self, server):
        """What is typed arrives there, and nowhere else."""
        other = self.source if server is self.target else self.target
        for each in (server, other):
            each.command("inputs clear=1")
        self.client.command("key 30")
        peers.wait_until(lambda: server.command("inputs")["events"] == "key:1e,key:9e", "the key")
        tap.equal(other.command("inputs")["count"], "0", "keys on the other server")

    def left(self, server, channels=CHANNELS):
        kinds = [channel.partition(":")[0] for channel in channels]
        peers.wait_until(lambda: all(server.command("stats")[kind] == "0" for kind in kinds), "the client to leave that server")

    def events(self):
        return [line for line in self.client.lines if line.startswith("session ") and " event " in line]


def followed(world):
    """All channels are at the target, and none has had an event of it."""
    world.client.wait("state none")
    world.left(world.source)
    tap.equal(sorted(world.events()), sorted(f"session {channel} event opened" for channel in CHANNELS), "events")
    tap.equal(world.source.command("migration")["state"], "over")


@tap.test("S23: semi-seamless: no channel has an event, the target draws its screen anew")
def semi_seamless():
    with World() as world:
        world.announce()
        world.client.wait("state migrating")
        world.source.command("migration-end")
        followed(world)
        world.shows(world.target)
        world.typed_on(world.target)


@tap.test("S23: seamless: no channel has an event, what was on the screen stays, what comes is the target's")
def seamless():
    with World("--seamless") as world:
        world.announce()
        world.client.wait("state migrating")
        kept = world.picture()
        world.source.command("migration-end")
        followed(world)
        world.typed_on(world.target)
        tap.equal(pictures.difference(world.picture(), kept), None, "the picture that the client brought with it")
        world.paint(world.target, "500,400,600,500", "0x0000ff")
        world.shows(world.target)


@tap.cases("S23: stayed, options {0}: the session goes on at the source", [(), ("--seamless",)])
def stayed(options):
    with World(*options) as world:
        world.announce()
        world.client.wait("state migrating")
        world.source.command("migration-end completed=0")
        world.client.wait("state none")
        for channel in CHANNELS:
            world.client.wait(f"target {channel} event closed")
        world.left(world.target, CHANNELS[:1])  # that server reads nothing of the others before a migration is over
        world.shows(world.source)
        world.typed_on(world.source)


@tap.test("S23: a plain switch: main switches, the other channels are the target's")
def switched():
    with World() as world:
        start = len(world.client.lines)
        world.source.command(f"migration-switch {world.place(world.target)}")
        world.client.wait("state switching")
        world.client.wait("state none")
        for line in (*(f"{channel} event opened" for channel in CHANNELS), "display:0 display-primary-create"):
            world.client.wait(f"session {line}", start=start)
        world.left(world.source)
        world.shows(world.target)
        world.typed_on(world.target)


@tap.test("S23: by TLS, with the subject of the target's certificate: the client goes there")
def by_tls():
    with World(tls=True) as world:
        world.announce(SUBJECT)
        world.client.wait("state migrating")
        world.source.command("migration-end")
        followed(world)
        world.shows(world.target)
        world.typed_on(world.target)


@tap.test("S23: by TLS, with another subject than the target's: the client does not trust it, and the session stays")
def distrusted():
    with World(tls=True) as world:
        world.announce("O=Somebody else,CN=localhost")
        world.client.wait("target main:0 event error-tls")
        tap.true("state migrating" not in world.client.lines, "not migrating")
        world.shows(world.source)
        world.typed_on(world.source)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", required=True, help="the client that is sent around")
    parser.add_argument("--demo", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    clients.Viewer.program, peers.DemoServer.program = options.client, options.demo
    sys.exit(tap.main(options.only))
