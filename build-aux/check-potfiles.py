#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds po/POTFILES against the source: check-potfiles.py [ROOT]. Every error's sentence is marked for translation, in every
layer (what begins with a capital is one, as channel/errors.c takes it); every file with such texts is listed, and no other;
every language of po/LINGUAS has all texts. Sentences of errors end with a full stop."""

import pathlib
import re
import subprocess
import sys
import tempfile

MARKED = re.compile(r'\b[NC]?_ ?\("')
# What makes errors: GLib's functions, ours by their names; and the stages' sentence for a time that is over.
MAKES_ERROR = re.compile(r'\bg_(?:set_error|error_new|task_return_new_error|prefix_error|propagate_prefixed_error)\w* ?\('
                         r'|\b\w*fail\w* ?\(|\.late = ')
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


def call_at(text, start):
    """From start to the end of the parenthesis, or of the line where none is open, literals whole."""
    depth, at = 0, start
    while at < len(text):
        literal = LITERAL.match(text, at)
        if literal:
            at = literal.end()
            continue
        depth += {'(': 1, ')': -1}.get(text[at], 0)
        if depth == 0 and text[at] in ')\n':
            break
        at += 1
    return text[start:at]


def unmarked(text):
    """The lines and sentences that nobody could translate."""
    for made in MAKES_ERROR.finditer(text):
        call = call_at(text, made.end() - 1)
        for literal in LITERAL.finditer(call):
            before = call[:literal.start()].rstrip()
            # A piece of one before it, marked, or one of GLib's own.
            if literal[0][1:2].isupper() and not before.endswith(('"', '_ (', '"glib20",')):
                yield text.count('\n', 0, made.end() - 1 + literal.start()) + 1, literal[0]


# A sentence in one call of _ (), in pieces; what is given to N_ () is a piece of one.
TRANSLATED = re.compile(r'(?<!\w)_ ?\(((?:"(?:[^"\\]|\\.)*"\s*(?:PRI\w+\s*)?)+)\)')
# Its end, or a reason that comes from elsewhere behind it.
ENDED = re.compile(r'(?:\.|\.\)|: |: ?%s)$')


def unended(text):
    """The lines and sentences of errors without a full stop, where nothing follows that could have one."""
    for made in MAKES_ERROR.finditer(text):
        call = call_at(text, made.end() - 1)
        for given in TRANSLATED.finditer(call):
            sentence = ''.join(literal[1:-1] for literal in LITERAL.findall(given[1]))
            if sentence[:1].isupper() and not ENDED.search(sentence):
                yield text.count('\n', 0, made.end() - 1 + given.start()) + 1, sentence


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve()
    listed = {line for line in (root / 'po/POTFILES').read_text(encoding='utf-8').split('\n') if line and line[0] != '#'}
    marked = {str(path.relative_to(root)) for path in (root / 'src').rglob('*.[ch]')
              if MARKED.search(path.read_text(encoding='utf-8')) and path.name != 'i18n.h'}
    problems = [f'{name}: has texts to translate, and is not in po/POTFILES' for name in sorted(marked - listed)]
    problems += [f'{name}: is in po/POTFILES, and has no text to translate' for name in sorted(listed - marked)]
    for path in sorted((root / 'src').rglob('*.[ch]')):
        problems += [f'{path.relative_to(root)}:{line}: {sentence} is not marked for translation'
                     for line, sentence in unmarked(path.read_text(encoding='utf-8'))]
        problems += [f'{path.relative_to(root)}:{line}: "{sentence}" does not end with a full stop'
                     for line, sentence in unended(path.read_text(encoding='utf-8'))]
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
