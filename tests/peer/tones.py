# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tones as raw sound (16 bit, stereo, 48000 Hz), and what is in sound."""
import array
import math

RATE = 48000
FRAME = 4  # bytes


def tone(left, right, level, seconds=1):
    """Whole numbers of Hz: a second of it can be played again and again."""
    second = array.array("h", [round(level * math.sin(2 * math.pi * hz * i / RATE)) for i in range(RATE) for hz in (left, right)])
    return second.tobytes() * seconds


def channels(sound):
    samples = array.array("h", sound[:len(sound) // FRAME * FRAME])
    return samples[0::2], samples[1::2]


def level_of(samples, hz):
    """(amplitude of that frequency, its share of all there is), by Goertzel's algorithm."""
    c, a, b, energy = 2 * math.cos(2 * math.pi * hz / RATE), 0.0, 0.0, 0
    for sample in samples:
        a, b, energy = sample + c * a - b, a, energy + sample * sample
    power = max(a * a + b * b - c * a * b, 0)
    return 2 * math.sqrt(power) / len(samples), 2 * power / len(samples) / max(energy, 1)


def is_tone(sound, left, right, level, purity=0.995):
    """Whether that is it, from beginning to end: a gap makes it impure. Levels may be off by 3 %."""
    found = [level_of(samples, hz) for samples, hz in zip(channels(sound), (left, right))]
    return all(share > purity and abs(loud - level) < 0.03 * level for loud, share in found)


def find_tone(sound, left, right, level, seconds=1.0, step=0.1):
    """Whether somewhere in it the tone sounds for so long without a gap."""
    size, step = int(seconds * RATE) * FRAME, int(step * RATE) * FRAME
    return any(is_tone(sound[at:at + size], left, right, level) for at in range(0, len(sound) - size + 1, step))


def pure_share(sound, hz, level, seconds=0.01):
    """In how many of a hundred pieces of that length there is nothing but the tone, on both sides."""
    size = int(seconds * RATE) * FRAME
    pieces = [sound[at:at + size] for at in range(0, len(sound) - size + 1, size)]
    return 100 * sum(is_tone(piece, hz, hz, level, 0.98) for piece in pieces) // max(len(pieces), 1)
