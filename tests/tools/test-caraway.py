#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command without a server: help, wrong command lines, wrong addresses, and failures to connect, each with its exit
status and reason: test-caraway.py CARAWAY COMPLETION"""

import itertools
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

CARAWAY, COMPLETION = sys.argv[1:3]
USAGE, CONNECT, TIMEOUT, FILE, UNSUPPORTED, UNKNOWN_HOST, NOT_SPICE = 2, 3, 7, 8, 9, 10, 17


def caraway(*arguments, **kwargs):
    kwargs.setdefault('stdin', subprocess.DEVNULL)
    result = subprocess.run([CARAWAY, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                            start_new_session=True, **kwargs)
    assert not re.search(r'-(WARNING|CRITICAL) \*\*: ', result.stderr), result.stderr
    return result


COMMANDS = ('info', 'screenshot', 'type', 'key', 'click', 'move', 'port', 'vm', 'clipboard', 'send', 'resize', 'events', 'record')


class CommandLine(unittest.TestCase):
    def check(self, status, reason, *arguments, **kwargs):
        result = caraway(*arguments, **kwargs)
        self.assertEqual(result.returncode, status, f'{arguments}: {result.stdout}{result.stderr}')
        self.assertIn(reason, result.stderr)
        self.assertEqual(result.stdout, '')

    def test_help(self):
        for arguments in (['--help'], ['-h'], ['help']):
            result = caraway(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn('screenshot', result.stdout)
        for command in COMMANDS:
            result = caraway(command, '--help')
            self.assertEqual(result.returncode, 0)
            self.assertIn('URI', result.stdout)
        for command in ('record', 'replay', 'inspect'):
            result = caraway(command, '--help')
            self.assertEqual(result.returncode, 0)
            self.assertIn('FILE', result.stdout)
        version = caraway('--version')
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r'^caraway \d+\.\d+\.\d+\n$')

    def test_no_command(self):
        self.check(USAGE, 'Usage:')

    def test_unknown(self):
        self.check(USAGE, 'no command "fly"', 'fly', 'spice://h:1')
        self.check(USAGE, 'Unknown option', 'info', '--fly', 'spice://h:1')

    def test_recording_that_cannot_be_written(self):
        with socket.create_server(('127.0.0.1', 0)) as server, tempfile.TemporaryDirectory() as folder:
            server.setblocking(False)
            for path in (folder, folder + '/none/file'):
                self.check(FILE, folder, 'record', f'spice://127.0.0.1:{server.getsockname()[1]}', path)
            with self.assertRaises(BlockingIOError):  # nobody has come
                server.accept()

    def test_arguments(self):
        self.check(USAGE, 'missing arguments', 'info')
        self.check(USAGE, 'missing arguments', 'screenshot', 'spice://h:1')
        for command, most in {'screenshot': 2, 'type': 2, 'click': 3, 'move': 3, 'port': 2, 'vm': 2, 'clipboard': 2, 'resize': 2,
                              'events': 1, 'record': 2, 'replay': 1, 'inspect': 1}.items():
            self.check(USAGE, 'too many arguments', command, *'abcd'[:most + 1])
            self.check(USAGE, 'missing arguments', command, *'abc'[:0 if command == 'type' else most - 1])
        self.check(USAGE, 'too many arguments', 'info', 'spice://h:1', 'more')
        self.check(USAGE, 'missing arguments', 'key', 'spice://h:1')
        self.check(USAGE, 'X must be a whole number', 'move', 'spice://h:1', 'one', '2')
        self.check(USAGE, 'Y must be a whole number from 0 to 32767, not "2.5"', 'click', 'spice://h:1', '1', '2.5')
        for x in ('32768', '-32768'):
            self.check(USAGE, 'X must be a whole number from -32767 to 32767', 'move', '-r', 'spice://h:1', '--', x, '2')
        self.check(USAGE, 'Y must be a whole number from 0 to 32767', 'move', 'spice://h:1', '--', '2', '-1')
        self.check(USAGE, '--button is', 'click', '--button', 'fourth', 'spice://h:1', '1', '2')
        self.check(USAGE, '--stable', 'screenshot', '--stable', '-5', 'spice://h:1', 'x.png')
        for timeout in ('0', '-1', '86400.5', 'nan'):
            self.check(USAGE, '--timeout must be above 0', 'info', '--timeout', timeout, 'spice://h:1')
        self.check(USAGE, '"fly" is neither get nor set', 'clipboard', 'fly', 'spice://h:1')
        self.check(USAGE, '--selection: "fourth" is none', 'clipboard', '--selection', 'fourth', 'get', 'spice://h:1')
        self.check(USAGE, 'missing arguments', 'send', 'spice://h:1')
        self.check(USAGE, '"large" is no size', 'resize', 'spice://h:1', 'large')
        self.check(USAGE, '"8x8x8" is no size', 'resize', 'spice://h:1', '8x8x8')
        for size, what in (('800x0', 'height'), ('0x800', 'width'), ('16385x1', 'width'), ('1x16385', 'height')):
            self.check(USAGE, f'the {what} must be a whole number from 1 to 16384', 'resize', 'spice://h:1', size)
        for number in ('16', '-1'):
            self.check(USAGE, '--display is 0 to 15', 'resize', f'--display={number}', 'spice://h:1', '800x600')
        self.check(USAGE, '"hyper" in "ctrl+hyper"', 'key', 'spice://h:1', 'ctrl+hyper')
        for name in ('0x0', '0x80', '0x100', '0xe000', '0xe080', '0xe11d', '1e', 'é', '', ':down', ':up', 'shift:left'):
            self.check(USAGE, f'caraway key: "{name}" is not the name', 'key', 'spice://h:1', name)
        self.check(USAGE, '"foo" in "ctrl-alt-foo" is not', 'key', 'spice://h:1', 'ctrl-alt-foo')
        self.check(USAGE, '"alt-foo" in "ctrl+alt-foo" is not', 'key', 'spice://h:1', 'ctrl+alt-foo')
        self.check(USAGE, 'caraway key: "a-" is not', 'key', 'spice://h:1', 'a-')
        self.check(USAGE, '"" in "a+"', 'key', 'spice://h:1', 'a+')
        self.check(USAGE, 'U+00E9 at byte 3', 'type', 'spice://h:1', 'café')
        self.check(USAGE, 'not UTF-8', 'type', 'spice://h:1', b'a\xff'.decode(errors='surrogateescape'))
        self.check(USAGE, '"zip" is none', 'info', '--compression', 'zip', 'spice://h:1')
        self.check(USAGE, 'missing arguments', 'port', 'spice://h:1')
        self.check(USAGE, 'missing arguments', 'record', 'spice://h:1')
        self.check(USAGE, 'not to standard output', 'record', 'spice://h:1', '-')
        self.check(USAGE, 'exclude each other', 'inspect', '--json', '--messages', 'x')
        self.check(USAGE, 'exclude each other', 'inspect', '-mj', 'x')
        for port in ('65536', '-1'):
            self.check(USAGE, '--port must be', 'replay', f'--port={port}', 'x')
        self.check(USAGE, 'exclude each other', 'replay', '-u', 'socket', '-p', '0', 'x')
        self.check(FILE, 'No such file', 'replay', '--port=65535', '/nonexistent/x')
        self.check(FILE, 'No such file', 'inspect', '/nonexistent/x')
        for command in ('inspect', 'replay'):
            self.check(FILE, 'cannot read /: it is a folder\n', command, '/')
            self.check(FILE, 'cannot read /dev/null: it is no regular file\n', command, '/dev/null')
        self.check(USAGE, '--loops must not be negative', 'clipboard', '--loops=-1', 'set', 'spice://h:1')
        self.check(USAGE, '--type: "zip" is none', 'clipboard', '--type=zip', 'get', 'spice://h:1')
        self.check(USAGE, '"explode" is not status, stop, cont', 'vm', 'spice://h:1', 'explode')
        for command in ('type', 'key'):
            for delay in ('4', '10001'):
                self.check(USAGE, '--delay is 5 to 10000', command, '--delay', delay, 'spice://h:1', 'x')
        for hold in ('-1', '60001'):
            self.check(USAGE, '--hold is 0 to 60000', 'key', f'--hold={hold}', 'spice://h:1', 'x')
        for seconds in ('-1', 'nan', 'inf', '31536001'):
            self.check(USAGE, '--seconds is 0 to 31536000 seconds', 'events', f'--seconds={seconds}', 'spice://h:1')
            self.check(USAGE, '--for is 0 to 31536000 seconds', 'record', f'--for={seconds}', 'spice://h:1', '/dev/null')
            self.check(USAGE, '--quit-after is 0 to 31536000 seconds', 'port', f'--quit-after={seconds}', 'spice://h:1', 'x')
        self.check(USAGE, '--count must not be negative', 'events', '--count=-1', 'spice://h:1')
        self.check(USAGE, 'missing arguments', 'type', 'spice://h:1')
        self.check(USAGE, 'both TEXT and --file', 'type', '--file', '/dev/null', 'spice://h:1', 'x')
        self.check(USAGE, '"hyper"', 'key', 'spice://h:1', 'hyper:down')
        for name in ('x.jpg', 'x.jpeg', 'x.JPG', 'x.bmp', 'x.webp', 'x.ppm', 'x.tiff', 'x.abcde', 'x.1'):
            self.check(USAGE, f'screenshots are PNG files, not .{name[2:]}; name it x.png', 'screenshot', 'spice://h:1', name)
            self.check(USAGE, 'name it /a.b/x.png', 'screenshot', 'spice://h:1', f'/a.b/{name}')
        # Names without an ending, and those that mktemp makes.
        with tempfile.TemporaryDirectory() as folder:
            for name in ('x.png', 'x.PNG', 'x', '.bmp', 'tmp.abcdef', 'x.', 'a.jpg/x', 'x.b-p'):
                os.makedirs(f'{folder}/a.jpg', exist_ok=True)
                self.check(CONNECT, 'cannot connect', 'screenshot', 'spice://127.0.0.1:1', f'{folder}/{name}')
        for region in ('10x10', '0x10+0+0', '10x0+0+0', '10x10+-1+0', '10x10+0+-1', '10x10+0+0+0'):
            self.check(USAGE, '--region is', 'screenshot', '--region', region, 'spice://h:1', 'x.png')
        for number in ('-2', '-1', '256'):
            self.check(USAGE, '--display is 0 to 255', 'screenshot', f'--display={number}', 'spice://h:1', 'x.png')
        for timeout in ('0.5', '0.25'):
            self.check(USAGE, 'make --timeout longer, or --stable shorter', 'screenshot', '--stable=500',
                       f'--timeout={timeout}', 'spice://127.0.0.1:1', '/dev/null')
        for limits in (('--timeout=0.51', ), ('--timeout=0.5', '--on-timeout=save')):
            self.check(CONNECT, 'cannot connect', 'screenshot', '--stable=500', *limits, 'spice://127.0.0.1:1', '/dev/null')
        self.check(USAGE, '--on-timeout is', 'screenshot', '--on-timeout=keep', 'spice://h:1', 'x.png')
        self.check(USAGE, '--stable', 'screenshot', '-s-5', 'spice://h:1', 'x.png')
        self.check(USAGE, 'no command "fly"', 'help', 'fly')
        self.check(USAGE, '"nosuch" is not a channel type', 'info', '--secure-channel', 'nosuch', 'spice://h:1')

    def test_addresses(self):
        for uri in ('h', 'http://h:1', '', 'h:0', 'h:65536', ':1', 'h:1/x', 'a/b:1', 'a?b:1', 'a#b:1', 'a@b:1', 'a b:1'):
            self.check(USAGE, 'is not a SPICE address', 'info', uri)
        for uri, hint in {'spice://user:secret@h:1': '--password-file', 'spice://secret@h:1': '--password-file',
                          'spice://h:1/pool': '"/pool" behind the port', 'spice://h:1#pool': '"#pool" behind the port',
                          'spice://h?prot=1': '"prot" in the address', 'spice://h?port=1&prot=1': '"prot" in the address',
                          'spice://h?port=1;prot=1': '"prot" in the address',
                          'spice://::1:5930': 'brackets: [::1]:5930, or [::1:5930] without',
                          'spice://2001:db8:0:0:0:0:0:1': 'brackets: [2001:db8:0:0:0:0:0]:1, or [2001:db8:0:0:0:0:0:1] without',
                          '::1:5930': 'brackets: [::1]:5930', 'fe80:0:0:0:0:0:0:1:5930': 'brackets: [fe80:0:0:0:0:0:0:1]:5930',
                          'spice://h:1:2': '"h:1:2" has more than one port: use spice://HOST:PORT, or spice://HOST?port=',
                          'h:1:2': '"h:1:2" has more than one port', 'spice+tls://1:2:3': '"1:2:3" has more than one port',
                          'spice://h:1:2/?port=3': '"h:1:2" has more than one port',
                          'spice://h;port=1;prot=1': '"prot" in the address',
                          'spice+tls://h:1?port=2': '"port=" does not go with spice+tls://',
                          'spice+tls://h:1/?tls-port=2': '"tls-port=" does not go with spice+tls://',
                          'spice+tls://h?tls-port=2': 'spice+tls://HOST:PORT',
                          'Spice+TLS://h:1;port=2': '"port=" does not go with spice+tls://'}.items():
            self.check(USAGE, hint, 'info', uri)
        for uri in ('spice://u:se/cret@h', 'spice://u:se#cret@h:1', 'spice+tls://se;cret@h'):
            result = caraway('info', uri)
            self.assertEqual(result.returncode, USAGE)
            self.assertIn('--password-file', result.stderr)
            self.assertNotIn('cret', result.stderr)
        # Understood, so that connecting is what fails.
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        for uri in (f'127.0.0.1:{port}', f'SPICE://127.0.0.1:{port}', f'Spice+TLS://127.0.0.1:{port}', f'[::1]:{port}',
                    f'spice://[::1]:{port}', f'spice://127.0.0.1:{port}/', f'spice://127.0.0.1/?port={port}',
                    f'spice://127.0.0.1?port={port}&tls-port={port};password=x', f'spice://127.0.0.1;port={port}',
                    f'spice+tls://127.0.0.1:{port}?password=x', 'spice+unix:///nonexistent/x.vv'):
            self.check(CONNECT, 'cannot connect', 'info', uri)
        for uri, reason in {'spice://h': 'there is no port', 'spice://h:abc': '‘abc’', 'spice://:5900': 'there is no host',
                            'spice://h:1?foo=2': '"foo" in the address is not known', 'spice+unix://': 'there is no path',
                            'spice://h:70000': 'out of range', 'spice://h?tls-port=65536': 'from 1 to 65535',
                            'spice://h?port=0': 'from 1 to 65535', 'spice://h?port=1x': 'from 1 to 65535'}.items():
            self.check(USAGE, reason, 'info', uri)

    def test_help_of_commands(self):
        for command in COMMANDS:
            result = caraway('help', command)
            self.assertEqual(result.returncode, 0)
            self.assertEqual(result.stdout, caraway(command, '--help').stdout)
            self.assertIn('--password-file', result.stdout)
        for command in (*COMMANDS, 'replay', 'inspect'):
            text, summaries = caraway('help', command).stdout, caraway('help').stdout
            self.assertTrue(text.startswith(f'Usage:\n  caraway {command} [OPTION…] '), text)
            self.assertRegex(text, rf'\n\nExample:\n  (.* \| )?caraway {command} ')
            self.assertNotIn('(null)', text)
            self.assertRegex(summaries, rf'(?m)^  {command} +{re.escape(text.splitlines()[3])}$')
        self.assertIn('shift:down leaves a key down', caraway('help', 'key').stdout)
        for words in ('Exit status', '.vv'):
            self.assertIn(words, caraway('help').stdout)

    def test_full_disk(self):
        with open('/dev/full', 'w') as full:
            for arguments in (['--help'], ['key', '--list'], ['--version'], ['help', 'info'], ['info', '--help']):
                result = subprocess.run([CARAWAY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
                self.assertEqual(result.returncode, FILE, arguments)
                self.assertIn('cannot write', result.stderr)

    def test_file_that_may_not_grow(self):
        with tempfile.TemporaryFile() as file:
            result = subprocess.run([CARAWAY, '--help'], stdout=file, stderr=subprocess.PIPE, text=True, timeout=120,
                                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
            self.assertEqual(result.returncode, FILE)
            self.assertIn('too large', result.stderr)

    def test_options_have_the_charset_of_the_locale(self):
        self.check(USAGE, '"größe" is none', 'clipboard', '--selection=größe', 'get', 'spice://h:1',
                   env={**os.environ, 'LC_ALL': 'C.UTF-8'})

    def test_input_that_cannot_be_read(self):
        folder = os.open('/', os.O_RDONLY)
        self.addCleanup(os.close, folder)
        for command in (('clipboard', 'set', 'spice://127.0.0.1:1'), ('type', 'spice://127.0.0.1:1', '-'), ('info', '-')):
            self.check(FILE, 'cannot read standard input: Is a directory', *command, stdin=folder)
        self.check(USAGE, 'neither UTF-8 text nor an image', 'clipboard', 'set', 'spice://127.0.0.1:1',
                   stdin=None, input='\x80', encoding='latin-1')

    def settings(self, *arguments):
        """What a session is told: the properties that changed, with the values of those that are printed."""
        lines = [json.loads(line) for line in caraway('events', *arguments).stdout.splitlines()]
        return {line['property']: line.get('value') for line in lines if line['event'] == 'property'}

    def test_standard_input_is_one_thing(self):
        # At once: it does not end.
        kept, end = os.pipe()
        self.addCleanup(os.close, end)
        self.addCleanup(os.close, kept)
        uri = 'spice://127.0.0.1:1'
        for command in (('type', '--password-file=-', uri, '-'), ('type', '--password-file=-', '--file=-', uri),
                        ('clipboard', '--password-file=-', 'set', uri), ('info', '--password-file', '-', '-')):
            self.check(USAGE, 'standard input cannot be two things at once: give one as a file\n', *command, stdin=kept)
        self.check(USAGE, 'two things at once', 'type', '-', '-', stdin=None, input='text')
        self.check(USAGE, 'two things at once', 'info', '--pubkey-file=-', '-', stdin=None,
                   input='[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\n')

    def test_options_reach_the_session(self):
        self.assertEqual(self.settings('--proxy=http://127.0.0.1:9', '--cert-subject=CN=x', '--compression=lz4', '--insecure',
                                       '--secure-channel=main', '--secure-channel=all', '--ca-file', self.ca(),
                                       'spice://127.0.0.1:1'),
                         {'uri': 'spice://127.0.0.1:1', 'proxy': 'http://127.0.0.1:9', 'cert-subject': 'CN=x', 'verify': None,
                          'preferred-compression': None, 'secure-channels': None, 'ca-file': self.ca()})
        self.assertEqual(self.settings('spice://127.0.0.1:1'), {'uri': 'spice://127.0.0.1:1'})

    def test_passwords_of_proxies_are_not_told(self):
        for given, told in {'http://u:secret@127.0.0.1:9': 'http://u@127.0.0.1:9', 'http://u@h:9': 'http://u@h:9',
                            'u:secret@[::1]': 'http://u@[::1]:3128', 'http://[::1]:9': 'http://[::1]:9'}.items():
            self.assertEqual(self.settings('--proxy', given, 'spice://127.0.0.1:1')['proxy'], told)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'x.vv'
            for proxy in ('http://u:secret/x@127.0.0.1:9', 'http://u:1secret@x@127.0.0.1:9', 'ftp://u:secret@127.0.0.1:9'):
                path.write_text(f'[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\nproxy={proxy}\n')
                for arguments in (('--proxy', proxy, 'spice://127.0.0.1:1'), (path, )):
                    result = caraway('events', *arguments)
                    self.assertEqual(result.returncode, USAGE, result.stderr)
                    self.assertIn('the address of the proxy is not used: ', result.stderr)
                    self.assertNotIn('secret', result.stderr + result.stdout)

    def ca(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / 'ca.pem'
        path.write_text('-----BEGIN CERTIFICATE-----\n')
        self.ca = lambda: str(path)
        return str(path)

    def test_connection_files_reach_the_session(self):
        group = '[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\n'
        whole = {'tls-port': '65535', 'username': 'joe', 'proxy': 'http://127.0.0.1:9', 'tls-ciphers': 'DEFAULT',
                 'host-subject': 'CN=y', 'ca': 'x', 'secure-channels': 'main', 'password': 'secret'}
        told = {'host': '127.0.0.1', 'port': '1'}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'x.vv'
            path.write_text(group + ''.join(f'{key}={value}\n' for key, value in whole.items()))
            self.assertEqual(self.settings(path), {
                **told, 'tls-port': '65535', 'username': 'joe', 'proxy': 'http://127.0.0.1:9', 'ciphers': 'DEFAULT',
                'cert-subject': 'CN=y', 'ca': None, 'secure-channels': None, 'password': None})
            path.write_text(group + ''.join(f'{key}=\n' for key in whole))
            self.assertEqual(self.settings(path), told, 'empty values')
            path.write_text(group)
            self.assertEqual(self.settings(path), told)

    def test_debug_is_not_for_stdout(self):
        result = caraway('info', 'spice://127.0.0.1:1', env={**os.environ, 'SPICE_DEBUG': '1', 'G_MESSAGES_DEBUG': 'all'})
        self.assertEqual(result.returncode, CONNECT)
        self.assertEqual(result.stdout, '')

    def test_passwords(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'secret'
            path.write_text('x' * 60 + '\n')
            self.check(USAGE, '60 bytes', 'info', '--password-file', path, 'spice://127.0.0.1:1')
            path.write_text('x' * 59 + '\n')
            self.check(CONNECT, 'cannot connect', 'info', '--password-file', path, 'spice://127.0.0.1:1')
            path.write_text('')
            self.check(FILE, f'cannot read the password: {path} is empty', 'info', '--password-file', path, 'spice://127.0.0.1:1')
            path.write_text('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\npassword=' + 'x' * 60)
            path = path.rename(f'{path}.vv')
            self.check(USAGE, '60 bytes', 'info', path)
        self.check(USAGE, '60 bytes', 'info', 'spice://127.0.0.1:1', env={**os.environ, 'CARAWAY_PASSWORD': 'x' * 60})

    def test_connection_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'x.vv'
            for text, status, reason in (
                    ('', FILE, 'group'), ('nonsense', FILE, 'not a connection file'),
                    ('[virt-viewer]\nhost=h\n', FILE, 'with a type'),
                    ('[virt-viewer]\ntype=vnc\nhost=h\nport=1\n', UNSUPPORTED, 'for a vnc server'),
                    ('[virt-viewer]\ntype=spice\nport=1\n', FILE, 'names no host'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=-1\n', FILE, 'names no port'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=0\ntls-port=0\n', FILE, 'names no port'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=65536\n', FILE, f'{path}: port=65536 is not a port'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\ntls-port=65536\n', FILE, 'tls-port=65536 is not a port'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1junk\n', FILE, 'port=1junk is not a port'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\ntls-port=x\n', FILE, 'tls-port=x is not a port'),
                    ('[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport= 1 \ntls-port=-1\n', CONNECT, 'cannot connect'),
                    ('[virt-viewer]\ntype=spice\nhost=\nport=1\n', FILE, 'names no host'),
                    ('[virt-viewer]\ntype=spice\nhost=h\nunix-path=/nonexistent/x\n', CONNECT, 'spice+unix:///nonexistent/x'),
                    ('[virt-viewer]\ntype=spice\nunix-path=\nhost=127.0.0.1\nport=1\n', CONNECT, 'spice://127.0.0.1:1: '),
                    ('x' * (1 << 20), FILE, 'it is too large'), ('x' * ((1 << 20) - 1), FILE, 'not a connection file'),
                    ('\ufeff[virt-viewer]\r\ntype=spice\r\nhost=127.0.0.1\r\nport=1\r\n', CONNECT, 'cannot connect')):
                path.write_text(text)
                self.check(status, reason, 'info', path)
                self.assertTrue(path.exists())
            # They come from web pages.
            for text, status in (('type=spice\nhost=h\x1b[2J\x9b\nport=1\n', CONNECT), ('type=h\x1b[2J\x9b\n', UNSUPPORTED)):
                path.write_text(f'[virt-viewer]\n{text}')
                self.check(status, 'h\\u001b[2J\\u009b', 'info', path)
            self.check(FILE, 'cannot read /nonexistent/x.vv: No such file', 'info', '/nonexistent/x.vv')
            os.mkdir(f'{folder}/folder.vv')
            self.check(FILE, 'Is a directory', 'info', f'{folder}/folder.vv')
            for value, stays in (('0', True), ('-1', True), ('false', True), ('1', False), ('2', False), ('True ', False)):
                path.write_text(f'[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=1\ndelete-this-file={value}\n')
                self.check(CONNECT, 'cannot connect', 'info', path)
                self.assertEqual(path.exists(), stays, value)

    def test_targets_are_looked_at_first(self):
        with tempfile.TemporaryDirectory() as folder:
            self.check(FILE, 'it is a folder', 'screenshot', 'spice://127.0.0.1:1', folder)
            self.check(FILE, 'cannot write', 'screenshot', 'spice://127.0.0.1:1', f'{folder}/none/x.png')
            self.assertEqual(os.listdir(folder), [])
            os.symlink('b', f'{folder}/a')
            os.symlink('a', f'{folder}/b')
            self.check(FILE, f'cannot write {folder}/a: Too many levels', 'screenshot', 'spice://127.0.0.1:1', f'{folder}/a')
            self.assertEqual(sorted(os.listdir(folder)), ['a', 'b'])

    def test_key_list(self):
        result = caraway('key', '--list')
        self.assertEqual(result.returncode, 0)
        self.assertIn('capslock', result.stdout.split('\n'))
        told = caraway('help', 'key').stdout.partition('\nKey names:\n')[2].partition('\n\n')[0]
        self.assertEqual(told.split(), result.stdout.split())
        lines = told.split('\n')
        self.assertLessEqual(max(map(len, lines)), 92)
        for line, after in zip(lines, [*lines[1:], '']):
            self.assertRegex(line, r'^  \S+( \S+)*$')
            if after: # which would not have fitted
                self.assertGreater(len(line) + len(after.split()[0]), 91)

    def test_files(self):
        self.check(FILE, '/nonexistent/secret', 'info', '--password-file', '/nonexistent/secret', 'spice://127.0.0.1:1')
        self.check(FILE, '/nonexistent/ca', 'info', '--ca-file', '/nonexistent/ca', 'spice://127.0.0.1:1')
        self.check(FILE, '/nonexistent/key', 'info', '--pubkey-file', '/nonexistent/key', 'spice://127.0.0.1:1')
        for subject in ('', 'x', 'CN=', '=x', 'O=Test Org,x', 'CN=a\\', 'CN=a\\b'):
            self.check(USAGE, f'"{subject}" is no subject such as', 'info', f'--cert-subject={subject}', 'spice://127.0.0.1:1')
        for subject in ('CN=x', 'O=Test\\, Org, CN=a=b\\\\', 'O=x,'):
            self.check(CONNECT, 'cannot connect', 'info', f'--cert-subject={subject}', 'spice://127.0.0.1:1')
        with tempfile.NamedTemporaryFile('w') as ca:
            for text in ('', '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n'):
                ca.write(text)
                ca.flush()
                self.check(FILE, f'{ca.name} holds no PEM certificate', 'info', '--ca-file', ca.name, 'spice://127.0.0.1:1')
        with tempfile.NamedTemporaryFile('w') as key:
            for text in ('', '-----BEGIN PUBLIC KEY-----\nMA==\n', 'MA=='):
                key.write(text)
                key.flush()
                self.check(FILE, 'is no public key', 'info', '--pubkey-file', key.name, 'spice://127.0.0.1:1')
                key.truncate(0)

    def test_refused(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        self.check(CONNECT, f'spice://127.0.0.1:{port}: cannot connect', 'info', f'spice://127.0.0.1:{port}')
        self.check(CONNECT, 'spice+unix:///nonexistent/socket: cannot connect: No such file or directory\n', 'info',
                   'spice+unix:///nonexistent/socket')

    def test_unknown_host(self):
        self.check(UNKNOWN_HOST, 'the host is not known', 'info', 'spice://no-such-host.invalid:5900')

    def test_silent_server(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            uri = f'spice://127.0.0.1:{listener.getsockname()[1]}'
            self.check(TIMEOUT, f'caraway info: {uri}: the server is too slow, or nobody is there: gave up after 1 s, waiting '
                       'for the server\n', 'info', '--timeout', '1', uri)

    def test_not_spice(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            process = subprocess.Popen([CARAWAY, 'info', f'spice://127.0.0.1:{listener.getsockname()[1]}'],
                                       stderr=subprocess.PIPE, text=True)
            connection, _ = listener.accept()
            connection.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n' + b'x' * 200)
            error = process.communicate(timeout=120)[1]
            connection.close()
        self.assertEqual(process.returncode, NOT_SPICE, error)
        self.assertRegex(error, 'spice://[0-9.:]+: not a SPICE server but, it seems, .*: its link reply begins with "HTTP/1')

    def test_signals_leave_nothing_behind_as_long_as_nothing_is_there(self):
        for command, number in itertools.product(('record', 'screenshot'), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
            with socket.create_server(('127.0.0.1', 0)) as listener, tempfile.TemporaryDirectory() as folder:
                target = pathlib.Path(folder) / 'x'
                target.write_text('precious')
                # Whoever starts the tests may ignore signals.
                process = subprocess.Popen(['env', '--default-signal=HUP,INT,TERM', CARAWAY, command,
                                            f'spice://127.0.0.1:{listener.getsockname()[1]}', target])
                connection, _ = listener.accept()
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=120), -number)
                connection.close()
                self.assertEqual(target.read_text(), 'precious')
                self.assertEqual(os.listdir(folder), ['x'])

    def test_nothing_is_left_half_written(self):
        for command in ('screenshot', 'record'):
            with tempfile.TemporaryDirectory() as folder:
                target = pathlib.Path(folder) / 'x.png'
                target.write_text('precious')
                for path in (target, f'{folder}/new.png'):
                    self.check(CONNECT, 'cannot connect', command, 'spice://127.0.0.1:1', path)
                    self.check(USAGE, 'not a SPICE address', command, 'h', path)
                self.assertEqual(target.read_text(), 'precious')
                self.assertEqual(os.listdir(folder), ['x.png'])


class Completion(unittest.TestCase):
    """What bash offers after these words, the last one begun."""

    def offers(self, *words):
        script = """
            source /usr/share/bash-completion/bash_completion && source "$1" && shift
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
            compopt() { :; }
            _caraway
            printf '%s\\n' "${COMPREPLY[@]}" """
        environment = {**os.environ, 'PATH': f'{pathlib.Path(CARAWAY).parent}:{os.environ["PATH"]}'}
        result = subprocess.run(['bash', '-c', script, 'bash', COMPLETION, *words], capture_output=True, text=True, timeout=120,
                                env=environment)
        self.assertEqual(result.stderr, '')
        return result.stdout.split()

    def commands(self):
        return [line.split()[0] for line in caraway('help').stdout.split('Commands:')[1].split('\n\n')[0].splitlines()
                if line.strip()]

    def test_words(self):
        commands = self.commands()
        self.assertGreater(len(commands), 7)
        self.assertEqual(set(self.offers('caraway', '')) - {'help', '--help', '--version'}, set(commands))
        self.assertEqual(self.offers('caraway', 'help', 'ke'), ['key'])
        self.assertEqual(self.offers('caraway', 'click', '--button', 'r'), ['right'])
        self.assertEqual(self.offers('caraway', 'click', '-b', 'mi'), ['middle'])
        self.assertEqual(self.offers('caraway', 'click', '--button', '=', 'r'), ['right'])
        self.assertEqual(self.offers('caraway', 'info', '--compression', '=', 'lz4'), ['lz4'])
        for words in (('record', '-f'), ('record', '--for'), ('events', '-n'), ('events', '--seconds'), ('clipboard', '-l')):
            self.assertEqual(self.offers('caraway', *words, ''), [], words)
        self.assertNotEqual(self.offers('caraway', 'type', '-f', '/'), [])
        self.assertNotEqual(self.offers('caraway', 'replay', '-u', '/'), [])
        self.assertIn('ctrl+alt+del', self.offers('caraway', 'key', 'spice://h:1', 'ctrl+alt+de'))

    def test_options(self):
        for command in self.commands():
            offered = {word.rstrip('=') for word in self.offers('caraway', command, '--')}
            text = caraway('help', command).stdout
            self.assertEqual(offered, {word.strip('=,') for line in text.splitlines() for word in line.replace('=', '= ').split()
                                       if line.startswith('  -') and word.startswith('--')}, command)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
