# SPDX-License-Identifier: LGPL-2.1-or-later
"""QMP through a port: a real machine's monitor, and machines that answer by a script."""
import argparse
import json
import sys

import peers
import tap
from hostile import spice
from hostile.server import Heard, HostileServer, Wait, opening
from portclient import DATA, FAILED, CANCELLED, PortClient, data, event, init

NAME = "org.qemu.monitor.qmp.0"
QUIT, RESET, POWER_DOWN, PAUSE, CONTINUE = range(5)
MONITOR = ["-chardev", f"spiceport,id=mon,name={NAME}", "-mon", "chardev=mon,mode=control"]
RUNNING = "version=1 running=1 singlestep=0 status=running"
PAUSED = "version=1 running=0 singlestep=0 status=paused"


class Machine:
    """A real machine and a client that speaks to its monitor."""

    def __enter__(self):
        self.qemu = peers.Qemu(extra=MONITOR)
        self.qemu.__enter__()
        try:
            self.client = PortClient(self.qemu.uri)
            self.client.__enter__()
        except BaseException:
            self.qemu.__exit__(None, None, None)
            raise
        self.client.wait(f"name 0 {NAME}")
        self.client.command("qmp 0")
        return self

    def __exit__(self, kind, error, trace):
        try:
            if error is None:
                self.client.end()
        finally:
            self.client.__exit__(kind, error, trace)
            self.qemu.__exit__(kind, error, trace)


@tap.test("Q1, Q2: the object is one, becomes ready once, and is made anew when it has gone")
def one_object():
    with Machine() as machine:
        client = machine.client
        tap.equal(client.wait("qmp 0 "), "qmp 0 0 0")
        client.wait("qmp-ready 0 1")
        start = len(client.lines)
        client.command("qmp 0")
        tap.equal(client.wait("qmp 0 ", start=start), "qmp 0 1 1")
        client.command("qmp-drop 0")
        client.wait("qmp-gone 0")
        tap.equal([line for line in client.lines if line.startswith("qmp-ready")], ["qmp-ready 0 1"])


@tap.test("Q3, Q4, Q5: a real machine pauses, goes on, is reset; its state and its events are told")
def real_machine():
    with Machine() as machine:
        client = machine.client
        client.wait("qmp-ready 0 1")
        steps = [("qmp-status 0", f"qmp-status 0 {RUNNING}"), (f"qmp-action 0 {PAUSE}", "qmp-action 1 ok"),
                 ("qmp-status 0", f"qmp-status 2 {PAUSED}"), (f"qmp-action 0 {CONTINUE}", "qmp-action 3 ok"),
                 ("qmp-status 0", f"qmp-status 4 {RUNNING}"), (f"qmp-action 0 {RESET}", "qmp-action 5 ok"),
                 (f"qmp-action 0 {POWER_DOWN}", "qmp-action 6 ok")]
        for command, answer in steps:
            client.command(command)
            tap.equal(client.wait(answer[:12]), answer)
        client.wait("qmp-event 0 RESET {")
        client.wait("qmp-event 0 POWERDOWN -")
        events = [line for line in client.lines if line.startswith("qmp-event")]
        tap.equal(events[:2], ["qmp-event 0 STOP -", "qmp-event 0 RESUME -"])
        tap.true(client.lines.index("qmp-event 0 STOP -") < client.lines.index("qmp-action 1 ok"), "STOP after its answer")
        client.command(f"qmp-quiet 0 {PAUSE}")
        peers.wait_until(lambda: machine.qemu.qmp.run("query-status")["status"] == "paused", "a pause nobody waits for")
        client.command(f"qmp-action 0 {QUIT}")
        client.wait("channel 0 closed")
        machine.qemu.process.child.wait(peers.PATIENCE)


@tap.test("several calls at once are answered each")
def at_once():
    with Machine() as machine:
        machine.client.wait("qmp-ready 0 1")
        for _ in range(20):
            machine.client.command("qmp-status 0")
        for number in range(20):
            machine.client.wait(f"qmp-status {number} {RUNNING}")


@tap.test("the session is disconnected at once while the object lives; the pending call fails")
def disconnect():
    with HostileServer(script([*READY, END])) as server, PortClient(server.uri) as client:
        ready(client)
        client.command("qmp-status 0")
        client.command("disconnect")
        client.wait("disconnected")
        tap.true(client.wait("qmp-status 0 ").startswith(f"qmp-status 0 {FAILED}"), "no failure")
        client.command("qmp-status 0")
        tap.true(client.wait("qmp-status 1 ").startswith(f"qmp-status 1 {FAILED}"), "no failure")
        client.command("qmp-drop 0")
        client.wait("qmp-gone 0")
        client.end()


def line(**fields):
    return data(json.dumps(fields).encode() + b"\r\n")


GREETING = line(QMP={"version": {"qemu": {"major": 11}}, "capabilities": []})
READY = [init(NAME.encode() + b"\0", opened=1), GREETING, Wait(DATA), line(**{"return": {}, "id": 0})]
END = event(99)
STATE = {"status": "running", "running": True}


def script(steps):
    return {spice.MAIN: opening(spice.MAIN, ((spice.PORT, 0),)), spice.PORT: steps}


def ready(client):
    client.wait(f"name 0 {NAME}")
    client.command("qmp 0")
    client.wait("qmp-ready 0 1")


def sent(server):
    """The commands that a client has sent."""
    connection = server.channel(spice.PORT)
    text = b"".join(body for number, body in zip(connection.seen, connection.bodies) if number == DATA)
    return [json.loads(row) for row in text.decode().splitlines()]


@tap.test("Q3: each action's command on the wire is standard JSON with a growing id")
def on_the_wire():
    answers = [step for i in range(1, 7) for step in (Wait(DATA, i + 1), line(**{"return": STATE, "id": i}))]
    with HostileServer(script([*READY, *answers, END])) as server, PortClient(server.uri) as client:
        ready(client)
        for action in (QUIT, RESET, POWER_DOWN, PAUSE, CONTINUE):
            client.command(f"qmp-action 0 {action}")
            client.wait(f"qmp-action {action} ok")
        client.command("qmp-status 0")
        tap.equal(client.wait("qmp-status 5 "), f"qmp-status 5 {RUNNING}")
        names = ["qmp_capabilities", "quit", "system_reset", "system_powerdown", "stop", "cont", "query-status"]
        tap.equal(sent(server), [{"execute": name, "id": i} for i, name in enumerate(names)])
        client.end()


@tap.test("Q8: answers out of order find their calls; an error carries the machine's words")
def out_of_order():
    answers = [Heard(DATA, b'"stop"'), line(**{"return": {}, "id": 3}), line(event="X", data={"a": [1, "two"]}),
               line(error={"class": "GenericError", "desc": "Not “now”"}, id=2), line(**{"return": STATE, "id": 1}), END]
    with HostileServer(script([*READY, *answers])) as server, PortClient(server.uri) as client:
        ready(client)
        client.command("qmp-status 0")
        client.command("qmp-status 0")
        client.command(f"qmp-action 0 {PAUSE}")
        client.wait("event 0 99")
        said = [row for row in client.lines if row.startswith(("qmp-status", "qmp-action", "qmp-event"))]
        tap.equal(said, ["qmp-action 2 ok", 'qmp-event 0 X {"a":[1,"two"]}', f"qmp-status 1 {FAILED}Not “now”",
                         f"qmp-status 0 {RUNNING}"])
        client.end()


ANSWERS = {
    "an error without an id fails the oldest": ([line(error={"desc": "JSON parse error"})], f"{FAILED}JSON parse error"),
    "an error without a reason": ([line(error={}, id=1)], f"{FAILED}The machine gives no reason."),
    "an error that is no object": ([line(error=None, id=1)], f"{FAILED}The machine gives no reason."),
    "a state without its name": ([line(**{"return": {"running": True}, "id": 1})],
                                 f"{FAILED}The machine's answer does not tell its state."),
    "a state that is a list": ([line(**{"return": [], "id": 1})], f"{FAILED}The machine's answer does not tell its state."),
    "answers to nobody before": ([line(**{"return": {}, "id": 77}), line(**{"return": {}, "id": -1}), line(error={}, id=5),
                                  line(**{"return": STATE, "id": 1})], RUNNING),
    "single steps": ([line(**{"return": {**STATE, "singlestep": True}, "id": 1})],
                     "version=1 running=1 singlestep=1 status=running"),
    "the port closes": ([event(1)], FAILED),
    "cut in two, two in one": ([data(b'{"event": "A"}\r\n{"return": {"status": "run'),
                                data(b'ning", "running": true}, "id": 1}\r\n{"event": "B"}\r\n')], RUNNING),
}


@tap.cases("Q7: a pending call and {}", ANSWERS)
def pending(case):
    steps, answer = ANSWERS[case]
    with HostileServer(script([*READY, Wait(DATA, 2), *steps, END])) as server, PortClient(server.uri) as client:
        ready(client)
        client.command("qmp-status 0")
        client.wait("event 0 99")
        said = [row for row in client.lines if row.startswith("qmp-status")]
        tap.equal(len(said), 1, "callbacks")
        tap.true(said[0].startswith(f"qmp-status 0 {answer}"), said[0])
        client.end()


@tap.test("Q7: calls before the machine has answered, and to a closed port, fail; the object stays ready")
def not_ready():
    steps = [init(NAME.encode() + b"\0", opened=1), Wait(201), line(**{"return": {}, "id": 0}), event(1), Wait(201, 2),
             event(0), Wait(DATA, 2), line(**{"return": {}, "id": 0}), Wait(DATA, 3), line(**{"return": STATE, "id": 1})]
    with HostileServer(script(steps)) as server, PortClient(server.uri) as client:
        client.wait(f"name 0 {NAME}")
        client.command("qmp 0")
        client.command("qmp-status 0")
        tap.equal(client.wait("qmp-status 0 "), f"qmp-status 0 {FAILED}The machine has not answered yet.")
        client.command("event 0 2")
        client.wait("event 0 1")
        client.command("qmp-status 0")
        tap.equal(client.wait("qmp-status 1 "), f"qmp-status 1 {FAILED}The port is not open.")
        start = len(client.lines)
        client.command("qmp 0")
        tap.equal(client.wait("qmp 0 ", start=start), "qmp 0 1 1")
        client.command("event 0 2")
        client.wait("event 0 0", start=start)
        client.command("qmp-status 0")  # after it has been asked for anew
        tap.equal(client.wait("qmp-status 2 "), f"qmp-status 2 {RUNNING}")
        tap.equal([(row["execute"], row["id"]) for row in sent(server)],
                  [("qmp_capabilities", 0), ("qmp_capabilities", 0), ("query-status", 1)])
        client.end()


@tap.test("Q7: a cancelled call says so at once; its answer, coming later, is nobody's")
def cancelled():
    steps = [*READY, Wait(DATA, 2), Wait(201), line(**{"return": STATE, "id": 1}), END]
    with HostileServer(script(steps)) as server, PortClient(server.uri) as client:
        ready(client)
        client.command("qmp-status-cancel 0")
        tap.true(client.wait("qmp-status 0 ").startswith(f"qmp-status 0 {CANCELLED}"), "not cancelled")
        client.command("event 0 2")
        client.wait("event 0 99")
        tap.equal(len([row for row in client.lines if row.startswith("qmp-status")]), 1, "callbacks")
        client.end()


@tap.test("a program that lets go of the object in between is answered, and has an error to read")
def lost():
    with HostileServer(script([*READY, Wait(DATA, 2), event(1), END])) as server, PortClient(server.uri) as client:
        ready(client)
        client.command("qmp-status-lost 0")
        tap.true(client.wait("qmp-status 0 ").startswith(f"qmp-status 0 {FAILED}"), "no failure")
        client.wait("qmp-gone 0")
        client.end()


JUNK = {
    "rubbish": data(b"rubbish\r\n" * 5000),
    "twenty megabytes without an end": b"".join(data(b"x" * 1_000_000) for _ in range(20)) + data(b"\n"),
    "deep nesting": data(b'{"a":' * 200_000 + b"\n") + data(b"[" * 900_000 + b"\n"),
    "many values": b"".join([data(b"["), *(data(b"0," * 500_000) for _ in range(10)), data(b"0]\n")]),
    "NUL bytes and what is not UTF-8": data(b"\0\0\n{\0}\n\xff\xfe\n{\"event\": \"\xff\"}\n"),
    "strange types": line(event={"a": 1}) + line(**{"return": 1, "id": [1]}) + line(error=1, id={}) + line(QMP=None),
}


@tap.cases("Q9: a hostile machine: {}; one warning, then the next answer counts", JUNK)
def hostile(case):
    steps = [*READY, JUNK[case], Wait(DATA, 2), line(**{"return": STATE, "id": 1}), END]
    with HostileServer(script(steps)) as server, PortClient(server.uri) as client:
        ready(client)
        client.command("qmp-status 0")
        client.wait("event 0 99")
        tap.true(f"qmp-status 0 {RUNNING}" in client.lines, "no answer")
        client.finish()
        log = client.process.text()
        tap.equal(log.count("WARNING **"), 1, "warnings")
        tap.true("CRITICAL" not in log, log)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    PortClient.program = options.viewer
    sys.exit(tap.main(options.only, jobs=3))
