#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the library against the description of the interface programs are compiled for (interface.py).

  compare.py symbols REFERENCE NOT_YET ADDITIONS LIBRARY   what the shared library exports, and with which version
  compare.py types REFERENCE NOT_YET ADDITIONS LIBRARY ABSENT...  registered types, their properties, signals and values,
                                                           of a library without these options
  compare.py source REFERENCE NOT_YET ADDITIONS OUT HEADER...  writes C that compiles only if the headers agree
  compare.py static LIBRARY...                             global names of static libraries

NOT_YET lists what does not exist so far: a name that has appeared, or that the reference does not know, is an error,
and so is anything missing that is not listed. ADDITIONS lists what exists beyond the reference, and all of it."""
import ctypes
import re
import subprocess
import sys

from interface import OWN_NODE, Interface

PREFIXES = ("cw_", "spice_")


class Report:
    def __init__(self, *lists):
        self.interface = Interface(*lists)
        self.reference = self.interface.reference
        self.problems = []

    def problem(self, text):
        self.problems.append(text)

    def presence(self, section, expected, found):
        """Names of a section: missing ones must be listed, listed ones must be missing, and what is found beyond the
        reference must be listed as added. Returns those to compare."""
        listed, added = self.interface.missing(section), self.interface.added(section)
        for name in sorted(listed - set(expected)):
            self.problem(f"not-yet: the reference has no {section} {name}")
        for name in sorted(listed & set(found)):
            self.problem(f"not-yet: {section} {name} has appeared; take it off the list")
        for name in sorted(set(expected) - set(found) - listed):
            self.problem(f"{section} {name} is missing")
        for name in sorted(set(found) - set(expected) - added):
            self.problem(f"{section} {name} is not in the reference")
        for name in sorted(added & set(expected)):
            self.problem(f"additions: {section} {name} is in the reference")
        for name in sorted(added - set(found)):
            self.problem(f"additions: {section} {name} is missing")
        return sorted(set(expected) & set(found))

    def equal(self, what, expected, found):
        if expected != found:
            self.problem(f"{what}: {found!r}, but the reference has {expected!r}")

    def finish(self, what, count):
        for text in self.problems:
            print(text, file=sys.stderr)
        print(f"{what}: {count} compared, {len(self.problems)} problems")
        return 1 if self.problems or count == 0 else 0


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout


def exported(library):
    found, nodes = {}, set()
    for line in output("readelf", "--dyn-syms", "--wide", library).splitlines():
        fields = line.split()
        if len(fields) < 8 or not fields[0].rstrip(":").isdigit() or fields[6] == "UND" or fields[4] == "LOCAL":
            continue
        name, _, version = fields[7].partition("@")
        if fields[6] == "ABS":
            nodes.add(name)
        else:
            found[name] = {"type": fields[3], "binding": fields[4], "visibility": fields[5],
                           "version": version.lstrip("@"), "default_version": version.startswith("@")}
    return found, nodes


def check_symbols(report, library):
    elf = report.reference["elf"]
    found, nodes = exported(library)
    common = report.presence("function", elf["symbols"], found)
    for name in common:
        report.equal(f"symbol {name}", elf["symbols"][name], found[name])
    for name in sorted(report.interface.added("function") & set(found)):
        report.equal(f"symbol {name} version", OWN_NODE, found[name]["version"])
    report.equal("version nodes", sorted(report.interface.nodes()), sorted(nodes))
    soname = re.search(r"\(SONAME\).*\[(.*)\]", output("readelf", "--dynamic", "--wide", library))
    report.equal("soname", elf["soname"], soname and soname.group(1))
    return report.finish("symbols", len(common))


def describe_property(pspec):
    names = ((1, "readable"), (2, "writable"), (4, "construct"), (8, "construct_only"), (1 << 31, "deprecated"))
    flags = int(pspec.flags) & 0xffffffff
    found = {"type": pspec.value_type.name, "pspec": pspec.__gtype__.name,
             "flags": [name for bit, name in names if flags & bit]}
    for limit in ("minimum", "maximum"):
        if hasattr(pspec, limit):
            found[limit] = getattr(pspec, limit)
    # The default of shared-dir is the user's.
    default = getattr(pspec, "default_value", None)
    if isinstance(default, (int, float, str)) and pspec.name != "shared-dir":
        found["default"] = int(default) if pspec.value_type.is_a("GEnum") or pspec.value_type.is_a("GFlags") else default
    return found


def describe_signal(GObject, gtype, name):
    query = GObject.signal_query(name, gtype)
    names = ((1, "run-first"), (2, "run-last"), (4, "run-cleanup"), (8, "no-recurse"), (16, "detailed"),
             (32, "action"), (64, "no-hooks"), (128, "must-collect"), (256, "deprecated"))
    return {"flags": [text for bit, text in names if int(query.signal_flags) & bit],
            "return": query.return_type.name, "parameters": [param.name for param in query.param_types]}


def compare_members(report, name, expected, gtype, GObject):
    properties = {pspec.name: pspec for pspec in GObject.list_properties(gtype) if pspec.owner_type == gtype}
    for key in report.presence(f"property {name}", expected["properties"], properties):
        want, found = expected["properties"][key], describe_property(properties[key])
        for part in found:
            if part in want:
                report.equal(f"property {name}:{key} {part}", want[part], found[part])
    signals = GObject.signal_list_names(gtype)
    for key in report.presence(f"signal {name}", expected["signals"], signals):
        want, found = expected["signals"][key], describe_signal(GObject, gtype, key)
        for part in found:
            report.equal(f"signal {name}::{key} {part}", want[part], found[part])


class TypeQuery(ctypes.Structure):
    _fields_ = [("type", ctypes.c_size_t), ("name", ctypes.c_char_p), ("class_size", ctypes.c_uint),
                ("instance_size", ctypes.c_uint)]


class EnumValue(ctypes.Structure):
    _fields_ = [("value", ctypes.c_uint), ("name", ctypes.c_char_p), ("nick", ctypes.c_char_p)]


class FlagsClass(ctypes.Structure):
    _fields_ = [("type", ctypes.c_size_t), ("mask", ctypes.c_uint), ("n_values", ctypes.c_uint),
                ("values", ctypes.POINTER(EnumValue))]


class EnumClass(ctypes.Structure):
    _fields_ = [("type", ctypes.c_size_t), ("minimum", ctypes.c_int), ("maximum", ctypes.c_int),
                ("n_values", ctypes.c_uint), ("values", ctypes.POINTER(EnumValue))]


def registered_values(gobject, gtype, kind):
    layout = EnumClass if kind == "enum" else FlagsClass
    gobject.g_type_class_ref.restype = ctypes.POINTER(layout)
    gobject.g_type_class_ref.argtypes = [ctypes.c_size_t]
    values = gobject.g_type_class_ref(hash(gtype)).contents
    return [{"value": row.value, "name": row.name.decode(), "nick": row.nick.decode()}
            for row in values.values[:values.n_values]]


def compare_type(report, name, expected, gtype, GObject, gobject):
    if gtype.parent.name:
        report.equal(f"type {name} parent", expected["parent"], gtype.parent.name)
    if expected["kind"] in ("enum", "flags"):
        report.equal(f"type {name} values", expected["values"], registered_values(gobject, gtype, expected["kind"]))
    if expected["kind"] != "object":
        return
    query = TypeQuery()
    gobject.g_type_query.argtypes = [ctypes.c_size_t, ctypes.POINTER(TypeQuery)]
    gobject.g_type_query(hash(gtype), ctypes.byref(query))
    for part in ("class_size", "instance_size"):
        if part in expected:
            report.equal(f"type {name} {part}", expected[part], getattr(query, part))
    report.equal(f"type {name} abstract", expected["abstract"], gtype.is_abstract())
    report.equal(f"type {name} interfaces", expected["interfaces"], [i.name for i in gtype.interfaces])
    compare_members(report, name, expected, gtype, GObject)


def without(reference, option):
    """What the library was built without has no types of its own: GObject stands in their place."""
    if option == "webdav":
        reference["types"]["SpiceSession"]["properties"]["webdav-server"]["type"] = "GObject"
    elif option == "gstreamer":
        reference["types"]["SpiceDisplayChannel"]["signals"]["gst-video-overlay"]["parameters"] = ["GObject"]
    else:
        raise SystemExit(f"no type depends on {option}")


def check_types(report, library, absent):
    for option in absent:
        without(report.reference, option)
    from gi.repository import GObject
    loaded = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    gobject = ctypes.CDLL("libgobject-2.0.so.0")
    found = {}
    for symbol in exported(library)[0]:
        if symbol.endswith("_get_type"):
            function = getattr(loaded, symbol)
            function.restype = ctypes.c_size_t
            gobject.g_type_name.argtypes, gobject.g_type_name.restype = [ctypes.c_size_t], ctypes.c_char_p
            gtype = GObject.GType.from_name(gobject.g_type_name(function()).decode())
            found[gtype.name] = gtype
            if gtype.is_a(GObject.TYPE_OBJECT):
                GObject.list_properties(gtype)
    for name in report.reference["types"]:
        if name not in found and report.reference["types"][name]["get_type"] is None:
            try:
                found[name] = GObject.GType.from_name(name)
            except RuntimeError:
                pass
    common = report.presence("type", report.reference["types"], found)
    for name in common:
        compare_type(report, name, report.reference["types"][name], found[name], GObject, gobject)
    return report.finish("types", len(common))


def declared(headers):
    names = set()
    for header in headers:
        with open(header) as file:
            names |= set(re.findall(r"\b\w+\b", file.read()))
    return names


def check_header_names(report, headers):
    found = {header.rsplit("/", 1)[-1] for header in headers}
    report.presence("header", report.reference["headers"], found)


def write_source(report, out, headers):
    reference, known = report.reference, declared(headers)
    lines = ["/* Generated: compiles only if the headers agree with the reference. */", "#include <stddef.h>",
             "#include <spice-client.h>", '#pragma GCC diagnostic ignored "-Wdeprecated-declarations"']
    check_header_names(report, headers)

    def require(condition, text):
        lines.append(f'_Static_assert ({condition}, "{text}");')

    sections = {"function": "functions", "record": "records", "enum": "enums", "macro": "macros"}
    present = {}
    for singular, plural in sections.items():
        names = set(reference[plural]) | report.interface.added(singular)
        present[singular] = report.presence(singular, reference[plural], names & known)
    for name in present["function"]:
        signature = reference["functions"][name]["signature"]
        require(f"__builtin_types_compatible_p (__typeof__ ({name}), __typeof__ ({signature}))", f"prototype of {name}")
    for name in present["record"]:
        record = reference["records"][name]
        require(f"sizeof ({name}) == {record['size']} && _Alignof ({name}) == {record['align']}", f"size of {name}")
        for field in record["layout"]:
            require(f"offsetof ({name}, {field['name']}) == {field['offset']}", f"{name}.{field['name']}")
    for name in present["enum"]:
        for value, number in reference["enums"][name]["values"].items():
            require(f"{value} == {number}", value)
    for name in present["macro"]:
        value = reference["macros"][name].get("value")
        lines += [f"#ifndef {name}", f"#error {name} is not a macro", "#endif"]
        if isinstance(value, int):
            require(f"{name} == {value}", name)
    with open(out, "w") as file:
        file.write("\n".join(lines) + "\n")
    return report.finish("headers", sum(map(len, present.values())))


def check_static(libraries):
    problems, count = 0, 0
    for library in libraries:
        for line in output("nm", "--extern-only", "--defined-only", "--format=posix", library).splitlines():
            name = line.split()[0] if line.split() else ""
            if len(line.split()) < 3:
                continue
            count += 1
            if not name.startswith(PREFIXES) and not re.match(r"(__asan|__ubsan|__odr|__sanitizer|DW\.ref|\.L)", name):
                print(f"{library}: {name} begins with neither cw_ nor spice_", file=sys.stderr)
                problems += 1
    print(f"static: {count} names, {problems} problems")
    return 1 if problems or count == 0 else 0


def main(arguments):
    command = arguments[0]
    if command == "static":
        return check_static(arguments[1:])
    report = Report(*arguments[1:4])
    if command == "symbols":
        return check_symbols(report, arguments[4])
    if command == "types":
        return check_types(report, arguments[4], arguments[5:])
    if command == "source":
        return write_source(report, arguments[4], arguments[5:])
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
