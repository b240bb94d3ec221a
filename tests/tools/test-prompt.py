#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The question for a password on a terminal, against the demo server: test-prompt.py CARAWAY DEMO-SERVER"""

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import unittest

CARAWAY, SERVER, *SANITIZED = sys.argv[1:]
AUTH, NO_PASSWORD = 5, 16  # exit statuses


class Terminal:
    """A program with a terminal of its own."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.pop('CARAWAY_PASSWORD', None)
            # Who starts the tests may ignore them, as nohup does.
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP):
                signal.signal(number, signal.SIG_DFL)
            os.execv(arguments[0], arguments)
        self.text = ''

    def read_until(self, expected, seconds=120):
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
        self.server.communicate(timeout=120)

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
        self.assertEqual(terminal.finish(), NO_PASSWORD, terminal.text)
        self.assertIn('wants a password', terminal.text)

    def test_interrupted(self):
        # Nobody could let go on what is stopped here, so the system lets it be: as if nothing had been typed.
        for number, expected in ((signal.SIGINT, -signal.SIGINT), (signal.SIGHUP, -signal.SIGHUP),
                                 (signal.SIGTERM, -signal.SIGTERM), (signal.SIGQUIT, -signal.SIGQUIT),
                                 (signal.SIGTSTP, NO_PASSWORD)):
            terminal = Terminal(CARAWAY, 'info', self.uri)
            terminal.read_until('Password: ')
            self.assertFalse(termios.tcgetattr(terminal.fd)[3] & termios.ECHO)
            if number == signal.SIGINT:
                os.write(terminal.fd, b'ses\x03')
            else:
                os.kill(terminal.pid, number)
            status = os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1])
            self.assertEqual(status, expected)
            self.assertTrue(termios.tcgetattr(terminal.fd)[3] & termios.ECHO, 'the terminal is left without echo')
            os.close(terminal.fd)

    def test_no_terminal(self):
        result = subprocess.run([CARAWAY, 'info', self.uri], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                start_new_session=True, timeout=120, env={**os.environ, 'CARAWAY_PASSWORD': ''})
        self.assertEqual(result.returncode, NO_PASSWORD)
        self.assertIn('the server wants a password', result.stderr)

    def test_file_beats_question(self):
        terminal = Terminal(CARAWAY, 'info', '--password-file', '/dev/fd/9', self.uri)
        self.assertEqual(terminal.finish(), 8)
        with tempfile.NamedTemporaryFile(prefix='caraway-password-') as file:
            for word, status in ((b'open', AUTH), (b'sesame\r\nwhatever', 0)):
                file.write(word)
                file.flush()
                terminal = Terminal(CARAWAY, 'info', '--password-file', file.name, self.uri)
                self.assertEqual(terminal.finish(), status, terminal.text)
                self.assertNotIn('Password: ', terminal.text)
                file.seek(0)
                file.truncate()

    def test_too_long(self):
        for size, words in ((59, 'Wrong password. Password: '), (60, '60 bytes')):
            terminal = Terminal(CARAWAY, 'info', self.uri)
            terminal.read_until('Password: ')
            terminal.type('x' * size)
            terminal.read_until(words)
            if size == 59:
                os.write(terminal.fd, b'\x04')
            self.assertEqual(terminal.finish(), NO_PASSWORD if size == 59 else 2, terminal.text)

    def test_picture_is_not_for_a_terminal(self):
        for words, arguments in (('name a file, or ', ('screenshot', self.uri, '-')),
                                 ('', ('clipboard', 'get', '--type=png', 'spice://127.0.0.1:1'))):
            terminal = Terminal(CARAWAY, *arguments)
            self.assertEqual(terminal.finish(), 8)
            self.assertIn(f': standard output is a terminal; {words}send the output on: | PROGRAM, > FILE\r\n', terminal.text)


def copies(pid, secret):
    """How often it stands in the memory of a process, the free parts of the heap among it."""
    found = 0
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps, open(f'/proc/{pid}/mem', 'rb') as memory:
        for begin, end in re.findall(r'^(\w+)-(\w+) rw-p', maps.read(), re.M):
            memory.seek(int(begin, 16))
            found += memory.read(int(end, 16) - int(begin, 16)).count(secret)
    return found


@unittest.skipIf(SANITIZED, 'sanitizers keep what is freed elsewhere')
class Memory(unittest.TestCase):
    """What was a password is nowhere in the memory of the program, but where the session keeps it."""
    SECRET = 'begin-of-it-0123456789-a-long-password-the-end'
    END = SECRET[20:].encode()  # freeing writes over the beginning of a block

    def setUp(self):
        self.server = subprocess.Popen([SERVER, '--no-animation', '--control', '--password', self.SECRET],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(Prompt.stop, self)
        self.port = re.search(r'\bport=(\d+)', self.server.stdout.readline())[1]
        self.uri = f'spice://127.0.0.1:{self.port}'
        # What is freed stays as it was.
        os.environ['MALLOC_PERTURB_'] = '0'

    def count(self, text, *arguments):
        with subprocess.Popen([CARAWAY, 'events', *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            try:
                program.stdin.write(text.encode())
                if text:
                    program.stdin.close()
                opened = 0  # channels that are being opened have a copy each
                while opened < 4:
                    line = program.stdout.readline()
                    self.assertTrue(line, 'the connection has ended')
                    opened += b'"opened"' in line
                return copies(program.pid, self.END)
            finally:
                program.kill()

    def test_files(self):
        self.assertEqual(self.count(self.SECRET + '\nmore\n', '--password-file', '-', self.uri), 1, 'standard input')
        file = f'[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport={self.port}\npassword={self.SECRET}\n'
        self.assertEqual(self.count(file, '-'), 1, 'a connection file from standard input')
        with tempfile.NamedTemporaryFile(prefix='caraway-password-', suffix='.vv') as named:
            named.write(self.SECRET.encode())
            named.flush()
            self.assertEqual(self.count('', '--password-file', named.name, self.uri), 1, 'a file')
            named.seek(0)
            named.write(file.encode())
            named.flush()
            self.assertEqual(self.count('', named.name), 1, 'a connection file')

    def test_terminal(self):
        terminal = Terminal(CARAWAY, 'events', self.uri)
        terminal.read_until('Password: ')
        terminal.type(self.SECRET)
        while terminal.text.count('"opened"') < 4:
            terminal.text += os.read(terminal.fd, 4096).decode()
        try:
            self.assertEqual(copies(terminal.pid, self.END), 1)
        finally:
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.finish()

    def test_too_long(self):
        for size, words in ((1023, 'the password has 1023 bytes'), (1024, 'longer than any password')):
            result = subprocess.run([CARAWAY, 'info', '--password-file', '-', self.uri], input='x' * size,
                                    capture_output=True, text=True, timeout=120)
            self.assertIn(words, result.stderr)


class Progress(unittest.TestCase):
    """What is waited for, and what has been sent: on a terminal only, and gone from its line in the end."""

    def test_waiting(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            uri = f'spice://127.0.0.1:{listener.getsockname()[1]}'
            terminal = Terminal(CARAWAY, 'info', '--timeout', '1', uri)
            self.assertEqual(terminal.finish(), 7, terminal.text)
            piped = subprocess.run([CARAWAY, 'info', '--timeout', '1', uri], stdin=subprocess.DEVNULL, capture_output=True,
                                   text=True, timeout=120)
        self.assertRegex(terminal.text, r'^waiting for [^\r]* …\r\x1b\[Kcaraway info: ')
        self.assertTrue(piped.stderr.startswith('caraway info: '), piped.stderr)

    def test_sent(self):
        with subprocess.Popen([SERVER, '--no-scene', '--control', '--agent'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as server, tempfile.NamedTemporaryFile(prefix='caraway-sent-') as file:
            try:
                uri = 'spice://127.0.0.1:' + re.search(r'\bport=(\d+)', server.stdout.readline())[1]
                file.write(b'x' * 1000)
                file.flush()
                loud = Terminal(CARAWAY, 'send', uri, file.name)
                self.assertEqual(loud.finish(), 0, loud.text)
                quiet = Terminal(CARAWAY, 'send', '--quiet', uri, file.name)
                self.assertEqual(quiet.finish(), 0, quiet.text)
            finally:
                server.terminate()
        self.assertRegex(loud.text, r'\[#{30}\] 100 %  1\.0\s[kK]B of 1\.0\s[kK]B, ')
        self.assertRegex(loud.text, r'100 %.*\r\x1b\[K1 file, 1\.0\s[kK]B in \d+\.\d s, [^\r]*/s\r\n')
        self.assertRegex(quiet.text, r'^(waiting for [^\r]* …\r\x1b\[K)+$')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
