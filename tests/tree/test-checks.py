#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks of build-aux/ themselves: each must find the breach it is there for, and be silent without one."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n'


def run(check, *arguments):
    return subprocess.run([sys.executable, ROOT / 'build-aux' / check, *map(str, arguments)], capture_output=True, text=True)


class Tree(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.write('src/base/good.c', '#include "base/good.h"\n#include <glib.h>\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + text)

    def assert_finds(self, check, text):
        result = run(check, self.root)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(text, result.stdout)

    def test_clean(self):
        for check in ('check-layers.py', 'check-text.py', 'top-length.py'):
            result = run(check, self.root)
            self.assertEqual(result.returncode, 0, result.stdout)

    def test_upward_include(self):
        self.write('src/codec/bad.c', '#include "render/render.h"\n')
        self.assert_finds('check-layers.py', 'src/codec/bad.c: codec may not include "render/render.h"')

    def test_sideways_include_of_a_test(self):
        self.write('tests/unit/canvas/bad.c', '#include "wire/reader.h"\n')
        self.assert_finds('check-layers.py', 'canvas may not include "wire/reader.h"')

    def test_main_loop_in_a_pure_layer(self):
        self.write('src/render/bad.c', 'void f (void) { g_idle_add (0, 0); }\n')
        self.assert_finds('check-layers.py', 'uses g_idle_add')

    def test_gobject_header_in_a_pure_layer(self):
        self.write('src/link/bad.c', '#include <gio/gio.h>\n')
        self.assert_finds('check-layers.py', 'includes <gio/gio.h>')

    def test_main_loop_in_a_comment_is_fine(self):
        self.write('src/render/good.c', '/* never g_idle_add() */\n')
        self.assertEqual(run('check-layers.py', self.root).returncode, 0)

    def test_tool_on_internals(self):
        self.write('tools/bad.c', '#include "channel/base.h"\n')
        self.assert_finds('check-layers.py', 'may not include "channel/base.h"')

    def test_banned_function(self):
        self.write('src/base/bad.c', 'void f (char *a, char *b) { strcpy (a, b); }\n')
        self.assert_finds('check-text.py', 'strcpy() is not used here')

    def test_tab_and_licence(self):
        (self.root / 'src/base/bad.h').write_text('\tint x;\n')
        self.assert_finds('check-text.py', 'src/base/bad.h:1: tab')
        self.assert_finds('check-text.py', 'no licence line')

    def test_long_file(self):
        self.write('src/base/long.c', '\n' * 1000)
        self.assert_finds('top-length.py', 'too long: src/base/long.c')

    def test_sentence_that_cannot_be_translated(self):
        shutil.copytree(ROOT / 'po', self.root / 'po')
        for name, text in (('call', 'g_set_error (e, D, 1,\n  "The server is late: %s", _ ("why"));'),
                           ('own', 'refused || fail (self, "The server is late");'),
                           ('choice', 'g_error_new (D, 1, "%s", x ? _ ("The server is late") : "The end");'),
                           ('stage', 'CwStage stage = {\n  .late = "The server is late",\n};')):
            self.write(f'src/transport/{name}.c', text + '\n')
        result = run('check-potfiles.py', self.root)
        for place in ('call.c:3: "The server is late: %s"', 'own.c:2: "The server is late"', 'choice.c:2: "The end"',
                      'stage.c:3: "The server is late"'):
            self.assertIn(f'src/transport/{place} is not marked for translation', result.stdout)
        self.assertIn('src/transport/call.c: has texts to translate, and is not in po/POTFILES', result.stdout)

    def test_sentence_without_its_end(self):
        shutil.copytree(ROOT / 'po', self.root / 'po')
        self.write('src/link/open.c', 'fail (self, _ ("The server is "\n  "late"));\n'
                   'g_set_error (e, D, 1, x ? _ ("Over.") : _ ("It is %s"), '
                   'y);\n'
                   'fail (self, N_ ("The link"));\nfail (self, _ ("The link: %s"), z);\ng_prefix_error (e, _ ("The link: "));\n')
        result = run('check-potfiles.py', self.root)
        for place in ('2: "The server is late"', '4: "It is %s"'):
            self.assertIn(f'src/link/open.c:{place} does not end with a full stop', result.stdout)
        self.assertEqual(result.stdout.count('full stop'), 2, result.stdout)

    def test_sentence_that_is_marked(self):
        shutil.rmtree(self.root / 'src')
        (self.root / 'po').mkdir()
        (self.root / 'po/POTFILES').write_text('src/link/good.c\n')
        (self.root / 'po/LINGUAS').write_text('')
        self.write('src/link/good.c', 'fail (self, _ ("The server "\n "Is late: %s"), "link: size");\n')
        result = run('check-potfiles.py', self.root)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_verdict_of_coverage(self):
        def verdict(kinds, **lines):
            named = {name.replace('_', '/') + '.c': row for name, row in lines.items()}
            return subprocess.run([sys.executable, ROOT / 'build-aux/coverage-verdict.py', *kinds], input=json.dumps(named),
                                  capture_output=True, text=True, check=False)
        layers = {f'{layer}_a': {'fuzz': [90, 100]} for layer in ('base', 'wire', 'link', 'codec', 'canvas', 'render')}
        layers |= {f'{layer}_z': {'fuzz': [80, 100]} for layer in ('channel', 'transport')}
        good = verdict(('unit', 'fuzz'), channel_main_a={'unit': [90, 100]}, session_b={'unit': [9, 9]},
                       base_c={'unit': [0, 9]}, **{**layers, 'channel_z': {'unit': [9, 9], 'fuzz': [80, 100]}})
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        for words in ('  channel/main/a.c ', '  session/b.c ', 'all 3 reach 90 %', '  wire/ ', 'all 6 reach 90 %',
                      'all 2 reach 80 %'):
            self.assertIn(words, good.stdout)
        short = verdict(('unit',), channel_a={'unit': [89, 100]}, channel_b={'fuzz': [1, 1]}, session_c={'unit': [1, 1]})
        self.assertEqual(short.returncode, 1)
        self.assertIn('VERDICT: 2 of 3 below 90 %: channel/a.c, channel/b.c\n', short.stdout)
        short = verdict(('fuzz',), **{**layers, 'link_b': {'fuzz': [0, 1]}})
        self.assertEqual(short.returncode, 1)
        self.assertIn('VERDICT: 1 of 6 below 90 %: link/\n', short.stdout)
        short = verdict(('fuzz',), **{**layers, 'transport_z': {'fuzz': [79, 100]}})
        self.assertIn('VERDICT: 1 of 2 below 80 %: transport/\n', short.stdout)
        self.assertEqual(verdict(('unit',)).returncode, 1)

    def test_empty_tree_is_not_a_pass(self):
        shutil.rmtree(self.root / 'src')
        for check in ('check-layers.py', 'check-text.py', 'top-length.py'):
            self.assertEqual(run(check, self.root).returncode, 1)


class Documented(unittest.TestCase):
    """build-aux/undocumented.py, whose texts come from the scanner."""

    def run_on(self, text):
        with tempfile.NamedTemporaryFile('w', suffix='.gir') as gir:
            gir.write('<repository xmlns="http://www.gtk.org/introspection/core/1.0"><namespace>'
                      f'<class name="Box">{text}</class></namespace></repository>')
            gir.flush()
            return run('undocumented.py', gir.name)

    def test_texts(self):
        good = ('<doc>Keeps things, in one thread.</doc><property name="size"><doc>In bytes.</doc></property>'
                '<method name="open" throws="1"><doc>Opens it. Errors are of #GIOErrorEnum, or %G_IO_ERROR_BUSY.</doc>'
                '<return-value><doc>whether it is open; %FALSE if not</doc></return-value></method>')
        self.assertEqual(self.run_on(good).returncode, 0, self.run_on(good).stdout)
        for text, without, lack in (('', ', in one thread', 'class Box lacks a word on threads'),
                                    ('', '<doc>In bytes.</doc>', 'property Box.size lacks a text'),
                                    ('Errors', 'Errors are of #GIOErrorEnum, or %G_IO_ERROR_BUSY',
                                     'method Box.open lacks a word on errors'),
                                    ('', '; %FALSE if not', 'method Box.open lacks what it returns on failure')):
            result = self.run_on(good.replace(without, text))
            self.assertEqual((result.returncode, result.stdout), (1, f'{lack}\n1 texts to write\n'))

    def test_what_takes_a_hidden_record(self):
        result = self.run_on('<doc>Of one thread.</doc></class><record name="Key" opaque="1"><method name="turn"/></record>'
                             '<class name="Lock"><doc>Of one thread.</doc>')
        self.assertEqual((result.returncode, result.stdout), (1, 'method Key.turn lacks a text\n1 texts to write\n'))


class Compatibility(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.write('tests/unit/session/meson.build', "foreach name : ['uri', 'unwritten']\n  test('session-' + name, x)")
        self.write('tests/unit/session/test-uri.c', 'f ("/uri/S2-table"); f ("/uri/rows/%s", rows[0]);\n'
                   '#include "rows.h"\n')
        self.write('tests/unit/session/rows.h', '{ "plain" }')
        self.write('tests/statements.txt', '# none\n')
        self.write('tests/peer/meson.build', "[{'name': 'port'}]\n  test('peer-' + name, x)")
        self.write('tests/peer/test-port.py', '@tap.test("T1: an open port tells")\ndef a():\n    pass\n\n\n'
                   'CASES = {"flush": 1}\n\n\n@tap.cases("a hostile server: {}", CASES)\ndef b(case):\n    pass\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self, *cells, head='| what | test |'):
        rows = ''.join(f'| {cell} |\n' for cell in cells)
        self.write('docs/compatibility.md', f'Text.\n\n{head}\n|---|---|\n{rows}')
        return run('check-compatibility.py', self.root)

    def test_clean(self):
        for good in ('`/uri/S2-table`', '`/uri/S2-…`', '`/uri/rows/plain`', '`/uri/rows/…`', '`session-uri`, `peer-port`',
                     '`peer-port: T1`', '`peer-port: a hostile server`', '`peer-port: a hostile server: flush`',
                     '`tests/peer/test-port.py`'):
            result = self.check(f'`some-name` | {good}')
            self.assertEqual(result.returncode, 0, f'{good}: {result.stdout}')

    def test_none(self):
        for row in ('x |', 'x | yes', '`/uri/S2-table` | -'):
            result = self.check('y | `session-uri`', row)
            self.assertEqual(result.returncode, 1, row)
            self.assertIn('docs/compatibility.md:6: names no test: ', result.stdout)

    def test_no_column(self):
        for row, head in (('x | `session-uri`', '| what | here |'), ('x', '| what | test |')):
            result = self.check(row, head=head)
            self.assertEqual(result.returncode, 1, row)
            self.assertIn('docs/compatibility.md:5: a row without the column for its test: x', result.stdout)

    def test_missing(self):
        for bad in ('/uri/S3', '/uri', '/uri/rows/odd', '/urn/…', 'session-unwritten', 'uri', 'port', 'peer-ports',
                    'peer-port: T2', 'peer-port: a hostile server: other', 'peer-none: T1', 'tests/peer/test-none.py'):
            result = self.check(f'x | `session-uri`, `{bad}`')
            self.assertEqual(result.returncode, 1, bad)
            self.assertIn(f'docs/compatibility.md:5: there is no test {bad}\n', result.stdout)

    def test_statements(self):
        self.write('tests/unit/session/test-more.c', 'f ("/more/S1-S3-all"); f ("/more/24.S-S30-other");')
        self.write('tests/statements.txt', '# of what\nS 3 sessions\nT 1 ports\n')
        rows = ('S1, S3 | `/more/S1-S3-all`', 'S2 | `/uri/S2-table`', 'T1 | `peer-port: T1`')
        self.assertEqual(self.check(*rows).returncode, 0)
        self.assertEqual(self.check('S1–S3 all | `/more/S1-S3-all`, `/uri/S2-table`', rows[2]).returncode, 0)
        for bad, lack in (((rows[0], rows[2]), 'S2'), (rows[:2], 'T1'), ((rows[0], 'S2 | `session-uri`', rows[2]), 'S2'),
                          (('S1 | `/more/S1-S3-all`', *rows[1:]), 'S3')):
            result = self.check(*bad)
            self.assertEqual(result.returncode, 1, bad)
            self.assertIn(f'no row with a test of that number: {lack}\n', result.stdout)

    def test_nothing_is_not_a_pass(self):
        self.assertEqual(self.check().returncode, 1)


class Symbols(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def library(self, sources):
        objects = []
        for name, text in sources.items():
            source, obj = self.root / f'{name}.c', self.root / f'{name}.o'
            source.write_text(text)
            subprocess.run(['cc', '-c', '-o', obj, source], check=True)
            objects.append(obj)
        archive = self.root / 'lib.a'
        subprocess.run(['ar', 'csr', archive, *objects], check=True)
        return run('check-symbols.py', 'nm', 5, archive)

    def test_clean(self):
        result = self.library({'a': 'int cw_a (void); int cw_b (void); int cw_a (void) { return cw_b (); }',
                               'b': 'int cw_b (void); int cw_b (void) { return 1; }'})
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn('0 objects, 0.0 %', result.stdout)

    def test_foreign_symbol(self):
        result = self.library({'a': 'int helper (void); int helper (void) { return 1; }'})
        self.assertEqual(result.returncode, 1)
        self.assertIn('global symbol helper', result.stdout)

    def test_cycle(self):
        result = self.library({'a': 'int cw_b (void); int cw_a (void); int cw_a (void) { return cw_b (); }',
                               'b': 'int cw_a (void); int cw_b (void); int cw_b (void) { return cw_a (); }'})
        self.assertEqual(result.returncode, 1)
        self.assertIn('2 objects, 100.0 %', result.stdout)


class LogDomain(unittest.TestCase):
    def check(self, entries):
        root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, root)
        commands = [{'output': output, 'command': f'cc {options} -c x.c'} for output, options in entries]
        (root / 'compile_commands.json').write_text(json.dumps(commands))
        return run('check-log-domain.py', 'GSpice', root)

    def test_clean(self):
        result = self.check([('src/a.o', "'-DG_LOG_DOMAIN=\"GSpice\"'"), ('tests/b.o', '')])
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_another_domain_and_none(self):
        result = self.check([('src/a.o', "'-DG_LOG_DOMAIN=\"Other\"'"), ('src/b.o', '')])
        self.assertEqual(result.returncode, 1)
        self.assertIn('src/a.o: not compiled', result.stdout)
        self.assertIn('src/b.o: not compiled', result.stdout)

    def test_nothing_is_not_a_pass(self):
        self.assertEqual(self.check([]).returncode, 1)


if __name__ == '__main__':
    unittest.main()
