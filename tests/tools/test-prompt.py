#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The question for a password on a terminal, against the demo server: test-prompt.py CARAWAY DEMO-SERVER"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import unittest

CARAWAY, SERVER = sys.argv[1:3]


class Terminal:
    """A program with a terminal of its own."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.pop('CARAWAY_PASSWORD', None)
            os.execv(arguments[0], arguments)
        self.text = ''

    def read_until(self, expected, seconds=20):
        deadline = time.monotonic() + seconds
        while expected not in self.text:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            try:
                data = os.read(self.fd, 4096) if ready else b''
            except OSError:  # the other side is closed
                data = b''
            if not data:
                raise AssertionError(f'no "{expected}" in {self.text!r}')
            self.text += data.decode()

    def type(self, line):
        os.write(self.fd, line.encode() + b'\n')

    def finish(self):
        try:
            while data := os.read(self.fd, 4096):
                self.text += data.decode()
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Prompt(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([SERVER, '--no-animation', '--control', '--password', 'sesame'],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        port = re.search(r'\bport=(\d+)', self.server.stdout.readline())[1]
        self.uri = f'spice://127.0.0.1:{port}'

    def stop(self):
        self.server.terminate()
        self.server.communicate(timeout=10)

    def test_wrong_then_right(self):
        terminal = Terminal(CARAWAY, 'info', self.uri)
        terminal.read_until('Password: ')
        terminal.type('open')
        terminal.read_until('Wrong password. Password: ')
        terminal.type('sesame')
        self.assertEqual(terminal.finish(), 0, terminal.text)
        self.assertIn('channels', terminal.text)
        # Typed without echo.
        self.assertNotIn('sesame', terminal.text)
        self.assertNotIn('open', terminal.text)

    def test_end_of_file(self):
        terminal = Terminal(CARAWAY, 'info', self.uri)
        terminal.read_until('Password: ')
        os.write(terminal.fd, b'\x04')
        self.assertEqual(terminal.finish(), 5, terminal.text)
        self.assertIn('wants a password', terminal.text)

    def test_interrupted(self):
        terminal = Terminal(CARAWAY, 'info', self.uri)
        terminal.read_until('Password: ')
        self.assertFalse(termios.tcgetattr(terminal.fd)[3] & termios.ECHO)
        os.write(terminal.fd, b'ses\x03')
        status = os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1])
        self.assertEqual(status, -signal.SIGINT)
        self.assertTrue(termios.tcgetattr(terminal.fd)[3] & termios.ECHO, 'the terminal is left without echo')
        os.close(terminal.fd)

    def test_no_terminal(self):
        result = subprocess.run([CARAWAY, 'info', self.uri], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                start_new_session=True, timeout=20, env={**os.environ, 'CARAWAY_PASSWORD': ''})
        self.assertEqual(result.returncode, 5)
        self.assertIn('the server wants a password', result.stderr)

    def test_file_beats_question(self):
        terminal = Terminal(CARAWAY, 'info', '--password-file', '/dev/fd/9', self.uri)
        self.assertEqual(terminal.finish(), 8)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
