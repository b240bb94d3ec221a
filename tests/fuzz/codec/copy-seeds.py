#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies a codec's test vectors, good and bad, into a folder of seeds: copy-seeds.py PREFIX OUTPUT VECTORS"""

import pathlib
import shutil
import sys

prefix, output, vectors = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
output.mkdir(exist_ok=True)
files = [*vectors.glob(f'{prefix}-*.bin'), *vectors.glob(f'bad-{prefix}-*.bin')]
if not files:
    sys.exit(f'no vectors {prefix}-*.bin in {vectors}')
for file in files:
    shutil.copy(file, output)
