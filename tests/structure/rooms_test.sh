#!/bin/sh
# The arrows between rooms, as docs/codebase.md draws them: a source includes its own room and the
# rooms listed here, nothing else. `tools` and `tests` may include every room; none includes them.
set -eu
# The script is a link to the source tree.
cd "$(dirname "$(readlink -f "$0")")/../.."

status=0
# check ROOM ALLOWED_ROOM...
check() {
  room="$1"
  allowed="$(echo "$*" | tr ' ' '|')"
  if [ ! -d "${room}" ]; then
    echo "rooms_test: no folder ${room}: expected the rooms of docs/codebase.md"
    status=1
    return
  fi
  wrong="$(grep -rnE --include='*.h' --include='*.cc' \
    '^#include "(base|devstack|model|report|server|loadgen|simulator|tools|tests)/' "${room}" |
    grep -vE "#include \"(${allowed})/" || true)"
  if [ -n "${wrong}" ]; then
    echo "${room} may include only: ${allowed}"
    echo "${wrong}"
    status=1
  fi
}

check base
check devstack base
check model base
check report base model
check server base devstack model
check loadgen base model report
check simulator base model report
exit "${status}"
