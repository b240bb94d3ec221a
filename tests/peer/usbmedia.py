# SPDX-License-Identifier: LGPL-2.1-or-later
"""Media that a PC's firmware starts from, with a program that reads the rest of them and writes a sum to port 0xe9."""
import struct

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
