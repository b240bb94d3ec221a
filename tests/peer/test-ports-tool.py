# SPDX-License-Identifier: LGPL-2.1-or-later
"""caraway port and caraway vm, with the demo server's ports and a real machine's."""
import argparse
import hashlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time

import clients
import peers
import tap
from hostile import spice
from hostile.server import HostileServer, Wait

MONITOR = ["-chardev", "spiceport,id=mon,name=org.qemu.monitor.qmp.0", "-mon", "chardev=mon,mode=control",
           "-chardev", "spiceport,id=hmp,name=org.example.hmp.0", "-mon", "chardev=hmp,mode=readline",
           "-chardev", "spiceport,id=other,name=org.example.qmp.1", "-mon", "chardev=other,mode=control"]
USAGE, FAILED, TIMEOUT, FILE, UNSUPPORTED, CLOSED = 2, 1, 7, 8, 9, 18
caraway = None


def pipe(uri, name, *options, **streams):
    return subprocess.Popen([caraway.program, "port", uri, name, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **streams)


def ended(process, status, data=None, seconds=peers.PATIENCE):
    out, err = process.communicate(data, timeout=seconds)
    clients.check_quiet("caraway port", err.decode())
    tap.equal(process.returncode, status, err.decode())
    return out, err.decode()


def demo(*names):
    return peers.DemoServer("--size", "64x48", *(word for name in names for word in ("--spice-port", name)))


@tap.test("three ports by name: what goes in comes back, 20 MB of it")
def echo():
    with demo("a", "b", "c") as server:
        data = os.urandom(20_000_000)
        for name in ("b", "c"):
            process = pipe(server.uri, name)
            # Ports that were asked for their names only are let go.
            peers.wait_until(lambda name=name: server.command(f"port {name}")["client"] == "1", "the command")
            server.wait_channels(port=1)
            feeder = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=process.stdin)
            process.stdin.close()
            process.stdin = None
            got = bytearray()
            thread = threading.Thread(target=lambda: (feeder.stdin.write(data), feeder.stdin.close()))
            thread.start()
            while len(got) < len(data):
                block = process.stdout.read1(1 << 20)
                tap.true(block, f"ended after {len(got)} bytes: {process.stderr.read() if not block else ''}")
                got += block
            thread.join()
            feeder.wait(peers.PATIENCE)
            server.command(f"port-event {name} number=1")
            ended(process, 0)
            tap.equal(hashlib.sha256(got).hexdigest(), hashlib.sha256(data).hexdigest())


@tap.test("--quit-after 0: everything has been sent when the command ends")
def send_only():
    with demo() as server:
        server.command("port sink")
        server.command("port-event sink number=0")
        ended(pipe(server.uri, "sink", "--quit-after", "0"), 0, b"x" * 3_000_000)
        server.command("sync")
        peers.wait_until(lambda: server.command("port sink")["received"] == "3000000", "three megabytes")
        start = time.monotonic()
        ended(pipe(server.uri, "sink", "-q1.5"), 0, b"x")
        tap.true(time.monotonic() - start >= 1.5, "it did not wait for an answer")
        process = pipe(server.uri, "sink", "-q0")
        process.stdin.write(b"x")
        process.stdin.flush()
        peers.wait_until(lambda: server.command("port sink")["received"] == "3000002", "the last byte")
        time.sleep(0.3)
        tap.true(process.poll() is None, "it ended before its input")
        ended(process, 0)


@tap.test("an input that cannot be read is a failure")
def no_input():
    with demo("a") as server:
        folder = os.open("/", os.O_RDONLY)
        process = subprocess.Popen([caraway.program, "port", server.uri, "a"], stdin=folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        os.close(folder)
        tap.true("cannot read the input: Is a directory" in ended(process, FILE)[1], "no reason")


@tap.test("no such port: its own status, and the names there are")
def no_such_port():
    with demo("a", "b") as server:
        _, err = ended(pipe(server.uri, "z"), UNSUPPORTED)
        tap.true(re.search('no port "z"; it offers: ("a", "b"|"b", "a")\n', err), err)
    with demo() as server:
        _, err = ended(pipe(server.uri, "z"), UNSUPPORTED)
        tap.true("it offers: none\n" in err, err)
    with demo("a\x1b[2J\x9b\u202e") as server:
        _, err = ended(pipe(server.uri, "z"), UNSUPPORTED)
        tap.true('it offers: "a\\u001b[2J\\u009b\\u202e"\n' in err, repr(err))


@tap.test("a port that nobody opens is waited for until the time limit; one closed later ends the command")
def closed():
    with demo() as server:
        server.command("port quiet")
        _, err = ended(pipe(server.uri, "quiet", "--timeout", "5"), TIMEOUT)
        tap.true("the other end" in err, err)
        server.wait_channels(port=0)
        process = pipe(server.uri, "quiet", "--timeout", "60")
        peers.wait_until(lambda: server.command("port quiet")["client"] == "1", "the command")
        server.command("port-event quiet number=0")
        server.command("port-send quiet size=5 seed=65")
        tap.equal(len(process.stdout.read(5)), 5)
        server.command("port-event quiet number=1")
        ended(process, 0)


@tap.test("behind a password from standard input comes what goes through the port")
def password():
    with peers.DemoServer("--no-animation", "--spice-port", "a", "--password", "secret") as server:
        result = caraway.run("port", "--quit-after=1", "--password-file", "-", server.uri, "a", text="secret\nhello")
        tap.equal(result.out, "hello")


@tap.test("Ctrl-C ends it in order, a server that goes away does not")
def endings():
    with demo("a") as server:
        process = pipe(server.uri, "a")
        process.stdin.write(b"hello")
        process.stdin.flush()
        tap.equal(process.stdout.read(5), b"hello")
        process.send_signal(signal.SIGINT)
        ended(process, 0)
        server.wait_channels(port=0)
        process = pipe(server.uri, "a")
        process.stdin.write(b"hello")
        process.stdin.flush()
        tap.equal(process.stdout.read(5), b"hello")
        server.process.stop()
        _, err = ended(process, CLOSED)
        tap.true("closed" in err or "broke" in err, err)


@tap.test("an output that takes nothing: the port waits, the input goes on, and Ctrl-C ends it")
def stuck_output():
    with demo("a") as server:
        process = pipe(server.uri, "a")
        peers.wait_until(lambda: server.command("port a")["client"] == "1", "the command")
        server.command("port-send a size=1000000 seed=65")
        peers.wait_until(lambda: select.select([process.stdout], [], [], 0)[0], "the first of it")
        process.stdin.write(b"hello")
        process.stdin.flush()
        peers.wait_until(lambda: server.command("port a")["received"] == "5", "the input")
        process.send_signal(signal.SIGINT)
        process.wait(peers.PATIENCE)
        ended(process, 0)


@tap.test("an output that does not wait gets all of it")
def output_without_waiting():
    with demo("a") as server:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        process = subprocess.Popen([caraway.program, "port", server.uri, "a"], stdin=subprocess.PIPE, stdout=writer,
                                   stderr=subprocess.PIPE)
        os.close(writer)
        peers.wait_until(lambda: server.command("port a")["client"] == "1", "the command")
        server.command("port-send a size=1000000 seed=65")
        size = 0
        while size < 1_000_000:
            block = os.read(reader, 1 << 16)
            tap.true(block, f"ended after {size} bytes")
            size += len(block)
        os.close(reader)
        process.send_signal(signal.SIGINT)
        process.wait(peers.PATIENCE)


@tap.test("streams that the shell has closed are no others: nothing of the program goes through the port")
def closed_streams():
    with demo() as server:
        server.command("port sink")
        server.command("port-event sink number=0")
        for closed, reason in (("<&-", "cannot read the input: Bad file"), ("<&- >&-", "cannot read the input: Bad file")):
            result = peers.run(["sh", "-c", f'exec "$0" port "$1" sink -q 0 {closed}', caraway.program, server.uri])
            tap.equal(result.status, FILE, closed)
            tap.true(reason in result.err, result.err)
        result = peers.run(["sh", "-c", 'exec "$0" info "$1" >&-', caraway.program, server.uri])
        tap.equal(result.status, FILE, "info >&-")
        tap.equal(server.command("port sink")["received"], "0")


@tap.test("an output that is full is a failure")
def full_output():
    with demo("a") as server, open("/dev/full", "wb") as full:
        process = subprocess.Popen([caraway.program, "port", server.uri, "a"], stdin=subprocess.PIPE, stdout=full,
                                   stderr=subprocess.PIPE)
        process.stdin.write(b"hello")
        process.stdin.flush()
        process.wait(peers.PATIENCE)
        tap.equal(process.returncode, FILE, process.stderr.read())


@tap.test("a real machine: its monitor by port, its state and power by vm")
def machine():
    with peers.Qemu(extra=MONITOR) as qemu:
        process = pipe(qemu.uri, "org.example.hmp.0")
        process.stdin.write(b"info name\ninfo status\n")
        process.stdin.flush()
        said = b""
        while b"VM status: running" not in said:
            block = process.stdout.read1(4096)
            tap.true(block, f"{said!r}")
            said += block
        process.send_signal(signal.SIGINT)
        ended(process, 0)

        def vm(*words, **more):
            return caraway.run("vm", qemu.uri, *words, **more)
        tap.equal(vm("status").out, "running\n")
        tap.equal(vm("stop").out, "")
        tap.equal(vm("status").out, "paused\n")
        tap.equal(qemu.qmp.run("query-status")["status"], "paused")
        tap.equal(vm("status", "--port", "org.example.qmp.1").out, "paused\n")
        vm("cont")
        tap.equal(vm("status").out, "running\n")
        vm("reset")
        vm("powerdown")
        tap.true('no port "nope"' in vm("status", "--port", "nope", status=UNSUPPORTED).err, "no reason")
        result = vm("status", "--port", "org.example.hmp.0", "--timeout", "8", status=TIMEOUT,
                    warnings=("a line was passed over",))
        tap.true("speak QMP" in result.err, result.err)


def line(**fields):
    return spice.message(101, json.dumps(fields).encode() + b"\r\n")


def machine_that(*answer):
    """A machine that greets, and answers the question like that."""
    name = b"org.qemu.monitor.qmp.0\0"
    steps = [spice.message(201, spice.u32(len(name), 9) + spice.u8(1) + name),
             line(QMP={"version": {"qemu": {"major": 11}}, "capabilities": []}), Wait(101), line(**{"return": {}, "id": 0}),
             Wait(101, 2), *answer]
    listed = ((spice.PORT, 0),)
    return HostileServer({spice.PORT: steps}, listed=listed)


@tap.test("what a machine refuses, and what it says of its state: nothing in it operates the terminal")
def answers():
    state = line(**{"return": {"status": "a\x1b[2J ~!\x7fü", "running": True, "singlestep": False}, "id": 1})
    with machine_that(state) as server:
        tap.equal(caraway.run("vm", server.uri, "status").out, "a?[2J?~!???\n")
    with machine_that(state) as server, open("/dev/full", "w") as full:
        process = subprocess.Popen([caraway.program, "vm", server.uri, "status"], stdout=full, stderr=subprocess.PIPE)
        tap.true("cannot write the output: No space" in ended(process, FILE)[1], "no reason")
    for verb, command in (("status", "query-status"), ("stop", "stop"), ("cont", "cont"), ("reset", "system_reset"),
                          ("powerdown", "system_powerdown")):
        with machine_that(line(error={"class": "GenericError", "desc": "Not \x1b[2J\x9bnow"}, id=1)) as server:
            err = caraway.run("vm", server.uri, verb, status=FAILED).err
            tap.true("the machine refused: Not \\u001b[2J\\u009bnow\n" in err, repr(err))
            link = server.channel(spice.PORT)
            tap.equal([json.loads(body)["execute"] for seen, body in zip(link.seen, link.bodies) if seen == 101][1:], [command])
    with machine_that(spice.message(202, spice.u8(1))) as server:
        err = caraway.run("vm", server.uri, "stop", status=FAILED).err
        tap.true("the machine did not answer: The port was closed" in err, err)
    with machine_that() as server:
        err = caraway.run("vm", server.uri, "stop", "-t1", status=TIMEOUT).err
        tap.true("the machine's answer" in err, err)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, caraway = options.demo, clients.Caraway(options.caraway)
    sys.exit(tap.main(options.only, jobs=2))
