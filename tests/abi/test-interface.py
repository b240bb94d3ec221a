#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tries what follows from the lists of the interface: test-interface.py CC…"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from compare import Report, check_symbols  # noqa: E402
from interface import Interface, umbrella, version_script  # noqa: E402

CC = sys.argv[1:]
SYMBOL = {"binding": "GLOBAL", "default_version": True, "type": "FUNC", "version": "OLD_1", "visibility": "DEFAULT"}
REFERENCE = {"elf": {"soname": "libtry.so.1", "version_definitions": ["OLD_1"],
                     "symbols": {"spice_one": SYMBOL, "spice_two": SYMBOL}},
             "headers": ["spice-client.h", "spice-types.h", "a.h", "b.h"]}


class TestInterface(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def lists(self, not_yet, additions):
        for name, text in (("reference", json.dumps(REFERENCE)), ("not-yet", not_yet), ("additions", additions)):
            with open(self.path(name), "w") as file:
                file.write(text)
        return self.path("reference"), self.path("not-yet"), self.path("additions")

    def check(self, lists, code):
        """Problems of a library that is linked by the lists' version script."""
        with open(self.path("map"), "w") as file:
            file.write(version_script(Interface(*lists)))
        with open(self.path("try.c"), "w") as file:
            file.write(code)
        subprocess.run([*CC, "-shared", "-fPIC", "-Wl,-soname,libtry.so.1", "-Wl,--version-script," + self.path("map"),
                        "-o", self.path("try.so"), self.path("try.c")], check=True)
        report = Report(*lists)
        report.finish = lambda what, count: None
        check_symbols(report, self.path("try.so"))
        return report.problems

    def test_all_there(self):
        lists = self.lists("", "")
        self.assertEqual(self.check(lists, "void spice_one (void) {} void spice_two (void) {}"), [])

    def test_not_yet(self):
        lists = self.lists("function spice_two # later\n", "")
        self.assertEqual(self.check(lists, "void spice_one (void) {} void spice_two (void) {}"), [])
        self.assertIn("function spice_one is missing", self.check(lists, "void spice_two (void) {}"))

    def test_addition_has_a_node_of_its_own(self):
        lists = self.lists("", "function spice_own\n")
        code = "void spice_one (void) {} void spice_two (void) {} void spice_own (void) {}"
        self.assertEqual(self.check(lists, code), [])
        self.assertIn("CARAWAY_1 {\nglobal:\n  spice_own;\n} OLD_1;", version_script(Interface(*lists)))

    def test_addition_must_exist(self):
        lists = self.lists("", "function spice_own\n")
        problems = self.check(lists, "void spice_one (void) {} void spice_two (void) {}")
        self.assertIn("additions: function spice_own is missing", problems)

    def test_addition_is_not_in_the_reference(self):
        problems = self.check(self.lists("", "function spice_two\n"), "void spice_one (void) {} void spice_two (void) {}")
        self.assertIn("additions: function spice_two is in the reference", problems)

    def test_umbrella(self):
        lists = self.lists("header b.h\n", "header own.h\n")
        with open(self.path("in"), "w") as file:
            file.write("first\n@INCLUDES@\nlast\n")
        self.assertEqual(umbrella(Interface(*lists), self.path("in")),
                         'first\n#include "spice-types.h"\n#include "a.h"\n#include "own.h"\nlast\n')


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
