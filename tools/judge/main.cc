// Judges a folder of results again (after a change of claims, or files added by hand) without
// running anything: writes verdict.json and index.html into it.

#include <gflags/gflags.h>

#include <cstdio>

#include "base/paths.h"
#include "tools/demo/judgement.h"

DEFINE_string(dir, "out/demo",
              "folder with check-*.json, predicted-*.json, measured.json, profile.json");
DEFINE_string(claims, "claims/claims.yaml", "the claims to judge");

int main(int argc, char** argv) {
  gflags::SetUsageMessage("judge --dir FOLDER [--claims FILE]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  demo::JudgementInputs inputs;
  inputs.out_dir = base::ResolvePath(FLAGS_dir);
  inputs.claims_path = base::ResolvePath(FLAGS_claims);
  auto table = demo::JudgeAndWrite(inputs);
  if (!table.ok()) {
    const std::string message(table.status().message());
    fprintf(stderr, "judge: %s\n", message.c_str());
    return 1;
  }
  printf("%s", table->c_str());
  return 0;
}
