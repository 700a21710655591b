#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loadgen/users/answer.h"
#include "loadgen/users/feeder.h"
#include "loadgen/users/plan.h"
#include "loadgen/users/tokens.h"
#include "model/catalogue.h"

// Whole HTTP requests from steps and users.
namespace loadgen {

// Who a virtual user is, for all of the run.
struct UserIdentity {
  uint64_t number = 0;    // of the virtual user
  uint32_t identity = 0;  // number among the users of its role: which token, which seeded person
  uint16_t role = 0;      // in plan.roles
  bool logs_in = false;   // by auth.login instead of a minted token
};

// What a user holds only while it has it.
struct UserExtra {
  std::vector<std::pair<uint16_t, std::string>> variables;  // extracted in this journey
  SessionTokens session;                                    // of auth.login
};

// One per worker; buffers are reused. `plan`, `tokens` and `catalogue` must outlive it.
class RequestRenderer {
 public:
  RequestRenderer(const Plan* plan, const Tokens* tokens, const model::Catalogue* catalogue,
                  std::string host_header);

  // The entry from which the user's feeders choose.
  FeederUser ChooserOf(const UserIdentity& who) const;

  // Each replaces *out by a whole request. False: the step needs a variable without a value.
  // `picks` has a choice for each feeder of the journey, `extra` may be null.
  bool RenderStep(const StepPlan& step, const UserIdentity& who, const uint32_t* picks,
                  const UserExtra* extra, std::string* out);
  void RenderLogin(const UserIdentity& who, std::string* out);
  void RenderRefresh(std::string_view refresh_token, std::string* out);

 private:
  struct Context {
    const UserIdentity& who;
    const uint32_t* picks;
    const UserExtra* extra;
  };
  const Credential* CredentialOf(const UserIdentity& who) const;
  bool Expand(const BoundTemplate& bound, const Context& context, std::string* out);
  std::string_view ValueOf(const Placeholder& placeholder, const Context& context);
  void AppendUserField(uint8_t field, const UserIdentity& who, std::string* out) const;
  void FinishSignIn(std::string_view path, std::string* out);

  const Plan* const plan_;
  const model::Catalogue* const catalogue_;
  const std::string host_line_;
  std::vector<const std::vector<Credential>*> tokens_of_role_;
  std::string body_, scratch_;
};

}  // namespace loadgen
