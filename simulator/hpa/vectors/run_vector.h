// One autoscaler vector: run, compare, and say so.
#pragma once

#include <string>

#include "boost/json/value.hpp"
#include "simulator/hpa/options.h"

namespace simulator::hpa {

struct VectorResult {
  std::string id;
  std::string expected;  // compact JSON
  std::string got;       // compact JSON, or why the vector could not be run
  bool passed = false;
};

// Every key of `expect` is compared: whole numbers exactly, floating figures to 1e-9, `error` as a
// substring, objects key by key (only the expected ones), lists of names in any order.
VectorResult RunVector(const boost::json::value& vector, const Options& options);

}  // namespace simulator::hpa
