# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card made of certificates."""
import subprocess
from pathlib import Path

import peers

CERTIFICATES = ["cert1", "cert2", "cert3"]
ATR = bytes.fromhex("3b7a18000073667465206364313434")
SELECT = bytes.fromhex("00a4040c07a000000116db00")
GET_RESPONSE = bytes.fromhex("00c000000d")


def make_certificates(folder):
    """An NSS database with the certificates of a card: cert1, cert2, cert3."""
    run = [peers.which("certutil"), "-d", f"sql:{folder}"]
    noise = Path(folder) / "noise"
    noise.write_bytes(bytes(i * 7 & 255 for i in range(2048)))
    subprocess.run([*run, "-N", "--empty-password"], check=True)
    for i in (1, 2, 3):
        subprocess.run([*run, "-S", "-n", f"cert{i}", "-s", f"CN=Card {i}", "-x", "-t", "CT,CT,CT", "-z", noise, "-m", str(i)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
