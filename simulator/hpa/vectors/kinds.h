// Each kind of autoscaler vector, run through the library.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "boost/json/object.hpp"
#include "simulator/hpa/options.h"
#include "simulator/vectors/fields.h"

namespace simulator::hpa {

// What the library answers, with the keys of the kind's `expect`. A metric that is invalid answers
// {"error": text}. Error: an unknown kind (named) or an input that cannot be read.
absl::StatusOr<boost::json::object> RunKind(const std::string& kind, Fields& input,
                                            const Options& options);

}  // namespace simulator::hpa
