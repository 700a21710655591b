#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/scenario.pb.h"

// Reads scenarios/*.yaml, the one workload that both engines execute. The syntax, with every key
// and its default, is in docs/scenarios.md.
//
// A mistake is one line, FILE:LINE: where: expected ..., found ...; among others: an unknown,
// missing or duplicate key; no stage; a hold before any ramp; a weight that is not above 0; a
// probability outside 0..1; a law of think time that cannot be; a variable that nothing defines
// before its use; a threshold that is not of k6's grammar; users with an open model, rates with a
// closed one; think time 0 with an open model.
//
// The returned scenario is complete: defaults are filled in (step probability 1, feeder scope
// CLINIC, role PATIENT, login_fraction 0 or 1 for token or login, retry timeout 10 s,
// token lifetime 15 minutes, an open model's arrivals JOURNEYS),
// `source_path` and `digest` are set.
namespace model {

// `warnings`, when given, receives lines about what is allowed but unusual (an operation that the
// server does not have), each with FILE:LINE.
absl::StatusOr<Scenario> LoadScenario(const std::string& path,
                                      std::vector<std::string>* warnings = nullptr);
// The same from memory; `name` stands for the file.
absl::StatusOr<Scenario> ParseScenario(const std::string& text, const std::string& name,
                                       std::vector<std::string>* warnings = nullptr);

}  // namespace model
