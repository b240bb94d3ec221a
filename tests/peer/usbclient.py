# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with two USB channels, and a program that uses them by way of the introspection data."""
from pathlib import Path

import gi

import peers
import tap

gi.require_version("SpiceClientGLib", "2.0")
from gi.repository import GLib, GObject, SpiceClientGLib as Spice  # noqa: E402

SLOTS = [word for i in (0, 1) for word in ("-chardev", f"spicevmc,name=usbredir,id=slot{i}",
                                           "-device", f"usb-redir,chardev=slot{i},bus=usb.0,bootindex={i + 1}")]


class Machine(peers.Qemu):
    """Stopped until it is told to go on; what its programs write to port 0xe9 is in a file."""

    def __init__(self):
        super().__init__()
        self.extra = ["-S", "-device", "nec-usb-xhci,id=usb", *SLOTS]

    def open(self):
        self.written = Path(self.folder) / "written"
        self.extra += ["-debugcon", f"file:{self.written}"]
        super().open()

    def first_line(self):
        """What a program wrote last; firmware writes lines of its own before."""
        text = self.written.read_bytes().decode("latin-1") if self.written.exists() else ""
        lines = [line for line in text.split("\n")[:-1] if len(line) == 8 and set(line) <= set("0123456789abcdef")]
        return lines[-1] if lines else None


class Client:
    def __init__(self, uri=None):
        self.context = GLib.MainContext.default()
        self.session = Spice.Session(uri=uri) if uri else Spice.Session()
        self.log = []
        self.manager = Spice.UsbDeviceManager.get(self.session)
        for signal in ("device-added", "device-removed"):
            self.manager.connect(signal, lambda _, device, signal=signal: self.log.append((signal, self.name(device))))
        for signal in ("device-error", "auto-connect-failed"):
            self.manager.connect(signal, lambda _, device, error, signal=signal:
                                 self.log.append((signal, self.name(device), error.message)))
        GObject.GObject.connect(self.session, "channel-new", lambda _, channel: self.on_channel(channel))
        GObject.GObject.connect(self.session, "disconnected", lambda _: self.log.append(("disconnected",)))

    def on_channel(self, channel):
        """For those who want other channels than main and USB."""

    @staticmethod
    def name(device):
        return device.get_description("%2$s")

    def wait(self, condition, what, seconds=peers.PATIENCE):
        """Runs the main loop until it is so."""
        end = GLib.get_monotonic_time() + seconds * 1000000
        timer = GLib.timeout_add(50, lambda: True)
        try:
            while not condition():
                tap.true(GLib.get_monotonic_time() < end, f"waited {seconds} s for {what}; {self.log}")
                self.context.iteration(True)
        finally:
            GLib.source_remove(timer)

    def settle(self):
        while self.context.iteration(False):
            pass

    def devices(self, filter=None):
        devices = self.manager.get_devices_with_filter(filter)
        return [device for device in devices if self.manager.is_device_shared_cd(device) or "disk" in self.name(device)]

    def add(self, path, **disk):
        n = len(self.devices())
        if disk:
            self.manager.create_shared_disk_device(str(path), disk["writable"])
        else:
            self.manager.create_shared_cd_device(str(path))
        tap.equal(len(self.devices()), n, "devices before the next turn")
        self.wait(lambda: len(self.devices()) == n + 1, "the device")
        return self.devices()[-1]

    def call(self, begin, finish, device):
        """(result or None, message of the error)"""
        done = []
        begin(device, None, lambda _, result: done.append(result))
        tap.equal(done, [], "the callback inside the call")
        tap.true(self.manager.is_redirecting(), "redirecting meanwhile")
        self.wait(lambda: done, "the callback")
        try:
            return finish(done[0]), None
        except GLib.Error as error:
            tap.true(error.matches(GLib.quark_from_string("spice-client-error-quark"), Spice.ClientError.FAILED),
                     f"another error: {error}")
            return None, error.message

    def connect_device(self, device):
        return self.call(self.manager.connect_device_async, self.manager.connect_device_finish, device)

    def disconnect_device(self, device):
        return self.call(self.manager.disconnect_device_async, self.manager.disconnect_device_finish, device)

    def open(self):
        self.session.connect()
        self.wait(lambda: self.manager.props.free_channels == 2, "two USB channels")

    def close(self):
        self.session.disconnect()
        self.wait(lambda: ("disconnected",) in self.log, "the end of the session")
