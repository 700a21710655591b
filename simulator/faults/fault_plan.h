#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "simulator/kernel/virtual_time.h"

// What goes wrong during a run, and when: given before the run, the same in every replication
// except for what is drawn (which pod, when the next crash comes), which comes from random streams
// of their own. The engine hands each fault to the handler of its component (engine/faults.cc).

namespace simulator {

enum class FaultKind : uint8_t {
  kSlowdown,          // all pods' CPU works at a share of its speed
  kPodCrash,          // containers die and are restarted by the kubelet
  kNodeLoss,          // nodes vanish with everything on them
  kZoneLoss,          // all nodes of a zone
  kDrainNode,         // pods of a node are evicted, as far as disruption budgets allow
  kRollingUpdate,     // a new revision of the API's Deployment
  kIngressLoss,       // ingress replicas die: their clients' connections with them
  kDatabaseRestart,   // the primary stops and comes back
  kDatabaseFailover,  // the primary is lost, a standby takes over
  kDatabaseSlowdown,  // the database's CPU works at a share of its speed
  kRedisMasterLoss,   // a shard's master dies, a replica is elected
  kCacheLost,         // the cache is empty again
  kRedisReshard,      // slots move between shards
  kRedisLost,         // all nodes of Redis go at once
};

// A fault as the file gives it, or one occurrence of it.
struct Fault {
  FaultKind kind = FaultKind::kSlowdown;
  Nanos at = 0;
  Nanos duration = 0;                        // `for`; of an occurrence also a drawn repair; 0: none
  std::map<std::string, double> parameters;  // as FaultRule lists them; counts are whole numbers
  uint32_t line = 0;

  bool Has(const std::string& name) const { return parameters.contains(name); }
  // The parameter, or the rule's default.
  double Get(const std::string& name) const;
  uint32_t Count(const std::string& name) const { return static_cast<uint32_t>(Get(name)); }
  Nanos Time(const std::string& name) const { return ToNanos(Get(name)); }
};

// Crash and repair as a renewal process: time to the next failure of one component exponential with
// mean `every_seconds`; with n components of the kind they come n times as often. A failure lasts
// an exponential time of mean `repair_seconds` (0: the fault's own `for`, or its own recovery).
struct FaultProcess {
  Fault fault;  // its `at`: not before
  double every_seconds = 0;
  double repair_seconds = 0;
};

struct FaultPlan {
  std::string file;           // for errors
  std::vector<Fault> faults;  // by time
  std::vector<FaultProcess> processes;

  bool empty() const { return faults.empty() && processes.empty(); }
  // The file's name without folder and extension; empty when the plan is.
  std::string Name() const;
};

// What the loader accepts of each kind. To make a kind available: write its handler in the engine,
// set `modelled`, list its parameters.
struct FaultParameter {
  enum Type { kCount, kSeconds, kNumber };
  std::string_view name;
  Type type = kCount;
  double low = 0;
  double high = 0;
  double otherwise = 0;  // when not given
  bool required = false;
};

struct FaultRule {
  FaultKind kind;
  std::string_view name;
  bool modelled = false;
  enum Duration { kInstant, kMayLast, kMustLast } duration = kInstant;  // `for`
  std::vector<FaultParameter> parameters;
};

// In the order of FaultKind.
absl::Span<const FaultRule> FaultRules();
const FaultRule& RuleOf(FaultKind kind);

}  // namespace simulator
