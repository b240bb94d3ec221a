# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client in Python, on the installed introspection data, that tells the guest the size of its monitor in pixels and in
millimetres: sizer.py URI WIDTH HEIGHT MM-WIDTH MM-HEIGHT. Runs until the connection ends."""
import sys

import gi

gi.require_version("SpiceClientGLib", "2.0")
from gi.repository import GLib, GObject, SpiceClientGLib  # noqa: E402

MONITORS_CONFIG = 1  # a capability of agents
width, height, mm_width, mm_height = map(int, sys.argv[2:6])
loop = GLib.MainLoop()


def tell(channel):
    if channel.agent_test_capability(MONITORS_CONFIG):
        print("told", flush=True)
        channel.update_display_enabled(0, True, False)
        channel.update_display_mm(0, mm_width, mm_height, False)
        channel.update_display(0, 0, 0, width, height, True)


def ended(channel, event):
    if event != SpiceClientGLib.ChannelEvent.OPENED:
        loop.quit()


def channel_new(session, channel):
    if isinstance(channel, SpiceClientGLib.MainChannel):
        channel.connect_after("main-agent-update", tell)
        channel.connect_after("channel-event", ended)
    elif isinstance(channel, SpiceClientGLib.DisplayChannel):
        channel.connect()


session = SpiceClientGLib.Session(uri=sys.argv[1])
GObject.Object.connect(session, "channel-new", channel_new)
session.connect()
loop.run()
