#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser without anything around the page: browser.py TITLE FILE; the window gets its title when the page is whole."""
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402


def main():
    title, path = sys.argv[1:]
    window = Gtk.Window(title="loading", default_width=1000, default_height=760)
    view = WebKit2.WebView()
    view.get_settings().set_hardware_acceleration_policy(WebKit2.HardwareAccelerationPolicy.NEVER)
    window.add(view)

    def loaded(view, event):
        if event == WebKit2.LoadEvent.FINISHED:
            window.set_title(title)

    view.connect("load-changed", loaded)
    view.load_uri(f"file://{path}")
    window.show_all()
    Gtk.main()


main()
