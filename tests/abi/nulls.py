#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls every public function with NULL: nulls.py REFERENCE LIBRARY EXPECTED ADDITIONS HEADER…, or nulls.py --print
REFERENCE LIBRARY. With --without-usb before them, for a library that gives nobody a manager of USB devices.

Each function that takes pointers is called with all of them NULL, and with each of them NULL while the others are what they
ought to be. Whatever is passed, the library neither crashes nor hangs, and what it says of it is in its own log domain: programs
filter on that. EXPECTED lists the calls of which the library programs are made for complains, and would not without the NULL, as
--print of it lists them (NAME PARAMETER, or NAME * for all); ours has to complain of them too."""
import collections
import ctypes
import json
import os
import pathlib
import re
import signal
import sys

PATIENCE = 60  # s for a call
CHANNELS = {"Main": 1, "Display": 2, "Inputs": 3, "Cursor": 4, "Playback": 5, "Record": 6, "Port": 10}
POINTERS = ("gpointer", "gconstpointer", "GAsyncReadyCallback", "GFileProgressCallback", "GCallback")
SEVERE = {4: "error", 8: "critical", 16: "warning"}

Parameter = collections.namedtuple("Parameter", "name type is_pointer")


def parameters(function):
    """Of its prototype, in order."""
    for text in function["prototype"].partition("(")[2].rstrip(")").split(","):
        found = re.fullmatch(r"\s*(.*?)(\w+)(\[\d+\])?\s*", text)
        if found[1].strip():
            kind = found[1].strip() + (" *" if found[3] else "")
            yield Parameter(found[2], kind, kind.endswith("*") or kind in POINTERS)


class Library:
    """The library in this process, and what it may be called with."""

    def __init__(self, path):
        self.own = ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
        self.glib = ctypes.CDLL("libglib-2.0.so.0")
        self.gio = ctypes.CDLL("libgio-2.0.so.0")
        self.kept = []  # what the library may still look at

    def call(self, function, *arguments):
        function.restype = ctypes.c_void_p
        return function(*(ctypes.c_void_p(a) if isinstance(a, int) and a > 0xffff else a for a in arguments))

    def session(self):
        return self.call(self.own.spice_session_new)

    def channel(self, number):
        return self.call(self.own.spice_channel_new, self.session(), number, 0)

    def result(self, instance):
        """Of an operation that has ended."""
        task = self.call(self.gio.g_task_new, instance, None, None, None)
        self.call(self.gio.g_task_return_boolean, task, 0)
        return task

    def valid(self, kind, instance):
        """None: there is none to be had."""
        name = kind.replace("const ", "").rstrip(" *")
        channel = re.fullmatch("Spice(.*)Channel", name)
        if channel:
            return self.channel(CHANNELS[channel[1] or "Main"])
        if kind in ("GAsyncReadyCallback", "GFileProgressCallback", "GCallback"):
            self.kept.append(ctypes.CFUNCTYPE(None)(lambda: None))
            return ctypes.cast(self.kept[-1], ctypes.c_void_p).value
        makers = {
            "SpiceSession": self.session,
            "SpiceURI": lambda: self.call(ctypes.CDLL("libgobject-2.0.so.0").g_object_new,
                                          self.call(self.own.spice_uri_get_type), None),
            "SpiceUsbDeviceManager": lambda: self.call(self.own.spice_usb_device_manager_get, self.session(), None),
            "SpiceSmartcardManager": lambda: self.call(self.own.spice_smartcard_manager_get),
            "SpiceQmpPort": lambda: self.call(self.own.spice_qmp_port_get, self.channel(CHANNELS["Port"])),
            "GCancellable": lambda: self.call(self.gio.g_cancellable_new),
            "GMainContext": lambda: self.call(self.glib.g_main_context_default),
            "GAsyncResult": lambda: self.result(instance),
            "gpointer": self.session,
        }
        if name in makers:
            return makers[name]()
        if name.startswith("Spice") and name not in ("SpiceDisplayPrimary",):
            return None
        self.kept.append(ctypes.create_string_buffer(b"notify", 256))  # text, room for an answer
        if kind.endswith("**"):  # no error, no files
            self.kept[-1] = ctypes.create_string_buffer(256)
        return ctypes.addressof(self.kept[-1])


def run_here(library, name, wanted, null, out):
    """One call, of what it says a line each."""
    arguments, instance = [], None
    for number, parameter in enumerate(wanted):
        value = 0
        if parameter.is_pointer and null not in ("*", parameter.name):
            value = library.valid(parameter.type, instance)
            if value is None:
                os.write(out, b"unobtainable\n")
                return
        if number == 0:
            instance = value
        is_size = parameter.type in ("gsize", "size_t") or parameter.name == "ntypes"
        arguments.append(value if parameter.is_pointer else int(is_size))

    def note(domain, level, text, data):
        for bit in SEVERE:
            if level & bit:
                os.write(out, b" ".join((SEVERE[bit].encode(), domain or b"none", text)) + b"\n")

    handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(note)
    library.kept.append(handler)
    library.glib.g_log_set_default_handler(handler, None)
    library.call(getattr(library.own, name), *(ctypes.c_void_p(a) if p.is_pointer else a for a, p in zip(arguments, wanted)))
    for _ in range(20):
        library.glib.g_main_context_iteration(None, 0)
    os.write(out, b"done\n")


def run(library, name, wanted, null):
    """What a call said, and how it ended, in a process of its own. The library is only loaded before, which starts no thread."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        signal.alarm(PATIENCE)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.chdir("/proc")  # where nothing can be written by the name that functions get for a file's
        try:
            run_here(library, name, wanted, null, theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours) as pipe:
        said = pipe.read().splitlines()
    return said, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def added_functions(additions, headers):
    """Those that are ours alone."""
    text = "".join(pathlib.Path(header).read_text(encoding="utf-8") for header in headers)
    for name in re.findall(r"^function (\w+)", pathlib.Path(additions).read_text(encoding="utf-8"), re.MULTILINE):
        yield name, {"prototype": re.search(rf"\b{name} \([^)]*\)", text)[0]}


def calls(reference, added=()):
    with open(reference) as file:
        functions = {**json.load(file)["functions"], **dict(added)}
    for name, function in sorted(functions.items()):
        wanted = list(parameters(function))
        pointers = [p.name for p in wanted if p.is_pointer]
        for null in (["*"] if len(pointers) > 1 else []) + pointers:
            yield name, wanted, null


def is_complaint(line):
    return line.split()[:2] == ["critical", "GSpice"]


def print_complaints(reference, path):
    library = Library(path)
    for name, wanted, null in calls(reference):
        said, status = run(library, name, wanted, null)
        if status == 0 and any(map(is_complaint, said)) and not any(map(is_complaint, run(library, name, wanted, "")[0])):
            print(name, null, flush=True)


def problems_of(said, status, is_expected):
    if status or not said or said[-1] not in ("done", "unobtainable"):
        yield f"ended with {status} after {said}"
    for line in said:
        if line.split()[0] in SEVERE.values() and line.split()[1] != "GSpice":
            yield f"in another log domain: {line}"
    if is_expected and not any(map(is_complaint, said)):
        yield "no critical"


def main(arguments):
    os.environ.pop("G_DEBUG", None)
    if len(arguments) == 3 and arguments[0] == "--print":
        return print_complaints(*arguments[1:])
    without_usb = arguments[0] == "--without-usb"
    reference, path, expected, additions, *headers = arguments[without_usb:]
    library = Library(path)
    with open(expected) as file:
        expected = {tuple(line.split()) for line in file if line.strip() and not line.startswith("#")}
    if without_usb:
        expected = {call for call in expected if not call[0].startswith("spice_usb_device_manager_")}
    n_calls = n_complaints = n_problems = 0
    for name, wanted, null in calls(reference, added_functions(additions, headers)):
        said, status = run(library, name, wanted, null)
        n_calls += 1
        n_complaints += any(map(is_complaint, said))
        is_expected = (name, null) in expected
        expected.discard((name, null))
        for problem in problems_of(said, status, is_expected):
            print(f"{name} with NULL for {null}: {problem}")
            n_problems += 1
    for name, null in expected:
        print(f"{name} {null}: there is no such call")
    print(f"{n_calls} calls, {n_complaints} criticals, {n_problems + len(expected)} problems")
    return 1 if n_problems or expected or not n_calls else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
