#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks that codec-vectors fails when it should: test-codec-vectors.py CODEC-VECTORS VECTORS

Every case changes the index of a copy in one place and names what the output must then say."""

import copy
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

program, vectors = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()


def load_some():
    """The first image of each codec and as few of the rest as the cases need: every case runs them all."""
    index = json.loads((vectors / 'index.json').read_text())
    codecs = {}
    for entry in index['images']:
        codecs.setdefault(entry['codec'], entry)
    index['images'] = list(codecs.values())
    index['sequences'] = [e for e in index['sequences'] if e['name'] not in ('glz-forms', 'glz-distances')]
    for entry in index['sequences']:
        entry['orders'] = entry['orders'][:2]
    index['vmc'] = index['vmc'][:2]
    index['malformed'] = [e for e in index['malformed'] if e['name'] in ('glz-ref-ofs', 'lz4-block0', 'zlib-adler')]
    return index


original = load_some()

def find(index, name, codec=None):
    groups = ('images', 'sequences', 'vmc', 'malformed')
    return next(e for g in groups for e in index[g] if e['name'] == name and codec in (None, e.get('codec')))


def first(index, codec):
    return next(e for e in index['images'] if e['codec'] == codec)


def set_pixels(codec):
    def change(index):
        first(index, codec)['expect'][0]['sha256'] = '0' * 64
    return change


def expect_bytes(codec, value):
    # Other pixels with their right checksum: only the comparison can tell.
    def change(index):
        expect = first(index, codec)['expect'][0]
        digest = hashlib.sha256(bytes([value]) * expect['bytes']).hexdigest()
        expect.update(file=f'all-{value}.bin', offset=0, sha256=digest)
    return change


def accept(index):
    good = first(index, 'lz4')
    index['malformed'].append({**good, 'name': 'not-malformed', 'why': 'nothing'})


def accept_glz(index):
    good = find(index, 'glz-scroll')['images'][0]
    index['malformed'].append({**good, 'name': 'not-malformed', 'why': 'nothing'})


def accept_vmc(index):
    index['malformed'].append({'name': 'not-malformed', 'codec': 'vmc', 'file': 'vmc-text.bin', 'why': 'nothing'})


def break_setup(index):
    find(index, 'glz-ref-ofs')['setup'] = 'no-such-sequence'


def lose_reference(index):
    # An image is delivered before those that it refers to, which never come.
    sequence = find(index, 'glz-scroll')
    sequence['images'] = sequence['images'][1:]
    sequence['orders'] = [list(range(len(sequence['images'])))]


def assign(name, **values):
    return lambda index: find(index, name).update(values)


def empty(index):
    for group in ('images', 'sequences', 'vmc', 'malformed'):
        index[group] = []


CASES = {
    'pixels-quic': (set_pixels('quic'), 'wrong pixels'),
    'pixels-lz': (set_pixels('lz_rgb'), 'wrong pixels'),
    'pixels-palette': (set_pixels('lz_plt'), 'wrong pixels'),
    'pixels-lz4': (set_pixels('lz4'), 'wrong pixels'),
    'pixels-jpeg': (set_pixels('jpeg'), 'do not have their SHA-256'),
    'tolerance': (lambda i: first(i, 'mjpeg')['tolerance'].update(max=1, mean=0.001), 'colours differ'),
    'colours': (expect_bytes('jpeg', 0), 'colours differ'),
    'fourth-byte': (expect_bytes('jpeg', 9), 'not a colour'),
    'alpha': (expect_bytes('jpeg_alpha', 9), 'not a colour'),
    'pixels-file': (lambda i: first(i, 'jpeg')['expect'][0].update(file='nothing.bin'), 'are not there'),
    'pixels-offset': (lambda i: first(i, 'jpeg')['expect'][0].update(offset=1 << 40), 'are not there'),
    'no-tolerance': (lambda i: first(i, 'mjpeg').update(tolerance={}), 'colours differ'),
    'no-expectation': (lambda i: first(i, 'quic').update(expect=[]), 'not expected'),
    'other-layout': (lambda i: first(i, 'quic')['expect'][0].update(layout='gray8'), 'not expected'),
    'dimensions': (lambda i: first(i, 'lz4').update(width=7), 'FAIL'),
    'codec': (lambda i: first(i, 'quic').update(codec='quick'), 'unknown codec quick'),
    'file': (lambda i: first(i, 'quic').update(file='nothing.bin'), 'nothing.bin'),
    'no-file': (lambda i: first(i, 'quic').pop('file'), 'no file named'),
    'window-lost': (lambda i: find(i, 'glz-mixed')['window_after'].append(0), 'lost'),
    'window-kept': (lambda i: find(i, 'glz-mixed')['window_after'].pop(), 'still there'),
    'order-short': (lambda i: find(i, 'glz-mixed')['orders'][1].pop(), 'order 1'),
    'order-twice': (lambda i: find(i, 'glz-mixed')['orders'][1].__setitem__(0, 5), 'order 1'),
    'no-orders': (assign('glz-mixed', orders=[]), 'no order'),
    'start': (assign('glz-mixed', start='full'), 'empty window'),
    'glz-pixels': (lambda i: find(i, 'zlib-glz')['images'][3]['expect'][0].update(sha256='0' * 64), 'wrong pixels'),
    'reference-missing': (lose_reference, 'FAIL'),
    'vmc-bytes': (lambda i: find(i, 'vmc-text')['expect'].update(bytes=3), '1680 bytes'),
    'vmc-hash': (lambda i: find(i, 'vmc-text')['expect'].update(sha256='0' * 64), 'wrong bytes'),
    'malformed-accepted': (accept, 'not-malformed: accepted'),
    'malformed-accepted-glz': (accept_glz, 'not-malformed: accepted'),
    'malformed-accepted-vmc': (accept_vmc, 'not-malformed: accepted'),
    'malformed-file': (assign('lz4-block0', file='nothing.bin'), 'nothing.bin'),
    'setup': (break_setup, 'its setup no-such-sequence failed'),
    'nothing': (empty, '0 images, 0 orders of sequences, 0 vmc bodies, 0 malformed; 0 failures'),
}


def run(*args):
    return subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


failures = 0


def check(name, result, status, text):
    global failures
    # Some changes have more than one consequence, but none may spoil what it does not touch.
    if result.returncode != status or text not in result.stdout or result.stdout.count('FAIL') > 12:
        failures += 1
        print(f'{name}: exit status {result.returncode} instead of {status}, no “{text}”, or more failures than the '
              f'change explains:\n{result.stdout[:2000]}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder)
        for file in vectors.iterdir():
            if file.name != 'index.json':
                os.symlink(file, target / file.name)
        for value in (0, 9):
            (target / f'all-{value}.bin').write_bytes(bytes([value]) * (1 << 20))
        for name, (change, text) in CASES.items():
            index = copy.deepcopy(original)
            change(index)
            (target / 'index.json').write_text(json.dumps(index))
            check(name, run(folder), 1, text)
        (target / 'index.json').write_text('[]')
        check('no-object', run(folder), 1, '0 images')
        (target / 'index.json').write_text('{"images": [')
        check('no-json', run(folder), 1, 'index.json')
    check('no-folder', run('/nonexistent'), 1, 'index.json')
    check('no-argument', run(), 2, 'Usage')
    check('two-folders', run('a', 'b'), 2, 'Usage')
    check('help', run('--help'), 0, 'Usage')
    check('original', run(str(vectors)), 0, ' 0 failures')
    print(f'{len(CASES) + 7} cases, {failures} failures')
    return 1 if failures else 0


sys.exit(main())
