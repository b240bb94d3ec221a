#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares what the generator makes of the descriptions here with what it is expected to make.

    check.py            compare; prints TAP
    check.py --update   write the expected files anew (then read the difference before committing it)

NAME.msg is expected to give the files NAME.header … next to it; broken/NAME.msg the message in broken/NAME.error.
"""

import difflib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUTPUTS = ('vocabulary', 'header', 'types', 'tables', 'dictionary')


def run(path, folder):
    options = [word for output in OUTPUTS for word in ('--' + output, os.path.join(folder, output))]
    return subprocess.run([sys.executable, '-B', os.path.join(HERE, '..', 'generate.py'), *options, path],
                          capture_output=True, text=True, check=False)


def results(path, stem):
    """Yields (expected file, actual text); a text of None means that the generator did not behave."""
    with tempfile.TemporaryDirectory() as folder:
        process = run(path, folder)
        if os.path.basename(os.path.dirname(path)) == 'broken':
            made = os.listdir(folder)
            yield stem + '.error', process.stderr if process.returncode == 1 and not made else None
            return
        for output in OUTPUTS:
            made = os.path.join(folder, output)
            if process.returncode == 0 and os.path.exists(made):
                with open(made, encoding='utf-8') as file:
                    yield f'{stem}.{output}', file.read()
            else:
                yield f'{stem}.{output}', None


def descriptions():
    for folder in (HERE, os.path.join(HERE, 'broken')):
        for name in sorted(os.listdir(folder)):
            if name.endswith('.msg'):
                yield os.path.join(folder, name)


def compare(expected, actual):
    if actual is None:
        return ['the generator failed, or did not fail, unexpectedly']
    if not os.path.exists(expected):
        return ['there is no expected file']
    with open(expected, encoding='utf-8') as file:
        text = file.read()
    return list(difflib.unified_diff(text.splitlines(), actual.splitlines(), 'expected', 'actual', lineterm=''))


def main():
    update = sys.argv[1:] == ['--update']
    number, failed = 0, 0
    for path in descriptions():
        for expected, actual in results(path, path[:-len('.msg')]):
            if update and actual is not None:
                with open(expected, 'w', encoding='utf-8') as file:
                    file.write(actual)
            number += 1
            difference = compare(expected, actual)
            failed += bool(difference)
            print(f'{"not " if difference else ""}ok {number} {os.path.relpath(expected, HERE)}')
            for line in difference:
                print('# ' + line)
    print(f'1..{number}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
