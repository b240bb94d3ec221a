#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every example of README, man page and help, run exactly as it stands: test-documents.py --build FOLDER --source FOLDER

They name port 5930 of this machine, so this runs in a network of its own (unshare), where nobody else has that port."""
import argparse
import contextlib
import fcntl
import json
import os
import re
import shlex
import socket
import struct
import sys
import tempfile
from pathlib import Path

import peers
import tap
import xspice

PORT = 5930
COMMANDS = ("info", "screenshot", "type", "key", "click", "move", "port", "vm", "clipboard", "send", "resize", "events", "record",
            "replay", "inspect")
source = build = None


def own_network():
    """Starts this program again in a network that has nothing but the loopback device."""
    if os.environ.get("CARAWAY_OWN_NETWORK"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 0x41))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
        return
    os.environ["CARAWAY_OWN_NETWORK"] = "1"
    os.execvp("unshare", ["unshare", "--user", "--net", "--map-root-user", sys.executable, *sys.argv])


def blocks(language):
    text = (source / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)


def man_examples():
    text = (source / "docs" / "caraway.1").read_text()
    lines = re.search(r"^\.SH EXAMPLES\n\.nf\n(.*?)^\.fi$", text, re.S | re.M)[1].splitlines()
    return [line.replace("\\-", "-") for line in lines]


def readme_words(beginning):
    """README's one line that begins so, without its comment."""
    line, = [line for block in blocks("sh") for line in block.splitlines() if line.startswith(beginning)]
    return shlex.split(line, comments=True)


def server_words():
    return readme_words("build/demo/demo/caraway-demo-server")


def shell_words():
    return readme_words("meson devenv -C build/demo --workdir .  ")


def as_after_demo(folder):
    """Makes build/demo what “scripts/demo” makes it."""
    (folder / "build").mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (folder / "build" / "demo").symlink_to(build)


def in_development_shell(line, folder, seconds=peers.PATIENCE):
    """A line in the shell that README opens."""
    as_after_demo(folder)
    return peers.run([*shell_words(), "bash", "-euo", "pipefail", "-c", line], cwd=folder, seconds=seconds,
                     env={"SECRET": "geheim"})


class Demo(peers.DemoServer):
    """The server that README starts, with options that single examples of the man page and the help need beside."""

    def __init__(self, *options):
        super().__init__(*server_words()[1:], *options, scene=True)


class Guest(xspice.Xspice):
    """X programs, with the real guest agent beside them."""

    def open(self):
        free_port, peers.free_port = peers.free_port, lambda: PORT
        try:
            super().open()
        finally:
            peers.free_port = free_port


def run_with_agent(line):
    with Guest(agent=True) as guest:
        (guest.folder / "report.pdf").write_bytes(b"%PDF-1.4 nothing")
        copies = guest.program("sh", "-c", "while echo copied | xclip -selection clipboard; do sleep 0.3; done")
        result = in_development_shell(line, guest.folder)
        copies.stop()
        result.check()
        return result, os.listdir(guest.received)


# Of the keyboard and the pointer, at least.
EVENTS = {"type": 10, "key": 2, "click": 3, "move": 1}


def needs_agent(line):
    return any(f" {command} " in line for command in ("send", "clipboard", "resize"))


def run_line(line):
    if needs_agent(line):
        return run_with_agent(line)
    options = ("--mouse", "server") if " -r " in line or " --relative " in line else ()
    if " port " in line:
        options += ("--spice-port", "org.qemu.monitor.hmp.0")
    if "CARAWAY_PASSWORD=" in line:
        options += ("--password", re.search(r"CARAWAY_PASSWORD=(\S+)", line)[1])
    with Demo(*options) as server:
        result = in_development_shell(line, server.folder)
        result.check()
        least = EVENTS.get(re.search(r"caraway (\w+)", line)[1], 0)
        peers.wait_until(lambda: len(server.events(clear=False)) >= least, f"{least} events by {line}")
        return result, os.listdir(server.folder)


def caraway_lines():
    return [line for block in blocks("sh") for line in block.splitlines() if line.startswith("caraway ")]


def check_line(line):
    """Runs it, and looks at what it has done."""
    if " vm " in line:
        with Machine() as machine:
            tap.equal(in_development_shell(line, machine.folder).check().out.strip(), "running")
        return
    result, files = run_line(line)
    if " info " in line:
        tap.true(('"width": 800' if "--json" in line.partition("#")[0] else "800x600") in result.out, result.out)
    elif "| file -" in line:
        tap.true("PNG image data, 320 x 200" in result.out, result.out)
    elif " screenshot " in line:
        tap.true(re.search(r"\S+\.png", line)[0] in files, files)
    elif " clipboard get " in line:
        tap.equal(result.out.strip(), "copied")
    elif " send " in line:
        tap.true("report.pdf" in files, files)
    elif " port " in line:
        tap.equal(result.out, "info status\n")
    elif " resize " in line:
        tap.equal((result.out, result.err), ("", ""))
    elif " events " in line:
        told = [json.loads(told) for told in result.out.splitlines()]
        tap.true(any(t["event"] == "display-create" and t["width"] == 800 for t in told), result.out)


@tap.test("README: the commands")
def readme_commands():
    lines = caraway_lines()
    tap.true(len(lines) >= 5, f"only {len(lines)} commands")
    for line in lines:
        tap.equal("# agent:" in line, needs_agent(line), line)
        check_line(line)


@tap.test("scripts/demo tells how the server and the shell of README's examples are started")
def demo_script():
    said = (source / "scripts" / "demo").read_text().splitlines()
    for words in (server_words(), shell_words()):
        tap.true("  " + " ".join(words) in said, f"scripts/demo does not say {words}")


@tap.test("README: the program in C")
def readme_c():
    program, = blocks("c")
    compile_line = re.search(r"^`(cc app\.c [^`]*)`", (source / "README.md").read_text(), re.M)[1]
    with Demo() as server:
        (server.folder / "app.c").write_text(program)
        in_development_shell(compile_line + " -Werror -Wall -Wno-unused-parameter", server.folder).check()
        process = peers.Process([*shell_words(), "stdbuf", "-oL", "./a.out"], cwd=server.folder)
        server.processes.insert(0, process)
        peers.wait_until(lambda: "drawn: " in process.text(), "something drawn")
        server.command("quit")
        peers.wait_until(lambda: not process.running(), "the end of the program")
        tap.true("the connection ended: " in process.text(), process.text())
    # Without a server: it says so, and ends.
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.c").write_text(program)
        result = in_development_shell(compile_line + " && ./a.out", Path(folder))
        tap.equal(result.status, 1)
        tap.true("the connection ended: " in result.err, result.err)


def python_words():
    return re.search(r"\(`(\S+ app\.py)`\)", (source / "README.md").read_text())[1].split()


@tap.test("README: the program in Python")
def readme_python():
    program, = blocks("python")
    with Demo() as server:
        (server.folder / "app.py").write_text(program)
        as_after_demo(server.folder)
        process = peers.Process([*shell_words(), "env", "PYTHONUNBUFFERED=1", *python_words()], cwd=server.folder)
        server.processes.insert(0, process)
        peers.wait_until(lambda: "open: main" in process.text(), "the main channel")
        server.command("quit")
        peers.wait_until(lambda: not process.running(), "the end of the program")
        tap.true("the connection ended: " in process.text(), process.text())
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(program)
        result = in_development_shell(" ".join(python_words()), Path(folder))
        tap.true("the connection ended: " in result.out, result.out + result.err)


@tap.test("README: an existing program, on this library")
def readme_program():
    lines = [line for block in blocks("sh") for line in block.splitlines() if re.match("meson devenv .*spicy", line)]
    tap.equal(len(lines), 2)
    with Demo() as server:
        as_after_demo(server.folder)
        for line in lines:
            result = peers.run(["bash", "-euo", "pipefail", "-c", line], cwd=server.folder).check()
        tap.true(str(build / "src") in result.out, result.out)
        tap.true((server.folder / "vm.ppm").exists(), "no picture")


@tap.test("man page: the examples")
def man():
    lines = man_examples()
    tap.true(len(lines) >= 8, f"only {len(lines)} examples")
    for line in lines:
        check_line(line)


def help_text(*command):
    return peers.run([build / "tools" / "caraway", *command, "--help"]).check().out


def help_commands():
    return re.findall(r"^  (\w+) ", help_text(), re.M)


def help_example(command):
    """The lines below its heading."""
    return re.search(r"^Example:\n((?:  .*\n)+)", help_text(command), re.M)[1].strip()


RECORDING = ("record", "inspect", "replay")


@tap.cases("help: the example of “{}”", [c for c in COMMANDS if c not in RECORDING])
def help_examples(command):
    check_line(help_example(command))


@tap.test("help: every command has an example that is run here")
def all_examples():
    tap.equal(sorted(help_commands()), sorted(COMMANDS))


@tap.test("help: the examples of “record”, “inspect” and “replay”, one after the other")
def recordings():
    record, inspect, replay = map(help_example, RECORDING)
    with Demo() as server:
        in_development_shell(record, server.folder).check()
        shown = in_development_shell(inspect, server.folder).check().out
        tap.true("display" in shown, shown)
        process = peers.Process([*shell_words(), "stdbuf", "-oL", "bash", "-c", replay], cwd=server.folder)
        server.processes.insert(0, process)
        uri = peers.wait_until(lambda: re.search(r"^spice://.*$", process.text(), re.M), "its address")[0]
        tap.true("800x600" in peers.run([build / "tools" / "caraway", "info", uri]).check().out, "no display is replayed")
        tap.equal(process.child.wait(peers.PATIENCE), 0)


@tap.test("help: the combinations that “key” names")
def combinations():
    text = help_text("key")
    words = re.search(r"joined by \"\+\": ([^.]*)\.", text)[1].split(", ")
    for group in re.findall(r"\(([^()]*)\)", text.split("A combination")[1]):
        words += re.split(", | is ", group)
    words += re.findall(r"\w+:(?:down|up)", text)
    for word in ("ctrl+alt+del", "shift+tab", "A", "shift+1", "meta_l", "KEY_ENTER", "0xe01d", "shift:down", "shift:up"):
        tap.true(word in words, f"{word} is not among {words}")
    with Demo() as server:
        peers.run([build / "tools" / "caraway", "key", server.uri, *words]).check()
        tap.true(len([e for e in server.events() if e[0] == "key"]) >= 2 * len(words) - 2, "keys are missing")


class Machine(peers.Qemu):
    """QEMU with its own protocol behind a port of the usual name."""

    def __init__(self):
        super().__init__(extra=["-device", "virtio-serial", "-chardev", "spiceport,id=qmp,name=org.qemu.monitor.qmp.0",
                                "-mon", "chardev=qmp,mode=control"])

    def _spice(self):
        self.uri = f"spice://127.0.0.1:{PORT}"
        return f"port={PORT},addr=127.0.0.1,disable-ticketing=on"


@tap.test("man page and help: options of each, exit statuses, and names of keys are the same")
def options():
    page = (source / "docs" / "caraway.1").read_text().replace("\\-", "-")
    program = build / "tools" / "caraway"
    for command in re.findall(r"^\.B caraway (\w+)$", page, re.M):
        text = peers.run([program, command, "--help"]).check().out
        for option in re.findall(r"--([a-z-]+)", text.partition("Application Options")[2]):
            tap.true(f"--{option}" in page, f"the man page lacks --{option} of {command}")
    general = peers.run([program, "--help"]).check().out
    for command in re.findall(r"^  (\w+) ", general, re.M):
        tap.true(f".B caraway {command}\n" in page, f"the man page lacks {command}")
    statuses = re.findall(r"^\.B (\d+)$", page.partition(".SH EXIT STATUS")[2].partition(".SH")[0], re.M)
    tap.equal(re.findall(r"\b(\d+) ", general.partition("Exit status: ")[2]), statuses, "exit statuses")
    names = peers.run([program, "key", "--list"]).check().out.split()
    lines = page.partition(".SH KEY NAMES\n")[2].partition("\n.SH")[0].splitlines()
    tap.equal(" ".join(line for line in lines if not line.startswith(".")).split(), names, "names of keys in the man page")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--only")
    options_ = parser.parse_args()
    own_network()
    source, build = options_.source.resolve(), options_.build.resolve()
    peers.DemoServer.program = build / "demo" / "caraway-demo-server"
    sys.exit(tap.main(options_.only))
