# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings of real servers for the benchmarks: what is to be seen, and how it is recorded."""
import contextlib
import pathlib
import subprocess
import time

import peers
import tape
from xspice import Xspice


def scaled(x, length):
    """What is so long on a screen of 1280 pixels: contents fill larger ones as well."""
    return int(x.size.split("x")[0]) * length // 1280


class Tapes:
    """Recordings, made when they are wanted and not there."""

    def __init__(self, folder, side, quick, renew):
        self.folder, self.side, self.quick, self.renew = folder, side, quick, renew
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name, **how):
        """how: the server's settings, where the content can be shown with others."""
        words = "-".join([name, *(value.replace(":", "-") for value in how.values())])
        path = self.folder / (f"{words}-quick.tape" if self.quick else f"{words}.tape")
        if not path.exists() or self.renew and path not in self.made:
            print(f"# recording {words} …", flush=True)
            with getattr(self, f"play_{name}")(**how) as (port, act):
                self.record(port, act, path)
            self.made.add(path)
        return path

    made = set()

    def record(self, port, act, path):
        tracks = []
        with tape.Relay(port, tracks=tracks) as relay:
            argv = [self.side.drive, "watch", f"spice://127.0.0.1:{relay.port}"]
            client = peers.Process(argv, env=self.side.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                act()
            finally:
                with contextlib.suppress(OSError):
                    client.child.stdin.close()
                said = client.child.stdout.read().decode()
                client.stop()
        if "invalidates=" not in said:
            raise client.failed("did not watch to the end")
        tape.write_tape(path, tracks)

    @contextlib.contextmanager
    def play_scene(self):
        with peers.DemoServer(scene=True) as server:
            yield server.port, lambda: time.sleep(1 if self.quick else 10)

    @contextlib.contextmanager
    def play_firmware(self):
        with peers.Qemu(extra=["-boot", "menu=on,splash-time=2000"]) as qemu:
            def act():
                qemu.qmp.run("system_reset")
                qemu.wait_text()
            yield int(qemu.uri.rpartition(":")[2]), act

    @contextlib.contextmanager
    def play_terminal(self, **how):
        with Xspice(**how) as x:
            def act():
                x.run("xterm", "-geometry", f"{scaled(x, 160)}x{scaled(x, 50)}+0+0", "-e", "sh", "-c",
                      "seq 1 3000; for i in $(seq 60); do ls -la /usr/bin | head -n 200; done", seconds=300)
            yield x.port, act

    def widgets(self, x):
        """A program with all kinds of controls."""
        x.program("gtk3-widget-factory", env={"GTK_A11Y": "none", "NO_AT_BRIDGE": "1"})
        x.wait_window("gtk3-widget-factory")
        return x.run("xdotool", "search", "--name", "gtk3-widget-factory").out.split()[-1]

    @contextlib.contextmanager
    def play_desktop(self, **how):
        """Windows that move over others."""
        with Xspice(**how) as x:
            window = self.widgets(x)
            x.program("xclock", "-update", "1", "-geometry", "200x200+900+20")
            x.program("xterm", "-geometry", "80x24+600+400")

            def act():
                for i in range(120):
                    x.run("xdotool", "windowmove", window, str(20 + i * 7 % scaled(x, 300)), str(20 + i * 5 % scaled(x, 200)),
                          "mousemove", str(100 + i * 13 % scaled(x, 900)), str(100 + i * 11 % scaled(x, 500)))
                    if i % 10 == 0:
                        x.run("xdotool", "mousemove", "700", "500", "key", "Return", "Return", "Return")
            yield x.port, act

    @contextlib.contextmanager
    def play_gtk(self, **how):
        """A program gone through by the keyboard."""
        with Xspice(**how) as x:
            window = self.widgets(x)

            def act():
                width, height = scaled(x, 1200), scaled(x, 760)
                x.run("xdotool", "windowsize", window, str(width), str(height), "windowmove", window, "0", "0")
                for i in range(6 if self.quick else 60):
                    x.run("xdotool", "mousemove", str(40 + i * 37 % (width - 100)), str(60 + i * 29 % (height - 100)),
                          "key", "Tab", "Down", "space", "space", "Tab", "Right")
            yield x.port, act

    @contextlib.contextmanager
    def play_page(self, **how):
        """Text and photographs, scrolled."""
        with Xspice(**how) as x:
            photos = [str(x.folder / f"{i}.png") for i in range(2 if self.quick else 8)]
            for i, photo in enumerate(photos):
                x.run("convert", "-size", f"{scaled(x, 900)}x{scaled(x, 500)}", "-seed", str(i + 1), "plasma:fractal",
                      "-attenuate", "0.3", "+noise", "Gaussian", photo)

            def act():
                x.run("/usr/bin/python3", pathlib.Path(__file__).with_name("page.py"), *photos, seconds=600)
            yield x.port, act

    @contextlib.contextmanager
    def play_x11(self, **how):
        """Tens of thousands of small updates."""
        kinds = ["-dot", "-rect10", "-orect100", "-line10", "-seg100", "-circle10", "-ftext", "-polytext", "-copywinwin10",
                 "-scroll100", "-putimage10"]
        with Xspice(**how) as x:
            def act():
                x.run("x11perf", "-repeat", "1", "-reps", "1" if self.quick else "15", *kinds, seconds=300)
            yield x.port, act

    @contextlib.contextmanager
    def play_video(self, codec):
        """A film of 25 frames a second in a window."""
        options = ["--size", "800x600", "--compression", "off", "--streaming", "all", "--video-codecs", codec]
        with peers.DemoServer(*options) as server:
            for i in range(24):
                server.command(f"picture p{i} kind=photo size=640x480 format=32bit seed={i + 7}")

            def act():
                for i in range(4 if self.quick else 150):
                    server.command(f"copy box=32,16,672,496 src=p{i % 24}")
                    time.sleep(0.04)
            yield server.port, act
