#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every global symbol of the layers' static libraries must carry our prefix: check-symbols.py NM LIMIT LIBRARY…

It also measures the largest link cycle: the largest set of object files that all need each other's symbols, as a share
of the code (bytes of text), and fails when that is above LIMIT percent. spice_x_get_type () does not count as a need:
every cast to a type calls it, and depends on nothing of the type but its name."""

import re
import subprocess
import sys
from collections import defaultdict

OURS = re.compile(r'^_?(cw|spice)_')
TOOLCHAIN = re.compile(r'^(__asan|__odr_asan|__ubsan|__start___|__stop___|asan\.|ubsan\.|sancov\.)')
TYPE = re.compile(r'^spice_\w+_get_type$')


def read_symbols(nm, library):
    """(object, name, type, size) of each symbol."""
    out = subprocess.run([nm, '-A', '-S', library], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        where, _, rest = line.rpartition(':')
        fields = rest.split()
        if fields[-2:] and len(fields) >= 2:
            # "address size type name", "address type name" or "type name"
            yield where, fields[-1], fields[-2], int(fields[1], 16) if len(fields) == 4 else 0


def strongly_connected(graph):
    """Tarjan's algorithm, without recursion."""
    index, low, on_stack, stack, result = {}, {}, set(), [], []
    for root in graph:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(graph[root]))]
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(graph[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = set()
                    while node not in component:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.add(member)
                    result.append(component)
    return result


def main():
    nm, limit, libraries = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    foreign, defined, needs, size = [], {}, defaultdict(set), defaultdict(int)
    for library in libraries:
        for obj, name, kind, length in read_symbols(nm, library):
            if kind in 'TDBRGSVWC':
                defined[name] = obj
                if not OURS.match(name) and not TOOLCHAIN.match(name):
                    foreign.append(f'{obj}: global symbol {name}')
            if kind == 'U' and not TYPE.match(name):
                needs[obj].add(name)
            if kind in 'Tt':
                size[obj] += length
    for line in foreign:
        print(line)
    graph = {obj: {defined[name] for name in needs[obj] if defined.get(name) in size} - {obj} for obj in size}
    total = sum(size.values())
    cycle = max((c for c in strongly_connected(graph) if len(c) > 1), default=set(), key=lambda c: sum(map(size.get, c)))
    share = 100 * sum(map(size.get, cycle)) / max(total, 1)
    print(f'{len(defined)} global symbols in {len(size)} objects, {len(foreign)} without our prefix; '
          f'largest link cycle: {len(cycle)} objects, {share:.1f} % of {total} bytes of code (limit {limit:g} %)')
    for obj in sorted(cycle):
        print('  ' + obj)
    return 1 if foreign or not defined or share > limit else 0


if __name__ == '__main__':
    sys.exit(main())
