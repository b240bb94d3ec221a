#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The layout of C files: check-format.py [ROOT] [--fix]. .clang-format is the rule, as clang-format 14 reads it (others
differ in details); and NULL is compared with in words only where a truth value is made, not in conditions."""

import pathlib
import re
import shutil
import subprocess
import sys

FOLDERS = ('src', 'tools', 'demo', 'tests', 'bench', 'include', 'examples')
VERSION = 14
NULL_TEST = re.compile(r'\b(?:if|while) \((?:\w|->|\.)+ [!=]= NULL\)')


def clang_format():
    for name in (f'clang-format-{VERSION}', 'clang-format'):
        path = shutil.which(name)
        if path and f'version {VERSION}.' in subprocess.run([path, '--version'], capture_output=True, text=True).stdout:
            return path
    return None


def files_of(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob('*.[ch]')):
            if not {'golden', 'vectors'} & set(path.parts):
                yield path


def main():
    arguments = [word for word in sys.argv[1:] if word != '--fix']
    root = pathlib.Path(arguments[0] if arguments else '.').resolve()
    tool = clang_format()
    if not tool:
        print(f'check-format: clang-format {VERSION} is needed (Debian: clang-format-{VERSION})')
        return 1
    files = list(files_of(root))
    if '--fix' in sys.argv:
        subprocess.run([tool, '-i', *files], check=True)
    result = subprocess.run([tool, '--dry-run', '-Werror', '--ferror-limit=1', *files], cwd=root, capture_output=True,
                            text=True)
    problems = [line for line in result.stderr.splitlines() if 'error:' in line]
    for path in files:
        for number, line in enumerate(path.read_text(encoding='utf-8').split('\n'), 1):
            if NULL_TEST.search(line):
                problems.append(f'{path.relative_to(root)}:{number}: a comparison with NULL in a condition')
    print('\n'.join(problems))
    print(f'{len(files)} files checked, {len(problems)} problems; check-format.py --fix lays files out')
    return 1 if problems or not files or (result.returncode and not problems) else 0


if __name__ == '__main__':
    sys.exit(main())
