#!/usr/bin/env bash
# The sweep component's Job has no error by `simulator check`, and its arguments and example inputs are
# a sweep that runs. Without a kubectl that renders, only the inputs are tried.
set -u
simulator=simulator/simulator
copy="$(mktemp -d)"
trap 'rm -rf "${copy}"' EXIT
cp -rL k8s "${copy}/k8s"
mkdir -p "${copy}/k8s/overlays/sweep"
cat >"${copy}/k8s/overlays/sweep/kustomization.yaml" <<'END'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: praxis
components: [../../components/sweep]
images: [{name: registry.example/praxis/simulator, newTag: 0.1.0}]
END
if kubectl kustomize "${copy}/k8s/overlays/sweep" >"${copy}/rendered.yaml" 2>"${copy}/errors"; then
  "${simulator}" check "${copy}/rendered.yaml" || exit 1
else
  echo "SKIPPED the check of the rendered Job: $(head -c 200 "${copy}/errors")"
fi
for shard in 0 7; do
  "${simulator}" sweep "${copy}/k8s/components/sweep/inputs/sweep.yaml" "--shard=${shard}/8" \
    --threads=1 "--out=${copy}/results" || exit 1
  [ -s "${copy}/results/shard-${shard}-of-8.json" ] || exit 1
done
