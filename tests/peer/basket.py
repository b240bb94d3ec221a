# SPDX-License-Identifier: LGPL-2.1-or-later
"""A window that files are dragged out of, as from a file manager: basket.py TITLE FILE…. Prints what becomes of a drag: begun,
welcome or unwelcome where the pointer is, delivered, ended."""
import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402


def say(word):
    print(word, flush=True)


def begun(window, context):
    say("begun")
    context.connect("action-changed", lambda context, action: say("welcome" if action else "unwelcome"))


def wanted(window, context, data, *rest):
    data.set_uris([Path(name).resolve().as_uri() for name in sys.argv[2:]])
    say("delivered")


window = Gtk.Window(title=sys.argv[1])
window.set_default_size(120, 120)
window.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
window.drag_source_add_uri_targets()
window.connect("drag-begin", begun)
window.connect("drag-data-get", wanted)
window.connect("drag-end", lambda window, context: say("ended"))
window.connect("destroy", Gtk.main_quit)
window.show_all()
Gtk.main()
