#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the source against the layer rules: check-layers.py [ROOT]. Exit 1 and a line per breach."""

import pathlib
import re
import sys

from layers import MAY_USE, PURE, TOOLS_MAY_USE

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
IMPURE_HEADER = re.compile(r'^(gio/|gobject/|glib-object\.h|glib-unix\.h)')
IMPURE_WORD = re.compile(r'\b(g_object_\w+|g_signal_\w+|g_type_\w+|g_main_\w+|g_idle_\w+|g_timeout_\w+|g_source_\w+'
                         r'|GSource|GMainContext|GMainLoop|GObject)\b')
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.S)


def layer_of(include):
    head, sep, _ = include.partition('/')
    return head if sep and head in MAY_USE else None


def breaches(text, layer, pure):
    """What in this text the layer (None: a user of the public API alone) may not have."""
    allowed = TOOLS_MAY_USE if layer == 'tools' else [layer] + MAY_USE[layer] if layer else []
    for include in INCLUDE.findall(text):
        target = layer_of(include)
        if target and target not in allowed:
            yield f'may not include "{include}"'
        if pure and IMPURE_HEADER.match(include):
            yield f'knows no GObject and no main loop, but includes <{include}>'
    if pure:
        for word in sorted(set(IMPURE_WORD.findall(COMMENT.sub('', text)))):
            yield f'knows no GObject and no main loop, but uses {word}'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve()
    folders = [(root / 'src' / layer, layer, layer in PURE) for layer in MAY_USE]
    folders += [(root / 'tests' / 'unit' / layer, layer, False) for layer in MAY_USE]
    folders += [(root / 'tools', 'tools', False)]
    folders += [(root / name, None, False) for name in ('demo', 'examples')]
    problems = checked = 0
    for folder, layer, pure in folders:
        for path in sorted(folder.rglob('*.[ch]')):
            checked += 1
            for breach in breaches(path.read_text(encoding='utf-8'), layer, pure):
                print(f'{path.relative_to(root)}: {layer or "stands on the public API and"} {breach}')
                problems += 1
    print(f'{checked} files checked, {problems} breaches')
    return 1 if problems or not checked else 0


if __name__ == '__main__':
    sys.exit(main())
