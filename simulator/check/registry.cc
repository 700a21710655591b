#include "simulator/check/rule.h"

namespace simulator::check {

const Rules& AllRules() {
  static const Rules* const kRules = [] {
    Rules* all = new Rules();
    for (Rules (*family)() :
         {FactRules, ConnectionRules, AutoscalingRules, ScalingTimeRules, DisruptionRules,
          DatabaseRules, RedisRules, ConfigurationRules, SelectorRules, NetworkRules, IngressRules,
          ResourceRules, HeapRules, LoginRules, ProbeRules, SecurityRules, ObjectRules,
          ApplicationRules}) {
      for (Rule& rule : family()) all->push_back(std::move(rule));
    }
    return all;
  }();
  return *kRules;
}

}  // namespace simulator::check
