#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who owns what goes in and out, what may be NULL, and which way it goes: annotations.py REFERENCE GIR. Bindings follow that,
so it is as in the library that their programs are made for, but for what is known to be wrong there (BETTER)."""
import json
import sys
import xml.etree.ElementTree as ElementTree

NAMES = {"gir": "http://www.gtk.org/introspection/core/1.0", "c": "http://www.gtk.org/introspection/c/1.0"}
TRANSFERS = {"none": 0, "container": 1, "full": 2}
DIRECTIONS = {"in": 0, "out": 1, "inout": 2}
# Function, parameter, what: ours. The session owns its channels; the devices are only referenced, as C programs have it; what
# a proxy's address does not have is NULL, and so is a scanout that is not there.
BETTER = {("spice_channel_new", "return", "transfer"): 0, ("spice_display_channel_get_gl_scanout", "return", "nullable"): True,
          ("spice_usb_device_manager_get_devices", "return", "transfer"): 1,
          ("spice_usb_device_manager_get_devices_with_filter", "return", "transfer"): 1}
for part in ("hostname", "password", "scheme", "user"):
    BETTER[f"spice_uri_get_{part}", "return", "nullable"] = BETTER[f"spice_uri_set_{part}", part, "nullable"] = True


def described(tree):
    """The functions of a description, wherever they stand in it, by their symbols."""
    if isinstance(tree, dict) and {"symbol", "args"} <= set(tree):
        yield tree["symbol"], {"return": tree["return"], **{arg["name"]: arg for arg in tree["args"]}}
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from described(branch)


def of_value(element):
    direction = element.get("direction", "in")
    return {"transfer": TRANSFERS[element.get("transfer-ownership", "none")], "direction": DIRECTIONS[direction],
            "nullable": element.get("nullable") == "1" or (direction == "in" and element.get("allow-none") == "1")}


def annotated(gir):
    for element in ElementTree.parse(gir).iter():
        symbol = element.get(f"{{{NAMES['c']}}}identifier")
        if symbol and element.find("gir:return-value", NAMES) is not None:
            values = {p.get("name"): of_value(p) for p in element.findall("gir:parameters/gir:parameter", NAMES)}
            yield symbol, {"return": of_value(element.find("gir:return-value", NAMES)), **values}


def main(reference, gir):
    with open(reference) as file:
        expected = dict(described(json.load(file)["typelib"]["infos"]))
    found, better, n, problems = dict(annotated(gir)), dict(BETTER), 0, []
    for symbol, values in sorted(expected.items()):
        if list(values) != list(found.get(symbol, ())):
            problems.append(f"{symbol}: {list(values)}, ours {list(found.get(symbol, ()))}")
            continue
        for name, value in values.items():
            for what in ("transfer", "direction", "nullable"):
                if what not in value:
                    continue
                n += 1
                ours, want = found[symbol][name][what], better.pop((symbol, name, what), value[what])
                if ours != want:
                    problems.append(f"{symbol}: {what} of {name} is {ours}, not {want}")
    problems += [f"there is no {key}" for key in better]
    print(*problems, f"{n} annotations, {len(problems)} problems", sep="\n")
    return 1 if problems or not n else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
