# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine in which the Linux of guestimage.py runs, and its shell."""
import base64
import itertools
import re
import shlex
import socket
import threading

import guestimage
import peers
import tap

# No time for what guards against foreign programs; the clock of an emulated processor is not steady.
COMMAND_LINE = "console=ttyS0 quiet mitigations=off tsc=unstable random.trust_cpu=on panic=-1"
SHELL = "caraway.shell"
ANSWER = re.compile(rb"\n@(\d+) (\d+)@\n")


class Guest(peers.Qemu):
    """Commands run in it while `wait` (condition, what, seconds) waits, which may be a client's main loop."""

    memory = 256

    def __init__(self, *devices):
        super().__init__(vga="none")
        self.devices, self.wait, self.numbers = devices, self.wait_alone, itertools.count(1)
        self.said, self.lock = b"", threading.Lock()

    @staticmethod
    def wait_alone(condition, what, seconds):
        peers.wait_until(condition, what, seconds=seconds)

    def open(self):
        image = guestimage.image(lambda what: tap.note(f"the guest's Linux: {what}"))
        socket_path, self.console = self.folder / "shell.sock", self.folder / "console"
        self.extra = ["-kernel", image / "kernel", "-initrd", image / "initramfs", "-append", COMMAND_LINE,
                      "-chardev", f"file,id=console,path={self.console}", "-device", "isa-serial,chardev=console",
                      "-device", "virtio-serial-pci", "-chardev", f"socket,id=shell,path={socket_path},server=on,wait=off",
                      "-device", f"virtserialport,chardev=shell,name={SHELL}", *self.devices]
        super().open()
        self.shell = socket.socket(socket.AF_UNIX)
        self.shell.connect(str(socket_path))
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.run("true", 180)
        except Exception:
            tap.note(*self.log())
            raise

    def close(self):
        if hasattr(self, "shell"):
            self.shell.close()
        super().close()

    def _read(self):
        while True:
            try:
                data = self.shell.recv(1 << 16)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                self.said += data

    def _answer(self, number):
        """(status, output) once the command has ended."""
        with self.lock:
            found = ANSWER.search(self.said)
            if not found:
                return None
            output, self.said = self.said[:found.start()], self.said[found.end():]
        # The answer to a command that nobody waited for any more.
        return (int(found.group(2)), output) if int(found.group(1)) == number else self._answer(number)

    def call(self, command, seconds=peers.PATIENCE):
        """(status, output as bytes) of a command of the guest's shell."""
        number, answer = next(self.numbers), []
        self.shell.sendall(f"{{ {command}\n}} </dev/null 2>&1; printf '\\n@%d %d@\\n' {number} $?\n".encode())

        def ended():
            if not self.process.running():
                raise self.process.failed("ended")
            result = self._answer(number)
            if result:
                answer.append(result)
            return answer
        try:
            self.wait(ended, f"the guest to run {command[:200]!r}", seconds)
        except Exception as error:
            error.logs = [*getattr(error, "logs", []), *self.said.decode(errors="replace").splitlines()[-40:], *self.log()]
            raise
        return answer[0]

    def log(self):
        """What the kernel has said."""
        return self.console.read_text(errors="replace").splitlines()[-40:]

    def run(self, command, seconds=peers.PATIENCE, status=0):
        """What a command writes, as text; it has to end with that status."""
        found, output = self.call(command, seconds)
        text = output.decode(errors="replace").strip()
        if found != status:
            raise peers.Failed(f"{command!r} in the guest: status {found} instead of {status}", text, "\n".join(self.log()))
        return text

    def until(self, command, seconds=peers.PATIENCE):
        """Runs a command again and again until it succeeds."""
        script = f"""(end=$(($(date +%s) + {seconds}))
            until {{ {command}
            }} >/tmp/until 2>&1; do [ $(date +%s) -lt $end ] || exit 1; sleep 0.1; done) || {{ cat /tmp/until; false; }}"""
        self.run(script, seconds + 60)

    def background(self, name, command):
        """A program that goes on running; what it says is in /tmp/NAME."""
        self.run(f"{command} >/tmp/{name} 2>&1 &")

    def write(self, path, content):
        self.run(f"base64 -d >{shlex.quote(path)} <<'END'\n{base64.encodebytes(content).decode()}END")

    def read(self, path):
        return base64.b64decode(self.run(f"base64 {shlex.quote(path)}"))
