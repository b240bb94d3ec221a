#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds docs/compatibility.md against the tests: check-compatibility.py [ROOT]. Every table has a last column "test"; every row
of it names at least one there, in backticks and nothing else in them, and all that are named exist:

  /path/of/a/test   of GLib's test programs; "…" stands for anything
  session-uri       a program, as meson calls it
  peer-port: T6     the claim, or its beginning, of a test of that program in tests/peer
  tests/a/file.py   a file

Each statement of tests/statements.txt has a row: the first column names its number, and a test there has it in its name."""

import ast
import pathlib
import re
import sys

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
SEVERAL = re.compile(r'[%{][^sd}u]*[sdu}]')  # what printf and Python's format put in
NAME = re.compile(r'[a-z][a-z0-9-]*')
NUMBER = re.compile(r'(?<![A-Za-z0-9])([A-Z])(\d+)(?:–\1(\d+))?(?![A-Za-z0-9])')


def rows_of(text):
    """Line number, names of the columns, cells."""
    head = None
    for number, line in enumerate(text.split('\n'), 1):
        if not line.startswith('|'):
            head = None
            continue
        cells = [cell.strip() for cell in re.split(r'(?<!\\)\|', line)[1:-1]]
        if head is None:
            head = cells
        elif not all(set(cell) <= set('-: ') for cell in cells):
            yield number, head, cells


def pattern_of(wanted):
    return re.compile('.*'.join(re.escape(part) for part in wanted.split('…')))


class Tests:
    def __init__(self, root):
        self.root = root
        self.paths = []  # literals that look like a path, each with all literals of its file, and of its own headers
        for path in sorted((root / 'tests/unit').rglob('*.c')):
            text = path.read_text(encoding='utf-8')
            literals = set(LITERAL.findall(text))
            for header in re.findall(r'#include "([^/"]+)"', text):
                if (path.parent / header).is_file():
                    literals |= set(LITERAL.findall((path.parent / header).read_text(encoding='utf-8')))
            self.paths += [(literal, literals) for literal in literals if literal.startswith('/')]
        self.builds = {path.parent: path.read_text(encoding='utf-8') for path in root.rglob('meson.build')
                       if path.parent.relative_to(root).parts[:1] in (('tests',), ('build-aux',), ('examples',), ('bench',))}

    def has_path(self, wanted):
        """What a format puts in has to be a literal of the same file, or a part of one."""
        for literal, others in self.paths:
            parts = SEVERAL.split(literal)
            if len(parts) == 1:
                if pattern_of(wanted).fullmatch(literal):
                    return True
                continue
            if '…' in wanted:  # what comes before it is what the format begins with, or puts in first
                begin = wanted.split('…')[0]
                first = begin[len(parts[0]):].rstrip('/-')
                if parts[0].startswith(begin) or (begin.startswith(parts[0])
                                                  and any(other.startswith(first) for other in others)):
                    return True
                continue
            found = re.fullmatch('(.+)'.join(map(re.escape, parts)), wanted)
            if found and all(piece.isdecimal() or piece in others for piece in found.groups()):
                return True
        return False

    def has_program(self, name):
        """Meson makes names from pieces: 'session-' + 'uri' of a folder; each is listed there and has its file."""
        for folder, text in self.builds.items():
            prefix = folder.name + '-'
            short = name.removeprefix(prefix)
            made = f"'{prefix}' + " in text if short != name else 'test(name,' in text
            if f"test('{name}'" in text or made and f"'{short}'" in text and any(
                    (folder / f'test-{short}.{end}').is_file() for end in ('c', 'py')):
                return True
        return False

    def has_claim(self, program, wanted):
        path = self.root / 'tests/peer' / f'test-{program.removeprefix("peer-")}.py'
        if not path.is_file():
            return False
        tree = ast.parse(path.read_text(encoding='utf-8'))
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and getattr(node.func, 'attr', '') in ('test', 'cases') and node.args
                    and isinstance(node.args[0], ast.Constant)):
                continue
            parts = SEVERAL.split(node.args[0].value)
            found = re.match('(.+)'.join(map(re.escape, parts)) + '$', wanted)
            if (found and all(piece in texts for piece in found.groups())) or pattern_of(wanted).match('…'.join(parts)):
                return True
        return False

    def has(self, wanted):
        program, colon, claim = wanted.partition(': ')
        if colon:
            return self.has_program(program) and self.has_claim(program, claim)
        if wanted.startswith('/'):
            return self.has_path(wanted)
        if '/' in wanted:
            return (self.root / wanted).is_file()
        return bool(NAME.fullmatch(wanted)) and self.has_program(wanted)


def numbers_in(text):
    """Of statements, as (letter, number); “S6–S9” is four of them."""
    return {(letter, number) for letter, first, last in NUMBER.findall(text)
            for number in range(int(first), int(last or first) + 1)}


def unproven(statements, rows):
    """The statements that no row proves."""
    wanted = {(letter, number) for letter, count in re.findall(r'(?m)^([A-Z]) (\d+) ', statements)
              for number in range(1, int(count) + 1)}
    for _, _, cells in rows:
        named = [numbers_in(test) for test in re.findall(r'`([^`]+)`', cells[-1])]
        wanted -= numbers_in(cells[0]) & set().union(*named)
    return [f'{letter}{number}' for letter, number in sorted(wanted)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve()
    name = 'docs/compatibility.md'
    tests = Tests(root)
    problems = []
    rows = list(rows_of((root / name).read_text(encoding='utf-8')))
    for number, head, cells in rows:
        named = re.findall(r'`([^`]+)`', cells[-1])
        if head[-1] != 'test' or len(cells) != len(head):
            problems.append(f'{number}: a row without the column for its test: {cells[0]}')
        elif not named:
            problems.append(f'{number}: names no test: {cells[0]}')
        problems += [f'{number}: there is no test {test}' for test in named if head[-1] == 'test' and not tests.has(test)]
    statements = (root / 'tests/statements.txt').read_text(encoding='utf-8')
    problems += [f' no row with a test of that number: {statement}' for statement in unproven(statements, rows)]
    for problem in problems:
        print(f'{name}:{problem}')
    print(f'{len(rows)} rows, {len(problems)} problems')
    return 1 if problems or not rows else 0


if __name__ == '__main__':
    sys.exit(main())
