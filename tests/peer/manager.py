# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client in Python on the installed introspection data, connecting as a virtual machine manager does: it opens the sockets
of all channels itself. Prints what it hears; ends when the main channel does."""
import socket
import sys

import gi

gi.require_version("SpiceClientGLib", "2.0")
from gi.repository import GLib, GObject, SpiceClientGLib  # noqa: E402


def say(*words):
    print(*words, flush=True)


class Manager:
    def __init__(self, port):
        self.address, self.loop = ("127.0.0.1", port), GLib.MainLoop()
        self.session = SpiceClientGLib.Session.new()
        # A session's own connect () and disconnect () hide those for signals.
        GObject.Object.connect(self.session, "channel-new", self.channel_new)
        GObject.Object.connect(self.session, "channel-destroy", self.channel_destroy)

    def open(self):
        return socket.create_connection(self.address).detach()

    def channel_destroy(self, session, channel):
        say("destroy", type(channel).__name__)
        if isinstance(channel, SpiceClientGLib.MainChannel):
            self.loop.quit()

    def main_event(self, channel, event):
        say("main", event.value_nick)
        if event == SpiceClientGLib.ChannelEvent.CLOSED:
            self.session.disconnect()

    def channel_new(self, session, channel):
        say("new", type(channel).__name__, channel.get_property("channel-id"))
        channel.connect_after("open-fd", lambda channel, tls: channel.open_fd(self.open()))
        if isinstance(channel, SpiceClientGLib.MainChannel):
            channel.connect_after("channel-event", self.main_event)
            channel.connect_after("notify::mouse-mode", lambda *a: say("mouse-mode", channel.get_property("mouse-mode")))
        if isinstance(channel, SpiceClientGLib.DisplayChannel):
            channel.connect_after("display-primary-create", lambda channel, form, width, height, *rest:
                                  say("primary", width, height))
            channel.connect_after("display-mark", lambda channel, mark: say("mark", mark))
            channel.connect()
        if isinstance(channel, SpiceClientGLib.InputsChannel):
            channel.connect()


manager = Manager(int(sys.argv[1]))
if not manager.session.open_fd(manager.open()):
    sys.exit(1)
with open("/proc/self/maps", encoding="ascii") as maps:
    say("library", {line.split()[-1] for line in maps if "libspice-client-glib-2.0" in line}.pop())
manager.loop.run()
