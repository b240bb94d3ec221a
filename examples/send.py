#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends files to the guest and shows the progress: send.py URI FILE…"""

import sys

import gi

gi.require_version('SpiceClientGLib', '2.0')
from gi.repository import Gio, GLib, GObject, SpiceClientGLib


def main(uri, paths):
    loop = GLib.MainLoop()
    session = SpiceClientGLib.Session(uri=uri)
    status, begun = 1, False

    def on_finished(task, error):
        print(f'{task.get_filename()}: {error.message if error else "sent"}')

    def on_progress(current, total, *_):
        print(f'{current} of {total} bytes')

    def on_new_task(channel, task):
        GObject.GObject.connect(task, 'finished', on_finished)

    def on_sent(channel, result):
        nonlocal status
        try:
            channel.file_copy_finish(result)
            status = 0
        except GLib.Error as error:
            print(error.message, file=sys.stderr)
        loop.quit()

    def on_agent_update(channel):
        nonlocal begun
        # Files can be sent once the agent has told what it can do.
        if channel.props.agent_caps_0 and not begun:
            begun = True
            channel.file_copy_async([Gio.File.new_for_path(path) for path in paths], Gio.FileCopyFlags.NONE, None,
                                    on_progress, (), on_sent)  # () is for on_progress: its own arguments

    def on_event(channel, event):
        if event != SpiceClientGLib.ChannelEvent.OPENED:
            print(f'the connection ended: {event.value_nick}', file=sys.stderr)
            loop.quit()

    def on_channel_new(_, channel):
        if isinstance(channel, SpiceClientGLib.MainChannel):
            GObject.GObject.connect(channel, 'channel-event', on_event)
            GObject.GObject.connect(channel, 'main-agent-update', on_agent_update)
            GObject.GObject.connect(channel, 'new-file-transfer', on_new_task)

    GObject.GObject.connect(session, 'channel-new', on_channel_new)
    session.connect()
    loop.run()
    session.disconnect()
    return status


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit('usage: send.py URI FILE…')
    sys.exit(main(sys.argv[1], sys.argv[2:]))
