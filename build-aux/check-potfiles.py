#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds po/POTFILES against the source: check-potfiles.py [ROOT]. Every file with texts to translate is listed, and no
other; every language of po/LINGUAS has all texts."""

import pathlib
import re
import subprocess
import sys
import tempfile

MARKED = re.compile(r'\b[NC]?_ ?\("')


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve()
    listed = {line for line in (root / 'po/POTFILES').read_text(encoding='utf-8').split('\n') if line and line[0] != '#'}
    marked = {str(path.relative_to(root)) for path in (root / 'src').rglob('*.[ch]')
              if MARKED.search(path.read_text(encoding='utf-8')) and path.name != 'i18n.h'}
    problems = [f'{name}: has texts to translate, and is not in po/POTFILES' for name in sorted(marked - listed)]
    problems += [f'{name}: is in po/POTFILES, and has no text to translate' for name in sorted(listed - marked)]
    languages = (root / 'po/LINGUAS').read_text(encoding='utf-8').split()
    with tempfile.TemporaryDirectory() as folder:
        pot = f'{folder}/texts.pot'
        subprocess.run(['xgettext', '-L', 'C', '-k_', '-kN_', '--from-code=UTF-8', '-o', pot, *sorted(marked)], cwd=root,
                       check=True)
        for language in languages:
            done = subprocess.run(['msgcmp', '--use-untranslated', f'{root}/po/{language}.po', pot], capture_output=True,
                                  text=True)
            problems += [f'po/{language}.po: {line}' for line in done.stderr.splitlines() if done.returncode]
    for problem in problems:
        print(problem)
    print(f'{len(marked)} files with texts, {len(languages)} languages, {len(problems)} problems')
    return 1 if problems or not marked else 0


if __name__ == '__main__':
    sys.exit(main())
