# SPDX-License-Identifier: LGPL-2.1-or-later
"""Xorg with the spiceqxl driver: real X programs drawing through real QXL commands, no virtual machine. The truth is
what the X server itself says is on its screen (import). With agent=True the distribution's guest agent runs beside it, as
in a virtual machine: spice-vdagentd and, for the session, spice-vdagent. CARAWAY_VDAGENT_ROOT names a folder with another
release's agent and its libraries (newer-agent.py)."""
import os
from pathlib import Path

import peers
import pictures

AGENT = ["spice-vdagentd", "spice-vdagent"]
SECTION = """Section "{}"
{}EndSection
"""


def agent_program(name):
    """Where the command line of one of the agent's programs begins, and what its environment needs."""
    root = os.environ.get("CARAWAY_VDAGENT_ROOT")
    if not root:
        return [peers.which(name)], {}
    program = next(Path(root).glob(f"usr/*bin/{name}"), None)
    loader = next(Path(root).glob("usr/lib64/ld-linux*"), None)
    if not program or not loader:
        raise peers.Missing(f"CARAWAY_VDAGENT_ROOT, {root}, has no {name} with its loader")
    libraries = ":".join(map(str, Path(root).glob("usr/lib/*-linux-gnu")))
    # This machine's modules are of other releases of the libraries.
    return [loader, "--inhibit-cache", "--library-path", libraries, program], {"GIO_MODULE_DIR": root}


class Xspice(peers.Peer):
    def __init__(self, compression="auto_glz", size="1280x800", password=None, agent=False,
                 sound=False, heads=1):
        """compression: one of the server's, or wan: what it has for slow lines. sound: whether there is a folder, `sounds`,
        for FIFOs of programs that play. heads: as many monitors may be plugged in; one is."""
        super().__init__()
        self.heads = heads
        self.sounds = self.folder / "sounds" if sound else None
        self.wan = "always" if compression == "wan" else "never"
        compression = "auto_glz" if compression == "wan" else compression
        self.compression, self.size, self.password, self.agent = compression, size, password, agent

    def _section(self, name, *lines, **options):
        body = [f"    {line}" for line in lines] + [f'    Option "{k}" "{v}"' for k, v in options.items()]
        return SECTION.format(name, "".join(line + "\n" for line in body))

    def _agent_options(self):
        if not self.agent:
            return {}
        return {"SpiceVdagentEnabled": "True", "SpiceVdagentVirtioPath": self.folder / "virtio",
                "SpiceVdagentUinputPath": self.folder / "uinput", "SpiceAgentMouse": "True"}

    def _sound_options(self):
        return {"SpicePlaybackFIFODir": self.sounds} if self.sounds else {}

    def _modeline(self):
        """X knows few sizes by itself, and takes a smaller one in silence."""
        width, height = map(int, self.size.split("x"))
        total, lines = width + 160, height + 40
        return (f'Modeline "{self.size}" {total * lines * 60 / 1e6:.2f} {width} {width + 48} {width + 80} {total} '
                f'{height} {height + 3} {height + 8} {lines}')

    def _config(self, port):
        ticket = {"SpicePassword": self.password} if self.password else {"SpiceDisableTicketing": "True"}
        return "".join([
            # The driver's own defaults of the memory sizes make it end at start, so all three are stated.
            self._section("Device", 'Identifier "card"', 'Driver "spiceqxl"', SpicePort=port, SpiceAddr="127.0.0.1",
                          NumHeads=self.heads, EnableImageCache="True", EnableFallbackCache="True", EnableSurfaces="True",
                          SurfaceBufferSize=128, CommandBufferSize=128, FrameBufferSize=64, SpiceStreamingVideo="off",
                          SpiceImageCompression=self.compression, SpiceJpegWanCompression=self.wan,
                          SpiceZlibGlzWanCompression=self.wan, **ticket, **self._agent_options(), **self._sound_options()),
            self._section("InputDevice", 'Identifier "mouse"', 'Driver "xspice pointer"'),
            self._section("InputDevice", 'Identifier "keys"', 'Driver "xspice keyboard"'),
            self._section("Monitor", 'Identifier "monitor"', "HorizSync 1-200", "VertRefresh 1-200", self._modeline()),
            self._section("Screen", 'Identifier "screen"', 'Device "card"', 'Monitor "monitor"', "DefaultDepth 24",
                          'SubSection "Display"', "    Depth 24", f'    Modes "{self.size}"', "EndSubSection"),
            self._section("ServerLayout", 'Identifier "all"', 'Screen "screen"', 'InputDevice "keys"',
                          'InputDevice "mouse"'),
            self._section("ServerFlags", AutoAddDevices="False", BlankTime=0)])

    def open(self):
        port = self.port = peers.free_port()
        self.uri = f"spice://127.0.0.1:{port}"
        config = self.folder / "xorg.conf"
        if self.sounds:
            self.sounds.mkdir()
        config.write_text(self._config(port))
        reader, writer = os.pipe()
        try:
            self.server = self._start_x(config, writer)
            os.close(writer)
            writer = None
            self.display = ":" + self._read_number(reader)
        finally:
            os.close(reader)
            if writer is not None:
                os.close(writer)
        self.env = {"DISPLAY": self.display}
        if f"current {self.size.replace('x', ' x ')}," not in self.run("xrandr").out:
            raise peers.Failed(f"Xorg did not take the size {self.size}", self.run("xrandr").out)
        if self.agent:
            self.received = self.folder / "received"
            self.received.mkdir()
            self.start_daemon()
            self.start_session_agent()

    def start_daemon(self):
        """The agent's part for the whole machine."""
        peers.wait_until((self.folder / "virtio").exists, "the agent's port")
        socket = self.folder / "vdagentd"
        socket.unlink(missing_ok=True)
        argv, env = agent_program("spice-vdagentd")
        # -x and -X: no udev, no login manager; in the foreground.
        self.daemon = self.start([*argv, "-f", "-x", "-X", "-s", self.folder / "virtio", "-u", self.folder / "uinput", "-S",
                                  socket], env=env)
        peers.wait_until(socket.exists, "the agent's daemon")

    def start_session_agent(self):
        """The agent's part for who is logged in: clipboard, files, monitors."""
        argv, env = agent_program("spice-vdagent")
        self.session_agent = self.start([*argv, "-x", "-s", self.folder / "virtio", "-S", self.folder / "vdagentd", "-f",
                                         self.received, "-o", "0"], env={**self.env, **env})

    def _start_x(self, config, writer):
        process = peers.Process([peers.which("Xorg"), "-displayfd", writer, "-config", config, "-noreset", "-nolisten",
                                 "tcp", "-s", "0", "-logfile", self.folder / "xorg.log"], pass_fds=(writer,))
        self.processes.append(process)
        return process

    def _read_number(self, reader):
        """Xorg writes the number of the display it took when it is ready."""
        text = b""
        os.set_blocking(reader, False)

        def number():
            nonlocal text
            try:
                text += os.read(reader, 16)
            except BlockingIOError:
                pass
            if not self.server.running():
                said = (self.folder / "xorg.log").read_text(errors="replace").splitlines()[-20:]
                raise self.server.failed("\n".join(["ended at start", *said]))
            return text.endswith(b"\n")
        peers.wait_until(number, "Xorg to be ready")
        return text.decode().strip()

    def program(self, *argv, env=None):
        return self.start([peers.which(argv[0]), *argv[1:]], env={**self.env, **(env or {})})

    def run(self, *argv, seconds=peers.PATIENCE, text=None):
        return peers.run([peers.which(argv[0]), *argv[1:]], env=self.env, seconds=seconds, text=text).check()

    def truth(self):
        """Not by xwd: it garbles windows whose visual is not the root's."""
        path = self.folder / "screen.ppm"
        self.run("import", "-silent", "-window", "root", "-depth", "8", path)
        return pictures.read(path)

    def wait_shown(self, dump, what="the client to show what the X server shows", seconds=peers.PATIENCE):
        """Until a client's picture, dump(), is that of the X server as it was just before: programs that wait for a
        processor draw late. Returns it."""
        trouble = None

        def shown():
            nonlocal trouble
            truth = self.truth()
            shot = dump()
            trouble = pictures.difference(shot, truth)
            return shot if trouble is None else None
        try:
            return peers.wait_until(shown, what, every=0.2, seconds=seconds)
        except peers.Failed as failed:
            raise peers.Failed(f"{failed}: {trouble}") from None

    def wait_window(self, name, seconds=peers.PATIENCE):
        """Until a window of that title is on the screen."""
        def there():
            return peers.run([peers.which("xwininfo"), "-name", name], env=self.env).status == 0
        peers.wait_until(there, f"the window “{name}”", every=0.2, seconds=seconds)

    def wait_quiet(self, seconds=peers.PATIENCE):
        """Until two looks at the screen, half a second apart, see the same."""
        last = [None]

        def quiet():
            shot = self.truth()
            same = last[0] is not None and shot.data == last[0].data
            last[0] = shot
            return shot if same else None
        return peers.wait_until(quiet, "a quiet screen", every=0.5, seconds=seconds)
