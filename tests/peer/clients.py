# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs under test, as the tests see them."""
import json
import re
import subprocess
import tempfile
import threading
from pathlib import Path

import peers
import pictures


MEMORY_KIB = 400 * 1024  # of a viewer, whatever servers send; a sanitizer's share included


def check_quiet(what, text, expected=()):
    """Fails if a sanitizer or an assertion has spoken, or a library has warned of what is not among the `expected`: so do
    handlers of signals that there are not, which nobody else would miss."""
    peers.check_sound(what, text)
    for line in text.splitlines():
        if re.search(r"-(WARNING|CRITICAL) \*\*: ", line) and not any(words in line for words in expected):
            raise peers.Failed(f"a warning from {what}: {line}", text)


class Caraway:
    """The command-line program. Sanitizer reports and warnings make any call fail, whatever it was expected to do."""

    def __init__(self, program):
        self.program = program

    def run(self, *arguments, status=0, seconds=peers.PATIENCE, env=None, text=None, warnings=()):
        result = peers.run([self.program, *arguments], seconds=seconds, env=env, text=text)
        check_quiet(f"{arguments}", result.err, warnings)
        if status is not None:
            result.check(status)
        return result

    def screenshot(self, uri, *options, stable=500, seconds=peers.PATIENCE):
        with tempfile.TemporaryDirectory(prefix="caraway-shot-") as folder:
            path = Path(folder) / "shot.png"
            self.run("screenshot", uri, path, "--stable", str(stable), *options, seconds=seconds)
            return pictures.read(path)

    def info(self, uri, *options):
        return json.loads(self.run("info", uri, "--json", *options).out)


class Spicy:
    """spicy-screenshot, of any library: `library` is a folder to load the client library from."""

    def __init__(self, library=None):
        # A build may have put its own folder into the path of whoever runs the test.
        self.env = {"LD_LIBRARY_PATH": str(library or "")}
        loaded = peers.run(["ldd", peers.which("spicy-screenshot")], env=self.env).check().out
        found = next(line.split()[2] for line in loaded.splitlines() if "libspice-client-glib-2.0" in line)
        if not Path(found).resolve().is_relative_to(Path(library or "/usr/lib").resolve()):
            raise peers.Failed(f"spicy-screenshot does not load the library of {library or 'the system'}: {found}")

    def screenshot(self, uri, *options, stable=0, seconds=peers.PATIENCE):
        with tempfile.TemporaryDirectory(prefix="caraway-shot-") as folder:
            path = Path(folder) / "shot.ppm"
            result = peers.run([peers.which("spicy-screenshot"), "--uri", uri, "-o", path, *options], env=self.env,
                               seconds=seconds)
            if result.status != 0 or not path.exists():
                raise peers.Failed(f"spicy-screenshot: exit status {result.status}", result.out, result.err)
            return pictures.read(path)


class Viewer:
    """The test viewer: a client on the public API, connected as long as the “with” lasts."""

    program = None  # path, set by main ()

    def __init__(self, uri, *properties, env=None):
        self.argv = [self.program, uri, *properties]
        self.env = {"G_MESSAGES_DEBUG": "", **(env or {})}
        self.lines = []
        self.changed = threading.Condition()
        self.finished = False

    def __enter__(self):
        self.process = peers.Process(self.argv, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self):
        for line in self.process.child.stdout:
            with self.changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append("eof")
            self.changed.notify_all()

    def __exit__(self, kind, error, trace):
        try:
            if error is None:
                self.finish()
        finally:
            self.process.stop()
            if isinstance(error, Exception):
                said = self.lines[-40:] + self.process.text().splitlines()[-40:]
                error.logs = list(getattr(error, "logs", [])) + said

    def wait(self, prefix, seconds=peers.PATIENCE, start=0):
        """The first line from number `start` on that begins with `prefix`."""
        def find():
            return next((line for line in self.lines[start:] if line.startswith(prefix)), None)
        with self.changed:
            self.changed.wait_for(lambda: find() is not None or "eof" in self.lines, seconds)
            line = find()
        if line is None:
            raise peers.Failed(f"the viewer never said “{prefix}” within {seconds} s", "\n".join(self.lines))
        return line

    def command(self, line, seconds=peers.PATIENCE):
        start = len(self.lines)
        self.process.child.stdin.write(line.encode() + b"\n")
        self.process.child.stdin.flush()
        verb = line.split()[0]
        reply = self.wait(("done " + verb, "refused " + verb), seconds, start)
        if reply.startswith("refused"):
            raise peers.Failed(f"{line!r}: {reply}")

    def bytes_read(self, display=0):
        start = len(self.lines)
        self.command(f"bytes {display}")
        return int(self.wait("bytes ", start=start).split()[1])

    def dump(self, display=0):
        with tempfile.TemporaryDirectory(prefix="caraway-view-") as folder:
            self.command(f"dump {display} {folder}/view.ppm")
            return pictures.read(f"{folder}/view.ppm")

    def finish(self, seconds=peers.PATIENCE):
        """Ends the viewer, which must go well, leave nothing behind and have taken no more memory than MEMORY_KIB."""
        if self.finished:
            return
        self.finished, start = True, len(self.lines)
        try:
            self.process.child.stdin.write(b"quit\n")
            self.process.child.stdin.close()
        except (BrokenPipeError, ValueError):
            pass
        try:
            status = self.process.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise self.process.failed(f"still ran {seconds} s after “quit”") from None
        peers.check_sound("the viewer", self.process.text())
        if status != 0:
            raise self.process.failed(f"exit status {status}")
        rss = int(self.wait("end rss=", start=start).split("=")[1])
        if rss > MEMORY_KIB:
            raise peers.Failed(f"the viewer took {rss} KiB of memory, the limit is {MEMORY_KIB}")
