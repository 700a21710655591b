#include "server/audit/context_entry.h"

#include <utility>

#include "server/routes/role.h"

namespace server {

AuditEntry WriteEntry(const RequestContext& context, std::string resource, std::string subject_id) {
  AuditEntry entry;
  entry.actor_id = context.principal.user_id;
  entry.actor_role = std::string(RoleName(context.principal.role));
  entry.action = std::string(context.route.operation);
  entry.resource = std::move(resource);
  entry.subject_id = std::move(subject_id);
  entry.clinic_id = context.principal.clinic_id;
  entry.request_id = context.request_id;
  entry.outcome = "allowed";
  return entry;
}

}  // namespace server
