#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Style that needs no parser: check-text.py [ROOT]. Tabs, trailing blanks, missing licence lines, banned functions."""

import pathlib
import re
import sys

# Unbounded, locale-dependent, or on the stack by a size that may be the peer's.
BANNED = re.compile(r'\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|g_alloca|g_newa|atoi|atol|system)\s*\(')
LICENCE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
FOLDERS = ('src', 'tools', 'demo', 'tests', 'bench', 'protocol', 'build-aux', 'include', 'scripts', 'examples')


def problems_of(name, text):
    for number, line in enumerate(text.split('\n'), 1):
        if '\t' in line:
            yield f'{number}: tab'
        if line != line.rstrip():
            yield f'{number}: blank at the end of the line'
        if len(line) > 130:
            yield f'{number}: {len(line)} columns'
        if name.endswith(('.c', '.h')) and (found := BANNED.search(line)) and not line.lstrip().startswith(('*', '/*')):
            yield f'{number}: {found[1]}() is not used here'
    if text and not text.endswith('\n'):
        yield '1: no newline at the end'
    if text and not name.endswith('meson.build') and LICENCE not in text[:300]:
        yield '1: no licence line'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve()
    problems = checked = 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob('*')):
            if {'golden', 'vectors', '__pycache__'} & set(path.parts) or not path.is_file():
                continue
            if path.suffix in ('.c', '.h', '.py') or path.name == 'meson.build':
                checked += 1
                name = str(path.relative_to(root))
                for problem in problems_of(name, path.read_text(encoding='utf-8')):
                    print(f'{name}:{problem}')
                    problems += 1
    print(f'{checked} files checked, {problems} problems')
    return 1 if problems or not checked else 0


if __name__ == '__main__':
    sys.exit(main())
