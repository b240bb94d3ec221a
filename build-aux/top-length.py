#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists the longest files and fails above a ceiling that only ever sinks: top-length.py [ROOT].

Kernels and tables are long by nature and stand in KERNELS with their reason; everything else has one subject."""

import pathlib
import sys

CEILING = 700  # lines
KERNELS = {
    'tests/unit/codec/codec-vectors.c': 'one program by its interface',
}
FOLDERS = ('src', 'tools', 'demo', 'tests', 'bench', 'protocol', 'build-aux', 'include', 'examples')


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve()
    lengths = []
    for folder in FOLDERS:
        for path in (root / folder).rglob('*'):
            if path.suffix in ('.c', '.h', '.py') and 'golden' not in path.parts:
                with path.open('rb') as file:
                    lengths.append((sum(1 for _ in file), str(path.relative_to(root))))
    lengths.sort(reverse=True)
    bad = [name for lines, name in lengths if lines > CEILING and name not in KERNELS]
    own = root == pathlib.Path(__file__).resolve().parents[1]
    stale = [name for name in KERNELS if own and not (root / name).exists()]
    for lines, name in lengths[:10]:
        print(f'{lines:6d} {name}{"  (" + KERNELS[name] + ")" if name in KERNELS else ""}')
    middle = lengths[len(lengths) // 2][0] if lengths else 0
    print(f'{len(lengths)} files, median {middle} lines, {len(bad)} above the ceiling of {CEILING}')
    for name in bad:
        print(f'too long: {name}')
    for name in stale:
        print(f'in the list of kernels, but gone: {name}')
    return 1 if bad or stale or not lengths else 0


if __name__ == '__main__':
    sys.exit(main())
