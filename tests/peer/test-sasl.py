# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU that asks for SASL: every mechanism, with and without TLS, and what a wrong password comes to."""
import argparse
import sys

import clients
import peers
import pictures
import tap

USER, PASSWORD = "fred", "secret"
NEEDS_BOTH = "spice-client-error-quark:5"


class SaslQemu(peers.Qemu):
    """With a configuration and a database of its own; tls: with a certificate made for it."""

    def __init__(self, mechanisms, tls=False):
        super().__init__(compression="quic")
        self.mechanisms, self.tls = mechanisms, tls

    def _make_user(self):
        peers.run([peers.which("saslpasswd2"), "-c", "-p", "-f", self.folder / "db", "-a", "qemu", USER],
                  text=PASSWORD).check()
        (self.folder / "qemu.conf").write_text(
            f"mech_list: {self.mechanisms}\nsasldb_path: {self.folder}/db\npwcheck_method: auxprop\n"
            "auxprop_plugin: sasldb\n")

    def _make_certificate(self):
        key, certificate = self.folder / "server-key.pem", self.folder / "server-cert.pem"
        peers.run([peers.which("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                   "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                   "-out", certificate]).check()
        (self.folder / "ca-cert.pem").write_text(certificate.read_text())

    def _spice(self):
        self._make_user()
        words = ["sasl=on", f"image-compression={self.compression}", "streaming-video=off", "addr=127.0.0.1"]
        port = peers.free_port()
        if self.tls:
            self._make_certificate()
            self.uri = f"spice://127.0.0.1?tls-port={port}"
            return ",".join([*words, f"tls-port={port}", f"x509-dir={self.folder}"])
        self.uri = f"spice://127.0.0.1:{port}"
        return ",".join([*words, f"port={port}"])

    def start(self, argv, **options):
        return super().start(argv, env={"SASL_CONF_PATH": str(self.folder)}, **options)

    def viewer(self, user=USER, password=PASSWORD):
        words = [f"username={user}"] if user else []
        words += [f"password={password}"] if password else []
        words += [f"ca-file={self.folder}/ca-cert.pem"] if self.tls else []
        return clients.Viewer(self.uri, *words, env=peers.WHOLE_STACKS)


def shows_screen(machine, viewer):
    """Every channel has gone through the exchange, and what it brings is right."""
    for kind in ("main", "display", "cursor", "inputs"):
        viewer.wait(f"event {kind} 0 opened")
    viewer.wait("mark 0 1")
    machine.wait_text()

    def same():
        before, shot, after = machine.truth(), viewer.dump(), machine.truth()
        return any(pictures.difference(shot, truth) is None for truth in (before, after))
    peers.wait_until(same, "the machine's screen in the viewer")


@tap.cases("{0[0]} {0[1]}: all channels open and show the screen",
           [("digest-md5", "without TLS"), ("plain", "inside TLS"), ("scram-sha-1", "inside TLS"),
            ("scram-sha-256", "inside TLS"), ("digest-md5", "inside TLS"),
            ("scram-sha-256 scram-sha-1 plain digest-md5", "inside TLS"),
            ("scram-sha-256 scram-sha-1 plain digest-md5", "without TLS")])
def opens(case):
    with SaslQemu(case[0], case[1] == "inside TLS") as machine, machine.viewer() as viewer:
        shows_screen(machine, viewer)


@tap.cases("C9: {0[0]}, {0[1]}: an authentication error that asks for user name and password",
           [("digest-md5", "a wrong password"), ("digest-md5", "no password"), ("digest-md5", "nothing"),
            ("digest-md5", "a wrong name"), ("scram-sha-256", "a wrong password"), ("scram-sha-256", "nothing"),
            ("plain", "a wrong password")])
def refused(case):
    user, password = {"a wrong password": (USER, "Secret"), "no password": (USER, None), "nothing": (None, None),
                      "a wrong name": ("freda", PASSWORD)}[case[1]]
    with SaslQemu(case[0], case[0] != "digest-md5") as machine:
        with machine.viewer(user, password) as viewer:
            viewer.wait("event main 0 error-auth")
            line = viewer.wait("error main 0")
            tap.true(NEEDS_BOTH in line, line)
        with machine.viewer() as viewer:
            viewer.wait("event display 0 opened")


@tap.test("a mechanism that shows the password is not used without TLS, and the error says so")
def no_plain():
    with SaslQemu("plain") as machine, machine.viewer() as viewer:
        viewer.wait("event main 0 error-auth")
        line = viewer.wait("error main 0")
        tap.true("SASL" in line, line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    clients.Viewer.program = options.viewer
    sys.exit(tap.main(options.only, jobs=2))
