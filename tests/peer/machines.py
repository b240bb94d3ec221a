# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines as managers of machines know them: by libvirt."""

NAME, UUID = "fennel", "aa2c0c0e-6a3c-4f2b-9a57-0d3d4f0c7a11"

MACHINE = f"""<domain type="{{kind}}">
  <name>{NAME}</name>
  <uuid>{UUID}</uuid>
  <memory unit="MiB">64</memory>
  <os><type arch="x86_64">hvm</type></os>
  <devices>
    {{graphics}}
    <video><model type="qxl"/></video>
  </devices>
</domain>
"""


def pretended(folder, server):
    """The address of a libvirt, its test driver, that takes a server for the display of a running machine."""
    path = folder / "node.xml"
    graphics = f'<graphics type="spice" port="{server.port}" autoport="no" listen="127.0.0.1"/>'
    path.write_text(f"<node>{MACHINE.format(kind='test', graphics=graphics)}</node>")
    return f"test://{path}"
