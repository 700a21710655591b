#pragma once

#include <string>

#include "absl/status/statusor.h"

// The programs and files of this repository that the demonstration works with.

namespace demo {

// Absolute paths.
struct Files {
  std::string server;  // programs
  std::string loadgen;
  std::string simulator;
  std::string mint;
  std::string scenario;
  std::string claims;
  std::string dev, staging;  // deployments by hand: our server on the documents' smaller machines
  std::string production;    // deployments: rendered manifests, and what claims and this host say
  std::string as_documented;
  std::string as_shipped;
  std::string this_host;
};

// NotFound names the first that is missing.
absl::StatusOr<Files> FindFiles();

}  // namespace demo
