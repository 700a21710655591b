#include "server/postgres/database.h"

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/postgres/pipeline_connection.h"

namespace server {
namespace {

constexpr std::chrono::milliseconds kTick{10};

base::Task<> Sleep(boost::asio::io_context& loop, std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(loop, time);
  co_await base::Callback<bool>([&](auto done) {
    timer.async_wait([done](const boost::system::error_code&) mutable { done(true); });
  });
}

}  // namespace

Database::Database(boost::asio::io_context& loop, DatabaseOptions options)
    : loop_(loop), options_(std::move(options)), tick_(loop) {
  for (int i = 0; i < options_.connections; ++i) {
    connections_.push_back(
        std::make_unique<PipelineConnection>(loop_, options_, [this] { Dispatch(); }));
  }
}

Database::~Database() = default;

void Database::Start() {
  for (auto& connection : connections_) connection->Connect();
}

base::Task<absl::Status> Database::Ready(TimePoint deadline) {
  while (connected() == 0) {
    if (Clock::now() >= deadline) {
      co_return absl::UnavailableError(
          absl::StrCat("PostgreSQL: ", connections_.front()->last_error()));
    }
    co_await Sleep(loop_, kTick);
  }
  co_return absl::OkStatus();
}

int Database::connected() const {
  return static_cast<int>(std::count_if(connections_.begin(), connections_.end(),
                                        [](const auto& connection) { return connection->up(); }));
}

int Database::in_flight() const {
  int sum = 0;
  for (const auto& connection : connections_) sum += connection->in_flight();
  return sum;
}

int Database::queued() const { return static_cast<int>(queue_.size()); }

base::Task<absl::StatusOr<SegmentResult>> Database::Run(Segment segment, TimePoint deadline,
                                                        RequestCost* cost) {
  if (connected() == 0) {
    co_return absl::UnavailableError(
        absl::StrCat("PostgreSQL: no connection: ", connections_.front()->last_error()));
  }
  if (queued() >= options_.queue_limit) {
    co_return absl::ResourceExhaustedError("PostgreSQL: queue full");
  }
  // libpq takes C strings: what follows a zero byte would be lost without a word.
  for (const Segment::Command& command : segment.commands()) {
    for (const Segment::Parameter& parameter : command.parameters) {
      if (parameter.has_value() && parameter->find('\0') != std::string::npos) {
        co_return absl::InvalidArgumentError("a parameter contains a zero byte");
      }
    }
  }
  if (cost != nullptr) {
    cost->statements += static_cast<int64_t>(segment.commands().size()) + 1;
    ++cost->round_trips;
  }
  auto pending = std::make_shared<PendingSegment>(
      PendingSegment{std::move(segment), deadline, /*done=*/nullptr});
  co_return co_await base::Callback<absl::StatusOr<SegmentResult>>([&](auto done) {
    pending->done = std::move(done);
    queue_.push_back(pending);
    ArmTick();
    Dispatch();
  });
}

PipelineConnection* Database::LeastLoaded() {
  PipelineConnection* best = nullptr;
  for (const auto& connection : connections_) {
    if (!connection->up() || connection->in_flight() >= options_.pipeline_depth) continue;
    if (best == nullptr || connection->in_flight() < best->in_flight()) best = connection.get();
  }
  return best;
}

void Database::Dispatch() {
  while (!queue_.empty()) {
    // Answered while it waited: its deadline passed.
    if (!queue_.front()->done) {
      queue_.pop_front();
      continue;
    }
    PipelineConnection* connection = LeastLoaded();
    if (connection == nullptr) return;
    std::shared_ptr<PendingSegment> next = std::move(queue_.front());
    queue_.pop_front();
    connection->Send(std::move(next));
  }
}

void Database::ArmTick() {
  if (tick_armed_) return;
  tick_armed_ = true;
  tick_.expires_after(kTick);
  tick_.async_wait(
      [this, life = std::weak_ptr<int>(life_)](const boost::system::error_code& error) {
        if (error || life.expired()) return;
        tick_armed_ = false;
        Tick();
      });
}

void Database::Tick() {
  const TimePoint now = Clock::now();
  const bool none_up = connected() == 0;
  std::vector<std::shared_ptr<PendingSegment>> late;
  for (const auto& pending : queue_) {
    if (none_up || pending->deadline <= now) late.push_back(pending);
  }
  for (const auto& pending : late) {
    pending->Finish(none_up
                        ? absl::UnavailableError("PostgreSQL: no connection; nothing was sent")
                        : absl::DeadlineExceededError(
                              "PostgreSQL: waited too long for a connection; nothing was sent"));
  }
  for (const auto& connection : connections_) connection->CheckTime(now);
  Dispatch();
  if (!queue_.empty() || in_flight() > 0) ArmTick();
}

}  // namespace server
