# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts the SPICE servers that the tests connect to, and ends everything it started.

Every peer is a context manager with a `uri` and a private folder; programs run in process groups of their own with a
time limit. A program that is not installed raises Missing, which is a failed test: scripts/test installs them all."""
import contextlib
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pictures


class Missing(Exception):
    """A program that the tests need is not installed."""


class Failed(Exception):
    """A peer or program did not do what it should; `logs` holds what it said."""

    def __init__(self, reason, *logs):
        super().__init__(reason)
        self.logs = [line for log in logs for line in log.splitlines()[-40:]]


# What a program of ours must never say.
UNSOUND = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "CRITICAL **", "ERROR **")
# Some libraries forget a little memory; only whole stacks show that it is theirs (lsan.supp).
WHOLE_STACKS = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":fast_unwind_on_malloc=0",
                "LSAN_OPTIONS": f"suppressions={Path(__file__).parents[1]}/lsan.supp:print_suppressions=0"}


def check_sound(what, text):
    """Fails if a sanitizer or an assertion has spoken."""
    for word in UNSOUND:
        if word in text:
            raise Failed(f"{word} from {what}", text)


def without_foreign_leaks(text):
    """Without a report of what the server library alone has lost, as of a client that comes while it ends: nothing but the
    demo's main loop, if that, is below the calls."""
    blocks = text.split("\n\n")
    leaks = [block for block in blocks if re.match(r"(Direct|Indirect) leak of ", block)]
    if not leaks or any(re.search(r"/demo/(?!core\.c|main\.c)\w[\w-]*\.c:", leak) for leak in leaks):
        return text
    rest = "\n\n".join(block for block in blocks if block not in leaks)
    return re.sub(r"(?m)^==\d+==ERROR: LeakSanitizer: detected memory leaks$|^SUMMARY: AddressSanitizer: .* leaked in .*$", "",
                  rest)


def which(program):
    path = shutil.which(program)
    if path is None:
        raise Missing(f"“{program}” is not installed; scripts/test installs what the tests need")
    return path


_ports = []  # their names, for as long as this program runs


def _lowest_given_port():
    """Of the ports that the system gives to whoever asks for any."""
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def free_port():
    """A port that nothing listens on, and that nobody else takes before a server that is started does: it is none that
    the system gives away, and no other program of these tests has its name."""
    above = _lowest_given_port()
    places = range(max(1024, above - 20000), above)
    for port in random.sample(places, k=len(places)):
        name = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as sock:
            name.bind(f"\0caraway-tests-port-{port}")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            sock.bind(("127.0.0.1", port))
            _ports.append(name)
            return port
        name.close()
    raise Failed("no port is free")


PATIENCE = 120  # s. What is sure to come takes as long as a busy machine needs; only what hangs is given up


def wait_until(condition, what, every=0.05, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s for {what}")
        time.sleep(every)


def wait_text(truth, seconds=PATIENCE):
    """Until the firmware has written its screen: for two seconds nothing changed but a blinking cursor."""
    seen = []  # (time, pixels)

    def quiet():
        shot, now = truth(), time.monotonic()
        if shot.colors() == 1:
            return None
        seen.append((now, shot.data))
        while seen and len({data for _, data in seen}) > 2:
            seen.pop(0)
        return shot if now - seen[0][0] > 2 else None
    return wait_until(quiet, "a quiet firmware screen", every=0.15, seconds=seconds)


class Process:
    """A program in its own process group; its output is collected in a file, or read line by line by the caller."""

    def __init__(self, argv, env=None, stdin=subprocess.DEVNULL, stdout=None, cwd=None, pass_fds=()):
        self.argv = [str(a) for a in argv]
        self.log = tempfile.TemporaryFile()  # without a name: nothing is left, however this ends
        self.child = subprocess.Popen(self.argv, stdin=stdin, stdout=stdout or self.log, stderr=self.log, cwd=cwd,
                                      env={**os.environ, **(env or {})}, start_new_session=True,
                                      pass_fds=pass_fds)

    def text(self):
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode(errors="replace")

    def running(self):
        return self.child.poll() is None

    def failed(self, reason):
        return Failed(f"{self.argv[0]}: {reason}", self.text())

    def stop(self, seconds=5):
        """Asks the group to end, then insists; returns the exit status (negative: by a signal)."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)
            try:
                self.child.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()
        return self.child.returncode


class Result:
    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    def check(self, status=0):
        if self.status != status:
            raise Failed(f"exit status {self.status} instead of {status}", self.out, self.err)
        return self


def run(argv, env=None, seconds=PATIENCE, text=None, cwd=None):
    """Runs a program to its end. Past the time limit its whole group is killed and the test fails."""
    start = time.monotonic()
    child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, cwd=cwd,
                             env={**os.environ, **(env or {})})
    try:
        out, err = child.communicate(text.encode() if text is not None else None, timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        raise Failed(f"{argv[0]} still ran after {seconds} s", out.decode(errors="replace"),
                     err.decode(errors="replace")) from None
    return Result(child.returncode, out.decode(errors="replace"), err.decode(errors="replace"),
                  time.monotonic() - start)


class Peer:
    """Base of the servers: a private folder, processes, and their end in reverse order."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="caraway-peer-"))
        self.processes = []

    def start(self, argv, **options):
        process = Process(argv, **options)
        self.processes.append(process)
        return process

    def __enter__(self):
        try:
            self.open()
        except BaseException as error:
            self._add_logs(error)
            self.close()
            raise
        return self

    def _add_logs(self, error):
        error.logs = list(getattr(error, "logs", [])) + [
            line for p in self.processes for line in [f"{p.argv[0]} said:"] + p.text().splitlines()[-20:]]

    def __exit__(self, kind, error, trace):
        if isinstance(error, Exception):
            self._add_logs(error)
        self.close()
        if error is None:
            self.check_end()

    def check_end(self):
        """What must be true once everything has ended; called after a test that went well."""

    def close(self):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class DemoServer(Peer):
    """The demo server under control: call command() with its control commands."""

    program = None  # path, set by main ()

    def __init__(self, *options, scene=False):
        super().__init__()
        self.options = list(options) + ([] if scene else ["--no-scene"])
        self.port = self.tls_port = self.tls_dir = self.unix = None

    def open(self):
        self.process = self.start([self.program, "--control", *self.options], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, env=WHOLE_STACKS)
        ready = self._line(PATIENCE)
        if not ready.startswith("ready"):
            raise self.process.failed(f"said {ready!r} instead of “ready”")
        said = dict(word.split("=", 1) for word in ready.split()[1:])
        self.port = int(said["port"]) if "port" in said else None
        self.tls_port = int(said["tls-port"]) if "tls-port" in said else None
        self.tls_dir = Path(said["tls-dir"]) if "tls-dir" in said else None
        self.unix = said.get("unix")

    @property
    def uri(self):
        if self.unix:
            return f"spice+unix://{self.unix}"
        if self.port is None:
            return f"spice://127.0.0.1?tls-port={self.tls_port}"
        return f"spice://127.0.0.1:{self.port}"

    @property
    def ca_file(self):
        return self.tls_dir / "ca-cert.pem"

    def _line(self, seconds):
        pipe = self.process.child.stdout
        if not select.select([pipe], [], [], seconds)[0]:
            raise self.process.failed(f"said nothing for {seconds} s")
        line = pipe.readline().decode()
        if not line:
            raise self.process.failed("ended early")
        return line.rstrip("\n")

    def command(self, line, seconds=PATIENCE):
        """Sends one command; returns the reply's KEY=VALUE words. An “error” reply raises Failed."""
        self.process.child.stdin.write(line.encode() + b"\n")
        self.process.child.stdin.flush()
        verdict, _, rest = self._line(seconds).partition(" ")
        if verdict != "ok":
            raise Failed(f"{line!r}: {rest}")
        return dict(word.split("=", 1) for word in rest.split() if "=" in word)

    def dump(self, display=0, surface=0):
        path = self.folder / "dump.ppm"
        self.command(f"dump file={path} display={display} surface={surface}")
        return pictures.read(path)

    def check(self, display=0):
        """The oracle against the drawing of the server library itself."""
        reply = self.command(f"check display={display}")
        if reply["different"] != "0":
            raise Failed(f"the server's own drawing differs from the oracle: {reply}")

    def check_end(self):
        """Nothing of ours may be wrong. The library's display worker crashes now and then when a client leaves."""
        said = self.process.text()
        if self.process.child.returncode < 0 or "AddressSanitizer:DEADLYSIGNAL" in said and "libspice-server" in said:
            return
        own = without_foreign_leaks(said)
        check_sound("the demo server", own)
        if self.process.child.returncode != 0 and own == said:
            raise self.process.failed(f"ended with status {self.process.child.returncode}")

    def events(self, clear=True):
        reply = self.command(f"inputs clear={int(clear)}")
        return [tuple(e.split(":")) for e in reply["events"].split(",") if e]

    def wait_channels(self, seconds=PATIENCE, **counts):
        """Until as many channels of each type are connected, e.g. main=1, display=0."""
        return wait_until(lambda: all(self.command("stats")[k] == str(v) for k, v in counts.items()),
                          f"the channels {counts}", seconds=seconds)


class Qmp:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rw")
        json.loads(self.file.readline())
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            reply = json.loads(self.file.readline())
            if "error" in reply:
                raise Failed(f"QMP {command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def close(self):
        self.file.close()
        self.socket.close()


class Qemu(Peer):
    """A machine without a disk: its firmware's screen, with QMP's screendump as the truth."""

    memory = 64  # MiB

    def __init__(self, vga="qxl", compression="auto_glz", unix=False, password=None, extra=(),
                 seamless=False):
        super().__init__()
        self.seamless = seamless
        self.vga, self.compression, self.unix, self.password, self.extra = vga, compression, unix, password, extra
        self.qmp = None

    def _spice(self):
        words = [f"image-compression={self.compression}", "streaming-video=off",
                 f"seamless-migration={'on' if self.seamless else 'off'}"]
        if self.unix:
            self.uri = f"spice+unix://{self.folder}/spice.sock"
            words += ["unix=on", f"addr={self.folder}/spice.sock"]
        else:
            port = free_port()
            self.uri = f"spice://127.0.0.1:{port}"
            words += [f"port={port}", "addr=127.0.0.1"]
        words += ["password-secret=ticket"] if self.password else ["disable-ticketing=on"]
        return ",".join(words)

    def open(self):
        argv = [which("qemu-system-x86_64"), "-nodefaults", "-machine", "pc,accel=tcg", "-m", str(self.memory), "-vga", self.vga,
                "-display", "none", "-serial", "none", "-spice", self._spice(),
                "-qmp", f"unix:{self.folder}/qmp.sock,server=on,wait=off", *self.extra]
        if self.password:
            argv += ["-object", f"secret,id=ticket,data={self.password}"]
        self.process = self.start(argv)
        self.qmp = wait_until(self._connect, "QEMU's QMP socket")

    def _connect(self):
        if not self.process.running():
            raise self.process.failed("ended at start")
        # The socket is there for a moment before anybody listens on it.
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            return Qmp(self.folder / "qmp.sock")

    def close(self):
        if self.qmp:
            self.qmp.close()
        super().close()

    def truth(self):
        path = self.folder / "screen.ppm"
        self.qmp.run("screendump", filename=str(path))
        return pictures.read(path)

    def wait_text(self):
        return wait_text(self.truth)


class FakeServer(Peer):
    """A listening socket whose connections are handed to a function on a thread each."""

    def __init__(self, serve):
        super().__init__()
        self.serve, self.connections = serve, []

    def open(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.uri = f"spice://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError):
            self.serve(connection)

    def close(self):
        for sock in [getattr(self, "socket", None), *self.connections]:
            if sock:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        super().close()


def silent_server():
    """Accepts connections and never says a word."""
    return FakeServer(lambda connection: connection.recv(1 << 16) and time.sleep(3600))
