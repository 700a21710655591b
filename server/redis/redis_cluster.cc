#include "server/redis/redis_cluster.h"

#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/redis/key_slot.h"
#include "server/redis/redis_connection.h"
#include "server/redis/slot_map.h"

namespace server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{10};
constexpr milliseconds kTryAgainPause{20};
// A node that a redirection named but that is not connected yet.
constexpr milliseconds kConnectPause{10};

}  // namespace

class RedisCluster::Impl {
 public:
  Impl(boost::asio::io_context& loop, RedisOptions options)
      : loop_(loop), options_(std::move(options)), tick_(loop) {}

  void Start() {
    for (const std::string& seed : options_.seeds) {
      if (absl::StatusOr<Endpoint> endpoint = ParseEndpoint(seed); endpoint.ok()) Node(*endpoint);
    }
    ArmTick();
  }

  bool Ready() const {
    return covered_ == kSlots && std::all_of(masters_.begin(), masters_.end(),
                                             [](const auto* node) { return node->up(); });
  }

  base::Task<absl::Status> WaitReady(TimePoint deadline) {
    while (!Ready()) {
      if (Clock::now() >= deadline) {
        co_return absl::UnavailableError(
            absl::StrCat("Redis: ", covered_, " of ", kSlots,
                         " slots have a known master; some are not reached"));
      }
      co_await Sleep(kTick);
    }
    co_return absl::OkStatus();
  }

  base::Task<absl::StatusOr<RedisReply>> Run(std::string key, std::vector<std::string> arguments,
                                             TimePoint deadline, RequestCost* cost) {
    const int slot = KeySlot(key);
    RedisConnection* target = slots_[static_cast<size_t>(slot)];
    bool asking = false;
    for (int attempt = 0; attempt <= kMostRedirects; ++attempt) {
      if (target == nullptr || !target->up()) {
        refresh_wanted_ = true;
        co_return absl::UnavailableError("Redis: the slot's master is away");
      }
      if (cost != nullptr) ++cost->redis_commands;
      absl::StatusOr<RedisReply> reply = co_await base::Callback<absl::StatusOr<RedisReply>>(
          [&](auto done) { target->Send(arguments, asking, deadline, std::move(done)); });
      if (!reply.ok() || reply->kind != RedisReply::Kind::kError) co_return reply;
      const std::string& error = reply->text;
      const bool moved = error.starts_with("MOVED ");
      asking = error.starts_with("ASK ");
      if (moved || asking) {
        // MOVED: the map is old. ASK: the slot is on its way, the map stays.
        if (moved) refresh_wanted_ = true;
        const absl::StatusOr<Endpoint> endpoint = ParseRedirect(error, target->host());
        if (!endpoint.ok()) co_return endpoint.status();
        target = Node(*endpoint);
        if (moved) SetMaster(slot, target, Clock::now());
        while (!target->up() && Clock::now() < deadline) co_await Sleep(kConnectPause);
      } else if (error.starts_with("TRYAGAIN")) {
        co_await Sleep(kTryAgainPause);
      } else if (error.starts_with("CLUSTERDOWN") || error.starts_with("LOADING") ||
                 error.starts_with("MASTERDOWN") || error.starts_with("READONLY")) {
        refresh_wanted_ = true;
        co_return absl::UnavailableError(absl::StrCat("Redis: ", error));
      } else {
        co_return absl::InternalError(absl::StrCat("Redis: ", error));
      }
    }
    co_return absl::UnavailableError("Redis: too many redirections");
  }

  std::string MasterOf(std::string_view key) const {
    const RedisConnection* node = slots_[static_cast<size_t>(KeySlot(key))];
    for (const auto& [name, connection] : nodes_) {
      if (connection.get() == node) return name;
    }
    return "";
  }

  TimePoint LostAt(std::string_view key) const { return lost_[static_cast<size_t>(KeySlot(key))]; }

 private:
  static std::array<TimePoint, kSlots> Never() {
    std::array<TimePoint, kSlots> times;
    times.fill(TimePoint::min());
    return times;
  }

  base::Task<> Sleep(milliseconds time) {
    boost::asio::steady_timer timer(loop_, time);
    co_await base::Callback<bool>([&](auto done) {
      timer.async_wait([done](const boost::system::error_code&) mutable { done(true); });
    });
  }

  // The connection to `endpoint`, begun when there is none.
  RedisConnection* Node(const Endpoint& endpoint) {
    std::unique_ptr<RedisConnection>& node = nodes_[endpoint.Text()];
    if (node == nullptr) {
      node = std::make_unique<RedisConnection>(
          loop_, options_, endpoint.host, endpoint.port,
          [this, name = endpoint.Text()] { OnLost(nodes_.at(name).get()); });
      node->Connect();
    }
    return node.get();
  }

  void OnLost(const RedisConnection* node) {
    refresh_wanted_ = true;
    const TimePoint now = Clock::now();
    for (size_t slot = 0; slot < kSlots; ++slot) {
      if (slots_[slot] == node) lost_[slot] = now;
    }
  }

  void SetMaster(int slot, RedisConnection* node, TimePoint now) {
    RedisConnection*& master = slots_[static_cast<size_t>(slot)];
    if (master != nullptr && master != node) lost_[static_cast<size_t>(slot)] = now;
    master = node;
  }

  // Any connected node knows the map; a different one each time.
  RedisConnection* NodeToAsk() {
    std::vector<RedisConnection*> up;
    for (const auto& [name, node] : nodes_) {
      if (node->up()) up.push_back(node.get());
    }
    return up.empty() ? nullptr : up[static_cast<size_t>(refreshes_) % up.size()];
  }

  void Refresh(TimePoint now) {
    RedisConnection* node = NodeToAsk();
    if (node == nullptr) return;
    refreshing_ = true;
    refresh_wanted_ = false;
    last_refresh_ = now;
    ++refreshes_;
    const std::vector<std::string> command = {"CLUSTER", "SLOTS"};
    node->Send(command, /*asking=*/false, now + milliseconds(1000),
               [this, host = node->host()](absl::StatusOr<RedisReply> reply) {
                 refreshing_ = false;
                 absl::StatusOr<std::vector<SlotRange>> ranges =
                     !reply.ok() ? absl::StatusOr<std::vector<SlotRange>>(reply.status())
                                 : ParseSlots(*reply, host);
                 if (ranges.ok()) {
                   Apply(*ranges);
                 } else {
                   refresh_wanted_ = true;
                   LOG_EVERY_N(WARNING, 20) << "Redis: slot map: " << ranges.status();
                 }
               });
  }

  void Apply(const std::vector<SlotRange>& ranges) {
    std::array<RedisConnection*, kSlots> masters{};
    masters_.clear();
    covered_ = 0;
    for (const SlotRange& range : ranges) {
      RedisConnection* node = Node(range.master);
      if (std::find(masters_.begin(), masters_.end(), node) == masters_.end()) {
        masters_.push_back(node);
      }
      for (int slot = range.first; slot <= range.last; ++slot) {
        covered_ += masters[static_cast<size_t>(slot)] == nullptr ? 1 : 0;
        masters[static_cast<size_t>(slot)] = node;
      }
    }
    const TimePoint now = Clock::now();
    for (int slot = 0; slot < kSlots; ++slot) {
      SetMaster(slot, masters[static_cast<size_t>(slot)], now);
    }
    if (covered_ < kSlots) refresh_wanted_ = true;
  }

  void ArmTick() {
    tick_.expires_after(kTick);
    tick_.async_wait(
        [this, life = std::weak_ptr<int>(life_)](const boost::system::error_code& error) {
          if (error || life.expired()) return;
          Tick();
          ArmTick();
        });
  }

  void Tick() {
    const TimePoint now = Clock::now();
    for (const auto& [name, node] : nodes_) node->CheckTime(now);
    const auto age = now - last_refresh_;
    const bool due = age > options_.refresh_period ||
                     (refresh_wanted_ && age > options_.refresh_throttle) || covered_ == 0;
    if (due && !refreshing_) Refresh(now);
  }

  boost::asio::io_context& loop_;
  RedisOptions options_;
  boost::asio::steady_timer tick_;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
  // Connections are kept for the life of the process: addresses are few, coroutines hold pointers.
  std::map<std::string, std::unique_ptr<RedisConnection>> nodes_;
  std::array<RedisConnection*, kSlots> slots_{};
  std::array<TimePoint, kSlots> lost_ = Never();
  std::vector<RedisConnection*> masters_;
  int covered_ = 0;
  int64_t refreshes_ = 0;
  bool refreshing_ = false;
  bool refresh_wanted_ = true;
  TimePoint last_refresh_{};
};

RedisCluster::RedisCluster(boost::asio::io_context& loop, RedisOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
RedisCluster::~RedisCluster() = default;

void RedisCluster::Start() { impl_->Start(); }
bool RedisCluster::ready() const { return impl_->Ready(); }
base::Task<absl::Status> RedisCluster::Ready(TimePoint deadline) {
  return impl_->WaitReady(deadline);
}
std::string RedisCluster::MasterOf(std::string_view key) const { return impl_->MasterOf(key); }
RedisCluster::TimePoint RedisCluster::LostAt(std::string_view key) const {
  return impl_->LostAt(key);
}

base::Task<absl::StatusOr<RedisReply>> RedisCluster::Run(std::string_view key,
                                                         std::vector<std::string> arguments,
                                                         TimePoint deadline, RequestCost* cost) {
  return impl_->Run(std::string(key), std::move(arguments), deadline, cost);
}

absl::StatusOr<std::vector<std::string>> RedisCluster::ParseSeeds(std::string_view list) {
  std::vector<std::string> seeds = absl::StrSplit(std::string(list), ',', absl::SkipWhitespace());
  if (seeds.empty()) return absl::InvalidArgumentError("Redis: expected host:port[,host:port...]");
  for (const std::string& seed : seeds) {
    if (absl::StatusOr<Endpoint> endpoint = ParseEndpoint(seed); !endpoint.ok()) {
      return endpoint.status();
    }
  }
  return seeds;
}

}  // namespace server
