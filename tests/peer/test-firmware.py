# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU's firmware screen: the screenshot is what QMP's screendump shows, and typed keys arrive."""
import argparse
import sys

import clients
import peers
import pictures
import tap

client = None


def same_as_screendump(machine):
    machine.wait_text()
    # The firmware's cursor blinks: a picture from either side of a blink is right.
    trouble = None

    def same():
        nonlocal trouble
        before, shot, after = machine.truth(), client.screenshot(machine.uri, stable=100), machine.truth()
        trouble = pictures.difference(shot, before)
        return trouble is None or pictures.difference(shot, after) is None
    try:
        peers.wait_until(same, "the screenshot to be the screendump")
    except peers.Failed:
        raise AssertionError(trouble) from None


@tap.cases("-vga {0[0]}, compression {0[1]}: the screenshot is the screendump",
           [("qxl", "off"), ("qxl", "auto_glz"), ("std", "quic"), ("std", "lz"), ("std", "glz"), ("std", "auto_lz")])
def firmware(case):
    with peers.Qemu(vga=case[0], compression=case[1]) as machine:
        same_as_screendump(machine)


@tap.test("over a unix socket the screenshot is the screendump, too")
def firmware_unix():
    with peers.Qemu(unix=True) as machine:
        same_as_screendump(machine)


def typed():
    with peers.Qemu(extra=["-boot", "menu=on,splash-time=60000"]) as machine:
        before = machine.wait_text()
        client.run("key", machine.uri, "escape")
        peers.wait_until(lambda: pictures.difference(machine.truth(), before) is not None and
                         machine.truth().colors() > 1, "the firmware to answer the key")
        same_as_screendump(machine)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--caraway", help="the command; without it, the unmodified spicy-screenshot")
    parser.add_argument("--library", help="folder of the client library that spicy-screenshot is to load")
    parser.add_argument("--only")
    options = parser.parse_args()
    client = clients.Caraway(options.caraway) if options.caraway else clients.Spicy(options.library)
    if options.caraway:  # spicy-screenshot cannot type
        tap.test("typed keys reach the machine: Escape opens the firmware's boot menu")(typed)
    sys.exit(tap.main(options.only, jobs=2))
