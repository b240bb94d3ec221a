# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads message descriptions into the model and checks them. The grammar is described in protocol/README.md."""

import re
from dataclasses import dataclass, field

SCALARS = {'u8': (1, False), 'u16': (2, False), 'u32': (4, False), 'u64': (8, False),
           'i8': (1, True), 'i16': (2, True), 'i32': (4, True), 'i64': (8, True)}
NAME = re.compile(r'[a-z0-9][a-z0-9-]*$')
HOOKS = {'bitmap-rows', 'glyph-rows'}
ATTRIBUTES = {'lenient', 'always', 'following', 'descriptor'}


class DescriptionError(Exception):
    def __init__(self, place, text):
        super().__init__(f'{place}: error: {text}')


@dataclass
class Enum:
    place: str
    name: str
    kind: str                # enum, flags or bits
    prefix: str
    scalar: str | None       # None for bits: they never stand alone on the wire
    values: list = field(default_factory=list)   # (name, number)


@dataclass
class Condition:
    kind: str                # equal, differs, any, none, context
    tag: str                 # a field of the same struct; the context's name for 'context'
    value: str = ''
    number: int = 0
    in_union: bool = False


@dataclass
class Field:
    place: str
    name: str
    kind: str                # scalar, struct, optional, bytes, array, count, pad, cases
    scalar: str = ''         # wire type of a scalar, a count, or a scalar element
    enum: Enum | None = None
    struct: 'Struct | None' = None
    pointer: bool = False
    nullable: bool = False
    length: str = ''         # rest, count, prefix, fixed, same, hook
    number: int = 0          # fixed length
    prefix: str = ''         # scalar of a length in front
    hook: str = ''
    same: 'Field | None' = None      # the array that has as many elements
    attributes: set = field(default_factory=set)
    most: int = 0            # elements; 0: as many as fit
    condition: Condition | None = None
    counts: 'Field | None' = None    # of a count: the field it belongs to
    cases: list = field(default_factory=list)

    def min_size(self):
        if self.condition or 'lenient' in self.attributes:
            return 0
        if self.pointer:
            return 0 if 'following' in self.attributes else 4
        if self.kind in ('scalar', 'count'):
            return SCALARS[self.scalar][0]
        if self.kind == 'struct':
            return self.struct.min_size()
        if self.kind == 'pad' or self.length == 'fixed':
            return self.number
        if self.length == 'prefix':
            return SCALARS[self.prefix][0]
        return 0

    def element_min_size(self):
        return self.struct.min_size() if self.struct else SCALARS[self.scalar][0]


@dataclass
class Struct:
    place: str
    name: str
    fields: list = field(default_factory=list)

    def min_size(self):
        return sum(f.min_size() for f in self.fields)

    def is_flat(self):
        """Whether the bytes on the wire are the struct in memory of a little-endian machine, or its reverse."""
        offset, align = 0, 1
        for f in self.fields:
            if f.kind == 'struct' and f.struct.is_flat() and not f.condition and not f.pointer:
                size, need = f.struct.min_size(), f.struct.alignment()
            elif f.kind == 'scalar' and not f.condition and not f.attributes:
                size = need = SCALARS[f.scalar][0]
            else:
                return False
            if offset % need:
                return False
            offset, align = offset + size, max(align, need)
        return offset > 0 and offset % align == 0

    def alignment(self):
        return max(f.struct.alignment() if f.struct else SCALARS[f.scalar][0] for f in self.fields)

    def has_pointer(self):
        return any(f.pointer or (f.struct and f.struct.has_pointer()) for f in self.fields)


@dataclass
class Message:
    place: str
    side: str                # server, client or agent
    name: str
    number: int
    channel: 'Channel | None'
    struct: Struct
    most: int = 0            # bytes of a body; 0: the usual limit
    tolerated: bool = False  # a damaged one may be passed over

    def descriptor_at(self):
        """Where the field stands that announces descriptors after the body; 0 when there is none."""
        at = 0
        for f in self.struct.fields:
            if 'descriptor' in f.attributes:
                return at
            at += f.min_size()
        return 0


@dataclass
class Channel:
    place: str
    name: str
    types: list              # numbers; empty means every channel
    messages: list = field(default_factory=list)


@dataclass
class Model:
    enums: dict = field(default_factory=dict)
    constants: list = field(default_factory=list)   # (name, number)
    contexts: list = field(default_factory=list)
    structs: dict = field(default_factory=dict)
    channels: dict = field(default_factory=dict)
    agent: list = field(default_factory=list)
    order: list = field(default_factory=list)        # structs and messages as described

    def messages(self):
        return [item for item in self.order if isinstance(item, Message)]


@dataclass
class Line:
    place: str
    depth: int
    words: list
    members: list = field(default_factory=list)


def read_lines(path, label):
    """The file as a forest: indentation of two spaces a level makes members."""
    roots, stack = [], []
    with open(path, encoding='utf-8') as file:
        for number, text in enumerate(file, 1):
            place = f'{label}:{number}'
            text = text.split('#')[0].rstrip()
            if not text:
                continue
            indent = len(text) - len(text.lstrip(' '))
            if '\t' in text or indent % 2:
                raise DescriptionError(place, 'indentation is two spaces a level')
            line = Line(place, indent // 2, text.split())
            if line.depth > len(stack):
                raise DescriptionError(place, 'indented deeper than its parent allows')
            del stack[line.depth:]
            (stack[-1].members if stack else roots).append(line)
            stack.append(line)
    return roots


class Reader:
    def __init__(self):
        self.model = Model()
        self.channel = None

    def read(self, path, label):
        self.channel = None
        for line in read_lines(path, label):
            handler = getattr(self, 'read_' + line.words[0], None)
            if handler is None:
                raise DescriptionError(line.place, f"unknown statement '{line.words[0]}'")
            handler(line)

    # Helpers

    def name(self, line, word):
        if not NAME.match(word):
            raise DescriptionError(line.place, f"'{word}' is not a name")
        return word

    def number(self, line, word, limit):
        try:
            value = int(word, 0)
        except ValueError:
            raise DescriptionError(line.place, f"'{word}' is not a number") from None
        if not 0 <= value <= limit:
            raise DescriptionError(line.place, f'{value} is outside 0…{limit}')
        return value

    def size(self, line, word):
        unit = {'K': 1024, 'M': 1024 * 1024}.get(word[-1], 1)
        return unit * self.number(line, word.rstrip('KM'), (2**32 - 1) // unit)

    def words(self, line, least, most):
        if not least <= len(line.words) <= most:
            raise DescriptionError(line.place, f"'{line.words[0]}' takes {least - 1} to {most - 1} words")

    # Statements

    def read_values(self, line, kind):
        words = list(line.words)
        scalar = None
        if kind != 'bits':
            scalar = words.pop()
            if scalar not in SCALARS:
                raise DescriptionError(line.place, f"'{scalar}' is not an integer type")
        if len(words) not in (2, 4) or (len(words) == 4 and words[2] != 'prefix'):
            raise DescriptionError(line.place, f"'{kind}' wants a name, perhaps 'prefix NAME', and a type")
        name = self.name(line, words[1])
        if name in self.model.enums or name in self.model.structs:
            raise DescriptionError(line.place, f"'{name}' is defined twice")
        enum = Enum(line.place, name, kind, words[3] if len(words) == 4 else name, scalar)
        limit = 31 if kind == 'bits' else 2 ** (8 * SCALARS[scalar][0]) - 1
        for member in line.members:
            if len(member.words) != 2:
                raise DescriptionError(member.place, 'a value is NAME NUMBER')
            value = (self.name(member, member.words[0]), self.number(member, member.words[1], limit))
            if any(value[0] == n or value[1] == v for n, v in enum.values):
                raise DescriptionError(member.place, f"'{value[0]}' or {value[1]} appears twice in '{name}'")
            if kind == 'flags' and value[1] & (value[1] - 1) or kind == 'flags' and value[1] == 0:
                raise DescriptionError(member.place, f'flag {value[1]:#x} is not one bit')
            enum.values.append(value)
        if not enum.values:
            raise DescriptionError(line.place, f"'{name}' has no values")
        self.model.enums[name] = enum

    def read_enum(self, line):
        self.read_values(line, 'enum')

    def read_flags(self, line):
        self.read_values(line, 'flags')

    def read_bits(self, line):
        self.read_values(line, 'bits')

    def read_constant(self, line):
        self.words(line, 3, 3)
        self.model.constants.append((self.name(line, line.words[1]), self.number(line, line.words[2], 2**32 - 1)))

    def read_context(self, line):
        self.words(line, 2, 2)
        self.model.contexts.append(self.name(line, line.words[1]))

    def read_channel(self, line):
        if len(line.words) < 4 or line.words[2] != 'on':
            raise DescriptionError(line.place, "'channel' wants NAME on CHANNEL-TYPE…")
        name = self.name(line, line.words[1])
        if name in self.model.channels:
            raise DescriptionError(line.place, f"channel '{name}' is defined twice")
        types = []
        if line.words[3:] != ['*']:
            known = dict(self.model.enums['channel-type'].values) if 'channel-type' in self.model.enums else {}
            for word in line.words[3:]:
                if word not in known:
                    raise DescriptionError(line.place, f"'{word}' is not a channel type")
                types.append(known[word])
        self.channel = self.model.channels[name] = Channel(line.place, name, types)

    def read_struct(self, line):
        self.words(line, 2, 2)
        name = self.name(line, line.words[1])
        if name in self.model.structs or name in self.model.enums or name in SCALARS:
            raise DescriptionError(line.place, f"'{name}' is defined twice")
        struct = self.body(line, name)
        if not struct.fields:
            raise DescriptionError(line.place, f"struct '{name}' has no fields")
        self.model.structs[name] = struct
        self.model.order.append(struct)

    def read_message(self, line, side):
        self.words(line, 3, 6)
        name = self.name(line, line.words[1])
        number = self.number(line, line.words[2], 2**32 - 1 if side == 'agent' else 65535)
        if side != 'agent' and self.channel is None:
            raise DescriptionError(line.place, "a message needs a 'channel' before it")
        group = self.model.agent if side == 'agent' else self.channel.messages
        for other in group:
            if other.side == side and (other.name == name or other.number == number):
                raise DescriptionError(line.place, f'name or number is already used at {other.place}')
        message = Message(line.place, side, name, number, None if side == 'agent' else self.channel,
                          self.body(line, name))
        self.message_attributes(line, message, line.words[3:])
        self.check_descriptor(message)
        group.append(message)
        self.model.order.append(message)

    def check_descriptor(self, message):
        for i, f in enumerate(message.struct.fields):
            if 'descriptor' not in f.attributes:
                continue
            if message.side != 'server' or i == 0 or any(
                    g.kind != 'scalar' or g.condition for g in message.struct.fields[:i + 1]) or f.scalar != 'u32':
                raise DescriptionError(f.place, "'descriptor' wants a u32 of a server message, behind integers only")

    def message_attributes(self, line, message, words):
        while words:
            if words[0] == 'tolerated' and message.side == 'server':
                message.tolerated = True
            elif words[0] == 'most' and len(words) > 1 and message.side == 'server':
                message.most = self.size(line, words[1])
                words = words[1:]
            else:
                raise DescriptionError(line.place, f"'{words[0]}' is no attribute of such a message")
            words = words[1:]

    def read_server(self, line):
        self.read_message(line, 'server')

    def read_client(self, line):
        self.read_message(line, 'client')

    def read_agent(self, line):
        self.read_message(line, 'agent')

    # Bodies

    def body(self, line, name):
        struct = Struct(line.place, name)
        for member in line.members:
            self.member(struct, member, None)
        for f in struct.fields:
            if f.kind == 'count' and f.counts is None:
                raise DescriptionError(f.place, f"nothing uses the count of '{f.name}'")
            if f.kind == 'count' and f.condition != f.counts.condition:
                raise DescriptionError(f.place, f"'{f.name}' and its count are there under different conditions")
        rest = [f for f in struct.fields if f.length == 'rest' or (f.struct and self.ends_in_rest(f.struct))]
        if rest and rest[0] is not struct.fields[-1]:
            raise DescriptionError(rest[0].place, f"'{rest[0].name}' takes the rest but is not the last field")
        return struct

    def ends_in_rest(self, struct):
        last = struct.fields[-1]
        return last.length == 'rest' or (last.struct is not None and not last.pointer and self.ends_in_rest(last.struct))

    def member(self, struct, line, condition):
        keyword = line.words[0]
        if keyword in ('when', 'unless'):
            if condition:
                raise DescriptionError(line.place, 'conditions do not nest; use a struct')
            inner = self.condition(struct, line)
            for member in line.members:
                self.member(struct, member, inner)
            return
        if keyword == 'switch':
            if condition:
                raise DescriptionError(line.place, 'conditions do not nest; use a struct')
            self.switch(struct, line)
            return
        if line.members:
            raise DescriptionError(line.members[0].place, f"'{line.words[0]}' has no members")
        if keyword == 'pad':
            self.words(line, 2, 3)
            new = Field(line.place, 'pad', 'pad', number=self.number(line, line.words[1], 256))
            self.attributes(line, new, line.words[2:])
        elif keyword == 'count':
            self.words(line, 3, 3)
            new = Field(line.place, self.name(line, line.words[1]), 'count', scalar=line.words[2])
            if new.scalar not in ('u8', 'u16', 'u32'):
                raise DescriptionError(line.place, f"'{new.scalar}' cannot be a count")
        else:
            new = self.field(struct, line)
        new.condition = condition
        if new.kind not in ('pad', 'count') and any(
                f.name == new.name for f in struct.fields if f.kind not in ('pad', 'count', 'cases')):
            raise DescriptionError(line.place, f"field '{new.name}' is defined twice")
        struct.fields.append(new)

    def attributes(self, line, new, words):
        while words:
            if words[0] == 'most' and len(words) > 1:
                new.most = self.size(line, words[1])
                words = words[1:]
            elif words[0] in ATTRIBUTES:
                new.attributes.add(words[0])
            else:
                raise DescriptionError(line.place, f"unknown attribute '{words[0]}'")
            words = words[1:]

    def find(self, struct, line, name):
        for f in struct.fields:
            if f.name == name and f.kind == 'scalar':
                return f
        raise DescriptionError(line.place, f"no earlier field '{name}'")

    def enum_value(self, line, tag, word):
        if tag.enum is None:
            raise DescriptionError(line.place, f"'{tag.name}' is not of an enum type")
        for name, number in tag.enum.values:
            if name == word:
                return number
        raise DescriptionError(line.place, f"'{word}' is not a value of '{tag.enum.name}'")

    def condition(self, struct, line):
        words = line.words
        if words[0] == 'when' and len(words) == 3 and words[1] == 'context':
            if words[2] not in self.model.contexts:
                raise DescriptionError(line.place, f"unknown context '{words[2]}'")
            return Condition('context', words[2], words[2], 1 << self.model.contexts.index(words[2]))
        if len(words) != 4 or words[2] not in ('&', '='):
            raise DescriptionError(line.place, "a condition is 'FIELD & FLAG', 'FIELD = VALUE' or 'context NAME'")
        tag = self.find(struct, line, words[1])
        kind = {'when&': 'any', 'unless&': 'none', 'when=': 'equal', 'unless=': 'differs'}[words[0] + words[2]]
        return Condition(kind, tag.name, words[3], self.enum_value(line, tag, words[3]))

    def switch(self, struct, line):
        self.words(line, 2, 2)
        tag = self.find(struct, line, line.words[1])
        if any(f.kind == 'cases' for f in struct.fields):
            raise DescriptionError(line.place, 'a struct has one switch')
        before = struct.fields[:struct.fields.index(tag)]
        if any(f.kind != 'scalar' or f.condition for f in before):
            raise DescriptionError(line.place, f"only integers may stand before '{tag.name}'")
        cases = Field(line.place, tag.name, 'cases')
        struct.fields.append(cases)
        for case in line.members:
            if case.words[0] != 'case' or len(case.words) != 2:
                raise DescriptionError(case.place, "a switch holds 'case VALUE' only")
            number = self.enum_value(case, tag, case.words[1])
            if number in [v for _, v in cases.cases]:
                raise DescriptionError(case.place, f"case '{case.words[1]}' appears twice")
            cases.cases.append((case.words[1], number))
            condition = Condition('equal', tag.name, case.words[1], number, in_union=True)
            for member in case.members:
                self.member(struct, member, condition)
        if not cases.cases:
            raise DescriptionError(line.place, 'a switch without cases')

    def field(self, struct, line):
        if len(line.words) < 2:
            raise DescriptionError(line.place, f"field '{line.words[0]}' has no type")
        name = self.name(line, line.words[0])
        match = re.match(r'(\*?)(\??)([a-z0-9-]+)(?:\[([^\]]+)\])?(\??)$', line.words[1])
        if not match:
            raise DescriptionError(line.place, f"'{line.words[1]}' is not a type")
        pointer, optional, base, length, nullable = match.groups()
        new = Field(line.place, name, 'scalar', pointer=bool(pointer), nullable=bool(nullable))
        self.attributes(line, new, line.words[2:])
        if nullable and not pointer:
            raise DescriptionError(line.place, 'only a pointer can be null')
        if base == 'bytes':
            if not length:
                raise DescriptionError(line.place, "'bytes' needs a length")
            new.kind = 'bytes'
        elif base in SCALARS:
            new.scalar = base
        elif base in self.model.enums and self.model.enums[base].scalar:
            new.enum = self.model.enums[base]
            new.scalar = new.enum.scalar
        elif base in self.model.structs:
            new.kind, new.struct = 'struct', self.model.structs[base]
        else:
            raise DescriptionError(line.place, f"unknown type '{base}'")
        if length:
            new.kind = 'bytes' if base == 'bytes' else 'array'
            self.length(struct, line, new, length)
        if new.pointer and new.kind == 'scalar':
            raise DescriptionError(line.place, 'a pointer to a single number')
        if optional:
            if new.kind != 'struct' or new.pointer:
                raise DescriptionError(line.place, "'?' in front wants a struct")
            new.kind = 'optional'
        if new.most and new.kind != 'array':
            raise DescriptionError(line.place, "only the elements of an array are limited by 'most'")
        if new.kind == 'array':
            if new.struct and new.struct.has_pointer():
                raise DescriptionError(line.place, 'elements of an array cannot hold pointers')
            if new.element_min_size() == 0:
                raise DescriptionError(line.place, 'elements of an array cannot be empty')
        return new

    def length(self, struct, line, new, length):
        if length == 'rest':
            new.length = 'rest'
        elif length == 'count':
            new.length = 'count'
            for f in struct.fields:
                if f.kind == 'count' and f.name == new.name and f.counts is None:
                    f.counts = new
                    break
            else:
                raise DescriptionError(line.place, f"no earlier 'count {new.name}'")
        elif length in ('u8', 'u16', 'u32') or (length == 'u64' and new.kind == 'bytes'):
            new.length, new.prefix = 'prefix', length
        elif length.startswith('='):
            if length[1:] not in HOOKS or new.kind != 'bytes':
                raise DescriptionError(line.place, f"unknown size rule '{length[1:]}'")
            new.length, new.hook = 'hook', length[1:]
        elif new.kind == 'array' and any(f.name == length and f.kind == 'array' for f in struct.fields):
            new.length, new.same = 'same', next(f for f in struct.fields if f.name == length and f.kind == 'array')
        else:
            new.length, new.number = 'fixed', self.number(line, length, 4096)
            if new.kind != 'bytes' or new.number == 0:
                raise DescriptionError(line.place, 'only bytes have a fixed length')
