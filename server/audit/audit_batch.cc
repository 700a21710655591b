#include "server/audit/audit_batch.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace server {
namespace {

constexpr size_t kLongest = 200;

void Separate(std::string& array) {
  if (array.size() > 1) array += ',';
}

void AppendId(std::string& array, const std::string& id) {
  Separate(array);
  array += id.empty() ? "NULL" : id;
}

void AppendText(std::string& array, std::string_view text) {
  Separate(array);
  array += '"';
  for (const char c : Printable(text)) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string result(text.substr(0, kLongest));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return result;
}

std::vector<Segment::Parameter> BatchParameters(const std::string& writer, int64_t first_sequence,
                                                const std::vector<const AuditEntry*>& entries) {
  std::array<std::string, 9> columns;
  for (std::string& column : columns) column.assign(1, '{');
  for (const AuditEntry* entry : entries) {
    Separate(columns[0]);
    absl::StrAppend(&columns[0], first_sequence++);
    AppendId(columns[1], entry->clinic_id);
    AppendId(columns[2], entry->actor_id);
    AppendText(columns[3], entry->actor_role);
    AppendText(columns[4], entry->action);
    AppendText(columns[5], entry->resource);
    AppendId(columns[6], entry->subject_id);
    AppendText(columns[7], entry->request_id);
    AppendText(columns[8], entry->outcome);
  }
  std::vector<Segment::Parameter> parameters = {writer};
  for (std::string& column : columns) {
    column += '}';
    parameters.emplace_back(std::move(column));
  }
  return parameters;
}

}  // namespace server
