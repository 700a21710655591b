#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "simulator/engine/simulation.h"

// Nodes: pods placed on them, nodes that come, vanish and are drained; and the rolling update.
namespace simulator {
namespace {

constexpr Nanos kScan = 10 * kSecond;          // of the cluster autoscaler
constexpr Nanos kEvictionRetry = 5 * kSecond;  // of a drain whose eviction the budget forbids

}  // namespace

void Simulation::PushCluster(Nanos at, ClusterEvent event, uint32_t value) {
  queue_.Push(at, kCluster, static_cast<uint32_t>(event) * kClusterValues + value);
}

void Simulation::DispatchCluster(uint32_t index) {
  const uint32_t value = index % kClusterValues;
  switch (static_cast<ClusterEvent>(index / kClusterValues)) {
    case kEndpoints:
      return UpdateEndpoints();
    case kReadinessProbe:
      return ProbeReadiness(value);
    case kLivenessProbe:
      return ProbeLiveness(value);
    case kConnectionsDropped:
      return CloseConnections(value);
    case kNodeScan:
      return ScanForNodes();
    case kNodeUp:
      return NodeUp();
    case kNodeNotReady:
      return NodeNotReady(value);
    case kNodeEvict:
      return EvictFromLostNode(value);
    case kDrainStep:
      return StepDrain(value);
  }
}

// The other workloads' pods stand before the API's.
void Simulation::PlaceOtherWorkloads() {
  if (!nodes_.limited()) return;
  for (size_t shape = 0; shape < system_.cluster.shapes.size(); ++shape) {
    const PodShape& other = system_.cluster.shapes[shape];
    for (uint32_t i = 0; i < other.replicas; ++i) {
      if (nodes_.Place(shape) != kNoNode) continue;
      AddEvent("note", other.name,
               absl::StrCat("pending: ", other.replicas - i, " of ", other.replicas,
                            " pods: ", nodes_.WhyNot(shape), " (the run counts them all the same)"),
               0, 0);
      break;
    }
  }
}

// Finds a node and starts the pod there; without room it is pending.
void Simulation::Schedule(uint32_t index) {
  PodState& pod = pods_[index];
  Nanos delay = pod.start_delay;
  if (nodes_.limited()) {
    pod.node = nodes_.Place(system_.cluster.api);
    if (pod.node == kNoNode) {
      if (pod.scheduled) {
        AddEvent("note", absl::StrCat("pod ", pod.identity),
                 absl::StrCat("pending: ", nodes_.WhyNot(system_.cluster.api)), 0, 0);
      }
      pod.scheduled = false;
      pending_.push_back(index);
      if (!scanning_ && nodes_.size() + starting_nodes_ < system_.cluster.most_nodes) {
        scanning_ = true;
        PushCluster((now_ / kScan + 1) * kScan, kNodeScan, 0);
      }
      return;
    }
    if (nodes_.PullsImage(pod.node, system_.cluster.api)) delay += system_.pod.image_pull;
  }
  pod.scheduled = true;
  queue_.Push(now_ + delay, kPodRunning, index);
}

void Simulation::SchedulePending() {
  for (uint32_t index : std::exchange(pending_, {})) {
    if (!pods_[index].terminating && !pods_[index].gone) Schedule(index);
  }
}

void Simulation::LeaveNode(PodState& pod) {
  if (pod.node == kNoNode) return;
  nodes_.Remove(pod.node, system_.cluster.api);
  pod.node = kNoNode;
  if (!pending_.empty()) SchedulePending();
}

void Simulation::ScanForNodes() {
  scanning_ = false;
  uint32_t waiting = 0;
  for (uint32_t index : pending_) waiting += !pods_[index].terminating && !pods_[index].gone;
  const auto there = static_cast<uint32_t>(nodes_.size()) + starting_nodes_;
  const uint32_t most = system_.cluster.most_nodes > there ? system_.cluster.most_nodes - there : 0;
  const uint32_t wanted = nodes_.NodesFor(system_.cluster.api, waiting, most + starting_nodes_);
  const uint32_t more = wanted > starting_nodes_ ? wanted - starting_nodes_ : 0;
  if (more > 0) {
    AddEvent("scaling", "nodes",
             absl::StrCat(waiting, " pods pending -> ", more, " more nodes, ready in ",
                          ToSeconds(system_.node_start), " s"),
             there, there + more);
  }
  for (uint32_t i = 0; i < more; ++i) PushCluster(now_ + system_.node_start, kNodeUp, 0);
  starting_nodes_ += more;
}

void Simulation::NodeUp() {
  --starting_nodes_;
  nodes_.AddNode();
  node_lost_at_.push_back(kNever);
  SchedulePending();
}

std::vector<uint32_t> Simulation::PodsOn(uint32_t node) const {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < pods_.size(); ++i) {
    if (!pods_[i].gone && pods_[i].node == node) found.push_back(i);
  }
  return found;
}

// Nodes that are up, those with API pods only when there are such.
std::vector<uint32_t> Simulation::DrawNodes(uint32_t count) {
  std::vector<uint32_t> with_pods;
  std::vector<uint32_t> up;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_.up(i) || nodes_.cordoned(i)) continue;
    up.push_back(i);
    if (nodes_.Pods(i, system_.cluster.api) > 0) with_pods.push_back(i);
  }
  std::vector<uint32_t>& from = with_pods.empty() ? up : with_pods;
  std::vector<uint32_t> drawn;
  while (drawn.size() < count && !from.empty()) {
    const size_t i = fault_targets_.UniformInt(from.size());
    drawn.push_back(from[i]);
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return drawn;
}

void Simulation::LoseNodes(uint32_t occurrence, const std::vector<uint32_t>& lost) {
  fault_nodes_[occurrence] = lost;
  for (uint32_t node : lost) {
    std::vector<std::string> others;
    for (size_t shape = 0; shape < system_.cluster.shapes.size(); ++shape) {
      if (shape == system_.cluster.api || nodes_.Pods(node, shape) == 0) continue;
      others.push_back(system_.cluster.shapes[shape].name);
    }
    const std::vector<uint32_t> pods = PodsOn(node);
    AddEvent("fault", absl::StrCat("node ", node),
             absl::StrCat("lost with ", pods.size(), " API pods",
                          others.empty() ? ""
                                         : absl::StrCat(" (and ", absl::StrJoin(others, ", "),
                                                        ", whose loss is a fault of its own)")),
             1, 0);
    nodes_.SetUp(node, false);
    node_lost_at_[node] = now_;
    for (uint32_t pod : pods) KillPod(pod, true);
    PushCluster(now_ + system_.node_not_ready, kNodeNotReady, node);
  }
}

void Simulation::NodeNotReady(uint32_t node) {
  if (node_lost_at_[node] == kNever || node_lost_at_[node] + system_.node_not_ready != now_) return;
  AddEvent("fault", absl::StrCat("node ", node),
           absl::StrCat("counts as not ready: its pods leave the Service; given up in ",
                        ToSeconds(system_.eviction), " s"),
           0, 0);
  for (uint32_t pod : PodsOn(node)) {
    if (pods_[pod].ready) Unready(pod);
  }
  PushCluster(now_ + system_.eviction, kNodeEvict, node);
}

void Simulation::EvictFromLostNode(uint32_t node) {
  const Nanos since = node_lost_at_[node];
  if (since == kNever || since + system_.node_not_ready + system_.eviction != now_) return;
  uint32_t replaced = 0;
  for (uint32_t index : PodsOn(node)) {
    PodState& pod = pods_[index];
    replaced += !pod.terminating;
    pod.terminating = pod.gone = true;
    pod.is_running = false;
    LeaveNode(pod);
  }
  AddEvent("fault", absl::StrCat("node ", node),
           absl::StrCat("its ", replaced, " pods are given up and replaced"), replaced, 0);
  for (uint32_t i = 0; i < replaced; ++i) CreatePod(false);
}

// The nodes of that fault are back; containers that were not given up start again.
void Simulation::NodesBack(uint32_t occurrence) {
  for (uint32_t node : fault_nodes_[occurrence]) {
    if (nodes_.cordoned(node)) {
      nodes_.SetCordoned(node, false);
      AddEvent("fault", absl::StrCat("node ", node), "takes pods again", 0, 1);
      continue;
    }
    AddEvent("fault", absl::StrCat("node ", node), "is back", 0, 1);
    nodes_.SetUp(node, true);
    node_lost_at_[node] = kNever;
    for (uint32_t pod : PodsOn(node)) {
      if (pods_[pod].terminating) {
        pods_[pod].gone = true;
        LeaveNode(pods_[pod]);
        continue;
      }
      if (pods_[pod].ready) Unready(pod);
      RestartContainer(pod, "its node is back");
    }
  }
  SchedulePending();
}

void Simulation::LoseZone(uint32_t occurrence, uint32_t zone) {
  std::vector<uint32_t> lost;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_.up(i) && nodes_.zone(i) == zone) lost.push_back(i);
  }
  LoseNodes(occurrence, lost);
}

void Simulation::Drain(uint32_t occurrence, const std::vector<uint32_t>& drained) {
  fault_nodes_[occurrence] = drained;
  for (uint32_t node : drained) {
    nodes_.SetCordoned(node, true);
    AddEvent("fault", absl::StrCat("node ", node),
             absl::StrCat("drained of ", PodsOn(node).size(), " API pods"), 1, 0);
    StepDrain(node);
  }
}

// Evicts what the disruption budget allows; asks again for the rest.
void Simulation::StepDrain(uint32_t node) {
  if (!nodes_.cordoned(node)) return;
  const PodModel& model = system_.pod;
  uint32_t allowed = desired_;
  if (model.budget) {
    allowed = DisruptionsAllowed(desired_, ready_pods_, model.budget_share, model.budget_share,
                                 model.budget_by_unavailable);
  }
  uint32_t left = 0;
  for (uint32_t pod : PodsOn(node)) {
    if (pods_[pod].terminating) continue;
    if (allowed == 0 && pods_[pod].ready) {
      ++left;
      continue;
    }
    if (pods_[pod].ready) --allowed;
    TerminatePod(pod);
    CreatePod(false);
  }
  RebuildReadyWorkers();
  if (left == 0) {
    return AddEvent("fault", absl::StrCat("node ", node), "drained: its last pod is evicted", 0, 0);
  }
  PushCluster(now_ + kEvictionRetry, kDrainStep, node);
}

void Simulation::StartRollout() {
  ++revision_;
  rolling_ = true;
  AddEvent("fault", system_.pod.workload,
           absl::StrCat("rolling update of ", desired_, " pods begins"), 0, desired_);
  StepRollout();
}

void Simulation::StepRollout() {
  if (!rolling_) return;
  RolloutCounts counts;
  counts.desired = desired_;
  std::vector<uint32_t> old_unready;
  std::vector<uint32_t> old_ready;
  for (uint32_t i = 0; i < pods_.size(); ++i) {
    const PodState& pod = pods_[i];
    if (pod.gone || pod.terminating) continue;
    if (pod.revision == revision_) {
      ++counts.new_pods;
      counts.new_ready += pod.ready;
    } else {
      (pod.ready ? old_ready : old_unready).push_back(i);
    }
  }
  counts.old_ready = static_cast<uint32_t>(old_ready.size());
  counts.old_pods = counts.old_ready + static_cast<uint32_t>(old_unready.size());
  if (counts.old_pods == 0 && counts.new_ready >= desired_) {
    rolling_ = false;
    return AddEvent("fault", system_.pod.workload, "rolling update is complete", desired_,
                    desired_);
  }
  const RolloutStep step = StepRolling(counts, system_.pod.max_surge, system_.pod.max_unavailable);
  for (uint32_t i = 0; i < step.delete_unready; ++i) TerminatePod(old_unready[i]);
  for (uint32_t i = 0; i < step.delete_ready; ++i) TerminatePod(old_ready[i]);
  for (uint32_t i = 0; i < step.create; ++i) CreatePod(false);
  if (step.delete_ready + step.delete_unready > 0) RebuildReadyWorkers();
}

}  // namespace simulator
