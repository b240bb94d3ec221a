#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A page of text and photographs that scrolls to its end and back, as a browser's does: page.py PHOTO…"""
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

STEP, EVERY_MS = 120, 25  # pixels, as of a wheel
WORDS = ("protocol", "display", "keyboard", "machine", "network", "picture", "window", "pointer", "channel", "sound")


def paragraph(seed):
    return " ".join(WORDS[(seed * 7 + i * i + i * seed) % len(WORDS)] for i in range(120)).capitalize() + "."


def page(photos):
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=16, margin=24)
    for i, photo in enumerate(photos):
        text = Gtk.Label(label=paragraph(i), wrap=True, xalign=0, max_width_chars=90)
        box.pack_start(text, False, False, 0)
        box.pack_start(Gtk.Image.new_from_file(photo), False, False, 0)
    return box


def main():
    window = Gtk.Window(title="page")
    scrolled = Gtk.ScrolledWindow(overlay_scrolling=False)
    scrolled.add(page(sys.argv[1:]))
    window.add(scrolled)
    screen = Gdk.Display.get_default().get_monitor(0).get_geometry()
    window.set_default_size(screen.width, screen.height)  # there is no window manager to make it fill the screen
    window.show_all()
    where = scrolled.get_vadjustment()
    way = [STEP]

    def scroll():
        end = where.get_upper() - where.get_page_size()
        if way[0] > 0 and where.get_value() >= end > 0:
            way[0] = -STEP
        elif way[0] < 0 and where.get_value() <= 0:
            Gtk.main_quit()
            return False
        where.set_value(where.get_value() + way[0])
        return True

    GLib.timeout_add(EVERY_MS, scroll)
    Gtk.main()


main()
