# SPDX-License-Identifier: LGPL-2.1-or-later
"""The layers of src/, lowest first, and what each may use. ARCHITECTURE.md explains them; the checks read them here."""

# layer: the layers it may include and link besides itself
MAY_USE = {
    'base': [],
    'wire': ['base'],
    'link': ['base', 'wire'],
    'codec': ['base'],
    'canvas': ['base'],
    'render': ['base', 'wire', 'codec', 'canvas'],
    'recording': ['base', 'wire', 'link'],
    'transport': ['base', 'wire', 'link'],
    'channel': ['base', 'wire', 'link', 'codec', 'canvas', 'render', 'recording', 'transport'],
    'session': ['base', 'wire', 'link', 'codec', 'canvas', 'render', 'recording', 'transport', 'channel'],
    'feature': ['base', 'wire', 'link', 'codec', 'canvas', 'render', 'recording', 'transport', 'channel', 'session'],
}

# These know no GObject, no GIO and no main loop, so that they are built, tested, fuzzed and measured alone.
PURE = ['base', 'wire', 'link', 'codec', 'canvas', 'render', 'recording']

# The command stands on the installed headers; what is below is for its commands about recordings.
TOOLS_MAY_USE = ['recording']
