#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "loadgen/users/feeder.h"
#include "loadgen/users/stage_profile.h"
#include "loadgen/users/tokens.h"
#include "model/catalogue.h"
#include "model/distribution.h"
#include "model/scenario.pb.h"
#include "model/template.h"

// A scenario made ready to run: names become numbers, templates are compiled, users get roles.
// Immutable; made before the fork, so the workers share it.
//
// Roles. A virtual user is one person: it has the role of its journeys and keeps it. The journeys'
// weights stand for how often journeys start, so the users of a role are in proportion to
// weight x mean length of its journeys (a patient whose visit takes twice as long must be there
// twice as often). Users are dealt to roles evenly, not at random.
namespace loadgen {

// What a ${...} stands for.
struct Placeholder {
  enum class Kind : uint8_t { kFeeder, kExtracted, kUser };
  enum UserField : uint8_t { kUserId, kUserClinicId, kUserEmail, kUserNumber };
  Kind kind = Kind::kUser;
  uint16_t index = 0;  // of the feeder, or of the extracted variable
  uint8_t field = 0;   // of the feeder or of the user
};

struct BoundTemplate {
  model::Template text;
  std::vector<Placeholder> placeholders;  // one for each of text.variables()
};

struct StepPlan {
  std::string name;
  uint16_t operation = 0;
  double probability = 1;
  model::DistributionSampler think;
  std::string method;
  BoundTemplate path;
  std::vector<std::pair<std::string, BoundTemplate>> headers;
  bool has_body = false;
  BoundTemplate body;
  std::vector<uint32_t> accepted_statuses;                       // empty: any 2xx
  std::vector<std::pair<std::string, std::string>> json_checks;  // pointer, not_empty or the value
  std::vector<std::pair<uint16_t, std::string>> extracts;        // variable, pointer
  bool needs_body() const { return !json_checks.empty() || !extracts.empty(); }
};

struct JourneyPlan {
  std::string name;
  std::vector<StepPlan> steps;
  std::vector<uint16_t> feeders;  // chosen anew at each start
};

struct RolePlan {
  std::string role;  // "": requests without a token
  std::vector<uint16_t> journeys;
  std::vector<double> cumulative_weights;  // ends with 1
  double share_of_users = 0;
  bool has_kind = false;
  model::EntityKind kind = model::EntityKind::kPatient;
};

struct RetryPlan {
  uint32_t attempts = 0;
  int64_t timeout_ns = 10'000'000'000;
  double first_backoff_seconds = 0.1, backoff_factor = 2, jitter = 0.5, budget = 0;
};

struct PlanOptions {
  double think_time_scale = 1;
  std::string login_password;
  absl::CivilDay today;
};

struct Plan {
  std::vector<std::string> operations;
  std::vector<Feeder> feeders;
  std::vector<std::string> variables;  // extracted ones
  std::vector<JourneyPlan> journeys;
  std::vector<RolePlan> roles;
  double login_fraction = 0;  // of users that start with auth.login
  bool refresh_expired = false;
  uint16_t login_operation = 0, refresh_operation = 0;
  std::string login_password;
  RetryPlan retry;
  double mean_think_seconds = 0;  // per request, scaled

  // The role of user n: the same for every number of workers.
  uint16_t RoleOfUser(uint64_t n) const;
  bool LogsIn(uint64_t n) const;
};

// Errors name the journey and step. `catalogue` must outlive the plan.
absl::StatusOr<Plan> MakePlan(const model::Scenario& scenario, const model::Catalogue* catalogue,
                              const PlanOptions& options);

// Users of each role among the first n.
std::vector<uint64_t> CountRoles(const Plan& plan, uint64_t users);

// Are there identities for all users? A role without tokens is an error when its users start with
// one; fewer tokens than users is a warning (they are shared).
absl::Status CheckIdentities(const Plan& plan, const Tokens& tokens, uint64_t users,
                             std::vector<std::string>* warnings);

}  // namespace loadgen
