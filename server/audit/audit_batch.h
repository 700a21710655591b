#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/audit/audit_entry.h"
#include "server/postgres/segment.h"

// A batch of entries as the parameters of SQL's audit_append(): the writer, then one array a
// column.

namespace server {

// Entries get the numbers first_sequence, first_sequence + 1, ....
std::vector<Segment::Parameter> BatchParameters(const std::string& writer, int64_t first_sequence,
                                                const std::vector<const AuditEntry*>& entries);

// `text` with everything that is not printable ASCII replaced by '?', at most 200 characters: a
// header or a path cannot make a record that the database refuses.
std::string Printable(std::string_view text);

}  // namespace server
