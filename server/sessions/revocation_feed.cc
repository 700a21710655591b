#include "server/sessions/revocation_feed.h"

#include <glog/logging.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/postgres/segment.h"

namespace server {
namespace {

// $1: the newest time seen or '' for everything; $2, $3: where the last page ended, or ''.
constexpr Statement kAfter{
    "revoked_sessions_after",
    "SELECT session_id, revoked_at, forget_at FROM revoked_sessions_after("
    "coalesce(nullif($2, '')::timestamptz, nullif($1, '')::timestamptz - interval '30 seconds', "
    "'-infinity'), coalesce(nullif($3, '')::uuid, '00000000-0000-0000-0000-000000000000'), "
    "$4::int)"};

constexpr std::chrono::milliseconds kFetchDeadline{2000};

}  // namespace

RevocationFeed::RevocationFeed(boost::asio::io_context& loop, Database& database,
                               Revocations& revocations, const base::Clock& clock)
    : database_(database), revocations_(revocations), clock_(clock), timer_(loop) {}

void RevocationFeed::Start() {
  base::Spawn(Fetch(), [this](const absl::Status& status) {
    // Without a connection the database says so itself.
    if (!status.ok() && database_.connected() > 0) {
      LOG_EVERY_N(WARNING, 30) << "ended sessions cannot be fetched: " << status.message();
    }
    Arm();
  });
}

void RevocationFeed::Arm() {
  // Before the first success more often: nobody is served until then.
  const bool known = revocations_.Known(clock_.Now());
  timer_.expires_after(known ? std::chrono::nanoseconds(Revocations::kRefreshEvery)
                             : std::chrono::nanoseconds(Revocations::kRefreshEvery / 20));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Start();
  });
}

base::Task<absl::Status> RevocationFeed::Fetch() {
  const int64_t begun = clock_.Now();
  std::string page_time;
  std::string page_session;
  for (;;) {
    Segment segment = Segment::WithoutClinic(/*writes=*/false);
    segment.Add(kAfter, {newest_, page_time, page_session, absl::StrCat(kPage)});
    const absl::StatusOr<SegmentResult> result = co_await database_.Run(
        std::move(segment), std::chrono::steady_clock::now() + kFetchDeadline, nullptr);
    if (!result.ok()) co_return result.status();
    const Rows& rows = result->at(0);
    for (int i = 0; i < rows.size(); ++i) {
      revocations_.Add(rows.Text(i, 0), rows.Integer(i, 2));
    }
    if (rows.size() > 0) {
      page_session = std::string(rows.Text(rows.size() - 1, 0));
      page_time = std::string(rows.Text(rows.size() - 1, 1));
    }
    if (rows.size() < kPage) break;
  }
  if (!page_time.empty()) newest_ = page_time;
  revocations_.Refreshed(begun, clock_.WallNow() / base::kNanosPerSecond);
  co_return absl::OkStatus();
}

}  // namespace server
