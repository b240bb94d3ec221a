#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command without a server: help, wrong command lines, wrong addresses, and failures to connect, each with its exit
status and reason: test-caraway.py CARAWAY"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

CARAWAY = sys.argv[1]
USAGE, CONNECT, PROTOCOL, TIMEOUT, FILE = 2, 3, 6, 7, 8


def caraway(*arguments, **kwargs):
    kwargs.setdefault('stdin', subprocess.DEVNULL)
    return subprocess.run([CARAWAY, *map(str, arguments)], capture_output=True, text=True, timeout=30,
                          start_new_session=True, **kwargs)


class CommandLine(unittest.TestCase):
    def check(self, status, reason, *arguments):
        result = caraway(*arguments)
        self.assertEqual(result.returncode, status, f'{arguments}: {result.stdout}{result.stderr}')
        self.assertIn(reason, result.stderr)
        self.assertEqual(result.stdout, '')

    def test_help(self):
        for arguments in (['--help'], ['-h'], ['help']):
            result = caraway(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn('screenshot', result.stdout)
        for command in ('info', 'screenshot', 'type', 'key', 'click', 'move', 'port', 'vm'):
            result = caraway(command, '--help')
            self.assertEqual(result.returncode, 0)
            self.assertIn('URI', result.stdout)
        self.assertEqual(caraway('--version').returncode, 0)

    def test_no_command(self):
        self.check(USAGE, 'Usage:')

    def test_unknown(self):
        self.check(USAGE, 'no command "fly"', 'fly', 'spice://h:1')
        self.check(USAGE, 'Unknown option', 'info', '--fly', 'spice://h:1')

    def test_arguments(self):
        self.check(USAGE, 'missing arguments', 'info')
        self.check(USAGE, 'missing arguments', 'screenshot', 'spice://h:1')
        self.check(USAGE, 'too many arguments', 'info', 'spice://h:1', 'more')
        self.check(USAGE, 'missing arguments', 'key', 'spice://h:1')
        self.check(USAGE, 'X must be a whole number', 'move', 'spice://h:1', 'one', '2')
        self.check(USAGE, 'Y must be a whole number', 'click', 'spice://h:1', '1', '2.5')
        self.check(USAGE, '--button is', 'click', '--button', 'fourth', 'spice://h:1', '1', '2')
        self.check(USAGE, '--stable', 'screenshot', '--stable', '-5', 'spice://h:1', 'x.png')
        self.check(USAGE, '--timeout', 'info', '--timeout', '0', 'spice://h:1')
        self.check(USAGE, '"hyper" in "ctrl+hyper"', 'key', 'spice://h:1', 'ctrl+hyper')
        self.check(USAGE, 'U+00E9', 'type', 'spice://h:1', 'café')
        self.check(USAGE, '"zip" is none', 'info', '--compression', 'zip', 'spice://h:1')
        self.check(USAGE, 'missing arguments', 'port', 'spice://h:1')
        self.check(USAGE, '"explode" is not status, stop, cont', 'vm', 'spice://h:1', 'explode')
        self.check(USAGE, '"nosuch" is not a channel type', 'info', '--secure-channel', 'nosuch', 'spice://h:1')

    def test_addresses(self):
        for uri in ('h:1', 'http://h:1', '', 'SPICE://h:1'):
            self.check(USAGE, 'is not a SPICE address', 'info', uri)
        for uri in ('spice://h', 'spice://h:abc', 'spice://:5900', 'spice://h:1?foo=2', 'spice+unix://', 'spice://h:70000'):
            self.check(USAGE, 'caraway info: ', 'info', uri)

    def test_key_list(self):
        result = caraway('key', '--list')
        self.assertEqual(result.returncode, 0)
        self.assertIn('capslock', result.stdout.split('\n'))

    def test_files(self):
        self.check(FILE, '/nonexistent/secret', 'info', '--password-file', '/nonexistent/secret', 'spice://127.0.0.1:1')
        self.check(FILE, 'no file "/nonexistent/ca"', 'info', '--ca-file', '/nonexistent/ca', 'spice://127.0.0.1:1')
        self.check(FILE, '/nonexistent/key', 'info', '--pubkey-file', '/nonexistent/key', 'spice://127.0.0.1:1')

    def test_refused(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        self.check(CONNECT, f'spice://127.0.0.1:{port}: cannot connect', 'info', f'spice://127.0.0.1:{port}')
        self.check(CONNECT, 'spice+unix:///nonexistent/socket: cannot connect', 'info', 'spice+unix:///nonexistent/socket')

    def test_unknown_host(self):
        self.check(CONNECT, 'cannot connect', 'info', 'spice://no-such-host.invalid:5900')

    def test_silent_server(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            self.check(TIMEOUT, 'gave up after 1 s', 'info', '--timeout', '1',
                       f'spice://127.0.0.1:{listener.getsockname()[1]}')

    def test_not_spice(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            process = subprocess.Popen([CARAWAY, 'info', f'spice://127.0.0.1:{listener.getsockname()[1]}'],
                                       stderr=subprocess.PIPE, text=True)
            connection, _ = listener.accept()
            connection.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n' + b'x' * 200)
            error = process.communicate(timeout=20)[1]
            connection.close()
        self.assertEqual(process.returncode, PROTOCOL, error)
        self.assertIn('not a SPICE server', error)

    def test_picture_is_not_left_half_written(self):
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / 'x.png'
            target.write_text('precious')
            with socket.create_server(('127.0.0.1', 0)) as listener:
                port = listener.getsockname()[1]
            result = caraway('screenshot', f'spice://127.0.0.1:{port}', target)
            self.assertEqual(result.returncode, CONNECT)
            self.assertEqual(target.read_text(), 'precious')
            self.assertEqual(os.listdir(folder), ['x.png'])


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
