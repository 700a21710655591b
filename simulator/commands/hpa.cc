#include "simulator/commands/hpa.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "simulator/commands/arguments.h"
#include "simulator/hpa/vectors/run_vector.h"

namespace simulator {
namespace {

int Complain(const std::string& message) {
  std::fprintf(stderr, "simulator hpa: %s\n", message.c_str());
  return 2;
}

}  // namespace

int RunHpa(std::vector<std::string> args) {
  auto flags = ParseFlags(args, {"vectors"});
  if (!flags.ok()) return Complain(std::string(flags.status().message()));
  if (!flags->contains("vectors")) return Complain("--vectors FILE is needed");
  const std::string path = UserPath((*flags)["vectors"]);
  auto document = ReadJsonFile(path);
  if (!document.ok()) return Complain(std::string(document.status().message()));
  const auto* root = document->if_object();
  if (root == nullptr || !(root->contains("vectors") || root->contains("derived_vectors"))) {
    return Complain(absl::StrCat(path, ":1: vectors: expected an object with a list `vectors`"));
  }
  int passed = 0;
  int failed = 0;
  for (const char* name : {"vectors", "derived_vectors"}) {
    const auto* list = root->if_contains(name);
    if (list == nullptr) continue;
    if (!list->is_array()) return Complain(absl::StrCat(path, ": ", name, ": expected a list"));
    for (const boost::json::value& vector : list->get_array()) {
      const hpa::VectorResult result = hpa::RunVector(vector, hpa::Options::Released());
      std::printf("%s %s %s %s\n", result.id.c_str(), result.expected.c_str(), result.got.c_str(),
                  result.passed ? "ok" : "FAIL");
      ++(result.passed ? passed : failed);
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace simulator
