#include "server/dispatcher.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/auth/token.h"

namespace server {
namespace {

constexpr int64_t kWall = 1'800'000'000;
constexpr char kClinic[] = "22222222-2222-4222-8222-222222222222";
constexpr char kOtherClinic[] = "44444444-4444-4444-8444-444444444444";

class FakeExchange final : public Exchange {
 public:
  explicit FakeExchange(Request request) : request_(request) {}
  const Request& request() const override { return request_; }
  int64_t started() const override { return 0; }
  void Finish(const Response& response, std::string_view request_id) override {
    ASSERT_FALSE(response_.has_value());
    response_ = response;
    request_id_ = std::string(request_id);
  }
  Request request_;
  std::optional<Response> response_;
  std::string request_id_;
};

// What the bound handler saw, and what it answers.
struct Seen {
  int calls = 0;
  Principal principal;
  Response answer;
  AuditSubject subject;
};
Seen* seen = nullptr;

base::Task<Response> Probe(RequestContext& context) {
  ++seen->calls;
  seen->principal = context.principal;
  context.audit_subject = seen->subject;
  context.cost.statements = 2;
  co_return seen->answer;
}

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest()
      : clock_(0, kWall * base::kNanosPerSecond),
        counters_(*base::SharedCounters::Create(Metrics::Layout(), 1)),
        metrics_(counters_, 0),
        verifier_(key_, revocations_, clock_),
        dispatcher_(Services{}, metrics_, &verifier_, nullptr, clock_,
                    base::RandomStream(1, 0, "test", "request_id")) {
    revocations_.Refreshed(0, kWall);
    seen = &seen_;
    for (const Route& route : Routes()) dispatcher_.Bind(route.operation, &Probe);
    dispatcher_.SetReadAudit([this](AuditEntry entry, auto, RequestCost* cost) {
      return Audit(std::move(entry), cost);
    });
  }

  base::Task<absl::Status> Audit(AuditEntry entry, RequestCost* cost) {
    audited_.push_back(entry);
    if (cost != nullptr) ++cost->audit_rows;
    if (hold_audit_) {
      co_await base::Callback<int>([this](auto done) { release_audit_ = done; });
    }
    co_return audit_status_;
  }

  std::string Bearer(Role role, const std::string& clinic = kClinic) {
    TokenClaims claims;
    claims.user_id = "11111111-1111-4111-8111-111111111111";
    claims.role = role;
    claims.clinic_id = clinic;
    claims.session_id = "33333333-3333-4333-8333-333333333333";
    claims.token_id = "jti";
    claims.issued_at = kWall;
    claims.expires_at = kWall + 900;
    return absl::StrCat("Bearer ", *SignToken(key_, claims));
  }
  FakeExchange Send(Method method, std::string_view path, const std::string& bearer = "",
                    std::string_view clinic = "", std::string_view request_id = "") {
    Request request;
    request.method = method;
    request.path = path;
    request.authorization = bearer;
    request.clinic_id = clinic;
    request.request_id = request_id;
    FakeExchange exchange(request);
    dispatcher_.Handle(exchange);
    return exchange;
  }
  FakeExchange GetRecord(const std::string& bearer, std::string_view clinic = "") {
    return Send(Method::kGet, "/api/v1/ehr/comprehensive/x", bearer, clinic);
  }

  SigningKey key_ = {"kid", std::string(32, 's')};
  base::ManualClock clock_;
  base::SharedCounters counters_;
  Metrics metrics_;
  Revocations revocations_;
  AccessVerifier verifier_;
  Dispatcher dispatcher_;
  Seen seen_;
  std::vector<AuditEntry> audited_;
  absl::Status audit_status_;
  bool hold_audit_ = false;
  std::function<void(int)> release_audit_;
};

TEST_F(DispatcherTest, UnknownRouteAndWrongMethod) {
  EXPECT_EQ(Send(Method::kGet, "/nowhere").response_->status, 404);
  const FakeExchange wrong = Send(Method::kGet, "/api/v1/auth/login");
  EXPECT_EQ(wrong.response_->status, 405);
  EXPECT_EQ(wrong.response_->extra_headers, "Allow: POST\r\n");
  EXPECT_EQ(seen_.calls, 0);
}

TEST_F(DispatcherTest, RequestIdsAreEchoedOnlyWhenTheyAreSafe) {
  EXPECT_EQ(Send(Method::kGet, "/health", "", "", "abc-DEF_1.2").request_id_, "abc-DEF_1.2");
  for (std::string_view bad : {"", "a b", "a\r\nSet-Cookie: x", "\xff"}) {
    const std::string id = Send(Method::kGet, "/health", "", "", bad).request_id_;
    EXPECT_EQ(id.size(), 16u);
    EXPECT_NE(id, bad);
  }
  EXPECT_EQ(Send(Method::kGet, "/health", "", "", std::string(65, 'a')).request_id_.size(), 16u);
}

TEST_F(DispatcherTest, EveryRouteLetsInItsRolesAndNobodyElse) {
  for (const Route& route : Routes()) {
    std::string path(route.path);
    for (size_t at = path.find(':'); at != std::string::npos; at = path.find(':')) path[at] = 'v';
    seen_.calls = 0;
    const FakeExchange nobody = Send(route.method, path);
    EXPECT_EQ(nobody.response_->status, route.roles.empty() ? 200 : 401) << route.operation;
    EXPECT_EQ(seen_.calls, route.roles.empty() ? 1 : 0) << route.operation;
    for (int i = 0; i < kRoleCount; ++i) {
      const Role role = static_cast<Role>(i);
      seen_.calls = 0;
      const FakeExchange exchange = Send(route.method, path, Bearer(role));
      const bool may = route.roles.empty() || route.roles.Has(role);
      EXPECT_EQ(exchange.response_->status, may ? 200 : 403) << route.operation << " " << i;
      EXPECT_EQ(seen_.calls, may ? 1 : 0) << route.operation;
    }
  }
}

TEST_F(DispatcherTest, TheClinicComesFromTheTokenAlone) {
  EXPECT_EQ(GetRecord(Bearer(Role::kDoctor)).response_->status, 200);
  EXPECT_EQ(seen_.principal.clinic_id, kClinic);
  EXPECT_EQ(GetRecord(Bearer(Role::kDoctor), kClinic).response_->status, 200);
  seen_.calls = 0;
  EXPECT_EQ(GetRecord(Bearer(Role::kDoctor), kOtherClinic).response_->status, 403);
  EXPECT_EQ(GetRecord(Bearer(Role::kClinicAdmin), kOtherClinic).response_->status, 403);
  EXPECT_EQ(seen_.calls, 0);
}

TEST_F(DispatcherTest, ASuperAdminMayNameAClinic) {
  EXPECT_EQ(GetRecord(Bearer(Role::kSuperAdmin), kOtherClinic).response_->status, 200);
  EXPECT_EQ(seen_.principal.clinic_id, kOtherClinic);
  EXPECT_EQ(GetRecord(Bearer(Role::kSuperAdmin, "")).response_->status, 400);
  EXPECT_EQ(GetRecord(Bearer(Role::kSuperAdmin), "' OR 1=1").response_->status, 400);
}

TEST_F(DispatcherTest, PhiWaitsForItsAuditRecord) {
  hold_audit_ = true;
  seen_.answer = OkJson("\"secret\"");
  seen_.subject = {{"patient-1"}, "record", "patient-1"};
  Request request;
  request.path = "/api/v1/ehr/comprehensive/x";
  const std::string bearer = Bearer(Role::kDoctor);
  request.authorization = bearer;
  FakeExchange exchange(request);
  dispatcher_.Handle(exchange);
  EXPECT_EQ(seen_.calls, 1);
  EXPECT_FALSE(exchange.response_.has_value());
  release_audit_(1);
  ASSERT_TRUE(exchange.response_.has_value());
  EXPECT_EQ(exchange.response_->data, "\"secret\"");
  ASSERT_EQ(audited_.size(), 1u);
  EXPECT_EQ(audited_[0].action, "ehr.comprehensive");
  EXPECT_EQ(audited_[0].actor_role, "DOCTOR");
  EXPECT_EQ(audited_[0].subject_id, "patient-1");
  EXPECT_EQ(audited_[0].resource, "record/patient-1");
  EXPECT_EQ(audited_[0].clinic_id, kClinic);
  EXPECT_EQ(audited_[0].request_id, exchange.request_id_);
}

TEST_F(DispatcherTest, NoAuditRecordNoPhi) {
  seen_.answer = OkJson("\"secret\"");
  audit_status_ = absl::UnavailableError("down");
  const FakeExchange exchange = GetRecord(Bearer(Role::kDoctor));
  EXPECT_EQ(exchange.response_->status, 503);
  EXPECT_GT(exchange.response_->retry_after_seconds, 0);
  EXPECT_EQ(exchange.response_->data, "");
}

TEST_F(DispatcherTest, NoAuditLogAtAllNoPhi) {
  dispatcher_.SetReadAudit(nullptr);
  EXPECT_EQ(GetRecord(Bearer(Role::kDoctor)).response_->status, 503);
}

TEST_F(DispatcherTest, AListIsAuditedForEachPatient) {
  seen_.subject = {{"a", "b", "c"}, "appointments", ""};
  const FakeExchange exchange =
      Send(Method::kGet, "/api/v1/appointments", Bearer(Role::kReceptionist));
  EXPECT_EQ(exchange.response_->status, 200);
  ASSERT_EQ(audited_.size(), 3u);
  EXPECT_EQ(audited_[1].subject_id, "b");
  EXPECT_EQ(audited_[1].resource, "appointments");
}

TEST_F(DispatcherTest, ErrorsAndWritesAreNotAuditedAsReads) {
  seen_.answer = ErrorResponse(400, "VALIDATION_ERROR", "no");
  GetRecord(Bearer(Role::kDoctor));
  seen_.answer = OkJson("1");
  Send(Method::kPost, "/api/v1/ehr/vitals", Bearer(Role::kDoctor));
  GetRecord("");
  EXPECT_TRUE(audited_.empty());
}

TEST_F(DispatcherTest, RefusalsAndMissesAreRecorded) {
  audit_status_ = absl::UnavailableError("down");  // nobody waits for these
  EXPECT_EQ(GetRecord(Bearer(Role::kReceptionist)).response_->status, 403);
  seen_.answer = ErrorResponse(404, "NOT_FOUND", "no such record");
  EXPECT_EQ(GetRecord(Bearer(Role::kDoctor)).response_->status, 404);
  ASSERT_EQ(audited_.size(), 2u);
  EXPECT_EQ(audited_[0].outcome, "denied");
  EXPECT_EQ(audited_[0].actor_role, "RECEPTIONIST");
  EXPECT_EQ(audited_[0].resource, "x");
  EXPECT_EQ(audited_[1].outcome, "not_found");
}

TEST_F(DispatcherTest, MetricsCountByOperation) {
  GetRecord(Bearer(Role::kDoctor));
  GetRecord("");
  Send(Method::kGet, "/nowhere");
  dispatcher_.OnProtocolError(400);
  const std::string text = metrics_.Render();
  for (const char* line :
       {"praxis_requests_total{operation=\"ehr.comprehensive\",status_class=\"2xx\"} 1\n",
        "praxis_requests_total{operation=\"ehr.comprehensive\",status_class=\"4xx\"} 1\n",
        "praxis_requests_total{operation=\"unmatched\",status_class=\"4xx\"} 2\n",
        "praxis_statements_total{operation=\"ehr.comprehensive\"} 2\n",
        "praxis_audit_rows_total{operation=\"ehr.comprehensive\"} 1\n",
        "praxis_request_seconds_count{operation=\"ehr.comprehensive\"} 2\n",
        "praxis_request_seconds_bucket{operation=\"ehr.comprehensive\",le=\"0.2\"} 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST_F(DispatcherTest, UnboundRoutesAreFoundAtTheStart) {
  Dispatcher bare(Services{}, metrics_, &verifier_, nullptr, clock_,
                  base::RandomStream(1, 0, "test", "request_id"));
  EXPECT_FALSE(bare.CheckComplete().ok());
  EXPECT_TRUE(dispatcher_.CheckComplete().ok());
}

}  // namespace
}  // namespace server
