#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the texts of the public interface lack: undocumented.py FILE.gir. Everything has a text; that of a class says in which
thread it is used; that of a function that throws says which errors there are, and what it returns then."""

import re
import sys
import xml.etree.ElementTree as ET

CORE = '{http://www.gtk.org/introspection/core/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
OUTER = ('class', 'interface', 'record', 'enumeration', 'bitfield', 'function', 'callback')
INNER = ('constructor', 'method', 'function', 'signal', 'property')
THREAD = re.compile(r'\bthreads?\b')
ERRORS = re.compile(r'\b(G|SPICE)_\w*ERROR\w*|#G\w+Error\b')
FAILED = re.compile(r'%FALSE|%NULL|-1')


def tag(element):
    return element.tag.replace(CORE, '').replace(GLIB, '')


def text_of(element):
    docs = [element.find(f'{CORE}{name}') for name in ('doc', 'doc-deprecated')]
    return ' '.join(doc.text or '' for doc in docs if doc is not None)


def all_of(function):
    """With its parameters and what it returns."""
    return ' '.join(doc.text or '' for doc in function.iter(f'{CORE}doc'))


def lacks(element):
    """What the text of one thing should have and has not."""
    text = text_of(element)
    if len(text.split()) < 2:
        return ['a text']
    lacking = []
    if tag(element) in ('class', 'interface') and not THREAD.search(text):
        lacking.append('a word on threads')
    if element.get('throws') == '1':
        if not ERRORS.search(all_of(element)):
            lacking.append('a word on errors')
        if not FAILED.search(text_of(element.find(f'{CORE}return-value'))):
            lacking.append('what it returns on failure')
    return lacking


def undocumented(gir):
    for outer in ET.parse(gir).getroot().find(f'{CORE}namespace'):
        if tag(outer) not in OUTER or outer.get(f'{GLIB}is-gtype-struct-for'):
            continue
        # Inside of those nobody looks; what takes them is as public as anything.
        hidden = outer.get('opaque') or outer.get('disguised') or outer.get('name').endswith('Private')
        for element in [*([] if tag(outer) == 'record' and hidden else [outer]),
                        *(inner for inner in outer if tag(inner) in INNER)]:
            name = outer.get('name') + ('' if element is outer else '.' + element.get('name'))
            yield from (f'{tag(element)} {name} lacks {what}' for what in lacks(element))


def main():
    missing = list(undocumented(sys.argv[1]))
    print(*missing, f'{len(missing)} texts to write', sep='\n')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
