#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything of the library is compiled to log in its domain: check-log-domain.py DOMAIN BUILD. GLib's checks of
arguments log too, so that a layer without g_warning () needs it as well. Exit 1 and a line per object without."""

import json
import pathlib
import shlex
import sys


def main():
    wanted, build = f'-DG_LOG_DOMAIN="{sys.argv[1]}"', pathlib.Path(sys.argv[2])
    commands = json.loads((build / 'compile_commands.json').read_text())
    ours = [c for c in commands if c['output'].startswith('src/')]
    bad = sorted(c['output'] for c in ours if wanted not in shlex.split(c['command']))
    for output in bad:
        print(f'{output}: not compiled with {wanted}')
    print(f'{len(ours)} objects of the library, {len(bad)} without the log domain')
    return 1 if bad or not ours else 0


if __name__ == '__main__':
    sys.exit(main())
