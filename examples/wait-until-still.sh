#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Waits until a machine's screen has not changed for three seconds (it has booted, say), saves it and presses Enter:
# wait-until-still.sh URI FILE.png
set -euo pipefail
: "${CARAWAY:=caraway}"
uri=${1:?usage: wait-until-still.sh URI FILE.png}
"$CARAWAY" screenshot --timeout 300 --stable 3000 "$uri" "${2:?usage: wait-until-still.sh URI FILE.png}"
"$CARAWAY" key "$uri" enter
