#include "simulator/engine/nodes.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace simulator {

NodePool::NodePool(const ClusterModel& model) : model_(model) {
  for (uint32_t i = 0; i < model.nodes; ++i) AddNode();
}

uint32_t NodePool::AddNode() {
  Node& node = nodes_.emplace_back();
  node.zone = static_cast<uint32_t>(nodes_.size() - 1) % std::max(1u, model_.zones);
  node.pods.resize(model_.shapes.size(), 0);
  node.image.resize(model_.shapes.size(), false);
  return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t NodePool::InDomain(const Node& node, size_t shape, SpreadRule::Domain domain) const {
  if (domain == SpreadRule::kHost) return node.pods[shape];
  uint32_t pods = 0;
  for (const Node& other : nodes_) {
    if (other.zone == node.zone) pods += other.pods[shape];
  }
  return pods;
}

// Pods in the emptiest domain; nodes that are down have left.
uint32_t NodePool::Emptiest(size_t shape, SpreadRule::Domain domain) const {
  uint32_t least = std::numeric_limits<uint32_t>::max();
  for (const Node& node : nodes_) {
    if (node.up) least = std::min(least, InDomain(node, shape, domain));
  }
  return least;
}

NodePool::Verdict NodePool::Judge(const Node& node, size_t index) const {
  const PodShape& shape = model_.shapes[index];
  if (!node.up) return kDown;
  if (node.cordoned) return kCordoned;
  if (model_.node_millicores > 0 && node.millicores + shape.millicores > model_.node_millicores) {
    return kCpu;
  }
  if (model_.node_memory_bytes > 0 &&
      node.memory_bytes + shape.memory_bytes > model_.node_memory_bytes) {
    return kMemory;
  }
  for (const SpreadRule& rule : shape.spread) {
    if (!rule.required) continue;
    const uint32_t here = InDomain(node, index, rule.domain);
    if (rule.one_per_domain ? here > 0 : here + 1 > Emptiest(index, rule.domain) + rule.max_skew) {
      return kSpread;
    }
  }
  return kFits;
}

uint32_t NodePool::Place(size_t index) {
  const PodShape& shape = model_.shapes[index];
  const auto wishes = [&](SpreadRule::Domain domain) {
    return shape.spread.empty() ||
           std::any_of(shape.spread.begin(), shape.spread.end(),
                       [&](const SpreadRule& rule) { return rule.domain == domain; });
  };
  const bool by_zone = wishes(SpreadRule::kZone);
  uint32_t best = kNoNode;
  std::tuple<uint32_t, uint32_t, double> least;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (Judge(node, index) != kFits) continue;
    double allocated = 0;
    if (model_.node_millicores > 0) {
      allocated +=
          static_cast<double>(node.millicores) / static_cast<double>(model_.node_millicores);
    }
    if (model_.node_memory_bytes > 0) {
      allocated +=
          static_cast<double>(node.memory_bytes) / static_cast<double>(model_.node_memory_bytes);
    }
    const std::tuple score{by_zone ? InDomain(node, index, SpreadRule::kZone) : 0u,
                           node.pods[index], allocated};
    if (best == kNoNode || score < least) {
      best = i;
      least = score;
    }
  }
  if (best == kNoNode) return kNoNode;
  nodes_[best].millicores += shape.millicores;
  nodes_[best].memory_bytes += shape.memory_bytes;
  ++nodes_[best].pods[index];
  return best;
}

std::string NodePool::WhyNot(size_t shape) const {
  std::array<uint32_t, 6> counts{};
  for (const Node& node : nodes_) ++counts[Judge(node, shape)];
  static constexpr const char* kReasons[] = {
      "", "not ready", "cordoned", "insufficient cpu", "insufficient memory", "spread constraint"};
  std::vector<std::string> parts;
  for (size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] > 0) parts.push_back(absl::StrCat(counts[i], " ", kReasons[i]));
  }
  return absl::StrCat("0/", nodes_.size(), " nodes are available: ", absl::StrJoin(parts, ", "));
}

void NodePool::Remove(uint32_t index, size_t shape) {
  Node& node = nodes_[index];
  node.millicores -= model_.shapes[shape].millicores;
  node.memory_bytes -= model_.shapes[shape].memory_bytes;
  --node.pods[shape];
}

bool NodePool::PullsImage(uint32_t node, size_t shape) {
  if (nodes_[node].image[shape]) return false;
  nodes_[node].image[shape] = true;
  return true;
}

uint32_t NodePool::NodesFor(size_t shape, uint32_t pods, uint32_t most) const {
  NodePool trial(*this);
  uint32_t added = 0;
  while (pods > 0) {
    if (trial.Place(shape) != kNoNode) {
      --pods;
      continue;
    }
    if (added == most) break;
    trial.AddNode();
    ++added;
    if (trial.Place(shape) == kNoNode) return added - 1;  // a new node does not help either
    --pods;
  }
  return added;
}

}  // namespace simulator
