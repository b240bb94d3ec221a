#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets the guest paste a text, and prints the first text that is copied there: clipboard.py URI TEXT"""

import sys

import gi

gi.require_version('SpiceClientGLib', '2.0')
from gi.repository import GLib, GObject, SpiceClientGLib

UTF8_TEXT, CLIPBOARD = 1, 0
CAP_BY_DEMAND = 5


def main(uri, text):
    loop = GLib.MainLoop()
    session = SpiceClientGLib.Session(uri=uri)
    status = 1

    def on_agent_update(channel):
        if channel.agent_test_capability(CAP_BY_DEMAND):
            channel.clipboard_selection_grab(CLIPBOARD, [UTF8_TEXT])

    def on_request(channel, selection, kind):
        print('the guest pastes')
        channel.clipboard_selection_notify(selection, kind, text.encode() if kind == UTF8_TEXT else b'')
        return True

    def on_grab(channel, selection, types, *_):
        if UTF8_TEXT in types:
            channel.clipboard_selection_request(selection, UTF8_TEXT)
        return True

    def on_content(channel, selection, kind, content, *_):
        nonlocal status
        print(f'the guest copied: {bytes(content).decode()}')
        status = 0
        loop.quit()

    def on_event(channel, event):
        if event != SpiceClientGLib.ChannelEvent.OPENED:
            print(f'the connection ended: {event.value_nick}', file=sys.stderr)
            loop.quit()

    def on_channel_new(_, channel):
        if isinstance(channel, SpiceClientGLib.MainChannel):
            GObject.GObject.connect(channel, 'channel-event', on_event)
            GObject.GObject.connect(channel, 'main-agent-update', on_agent_update)
            GObject.GObject.connect(channel, 'main-clipboard-selection-request', on_request)
            GObject.GObject.connect(channel, 'main-clipboard-selection-grab', on_grab)
            GObject.GObject.connect(channel, 'main-clipboard-selection', on_content)

    GObject.GObject.connect(session, 'channel-new', on_channel_new)
    session.connect()
    loop.run()
    session.disconnect()
    return status


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit('usage: clipboard.py URI TEXT')
    sys.exit(main(sys.argv[1], sys.argv[2]))
