#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the library offers: the description of the interface programs are compiled for (reference.json), without what
is not there yet (not-yet.txt), and with what is ours alone (additions.txt).

  interface.py map REFERENCE NOT_YET ADDITIONS OUT            the linker's version script
  interface.py headers REFERENCE NOT_YET ADDITIONS            prints the headers that stand in the source, one a line
  interface.py umbrella REFERENCE NOT_YET ADDITIONS IN OUT    the header that includes all others

Both lists have one `SECTION NAME` a line: function, header, type, enum, record, macro, `property TYPE NAME`,
`signal TYPE NAME`; # begins a comment. Functions of additions.txt get a version node of their own."""
import json
import sys

OWN_NODE = "CARAWAY_1"
# Written by the build.
GENERATED = {"spice-client.h", "spice-version.h", "spice-glib-enums.h"}


def read_list(path):
    with open(path) as file:
        return set(filter(None, (line.split("#")[0].strip() for line in file)))


class Interface:
    def __init__(self, reference, not_yet, additions):
        with open(reference) as file:
            self.reference = json.load(file)
        self.not_yet = read_list(not_yet)
        self.additions = read_list(additions)

    @staticmethod
    def section(names, section):
        return {name[len(section) + 1:] for name in names if name.startswith(section + " ")}

    def missing(self, section):
        return self.section(self.not_yet, section)

    def added(self, section):
        return self.section(self.additions, section)

    def nodes(self):
        """The version nodes, oldest first, with their functions."""
        symbols = self.reference["elf"]["symbols"]
        nodes = {node: {name for name in symbols if symbols[name]["version"] == node} - self.missing("function")
                 for node in self.reference["elf"]["version_definitions"]}
        if self.added("function"):
            nodes[OWN_NODE] = self.added("function")
        return nodes

    def headers(self):
        return sorted((set(self.reference["headers"]) - self.missing("header")) | self.added("header"))


def version_script(interface):
    text, before = "", ""
    for number, (node, names) in enumerate(interface.nodes().items()):
        text += f"{node} {{\nglobal:\n" + "".join(f"  {name};\n" for name in sorted(names))
        text += ("local:\n  *;\n" if number == 0 else "") + f"}}{before};\n"
        before = f" {node}"
    return text


def umbrella(interface, template):
    """Types come first: the other headers use them."""
    headers = sorted(interface.headers(), key=lambda name: name != "spice-types.h")
    includes = "\n".join(f'#include "{name}"' for name in headers if name != "spice-client.h")
    with open(template) as file:
        return file.read().replace("@INCLUDES@", includes)


def main(arguments):
    if not arguments or (arguments[0], len(arguments)) not in (("headers", 4), ("map", 5), ("umbrella", 6)):
        raise SystemExit(__doc__)
    interface = Interface(*arguments[1:4])
    if arguments[0] == "headers":
        print("\n".join(name for name in interface.headers() if name not in GENERATED))
        return
    text = version_script(interface) if arguments[0] == "map" else umbrella(interface, arguments[4])
    with open(arguments[-1], "w") as file:
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
