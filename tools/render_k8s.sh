#!/usr/bin/env bash
# Renders every overlay of k8s/ into k8s/rendered/<overlay>.yaml, with kustomize or a kubectl >= 1.21
# (the first that knows components).
#
#   tools/render_k8s.sh           writes the files
#   tools/render_k8s.sh --check   compares only; exit 1 when a file is out of date
#
# Exit 3: no usable kustomize is installed.
set -euo pipefail

cd "${RENDER_K8S_ROOT:-$(dirname "${BASH_SOURCE[0]}")/..}"

render() {
  if command -v kustomize >/dev/null; then
    kustomize build "$1"
  else
    kubectl kustomize "$1"
  fi
}

usable() {
  command -v kustomize >/dev/null && return 0
  command -v kubectl >/dev/null || return 1
  # Debian's kubectl 1.20 carries kustomize 2.0.3, which knows no components.
  local probe
  probe="$(mktemp -d)"
  printf 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n' >"${probe}/kustomization.yaml"
  mkdir "${probe}/overlay"
  printf 'components: [..]\n' >"${probe}/overlay/kustomization.yaml"
  local status=0
  kubectl kustomize "${probe}/overlay" >/dev/null 2>"${probe}/errors" || status=$?
  grep -q 'unknown field' "${probe}/errors" && status=1 || status=0
  rm -rf "${probe}"
  return "${status}"
}

if ! usable; then
  echo "render_k8s: neither kustomize nor kubectl >= 1.21 is installed" >&2
  exit 3
fi

stale=0
for overlay in k8s/overlays/*/; do
  name="$(basename "${overlay}")"
  if [ "${1:-}" = "--check" ]; then
    if ! diff -u "k8s/rendered/${name}.yaml" <(render "${overlay}") >&2; then
      echo "k8s/rendered/${name}.yaml is out of date: run tools/render_k8s.sh" >&2
      stale=1
    fi
  else
    mkdir -p k8s/rendered
    rendered="$(render "${overlay}")"
    printf '%s\n' "${rendered}" >"k8s/rendered/${name}.yaml"
    echo "k8s/rendered/${name}.yaml"
  fi
done
exit "${stale}"
