#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What of the public interface has no text: undocumented.py FILE.gir LIBRARY-FOLDER. Classes, functions, methods, signals and
the rest by the comments in the sources; properties by those, or by the description they carry at run time."""

import ctypes
import pathlib
import sys
import xml.etree.ElementTree as ET

CORE = '{http://www.gtk.org/introspection/core/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
OUTER = ('class', 'interface', 'record', 'enumeration', 'bitfield', 'function', 'callback')
INNER = ('constructor', 'method', 'function', 'signal', 'property')


def tag(element):
    return element.tag.replace(CORE, '').replace(GLIB, '')


def has_text(element):
    docs = [element.find(f'{CORE}{name}') for name in ('doc', 'doc-deprecated')]
    return any(doc is not None and len((doc.text or '').split()) > 1 for doc in docs)


class Library:
    """Asks the library itself for what its properties say."""

    def __init__(self, folder):
        self.gobject = ctypes.CDLL('libgobject-2.0.so.0')
        self.own = ctypes.CDLL(str(folder / 'libspice-client-glib-2.0.so.8'))
        for name, result, arguments in (
                ('g_type_class_ref', ctypes.c_void_p, [ctypes.c_size_t]),
                ('g_object_class_find_property', ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
                ('g_param_spec_get_blurb', ctypes.c_char_p, [ctypes.c_void_p])):
            function = getattr(self.gobject, name)
            function.restype, function.argtypes = result, arguments

    def describes(self, get_type, name):
        function = getattr(self.own, get_type)
        function.restype = ctypes.c_size_t
        spec = self.gobject.g_object_class_find_property(self.gobject.g_type_class_ref(function()), name.encode())
        return spec and self.gobject.g_param_spec_get_blurb(spec) not in (None, b'', name.encode())


def undocumented(gir, library):
    for outer in ET.parse(gir).getroot().find(f'{CORE}namespace'):
        if tag(outer) not in OUTER or outer.get(f'{GLIB}is-gtype-struct-for'):
            continue
        if tag(outer) == 'record' and (outer.get('opaque') or outer.get('disguised') or outer.get('name').endswith('Private')):
            continue  # nobody looks inside
        name = outer.get('name')
        if not has_text(outer):
            yield f'{tag(outer)} {name}'
        for inner in outer:
            if tag(inner) not in INNER or has_text(inner):
                continue
            get_type = outer.get(f'{GLIB}get-type')
            if tag(inner) == 'property' and library.describes(get_type, inner.get('name')):
                continue
            yield f'{tag(inner)} {name}.{inner.get("name")}'


def main():
    missing = list(undocumented(sys.argv[1], Library(pathlib.Path(sys.argv[2]))))
    print(*missing, f'{len(missing)} without a text', sep='\n')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
