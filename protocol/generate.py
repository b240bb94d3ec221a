#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Generates numbers, structs and tables from the message descriptions.

    generate.py --vocabulary OUT --header OUT --types OUT --tables OUT --dictionary OUT FILE.msg…

The files are read in the given order; a name must be described before it is used.
"""

import argparse
import os
import sys

from cwgen.emit_c import emit_header, emit_tables, emit_types_header, emit_vocabulary
from cwgen.emit_dictionary import emit_dictionary
from cwgen.syntax import DescriptionError, Reader

OUTPUTS = {'vocabulary': emit_vocabulary, 'header': emit_header, 'types': emit_types_header, 'tables': emit_tables,
           'dictionary': emit_dictionary}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for output in OUTPUTS:
        parser.add_argument('--' + output, metavar='OUT')
    parser.add_argument('files', nargs='+', metavar='FILE.msg')
    options = parser.parse_args()
    reader = Reader()
    try:
        for path in options.files:
            reader.read(path, os.path.basename(path))
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 1
    for output, emit in OUTPUTS.items():
        path = getattr(options, output)
        if path:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(emit(reader.model))
    return 0


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    sys.exit(main())
