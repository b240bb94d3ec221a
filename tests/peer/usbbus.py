# SPDX-License-Identifier: LGPL-2.1-or-later
"""USB devices of a machine that has none: umockdev, which has to be preloaded, answers for /sys and /dev."""
import atexit
import errno
import os
import shutil
from pathlib import Path

import gi

import peers

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

os.environ.pop("LD_PRELOAD")  # for this program only

# Requests of usbdevfs, without direction and size.
SUBMIT, REAP, REAP_AT_ONCE, ASK_DRIVER, CLAIM = 0x550A, 0x550C, 0x550D, 0x5512, 0x551B
ANSWERS = {SUBMIT: errno.EIO, REAP: errno.EAGAIN, REAP_AT_ONCE: errno.EAGAIN, ASK_DRIVER: errno.ENODATA}
PARENT = "/devices/pci0000:00/0000:00:14.0"


def le16(value):
    return bytes([value & 0xFF, value >> 8])


class Bus:
    """One in a program: libusb listens where the first one is."""

    def __init__(self):
        if "libumockdev-preload" not in Path("/proc/self/maps").read_text():
            raise peers.Missing("umockdev's library is not preloaded (package umockdev); scripts/test installs it")
        self.testbed, self.handlers = UMockdev.Testbed.new(), {}
        # Its own end does so, which does not come when Python ends.
        atexit.register(shutil.rmtree, self.testbed.get_root_dir(), ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for port in list(self.handlers):
            self.unplug(port)

    def plug(self, port, address, name=("Acme", "Stick"), ids=(0x1234, 0x5678, 0x0102), kind=(0, 0, 0),
             interfaces=((8, 6, 0x50),), stubborn=False):
        """Another device at bus 1. A stubborn one cannot be claimed: drivers of the system keep it."""
        node = f"bus/usb/001/{address:03}"
        descriptors = bytes([18, 1, 0, 2, *kind, 64]) + b"".join(map(le16, ids)) + bytes([1, 2, 0, 1])
        descriptors += bytes([9, 2]) + le16(9 + 9 * len(interfaces)) + bytes([len(interfaces), 1, 0, 0x80, 50])
        for number, interface in enumerate(interfaces):
            descriptors += bytes([9, 4, number, 0, 0, *interface, 0])
        texts = "".join(f"A: {key}={text}\\n\n" for key, text in zip(("manufacturer", "product"), name) if text)
        self.testbed.add_from_string(
            f"P: {PARENT}/usb1/1-{port}\nN: {node}={descriptors.hex().upper()}\n"
            f"E: DEVNAME=/dev/{node}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
            f"E: BUSNUM=001\nE: DEVNUM={address:03}\nE: MAJOR=189\nE: MINOR={address - 1}\nA: busnum=1\\n\n"
            f"A: devnum={address}\\n\nA: speed=480\\n\nA: bConfigurationValue=1\\n\n{texts}"
            f"H: descriptors={descriptors.hex().upper()}\n")
        handler = UMockdev.IoctlBase()
        handler.connect("handle-ioctl", self.answer, stubborn)
        self.testbed.attach_ioctl(f"/dev/{node}", handler)
        self.handlers[port] = (handler, f"/dev/{node}")

    @staticmethod
    def answer(_handler, client, stubborn):
        request = client.get_request() & 0xFFFF
        error = errno.EBUSY if stubborn and request == CLAIM else ANSWERS.get(request, 0)
        client.complete(-1 if error else 0, error)
        return True

    def unplug(self, port):
        path = f"/sys{PARENT}/usb1/1-{port}"
        self.testbed.uevent(path, "remove")
        self.testbed.detach_ioctl(self.handlers.pop(port)[1])
        self.testbed.remove_device(path)
