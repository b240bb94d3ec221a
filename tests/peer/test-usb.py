# SPDX-License-Identifier: LGPL-2.1-or-later
"""Emulated CD drives and disks in a real machine: its firmware starts from them and reads them whole. By way of the
introspection data, as programs in Python use it."""
import os
import sys
import tempfile

import tap
import usbmedia
from usbclient import Client, GLib, Machine, Spice
from usbmedia import Medium


def start_from(content, expected, suffix, **disk):
    with Medium(content, suffix) as medium, Machine() as machine:
        client = Client(machine.uri)
        device = client.add(medium.path, **disk)
        client.open()
        tap.equal(client.connect_device(device), (True, None))
        tap.equal(client.manager.props.free_channels, 1)
        machine.qmp.run("cont")
        client.wait(machine.first_line, "the sum that the guest computes")
        tap.equal(machine.first_line(), expected)
        client.close()
        tap.true(not client.manager.is_device_connected(device), "disconnected")
        tap.equal(len(client.devices()), 1, "devices still listed")


@tap.test("a machine starts from a shared CD and reads it whole")
def boots_from_cd():
    start_from(*usbmedia.cd(300), ".iso")


@tap.test("a machine starts from a shared disk and reads it whole")
def boots_from_disk():
    start_from(*usbmedia.disk(2016), ".img", writable=False)


@tap.test("V1, V2, V3: the manager is one, tells of devices later, and has its defaults")
def manager():
    client = Client()
    tap.true(Spice.UsbDeviceManager.get(client.session) is client.manager, "the same manager")
    tap.true(Spice.UsbDeviceManager.get(Spice.Session()) is not client.manager, "another session's manager")
    tap.equal(client.manager.props.auto_connect, False)
    client.manager.props.auto_connect = True
    tap.equal(client.manager.props.auto_connect, True)
    tap.equal(client.manager.props.auto_connect_filter, "0x03,-1,-1,-1,0|-1,-1,-1,-1,1")
    tap.equal(client.manager.props.redirect_on_connect, None)
    tap.equal(client.manager.props.free_channels, 0)
    client.manager.props.auto_connect_filter = "garbage"
    tap.equal(client.manager.props.auto_connect_filter, "0x03,-1,-1,-1,0|-1,-1,-1,-1,1")


@tap.test("V12, V13: filters choose devices")
def filters():
    with Medium(bytes(4096), ".iso") as medium:
        client = Client()
        client.add(medium.path)
        for text, n in (("-1,-1,-1,-1,1", 1), ("0x08,-1,-1,-1,1", 1), ("0x03,-1,-1,-1,1", 0), ("8,0x2b23,-1,-1,1", 1),
                        ("8,-1,-1,-1,0|-1,-1,-1,-1,1", 0)):
            tap.equal(len(client.devices(text)), n, text)


FORMATS = {"%2$s|": "SPICE CD (x.iso)|", "%s%s|": "SPICE CD (x.iso)|", "%3$s": "[2b23:cdcd]", "%3$14s|": "   [2b23:cdcd]|",
           "%3$-14s|": "[2b23:cdcd]   |", "%3$.3s|": "[2b|", "%3$-5.3s|": "[2b  |", "%5$3d|": "  2|", "%5$-3d|": "2  |",
           "%5$03d|": "002|", "%4$d-%5$u": "65535-2", "%s %s %s at %d-%d": " SPICE CD (x.iso) [2b23:cdcd] at 65535-2",
           "100 %%": "100 %", "%6$s|": "%6$s|", "%4$s|": "%4$s|", "%2$d|": "%2$d|", "%": "%", "a%n|": "a%n|"}


@tap.test("a description has the form that the program asks for, and nothing but what there is")
def descriptions():
    with tempfile.TemporaryDirectory(prefix="caraway-usb-") as folder:
        path = os.path.join(folder, "x.iso")
        with open(path, "wb") as file:
            file.write(bytes(4096))
        device = Client().add(path)
        for text, described in FORMATS.items():
            tap.equal(device.get_description(text), described, text)


@tap.test("V4, V7: what stands against a device is told in order, and the device stays")
def refusals():
    with Medium(bytes(4096), ".iso") as medium:
        client = Client()
        device = client.add(medium.path)

        def reason():
            try:
                return client.manager.can_redirect_device(device)
            except GLib.Error as error:
                return error.message
        client.session.props.enable_usbredir = False
        off = reason()
        client.session.props.enable_usbredir = True
        without = reason()
        tap.true(off and without and off != without, f"two reasons: {off}, {without}")
        result, message = client.connect_device(device)
        tap.equal(result, None)
        tap.true(message, "a reason")
        tap.equal(len(client.devices()), 1, "devices still listed")
        result, message = client.disconnect_device(device)
        tap.equal(result, None)
        for path, part in (("/no/such.iso", "/no/such.iso"), ("/dev/null", "/dev/null")):
            try:
                client.manager.create_shared_cd_device(path)
                raise AssertionError(f"{path} was taken")
            except GLib.Error as error:
                tap.true(part in error.message, f"names the file: {error.message}")
        with open("/dev/null") as file:
            try:
                client.manager.allocate_device_for_file_descriptor(file.fileno())
                raise AssertionError("no device was taken for one")
            except GLib.Error as error:
                tap.true(error.message, "a reason")


@tap.test("V5, V6, V8, V9: a shared CD is connected with the session, and stays when it ends")
def redirect_on_connect():
    with Medium(usbmedia.cd(4)[0], ".iso") as medium, Machine() as machine:
        client = Client(machine.uri)
        device = client.add(medium.path)
        name = f"SPICE CD ({os.path.basename(medium.path)})"
        tap.equal(device.get_description(None), f" {name} [2b23:cdcd] at 65535-2")
        tap.true(client.manager.is_device_shared_cd(device), "a shared CD")
        tap.true(not device.get_libusb_device(), "no real device")
        client.manager.props.redirect_on_connect = "-1,-1,-1,-1,1"
        client.session.connect()
        client.wait(lambda: client.manager.props.free_channels == 1 and client.manager.is_device_connected(device),
                    "the CD to be connected")
        tap.equal(client.manager.can_redirect_device(device), True)
        client.close()
        tap.true(not client.manager.is_device_connected(device), "not connected")
        tap.equal(client.log, [("device-added", name), ("disconnected",)])


@tap.test("three CDs, two channels: the third finds none free; disconnecting takes a CD away")
def three_cds():
    with Medium(bytes(4096), ".iso") as medium, Machine() as machine:
        client = Client(machine.uri)
        devices = [client.add(medium.path) for _ in range(3)]
        client.open()
        tap.equal([client.connect_device(device)[0] for device in devices], [True, True, None])
        tap.equal(len(client.devices()), 3)
        tap.equal(client.connect_device(devices[0])[0], None)
        tap.true(client.manager.is_device_connected(devices[0]), "connected still")
        tap.equal(client.disconnect_device(devices[0]), (True, None))
        client.wait(lambda: len(client.devices()) == 2, "the CD to go")
        tap.equal(client.manager.props.free_channels, 1)
        client.manager.disconnect_device(devices[1])
        tap.equal(client.manager.props.free_channels, 2)
        client.close()


@tap.test("with auto-connect a new CD is connected before it is told of, unless a filter refuses it")
def auto_connect():
    with Medium(bytes(4096), ".iso") as medium, Machine() as machine:
        client = Client(machine.uri)
        client.open()
        connected = []
        client.manager.connect("device-added", lambda manager, device: connected.append(manager.is_device_connected(device)))
        client.manager.props.auto_connect = True
        client.add(medium.path)
        client.manager.props.auto_connect_filter = "-1,-1,-1,-1,0"
        client.add(medium.path)
        tap.equal(connected, [True, False])
        client.close()


@tap.test("the application ejects a CD and puts it in again")
def eject():
    with Medium(bytes(4096), ".iso") as medium:
        client = Client()
        device = client.add(medium.path)
        tap.equal(client.manager.set_medium_loaded(device, False), True)
        tap.equal(client.manager.set_medium_loaded(device, False), True)
        tap.equal(client.manager.set_medium_loaded(device, True), True)


if __name__ == "__main__":
    sys.exit(tap.main(*sys.argv[1:2]))
