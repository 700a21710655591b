#!/usr/bin/env bash
# Passes when k8s/rendered/ is up to date; skipped (with a message) where no kustomize is installed.
set -u
# kustomize refuses files that are links to elsewhere, as runfiles are: work on a copy.
copy="$(mktemp -d)"
trap 'rm -rf "${copy}"' EXIT
cp -rL k8s "${copy}/k8s"
status=0
RENDER_K8S_ROOT="${copy}" tools/render_k8s.sh --check || status=$?
if [ "${status}" = 3 ]; then
  echo "SKIPPED: no kustomize or kubectl >= 1.21 on this machine"
  exit 0
fi
exit "${status}"
