#!/usr/bin/env bash
# Instructions per simulated request, exactly: two small runs under callgrind that differ only in
# their length, so that start-up and set-up cancel. Fails above the budget (about 5 % over what was
# measured when it was set). Skips, saying so, where valgrind is missing.
set -euo pipefail
simulator="$1"
if ! command -v valgrind > /dev/null; then
  echo "SKIPPED: valgrind is not installed (apt-get install valgrind)"
  exit 0
fi
folder="$(mktemp -d)"
trap 'rm -rf "${folder}"' EXIT
data=simulator/engine/testdata

# instructions and requests of a run of $1 seconds, $2: the balancing
measure() {
  sed "s/balancing: per_connection/balancing: $2/" "${data}/deployment.yaml" > "${folder}/deployment.yaml"
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "${simulator}" run \
    --scenario "${data}/scenario.yaml" --deployment "${folder}/deployment.yaml" \
    --profile "${data}/profile.json" --users 2000 --ramp 0 --duration "$1" --pods 5 \
    --replications 1 --threads 1 > "${folder}/out" 2> "${folder}/err" || {
    cat "${folder}/err"
    exit 1
  }
  instructions="$(sed -n 's/.*Collected : //p' "${folder}/err")"
  requests="$(sed -n 's/.* since start, \([0-9]*\) requests.*/\1/p' "${folder}/err")"
}

failed=0
# $1: what, $2: balancing, $3: budget
check() {
  measure 20s "$2"
  local first_instructions="${instructions}" first_requests="${requests}"
  measure 60s "$2"
  local each=$(((instructions - first_instructions) / (requests - first_requests)))
  echo "$1: ${each} instructions per request, budget $3"
  [ "${each}" -le "$3" ] || failed=1
}
check "a record per user (per-connection balancing)" per_connection 4900
check "users as counts (per-request balancing)" per_request 5100
exit "${failed}"
