#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace simulator {

inline constexpr uint32_t kNoNode = 0xffffffff;

// What a pod asks of a node.
struct SpreadRule {
  enum Domain { kHost, kZone };
  Domain domain = kHost;
  uint32_t max_skew = 1;
  bool required = false;        // else a wish
  bool one_per_domain = false;  // anti-affinity to its own kind
};
struct PodShape {
  std::string name;
  uint32_t replicas = 0;
  int64_t millicores = 0;  // requests
  int64_t memory_bytes = 0;
  std::vector<SpreadRule> spread;
};

struct ClusterModel {
  uint32_t nodes = 0;           // 0: without limit, nothing is placed
  int64_t node_millicores = 0;  // 0: not known, not a limit
  int64_t node_memory_bytes = 0;
  uint32_t zones = 1;            // nodes are dealt to them in turn
  uint32_t most_nodes = 0;       // of the cluster autoscaler; not above `nodes`: none
  std::vector<PodShape> shapes;  // of every workload; the API's is `api`
  size_t api = 0;
};

// The scheduler's view of the nodes: places pods by their requests.
//
// As kube-scheduler: nodes that are down, cordoned, too small, or would break a required spread
// constraint or anti-affinity are ruled out. Of the rest wins the one with the fewest pods of the
// workload in the domains of its wishes (by default zone, then host), then the least allocated
// (requested share of CPU and memory), then the first. The scores of other plug-ins are left out.
// A required constraint of max_skew s allows a domain at most s pods more than the emptiest domain
// that has nodes.
class NodePool {
 public:
  explicit NodePool(const ClusterModel& model);

  bool limited() const { return model_.nodes > 0; }
  // Takes room for a pod of that shape; kNoNode when there is none.
  uint32_t Place(size_t shape);
  // Why Place gave none: "0/3 nodes are available: 2 insufficient cpu, 1 spread constraint".
  std::string WhyNot(size_t shape) const;
  void Remove(uint32_t node, size_t shape);

  uint32_t AddNode();
  void SetUp(uint32_t node, bool up) { nodes_[node].up = up; }
  void SetCordoned(uint32_t node, bool cordoned) { nodes_[node].cordoned = cordoned; }
  bool up(uint32_t node) const { return nodes_[node].up; }
  bool cordoned(uint32_t node) const { return nodes_[node].cordoned; }
  uint32_t zone(uint32_t node) const { return nodes_[node].zone; }
  size_t size() const { return nodes_.size(); }
  uint32_t Pods(uint32_t node, size_t shape) const { return nodes_[node].pods[shape]; }
  // The first pod of a shape on a node pulls the image; true once.
  bool PullsImage(uint32_t node, size_t shape);

  // How many new nodes hold `pods` more of that shape besides what is there, at most `most`.
  uint32_t NodesFor(size_t shape, uint32_t pods, uint32_t most) const;

 private:
  struct Node {
    uint32_t zone = 0;
    bool up = true;
    bool cordoned = false;
    int64_t millicores = 0;  // requested
    int64_t memory_bytes = 0;
    std::vector<uint32_t> pods;  // by shape
    std::vector<bool> image;
  };
  enum Verdict { kFits, kDown, kCordoned, kCpu, kMemory, kSpread };
  Verdict Judge(const Node& node, size_t shape) const;
  uint32_t InDomain(const Node& node, size_t shape, SpreadRule::Domain domain) const;
  uint32_t Emptiest(size_t shape, SpreadRule::Domain domain) const;

  const ClusterModel& model_;
  std::vector<Node> nodes_;
};

}  // namespace simulator
