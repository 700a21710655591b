#include "simulator/redis/cluster_bus.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace simulator::redis {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kCron = 0.1;
constexpr int kCronsPerRandomPing = 10;
constexpr int kCandidates = 5;
constexpr double kElectionDelay = 0.5;
constexpr double kNotPinged = -1;

// The bus of one cluster around one loss at time 0. Nodes are numbered masters first, the lost one
// is node 0; replica r of master m follows in rounds.
class Bus {
 public:
  Bus(const BusRules& rules, const Loss& loss, base::RandomStream& random)
      : rules_(rules), loss_(loss), random_(random) {
    const uint32_t n = rules.masters * (1 + rules.replicas_per_master);
    away_.assign(n, false);
    for (uint32_t i = 0; i < std::min<size_t>(loss.masters.size(), rules.masters); ++i) {
      away_[i] = true;
    }
    const double timeout = rules.node_timeout_seconds;
    warm_up_ = loss.suspected ? 0 : timeout + 5;
    for (uint32_t i = 0; i < n; ++i) {
      Node node;
      node.cron = -warm_up_ + random_.Uniform(0, kCron);
      node.crons = static_cast<int>(random_.UniformInt(kCronsPerRandomPing));
      node.answered.resize(n);
      for (double& at : node.answered) at = -warm_up_ - random_.Uniform(0, timeout / 2);
      node.told.assign(rules.masters, -kNever);
      node.suspects = loss.suspected;
      nodes_.push_back(std::move(node));
    }
  }

  Failover Play() {
    Failover result;
    result.suspected = loss_.suspected ? 0 : kNever;
    result.failed = result.asked = result.promoted = kNever;
    const uint32_t majority = rules_.masters / 2 + 1;
    uint32_t alive = 0;
    for (uint32_t i = 0; i < rules_.masters; ++i) alive += !away_[i];
    // Then the flag never comes: with less than a majority nobody can hear one.
    if (alive < majority) return result;
    const double patience = 20 + 4 * rules_.node_timeout_seconds;
    while (failed_ == kNever) {
      const uint32_t i = NextCron();
      if (nodes_[i].cron > patience) break;
      Cron(i);
    }
    if (!loss_.suspected) result.suspected = first_suspicion_;
    result.failed = failed_;
    if (failed_ == kNever || rules_.replicas_per_master == 0) return result;
    Elect(&result);
    return result;
  }

 private:
  struct Node {
    double cron = 0;  // the next one
    int crons = 0;
    std::vector<double> answered;  // last answer of each node
    double pinged = kNotPinged;    // the lost node, unanswered since
    bool suspects = false;
    std::vector<double> told;  // when each master last said that it suspects
  };

  // Masters lost at other times stay away from the whole game; the one in question at 0.
  bool Away(uint32_t i, double now) const { return away_[i] && (i > 0 || now >= 0); }

  uint32_t NextCron() const {
    uint32_t next = 0;
    for (uint32_t i = 1; i < nodes_.size(); ++i) {
      if (nodes_[i].cron < nodes_[next].cron) next = i;
    }
    return next;
  }

  void Cron(uint32_t i) {
    Node& node = nodes_[i];
    const double now = node.cron;
    node.cron += kCron;
    if (Away(i, now)) return;
    const bool lost = i != 0 && now >= 0;
    if (++node.crons >= kCronsPerRandomPing) {
      node.crons = 0;
      PingOldest(i, now);
    }
    for (uint32_t j = 0; j < nodes_.size(); ++j) {
      if (j != i && now - node.answered[j] > rules_.node_timeout_seconds / 2) Ping(i, j, now);
    }
    if (lost && node.pinged != kNotPinged && !node.suspects &&
        now - node.pinged > rules_.node_timeout_seconds) {
      node.suspects = true;
      first_suspicion_ = std::min(first_suspicion_, now);
    }
  }

  void PingOldest(uint32_t i, double now) {
    uint32_t oldest = i;
    for (int k = 0; k < kCandidates; ++k) {
      const auto j = static_cast<uint32_t>(random_.UniformInt(nodes_.size()));
      if (j == i || Away(j, now)) continue;
      if (oldest == i || nodes_[i].answered[j] < nodes_[i].answered[oldest]) oldest = j;
    }
    if (oldest != i) Ping(i, oldest, now);
  }

  void Ping(uint32_t i, uint32_t j, double now) {
    if (Away(j, now)) {
      if (j == 0 && nodes_[i].pinged == kNotPinged) nodes_[i].pinged = now;
      return;
    }
    Hear(j, i, now);
    Hear(i, j, now);  // the answer
    nodes_[i].answered[j] = now;
  }

  // A message that carries the sender's suspicion.
  void Hear(uint32_t listener, uint32_t sender, double now) {
    Node& node = nodes_[listener];
    if (sender >= rules_.masters || !nodes_[sender].suspects) return;
    node.told[sender] = now;
    if (!node.suspects || failed_ != kNever) return;
    uint32_t sure = listener < rules_.masters ? 1 : 0;
    for (double at : node.told) sure += now - at <= 2 * rules_.node_timeout_seconds;
    if (sure >= rules_.masters / 2 + 1) failed_ = now;
  }

  // The replica of node 0 is the first after the masters.
  void Elect(Failover* result) const {
    const Node& replica = nodes_[rules_.masters];
    const auto next_cron = [&replica](double after) {
      return replica.cron + kCron * std::ceil((after - replica.cron) / kCron);
    };
    const double wait = kElectionDelay + random_.Uniform(0, 0.5) + loss_.rank;
    result->asked = next_cron(next_cron(failed_) + wait);
    result->promoted = result->asked;
  }

  const BusRules& rules_;
  const Loss& loss_;
  base::RandomStream& random_;
  std::vector<bool> away_;
  std::vector<Node> nodes_;
  double warm_up_ = 0;
  double first_suspicion_ = kNever;
  double failed_ = kNever;
};

}  // namespace

Failover PlayFailover(const BusRules& rules, const Loss& loss, base::RandomStream& random) {
  return Bus(rules, loss, random).Play();
}

double EarliestFailover(const BusRules& rules) {
  return rules.node_timeout_seconds + kElectionDelay;
}

double LatestFailover(const BusRules& rules, const Loss& loss) {
  return 2 * rules.node_timeout_seconds + 2 * kElectionDelay + loss.rank + 5 * kCron;
}

}  // namespace simulator::redis
