# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines as managers of machines know them: by libvirt."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import peers
import pictures

NAME, UUID = "fennel", "aa2c0c0e-6a3c-4f2b-9a57-0d3d4f0c7a11"

MACHINE = f"""<domain type="{{kind}}">
  <name>{NAME}</name>
  <uuid>{UUID}</uuid>
  <memory unit="MiB">64</memory>
  <os><type arch="x86_64">hvm</type><bootmenu enable="yes" timeout="60000"/></os>
  <devices>
    {{graphics}}
    <video><model type="qxl"/></video>
  </devices>
</domain>
"""
# Any user that is not root will do.
NOBODY = 65534


def pretended(folder, server):
    """The address of a libvirt, its test driver, that takes a server for the display of a running machine."""
    path = folder / "node.xml"
    graphics = f'<graphics type="spice" port="{urlsplit(server.uri).port}" autoport="no" listen="127.0.0.1"/>'
    path.write_text(f"<node>{MACHINE.format(kind='test', graphics=graphics)}</node>")
    return f"test://{path}"


class Session(peers.Peer):
    """The libvirt of an unprivileged user, and in it a machine of QEMU's that listens nowhere: libvirt hands out connections to
    its display as descriptors. root's tests give it, and who uses it, to nobody: root has no libvirt of that kind."""

    def __init__(self):
        super().__init__()
        self.drop, self.looks = [], 0
        if os.geteuid() == 0:
            self.drop = [peers.which("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            # The folder for temporary files may be root's alone.
            self.folder.rmdir()
            self.folder = Path(tempfile.mkdtemp(prefix="caraway-peer-", dir="/tmp"))
            os.chown(self.folder, NOBODY, NOBODY)
        self.env = {"HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder), "LC_ALL": "C.UTF-8",
                    **{f"XDG_{kind}_HOME": str(self.folder / kind.lower()) for kind in ("CONFIG", "CACHE", "DATA")}}

    def lend(self, library):
        """The folder of a library that the session's user can read."""
        if library is None or not self.drop:
            return library
        folder = self.folder / "library"
        folder.mkdir()
        shutil.copy(library / "libspice-client-glib-2.0.so.8", folder)
        return folder

    def open(self):
        config = self.folder / "config" / "libvirt"
        # No daemon for logs, which would outlive the test.
        self.write(config / "qemu.conf", 'stdio_handler = "file"\n')
        self.write(self.folder / "machine.xml", MACHINE.format(
            kind="qemu", graphics='<graphics type="spice"><listen type="none"/></graphics>'))
        self.pid_file = self.folder / "libvirt" / "qemu" / "run" / f"{NAME}.pid"
        self.start([*self.drop, peers.which("libvirtd")], env=self.env)
        peers.wait_until((self.folder / "libvirt" / "libvirt-sock").exists, "libvirt's socket")
        # The interpreter that the distribution's modules belong to.
        self.keeper = self.start([*self.drop, "/usr/bin/python3", self.readable("keeper.py"), self.folder / "machine.xml"],
                                 env=self.env, stdin=subprocess.PIPE)
        self.wait_said("started", 1)

    def write(self, path, text):
        made = [path, *path.parents[:len(path.relative_to(self.folder).parts) - 1]]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if self.drop:
            for each in made:
                os.chown(each, NOBODY, NOBODY)

    def readable(self, script):
        """A script of the tests where the session's user can read it."""
        self.write(self.folder / script, Path(__file__).with_name(script).read_text())
        return self.folder / script

    def wait_said(self, word, times):
        def said():
            if not self.keeper.running():
                raise self.keeper.failed("ended")
            return self.keeper.text().split().count(word) >= times
        peers.wait_until(said, f"the machine's keeper to say “{word}”")

    def truth(self):
        path = self.folder / "screen.ppm"
        self.keeper.child.stdin.write(f"{path}\n".encode())
        self.keeper.child.stdin.flush()
        self.looks += 1
        self.wait_said("written", self.looks)
        return pictures.read(path)

    def close(self):
        try:
            # The machine ends with its keeper, as long as the daemon is there to do it.
            if hasattr(self, "keeper"):
                self.keeper.stop()
                peers.wait_until(lambda: not self.pid_file.exists(), "the machine to end")
        finally:
            super().close()
