# SPDX-License-Identifier: LGPL-2.1-or-later
"""Media: of those that a PC's firmware starts from, a program reads the rest and writes a sum to port 0xe9."""
import struct
import tempfile

# Real mode, at 0x7c00: int 13h reads `count` blocks of `size` bytes from block `lba` on, one at a time; every byte is
# added to a sum of 32 bits, which is then rotated by 3. Eight hexadecimal digits and a line feed, or F, come out.
PROGRAM = bytes.fromhex(
    "ea0d7c00000000000000000000fa31c08ed88ec08ed0bc007cfb88167b7c6631db66a1057c66a3847cbe7c7cb4428a167b7ccd13723dbe0080"
    "8b0e0b7c6631c0ac6601c366c1c303e2f366ff06057cff0e097c75ccb9080066c1c30488d8240f04303c3976020427e6e9e2ecb00ae6e9f4"
    "ebfdb046e6e988e0ebf50010000100008000000000000000000000")
PARAMETERS = 5  # where lba, count and size are


def program(lba, count, size):
    return PROGRAM[:PARAMETERS] + struct.pack("<IHH", lba, count, size) + PROGRAM[PARAMETERS + 8:]


def checksum(data):
    total = 0
    for byte in data:
        total = (total + byte) & 0xffffffff
        total = ((total << 3) | (total >> 29)) & 0xffffffff
    return f"{total:08x}"


def filling(size):
    return bytes((i * 37 + (i >> 9) * 11) & 0xff for i in range(size))


def disk(n_blocks):
    """A disk of blocks of 512 bytes, at least 2016 (two cylinders for the firmware), and the sum of all but the first."""
    rest = filling((n_blocks - 1) * 512)
    return program(1, n_blocks - 1, 512).ljust(510, b"\0") + b"\x55\xaa" + rest, checksum(rest)


def cd(n_blocks):
    """A CD of blocks of 2048 bytes that starts from it by El Torito, and the sum of its data."""
    first = 21
    data = filling(n_blocks * 2048)
    blocks = [b"\0" * 2048] * 16
    blocks.append((b"\x01CD001\x01" + b"\0" + b"TEST".ljust(64)).ljust(2048, b"\0"))
    blocks.append((b"\x00CD001\x01" + b"EL TORITO SPECIFICATION".ljust(64, b"\0") + struct.pack("<I", 19)).ljust(2048, b"\0"))
    blocks.append(b"\xffCD001\x01".ljust(2048, b"\0"))
    validation = bytearray(struct.pack("<BBH24sHBB", 1, 0, 0, b"TEST", 0, 0x55, 0xaa))
    total = sum(struct.unpack("<16H", validation)) & 0xffff
    struct.pack_into("<H", validation, 28, (0x10000 - total) & 0xffff)
    entry = struct.pack("<BBHBBHI", 0x88, 0, 0, 0, 0, 4, 20).ljust(32, b"\0")
    blocks.append((bytes(validation) + entry).ljust(2048, b"\0"))
    blocks.append(program(first, n_blocks, 2048).ljust(2048, b"\0"))
    return b"".join(blocks) + data, checksum(data)


def both(value, size):
    """A number as ISO 9660 has most of them: little-endian, then big-endian."""
    return value.to_bytes(size, "little") + value.to_bytes(size, "big")


def entry(name, block, size, folder=False):
    raw = bytes((0,)) + both(block, 4) + both(size, 4) + bytes((100, 1, 1, 0, 0, 0, 0)) + bytes((2 if folder else 0, 0, 0))
    raw += both(1, 2) + bytes((len(name),)) + name + bytes(1 - len(name) % 2)
    return bytes((len(raw) + 1,)) + raw


def iso(files):
    """An ISO 9660 file system with these files, {"NAME.EXT": content}, in its only folder."""
    path_table, folder, first = 18, 20, 21
    at, entries, contents = first, [], []
    for name, content in sorted(files.items()):
        entries.append(entry(name.encode() + b";1", at, len(content)))
        contents.append(content + bytes(-len(content) % 2048))
        at += len(contents[-1]) // 2048
    listing = entry(b"\0", folder, 2048, True) + entry(b"\1", folder, 2048, True) + b"".join(entries)
    table = bytes((1, 0)) + struct.pack("<I", folder) + bytes((1, 0, 0, 0))
    descriptor = b"\x01CD001\x01\0" + b"TEST".ljust(64) + bytes(8) + both(at, 4) + bytes(32) + both(1, 2) + both(1, 2)
    descriptor += both(2048, 2) + both(len(table), 4) + struct.pack("<II", path_table, 0) + struct.pack(">II", path_table + 1, 0)
    descriptor += entry(b"\0", folder, 2048, True)
    descriptor = descriptor.ljust(881, b" ") + bytes((1,))
    other = table[:2] + struct.pack(">IH", folder, 1) + table[8:]
    blocks = [descriptor, b"\xffCD001\x01", table, other, listing]
    return bytes(16 * 2048) + b"".join(block.ljust(2048, b"\0") for block in blocks) + b"".join(contents)


class Medium:
    """A file with this content."""

    def __init__(self, content, suffix):
        self.file = tempfile.NamedTemporaryFile(prefix="caraway-usb-", suffix=suffix)
        self.file.write(content)
        self.file.flush()
        self.path = self.file.name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
