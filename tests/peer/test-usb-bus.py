# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices of the user's machine: listed, coming and going, and given to a real machine, whose word on them counts."""
import os
import sys

import tap
from hostile import spice, usb
from hostile.server import Heard, HostileServer, Wait
from usbbus import Bus
from usbclient import Client, GLib, Machine, Spice

NAME = "Acme Stick [1234:5678] at 1-4"
NOTHING, FAST = "Speed 1.5 Mb/s", "Speed 480 Mb/s"


bus = Bus()


def shown(client):
    return [device.get_description(None) for device in client.manager.get_devices()]


def guest_sees(client, machine, speed, count=1):
    """Until the guest has so many devices of that speed in its two sockets."""
    client.wait(lambda: machine.qmp.run("human-monitor-command", **{"command-line": "info usb"}).count(speed) == count,
                f"{count} devices in the guest, {speed}")


@tap.test("all but hubs are listed, with their names, or as what they are; filters know all their numbers")
def listed():
    with bus:
        bus.plug(2, 4)
        bus.plug(3, 5, ("Acme", "Hub"), kind=(9, 0, 1))
        bus.plug(4, 6, ("Acme", None), (0x4321, 0x8765, 0x0210), interfaces=((3, 1, 2), (8, 6, 0x50)))
        bus.plug(5, 7, (None, "Webcam"), (1, 2, 3), (0xEF, 2, 1), ((0x0E, 1, 0), (0x0E, 2, 0)))
        client = Client()
        client.wait(lambda: len(client.log) == 3, "three devices")
        names = [NAME, "Acme USB device [4321:8765] at 1-6", " Webcam [0001:0002] at 1-7"]
        tap.equal(sorted(shown(client), key=lambda name: name[-1]), names)
        for text, found in (("-1,0x1234,-1,-1,1", [0]), ("-1,-1,0x8765,-1,1", [1]), ("-1,-1,-1,0x0003,1", [2]),
                            ("0x03,-1,-1,-1,1|-1,-1,-1,-1,0", []), ("0x08,-1,-1,-1,1", [0]),
                            ("0x0e,-1,-1,-1,1|0xef,-1,-1,-1,1", [2]), ("-1,-1,-1,-1,1", [0, 1, 2]),
                            ("0x03,-1,-1,-1,0|-1,-1,-1,-1,1", [0, 2])):
            devices = client.manager.get_devices_with_filter(text)
            tap.equal(sorted((device.get_description(None) for device in devices), key=lambda name: name[-1]),
                      [names[i] for i in found], text)


@tap.test("what is plugged in is told of once, and what is pulled out is gone")
def coming_and_going():
    with bus:
        bus.plug(2, 4)
        client = Client()
        client.wait(lambda: client.log, "the first device")
        bus.plug(3, 5, ("Acme", "Disc"))
        client.wait(lambda: len(client.log) == 2, "the second device")
        bus.unplug(2)
        client.wait(lambda: len(client.log) == 3, "the end of the first device")
        tap.equal(client.log, [("device-added", "Stick"), ("device-added", "Disc"), ("device-removed", "Stick")])
        tap.equal(shown(client), ["Acme Disc [1234:5678] at 1-5"])


@tap.test("a guest gets a device, loses it, and gets it again; pulled out, it is gone there, too")
def connected():
    with bus, Machine() as machine:
        bus.plug(2, 4)
        client = Client(machine.uri)
        client.open()
        client.wait(client.manager.get_devices, "the device")
        device = client.manager.get_devices()[0]
        machine.qmp.run("cont")
        for _ in range(2):
            tap.equal(client.connect_device(device), (True, None))
            tap.true(client.manager.is_device_connected(device), "not connected")
            tap.equal(client.manager.props.free_channels, 1)
            guest_sees(client, machine, FAST)
            tap.equal(client.disconnect_device(device), (True, None))
            guest_sees(client, machine, NOTHING, 2)
            tap.equal(client.manager.props.free_channels, 2)
        tap.equal(client.connect_device(device), (True, None))
        guest_sees(client, machine, FAST)
        bus.unplug(2)
        client.wait(lambda: ("device-removed", "Stick") in client.log, "the end of the device")
        guest_sees(client, machine, NOTHING, 2)
        tap.equal(client.manager.props.free_channels, 2)
        tap.equal(client.log, [("device-added", "Stick"), ("device-removed", "Stick")])
        client.close()


@tap.test("with auto-connect the guest gets what is plugged in, but no keyboards; the filter on connecting goes by itself")
def by_itself():
    with bus, Machine() as machine:
        bus.plug(2, 4)
        client = Client(machine.uri)
        client.wait(client.manager.get_devices, "the device")
        client.manager.props.redirect_on_connect = "-1,0x1234,-1,-1,1"
        client.manager.props.auto_connect = True
        client.session.connect()
        client.wait(lambda: client.manager.is_device_connected(client.manager.get_devices()[0]), "the first device")
        client.wait(lambda: client.manager.props.free_channels == 1, "the channels")
        bus.plug(3, 5, ("Acme", "Keyboard"), interfaces=((3, 1, 1),))
        bus.plug(4, 6, ("Acme", "Disc"))
        client.wait(lambda: len(client.manager.get_devices()) == 3, "three devices")
        machine.qmp.run("cont")
        guest_sees(client, machine, FAST, 2)
        tap.equal([client.manager.is_device_connected(device) for device in client.manager.get_devices()],
                  [True, False, True])
        client.close()


@tap.test("a device that the system does not let go of: the reason, and the channel is free again")
def stubborn():
    with bus, Machine() as machine:
        bus.plug(2, 4, stubborn=True)
        client = Client(machine.uri)
        client.open()
        client.wait(client.manager.get_devices, "the device")
        machine.qmp.run("cont")
        client.connect_device(client.manager.get_devices()[0])
        client.wait(lambda: client.manager.props.free_channels == 2, "the end")
        tap.equal(client.log[1:], [("device-error", "Stick", f"{NAME}: the system does not let go of the device")])
        tap.equal(shown(client), [NAME])
        client.close()


def with_guest(packets, code, message):
    """A guest says that, once it has the device; what the error is."""
    script = [Wait(101), *usb.data(usb.hello()), Heard(101, usb.packet(usb.CONNECT, bytes(10))[:8]), *usb.data(*packets)]
    with bus, HostileServer({spice.USBREDIR: script}, listed=((spice.USBREDIR, 0),)) as server:
        bus.plug(2, 4)
        client, errors = Client(server.uri), []
        client.manager.connect("device-error", lambda _, device, error: errors.append(error))
        client.session.connect()
        client.wait(lambda: client.manager.props.free_channels == 1 and client.manager.get_devices(), "device, channel")
        client.connect_device(client.manager.get_devices()[0])
        client.wait(lambda: errors, "the error")
        tap.true(errors[0].matches(GLib.quark_from_string("spice-client-error-quark"), code), errors[0])
        tap.equal(errors[0].message, f"{NAME}: {message}")
        client.wait(lambda: client.manager.props.free_channels == 1, "the channel to be free")
        client.close()


@tap.test("a guest that rejects a device, or sends nonsense to it: each with its reason")
def rejected():
    everything, nothing = usb.packet(usb.FILTER, b"-1,-1,-1,-1,1\0"), usb.packet(usb.FILTER, b"-1,-1,-1,-1,0\0")
    with_guest([everything, usb.packet(usb.FILTER_REJECT)], Spice.ClientError.USB_DEVICE_REJECTED, "rejected by the guest")
    with_guest([everything, nothing], Spice.ClientError.USB_DEVICE_REJECTED, "the guest does not take devices like this")
    with_guest([usb.packet(usb.CONTROL)], Spice.ClientError.FAILED, "the guest sent a damaged packet")


@tap.test("a descriptor of a device is one, which a guest gets like others")
def descriptor():
    with bus, Machine() as machine:
        bus.plug(2, 4)
        client = Client(machine.uri)
        client.open()
        fd = os.open("/dev/bus/usb/001/004", os.O_RDWR)
        device = client.manager.allocate_device_for_file_descriptor(fd)
        tap.true("[1234:5678]" in device.get_description(None), device.get_description(None))
        machine.qmp.run("cont")
        tap.equal(client.connect_device(device), (True, None))
        guest_sees(client, machine, FAST)
        tap.equal(client.disconnect_device(device), (True, None))
        client.close()
        os.close(fd)


if __name__ == "__main__":
    sys.exit(tap.main(*sys.argv[1:2]))
