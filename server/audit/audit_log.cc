#include "server/audit/audit_log.h"

#include <glog/logging.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/audit_batch.h"
#include "server/audit/uuid.h"

namespace server {
namespace {

constexpr std::chrono::milliseconds kTick{10};

constexpr Statement kAppend{"audit_append",
                            "SELECT audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kWrite{"audit_write", "SELECT audit_write($1, $2, $3, $4, $5, $6, $7, $8)"};

DatabaseOptions OneConnection(DatabaseOptions options) {
  options.connections = 1;
  options.pipeline_depth = 1;
  options.application_name += " audit";
  return options;
}

absl::Status CheckIds(const AuditEntry& entry) {
  for (const std::string* id : {&entry.clinic_id, &entry.actor_id, &entry.subject_id}) {
    if (!id->empty() && !LooksLikeUuid(*id)) return absl::InvalidArgumentError("audit: not a UUID");
  }
  return absl::OkStatus();
}

// Worth waiting for: the next attempt may work.
bool IsTemporary(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status);
}

}  // namespace

struct AuditLog::Pending {
  AuditEntry entry;
  Database::TimePoint deadline;
  std::function<void(absl::Status)> done;

  void Finish(absl::Status status) {
    if (!done) return;
    auto once = std::move(done);
    done = nullptr;
    once(std::move(status));
  }
};

AuditLog::AuditLog(boost::asio::io_context& loop, DatabaseOptions database, AuditOptions options)
    : loop_(loop),
      options_(options),
      database_(loop, OneConnection(std::move(database))),
      writer_(RandomUuid()),
      tick_(loop),
      retry_(loop) {}

AuditLog::~AuditLog() = default;

void AuditLog::Start() { database_.Start(); }

base::Task<absl::Status> AuditLog::Ready(Database::TimePoint deadline) {
  return database_.Ready(deadline);
}

int AuditLog::pending() const { return static_cast<int>(waiting_.size() + batch_.size()); }

base::Task<absl::Status> AuditLog::RecordRead(AuditEntry entry, Database::TimePoint deadline,
                                              RequestCost* cost) {
  if (pending() >= options_.max_pending) {
    co_return absl::ResourceExhaustedError("audit: queue full");
  }
  // A record that the database refuses would hold up all behind it: look first.
  if (absl::Status status = CheckIds(entry); !status.ok()) co_return status;
  auto pending = std::make_shared<Pending>(Pending{std::move(entry), deadline, /*done=*/nullptr});
  absl::Status status = co_await base::Callback<absl::Status>([&](auto done) {
    pending->done = std::move(done);
    waiting_.push_back(pending);
    ArmTick();
    Kick();
  });
  if (status.ok() && cost != nullptr) ++cost->audit_rows;
  co_return status;
}

void AuditLog::Kick() {
  if (draining_) return;
  draining_ = true;
  // Posted, so that all requests of this turn of the loop share the first batch.
  boost::asio::post(loop_, [this] { base::Spawn(Drain()); });
}

base::Task<> AuditLog::Drain() {
  while (true) {
    TakeBatch();
    if (batch_.empty()) break;
    std::vector<const AuditEntry*> entries;
    for (const auto& pending : batch_) entries.push_back(&pending->entry);
    Segment segment = Segment::WithoutClinic(/*writes=*/true);
    segment.Add(kAppend, BatchParameters(writer_, first_sequence_, entries));
    const Database::TimePoint deadline = Database::Clock::now() + options_.batch_deadline;
    const absl::StatusOr<SegmentResult> result =
        co_await database_.Run(std::move(segment), deadline, nullptr);
    if (result.ok()) {
      ++batches_;
      records_ += static_cast<int64_t>(batch_.size());
      first_sequence_ += static_cast<int64_t>(batch_.size());
      const auto durable = std::exchange(batch_, {});
      for (const auto& pending : durable) pending->Finish(absl::OkStatus());
      continue;
    }
    LOG_EVERY_N(WARNING, 20) << "audit: batch of " << batch_.size()
                             << " not stored yet: " << result.status();
    if (!IsTemporary(result.status())) {
      const auto refused = batch_;
      for (const auto& pending : refused) pending->Finish(result.status());
    }
    co_await base::Callback<bool>([&](auto done) {
      retry_.expires_after(options_.retry_after);
      retry_.async_wait([done](const boost::system::error_code&) mutable { done(true); });
    });
  }
  draining_ = false;
}

void AuditLog::TakeBatch() {
  // A batch that failed keeps its records and numbers: sending it again is harmless.
  if (!batch_.empty()) return;
  while (!waiting_.empty() && static_cast<int>(batch_.size()) < options_.max_batch) {
    // Whoever gave up while waiting got an error instead of data: nothing to record.
    if (waiting_.front()->done) batch_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void AuditLog::ArmTick() {
  if (tick_armed_) return;
  tick_armed_ = true;
  tick_.expires_after(kTick);
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    tick_armed_ = false;
    Tick();
  });
}

void AuditLog::Tick() {
  const Database::TimePoint now = Database::Clock::now();
  std::vector<std::shared_ptr<Pending>> late;
  const auto collect = [&](const auto& list) {
    for (const auto& pending : list) {
      if (pending->done && pending->deadline <= now) late.push_back(pending);
    }
  };
  collect(waiting_);
  collect(batch_);
  for (const auto& pending : late) {
    pending->Finish(absl::DeadlineExceededError("audit: the record was not durable in time"));
  }
  if (!waiting_.empty() || !batch_.empty()) ArmTick();
}

std::vector<Segment::Parameter> AuditLog::Parameters(const AuditEntry& entry) {
  const auto id = [](const std::string& text) {
    return text.empty() ? Segment::Parameter() : Segment::Parameter(text);
  };
  return {id(entry.clinic_id),         id(entry.actor_id),        Printable(entry.actor_role),
          Printable(entry.action),     Printable(entry.resource), id(entry.subject_id),
          Printable(entry.request_id), Printable(entry.outcome)};
}

void AuditLog::AddTo(Segment& segment, const AuditEntry& entry, RequestCost* cost) {
  segment.Add(kWrite, Parameters(entry));
  if (cost != nullptr) ++cost->audit_rows;
}

}  // namespace server
