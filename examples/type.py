#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Presses and releases one key of a virtual machine: type.py URI SCANCODE (30 is "a", 28 is Enter)."""

import sys

import gi

gi.require_version('SpiceClientGLib', '2.0')
from gi.repository import GLib, GObject, SpiceClientGLib

TYPE_INPUTS = 3


def main(uri, scancode):
    loop = GLib.MainLoop()
    session = SpiceClientGLib.Session(uri=uri)
    status = 1

    def on_event(channel, event):
        nonlocal status
        if event != SpiceClientGLib.ChannelEvent.OPENED:
            print(f'the connection ended: {event.value_nick}', file=sys.stderr)
            loop.quit()
        elif channel.props.channel_type == TYPE_INPUTS:
            channel.key_press_and_release(scancode)
            channel.flush_async(None, on_flushed)

    def on_flushed(channel, result):
        nonlocal status
        status = 0 if channel.flush_finish(result) else 1
        loop.quit()

    def on_channel_new(_, channel):
        # SpiceClientGLib has connect() methods of its own; signals go through GObject's.
        GObject.GObject.connect(channel, 'channel-event', on_event)
        if channel.props.channel_type == TYPE_INPUTS:
            channel.connect()

    GObject.GObject.connect(session, 'channel-new', on_channel_new)
    session.connect()
    loop.run()
    session.disconnect()
    return status


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit('usage: type.py URI SCANCODE')
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
