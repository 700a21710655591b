#pragma once

#include <string>

#include "server/audit/audit_entry.h"
#include "server/context.h"

namespace server {

// The record of what this request does, for the transaction of a write: actor, action, clinic and
// request from the context, outcome "allowed". `resource` is "appointment/<uuid>" or the type alone
// when the id is made by the write itself.
AuditEntry WriteEntry(const RequestContext& context, std::string resource, std::string subject_id);

}  // namespace server
