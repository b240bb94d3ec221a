# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads the message descriptions and writes what is generated from them."""
