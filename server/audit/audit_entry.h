#pragma once

#include <string>

// AuditEntry: one access to patients' data, as it will stand in audit_log. Ids are UUIDs or ""
// (stored as NULL); other text is reduced to printable ASCII.

namespace server {

struct AuditEntry {
  std::string actor_id;    // user UUID; "" when nobody was identified
  std::string actor_role;  // DOCTOR, PATIENT, ...
  std::string action;      // operation name: "ehr.comprehensive"
  std::string resource;    // what was touched: "record/<uuid>", "appointment/<uuid>"
  std::string subject_id;  // patient UUID whose data it is; "" for a list or when unknown
  std::string clinic_id;   // clinic UUID of the actor's token
  std::string request_id;  // X-Request-ID
  std::string outcome;     // "allowed", "denied", "not_found", "error"
};

}  // namespace server
