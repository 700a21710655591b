#pragma once

#include <string>
#include <vector>

namespace simulator::check {

// One change of testdata/clean.yaml that must make a rule speak; unchanged, no rule does.
struct Mutation {
  std::string rule;
  std::string find;     // must occur; the first occurrence is replaced
  std::string replace;  // "" with an empty `find`: nothing
  std::string append;   // documents added at the end
};

const std::vector<Mutation>& AllMutations();

}  // namespace simulator::check
