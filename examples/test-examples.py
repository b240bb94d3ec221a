#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs each example against the demo server: test-examples.py DEMO-SERVER CARAWAY WATCH SEND CLIPBOARD [FOLDER-OF-TYPELIB]"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SERVER, CARAWAY, WATCH, SEND, CLIPBOARD = sys.argv[1:6]
TYPELIB = sys.argv[6] if len(sys.argv) > 6 else None


class Examples(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([SERVER, '--no-animation', '--agent', '--control'], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        port = re.search(r'\bport=(\d+)', self.server.stdout.readline())[1]
        self.uri = f'spice://127.0.0.1:{port}'

    def stop(self):
        self.server.terminate()
        self.server.communicate(timeout=120)

    def run_program(self, *arguments, **environment):
        return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, **environment})

    def test_watch(self):
        result = self.run_program(WATCH, self.uri, 1)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn('the picture is complete', result.stdout)

    def test_watch_without_server(self):
        result = self.run_program(WATCH, 'spice://127.0.0.1:1', 5)
        self.assertEqual(result.returncode, 1)
        self.assertIn('the connection ended', result.stderr)

    def check_send(self, *program, **environment):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ('one', 'two')]
            for path in paths:
                path.write_bytes(bytes(100000))
            result = self.run_program(*program, self.uri, *paths, **environment)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn('one: sent', result.stdout)
            self.assertIn('two: sent', result.stdout)
            result = self.run_program(*program, self.uri, folder, **environment)
            self.assertEqual(result.returncode, 1, result.stdout)
        return result

    def check_clipboard(self, *program, **environment):
        result = self.run_program(*program, self.uri, 'grüße', **environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn('the guest pastes', result.stdout)
        self.assertIn('the guest copied: grüße', result.stdout)

    def test_send(self):
        self.check_send(SEND)

    def test_clipboard(self):
        self.check_clipboard(CLIPBOARD)

    if TYPELIB:
        def test_python_send(self):
            self.check_send('/usr/bin/python3', HERE / 'send.py', GI_TYPELIB_PATH=TYPELIB)

        def test_python_clipboard(self):
            self.check_clipboard('/usr/bin/python3', HERE / 'clipboard.py', GI_TYPELIB_PATH=TYPELIB)

        def test_python(self):
            result = self.run_program('/usr/bin/python3', HERE / 'type.py', self.uri, 30, GI_TYPELIB_PATH=TYPELIB)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_python_with_the_description_of_the_distribution(self):
        result = self.run_program('/usr/bin/python3', HERE / 'type.py', self.uri, 30)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_shell(self):
        with tempfile.TemporaryDirectory() as folder:
            picture = pathlib.Path(folder) / 'still.png'
            result = self.run_program(HERE / 'wait-until-still.sh', self.uri, picture, CARAWAY=CARAWAY)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(picture.read_bytes().startswith(b'\x89PNG'))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
