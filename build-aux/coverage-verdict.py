#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scripts/coverage has measured, and whether it is enough: coverage-verdict.py KIND… <MEASURED. That is a JSON object,
{file below src/: {kind: [covered lines, lines]}}. Exit status 1 when a bar is missed."""
import json
import sys

# Each file of these layers by the unit suites; each of these layers by the fuzz targets.
UNIT_LAYERS, UNIT_BAR = ('channel', 'session'), 90
FUZZ_BARS = {90: ('base', 'wire', 'link', 'codec', 'canvas', 'render'), 80: ('channel', 'transport')}


def percent(pair):
    return 100 * pair[0] / pair[1] if pair and pair[1] else None


def shown(pair):
    return '     -' if percent(pair) is None else f'{percent(pair):6.1f}'


def layer_of(name):
    return name.split('/')[0] if '/' in name else '.'


def print_table(lines, kinds):
    print(f'{"file":<44} {"lines":>6} ' + ' '.join(f'{kind:>6}' for kind in kinds))
    for name in sorted(lines):
        row = lines[name]
        print(f'{name:<44} {max(n for _, n in row.values()):>6} ' + ' '.join(shown(row.get(kind)) for kind in kinds))


def total_layers(lines):
    """{layer: {kind: [covered, lines]}}"""
    totals = {}
    for name, row in lines.items():
        for kind, (covered, n) in row.items():
            total = totals.setdefault(layer_of(name), {}).setdefault(kind, [0, 0])
            total[0] += covered
            total[1] += n
    return totals


def judge(title, rows, bar):
    """Prints every row of (name, pair), and whether all reach the bar. What was never run covers nothing."""
    print(f'\n{title}; the bar is {bar} %')
    short = []
    for name, pair in rows:
        enough = (percent(pair) or 0) >= bar
        short += [] if enough else [name]
        print(f'  {name:<42} {shown(pair)} {"" if enough else " below"}'.rstrip())
    print(f'VERDICT: {len(short)} of {len(rows)} below {bar} %: {", ".join(short)}' if short or not rows
          else f'VERDICT: all {len(rows)} reach {bar} %')
    return bool(rows) and not short


def main():
    kinds, lines = sys.argv[1:], json.load(sys.stdin)
    print_table(lines, kinds)
    totals = total_layers(lines)
    print()
    for layer, row in sorted(totals.items()):
        print(f'{layer + "/":<44} {max(n for _, n in row.values()):>6} ' + ' '.join(shown(row.get(kind)) for kind in kinds))
    verdicts = []
    if 'unit' in kinds:
        verdicts.append(judge('every file of ' + ' and '.join(UNIT_LAYERS) + ', by the unit suites', [
            (name, lines[name].get('unit')) for name in sorted(lines) if layer_of(name) in UNIT_LAYERS], UNIT_BAR))
    for bar, layers in FUZZ_BARS.items() if 'fuzz' in kinds else ():
        verdicts.append(judge('layers by the fuzz targets', [
            (f'{layer}/', totals.get(layer, {}).get('fuzz')) for layer in layers], bar))
    return 0 if all(verdicts) else 1


if __name__ == '__main__':
    sys.exit(main())
