# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests as functions, their results as TAP. A test that raises has failed; there is no way to skip one."""
import concurrent.futures
import sys
import threading
import time
import traceback

_tests = []
_lock = threading.Lock()


def _say(text):
    """Whole lines: print() writes a line and its end apart, and what another thread says falls between them."""
    with _lock:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def note(*lines):
    """Tells the reader of the log something, from any thread."""
    _say("\n".join(f"# {line}" for text in lines for line in str(text).splitlines() or [""]))


def test(claim):
    """Registers a function; `claim` says what it proves."""
    def register(function):
        _tests.append((claim, function))
        return function
    return register


def cases(claim, values):
    """Registers a function once for every value; `claim` is formatted with it."""
    def register(function):
        for value in values:
            _tests.append((claim.format(value), lambda value=value: function(value)))
        return function
    return register


def equal(ours, expected, what=""):
    if ours != expected:
        raise AssertionError(f"{what or 'value'}: {ours!r} instead of {expected!r}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def _run(function):
    """(what went wrong as lines, or None; seconds)"""
    start, wrong = time.monotonic(), None
    try:
        function()
    except Exception as error:  # every failure of a test is reported and the next one runs
        wrong = traceback.format_exc().splitlines() + [str(line) for line in getattr(error, "logs", [])]
    return wrong, time.monotonic() - start


def main(only=None, jobs=1):
    """Runs everything, or the tests whose claim contains `only`, `jobs` at a time; returns the exit status."""
    chosen = [t for t in _tests if only is None or only in t[0]]
    if not chosen:
        _say(f"Bail out! no test matches {only!r}")
        return 1
    _say(f"1..{len(chosen)}")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for number, ((claim, _), (wrong, seconds)) in enumerate(zip(chosen, pool.map(_run, [t[1] for t in chosen])), 1):
            failed += wrong is not None
            _say(f"{'ok' if wrong is None else 'not ok'} {number} - {claim}")
            note(*wrong or [], f"{seconds:.1f} s")
    return 1 if failed else 0
