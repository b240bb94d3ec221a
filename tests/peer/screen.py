# SPDX-License-Identifier: LGPL-2.1-or-later
"""The screen that a program with windows is run on: Xvfb with a window manager and a home of its own, and the hands and eyes
of who sits before it (xdotool, import, xclip)."""
import os
from pathlib import Path

import peers
import pictures


class Screen(peers.Peer):
    """`library`: the folder of the client library that programs are to load; None for the distribution's."""

    def __init__(self, library=None, size="1400x1100"):
        super().__init__()
        self.library, self.size = library, size

    def open(self):
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as number:
            try:
                xvfb = self.start([peers.which("Xvfb"), "-displayfd", writer, "-screen", "0", f"{self.size}x24", "-r",
                                   "-nolisten", "tcp", "-noreset"], pass_fds=(writer,))
            finally:
                os.close(writer)
            digits = number.readline().decode().strip()
        if not digits:
            raise xvfb.failed("ended at start")
        # Nothing of the user's own session: no settings, no bus, no accessibility.
        self.env = {"DISPLAY": f":{digits}", "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config"),
                    "XDG_RUNTIME_DIR": str(self.folder), "DBUS_SESSION_BUS_ADDRESS": "disabled:", "NO_AT_BRIDGE": "1",
                    "GSETTINGS_BACKEND": "memory", "GDK_BACKEND": "x11", "LC_ALL": "C.UTF-8"}
        self.start([peers.which("openbox"), "--sm-disable"], env=self.env)
        peers.wait_until(lambda: "window id" in self.tell("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").out, "the window manager")

    def _add_logs(self, error):
        """And what programs wrote for themselves into their home."""
        super()._add_logs(error)
        for path in sorted(self.folder.rglob(".cache/*/*.log")):
            error.logs += [f"{path.name}:", *path.read_text(errors="replace").splitlines()[-40:]]

    def configure(self, name, text):
        """Writes a file of the settings that programs find here."""
        path = Path(self.env["XDG_CONFIG_HOME"]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def program(self, *argv, env=None):
        """Starts a client, with the library that this screen is for, and looks whether it has loaded that one."""
        env = {**self.env, "LD_LIBRARY_PATH": str(self.library or ""), **(env or {})}
        process = self.start([peers.which(argv[0]), *argv[1:]], env=env)
        wanted = Path(self.library or "/usr/lib").resolve()

        def loaded():
            if not process.running():
                raise process.failed("ended at start")
            maps = Path(f"/proc/{process.child.pid}/maps").read_text()
            return {line.split()[-1] for line in maps.splitlines() if "libspice-client-glib-2.0" in line}
        found = peers.wait_until(loaded, "the client library to be loaded")
        if not all(Path(path).resolve().is_relative_to(wanted) for path in found):
            raise process.failed(f"loaded {found}, not the library of {wanted}")
        return process

    def tell(self, *argv, seconds=peers.PATIENCE):
        return peers.run([peers.which(argv[0]), *argv[1:]], env=self.env, seconds=seconds)

    def xdotool(self, *argv):
        return self.tell("xdotool", *argv).check().out.split()

    def windows(self):
        """{title: identifier} of the windows on the screen; messages have the empty title."""
        said = self.tell("xprop", "-root", "_NET_CLIENT_LIST").check().out
        found = {}
        for number in said.partition("#")[2].replace(",", " ").split():
            result = self.tell("xprop", "-id", number, "_NET_WM_NAME")
            if result.status == 0:  # else it has gone in the meantime
                found[result.out.partition('"')[2].rpartition('"')[0]] = number
        return found

    def wait_window(self, title, seconds=peers.PATIENCE):
        """Until there is a window whose title begins so and has the keyboard; its identifier."""
        def there():
            return next((number for name, number in self.windows().items()
                         if (name.startswith(title) if title else name == "")), None)
        number = peers.wait_until(there, f"the window “{title}”", seconds=seconds)
        self.xdotool("windowactivate", "--sync", number)
        return number

    def wait_gone(self, number, seconds=peers.PATIENCE):
        peers.wait_until(lambda: number not in self.windows().values(), f"the window {number} to go", seconds=seconds)

    def picture(self):
        path = self.folder / "screen.ppm"
        self.tell("import", "-silent", "-window", "root", "-depth", "8", path).check()
        return pictures.read(path)

    def place(self, guest):
        """Where on the screen every pixel of a guest's picture is shown, (x, y), or None."""
        shown, width = self.picture(), guest.width * 3
        rows = [guest.data[y * width:(y + 1) * width] for y in range(guest.height)]
        # The row that is least likely to be found by chance.
        mark = max(range(guest.height), key=lambda y: len(set(zip(*[iter(rows[y])] * 3))))
        for y in range(mark, shown.height - guest.height + mark + 1):
            at = shown.data.find(rows[mark], y * shown.width * 3, (y + 1) * shown.width * 3)
            x, top = (at // 3) % shown.width, y - mark
            if at >= 0 and shown.crop(x, top, guest.width, guest.height).data == guest.data:
                return x, top
        return None

    def wait_shown(self, truth, seconds=peers.PATIENCE):
        """Until what the function says is the guest's picture is on the screen, pixel by pixel; where."""
        try:
            return peers.wait_until(lambda: self.place(truth()), "the guest's picture on the screen", every=0.2, seconds=seconds)
        except peers.Failed as error:
            guest, shown = truth(), self.picture()
            raise peers.Failed(f"{error}; windows: {sorted(self.windows())}; the guest's {guest.width}x{guest.height} pixels "
                               f"have {guest.colors()} colours, the screen's {shown.colors()}", *error.logs) from error
