#include "loadgen/users/request_renderer.h"

#include "absl/strings/str_cat.h"

namespace loadgen {

RequestRenderer::RequestRenderer(const Plan* plan, const Tokens* tokens,
                                 const model::Catalogue* catalogue, std::string host_header)
    : plan_(plan),
      catalogue_(catalogue),
      host_line_(absl::StrCat(" HTTP/1.1\r\nHost: ", host_header, "\r\n")) {
  for (const RolePlan& role : plan->roles) tokens_of_role_.push_back(&tokens->OfRole(role.role));
}

const Credential* RequestRenderer::CredentialOf(const UserIdentity& who) const {
  const std::vector<Credential>& all = *tokens_of_role_[who.role];
  return who.logs_in || all.empty() ? nullptr : &all[who.identity % all.size()];
}

FeederUser RequestRenderer::ChooserOf(const UserIdentity& who) const {
  const RolePlan& role = plan_->roles[who.role];
  const Credential* credential = CredentialOf(who);
  FeederUser chooser;
  chooser.number = who.number;
  if (!role.has_kind || (credential == nullptr && !who.logs_in)) return chooser;
  chooser.has_entry = true;
  chooser.kind = role.kind;
  chooser.index =
      credential != nullptr ? credential->index : who.identity % catalogue_->Count(role.kind);
  return chooser;
}

void RequestRenderer::AppendUserField(uint8_t field, const UserIdentity& who,
                                      std::string* out) const {
  const Credential* credential = CredentialOf(who);
  if (field == Placeholder::kUserNumber) {
    absl::StrAppend(out, who.number);
  } else if (field == Placeholder::kUserId && credential != nullptr) {
    out->append(credential->user_id);
  } else if (field == Placeholder::kUserClinicId && credential != nullptr) {
    out->append(credential->clinic_id);
  } else if (const FeederUser chooser = ChooserOf(who); chooser.has_entry) {
    const model::Entity entity = catalogue_->Get(chooser.kind, chooser.index);
    out->append(field == Placeholder::kUserEmail ? entity.email
                : field == Placeholder::kUserId  ? entity.id
                                                 : entity.clinic_id);
  }
}

std::string_view RequestRenderer::ValueOf(const Placeholder& placeholder, const Context& context) {
  scratch_.clear();
  switch (placeholder.kind) {
    case Placeholder::Kind::kFeeder:
      plan_->feeders[placeholder.index].Append(context.picks[placeholder.index], placeholder.field,
                                               &scratch_);
      return scratch_;
    case Placeholder::Kind::kUser:
      AppendUserField(placeholder.field, context.who, &scratch_);
      return scratch_.empty() ? std::string_view() : std::string_view(scratch_);
    case Placeholder::Kind::kExtracted:
      if (context.extra != nullptr) {
        for (const auto& [variable, value] : context.extra->variables) {
          if (variable == placeholder.index) return value;
        }
      }
      return {};
  }
  return {};
}

bool RequestRenderer::Expand(const BoundTemplate& bound, const Context& context, std::string* out) {
  return bound.text.Expand([&](size_t i) { return ValueOf(bound.placeholders[i], context); }, out);
}

bool RequestRenderer::RenderStep(const StepPlan& step, const UserIdentity& who,
                                 const uint32_t* picks, const UserExtra* extra, std::string* out) {
  const Context context{who, picks, extra};
  out->assign(step.method);
  out->push_back(' ');
  if (!Expand(step.path, context, out)) return false;
  out->append(host_line_);
  const Credential* credential = CredentialOf(who);
  std::string_view token;
  if (credential != nullptr) token = credential->token;
  if (credential == nullptr && extra != nullptr) token = extra->session.access;
  if (!token.empty()) {
    out->append("Authorization: Bearer ");
    out->append(token);
    out->append("\r\n");
  }
  for (const auto& [name, value] : step.headers) {
    absl::StrAppend(out, name, ": ");
    if (!Expand(value, context, out)) return false;
    out->append("\r\n");
  }
  if (step.has_body) {
    body_.clear();
    if (!Expand(step.body, context, &body_)) return false;
    absl::StrAppend(out, "Content-Type: application/json\r\nContent-Length: ", body_.size(),
                    "\r\n\r\n", body_);
  } else {
    out->append(step.method == "GET" || step.method == "DELETE" ? "\r\n"
                                                                : "Content-Length: 0\r\n\r\n");
  }
  return true;
}

void RequestRenderer::RenderLogin(const UserIdentity& who, std::string* out) {
  const model::EntityKind kind = plan_->roles[who.role].kind;
  const uint64_t index = who.identity % catalogue_->Count(kind);
  body_ = absl::StrCat(R"({"email":")", catalogue_->Get(kind, index).email, R"(","password":")");
  model::Template::AppendEscaped(plan_->login_password, model::Template::Escape::kJson, &body_);
  body_.append("\"}");
  FinishSignIn("/api/v1/auth/login", out);
}

void RequestRenderer::RenderRefresh(std::string_view refresh_token, std::string* out) {
  body_ = R"({"refreshToken":")";
  model::Template::AppendEscaped(refresh_token, model::Template::Escape::kJson, &body_);
  body_.append("\"}");
  FinishSignIn("/api/v1/auth/refresh", out);
}

void RequestRenderer::FinishSignIn(std::string_view path, std::string* out) {
  out->assign("POST ");
  out->append(path);
  absl::StrAppend(out, host_line_,
                  "Content-Type: application/json\r\nContent-Length: ", body_.size(), "\r\n\r\n",
                  body_);
}

}  // namespace loadgen
