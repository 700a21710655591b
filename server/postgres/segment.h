#pragma once

#include <postgresql/libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/postgres/statement.h"

// Segment: the statements of one logical request, executed as one transaction in one round trip.
//
//   Segment segment = Segment::Read(context.clinic_id);
//   segment.Add(kFindAppointment, {id});
//   absl::StatusOr<SegmentResult> result = co_await database.Run(std::move(segment), deadline,
//   cost); if (result.ok() && result->at(0).size() == 1) use(result->at(0).Text(0, 1));
//
// On the wire a segment is `set_config('app.clinic_id', clinic, true)`, its statements, and exactly
// one Sync. Everything between two Syncs is one implicit transaction: the setting is local to it,
// all statements commit together at the Sync, and an error rolls all of them back and skips the
// rest of this segment only. There is no BEGIN on purpose: after an error an explicit transaction
// would stay open and fail every segment already sent behind it.
//
// A statement cannot use the result of an earlier one of the same segment (nothing is read before
// the Sync): join them in SQL (data-modifying CTE, function).

namespace server {

class Segment {
 public:
  // std::nullopt is SQL NULL.
  using Parameter = std::optional<std::string>;

  // Reads of one clinic. Row-level security shows that clinic's rows and no others.
  static Segment Read(std::string_view clinic_id) { return Segment(clinic_id, /*writes=*/false); }
  // Changes of one clinic: commits with synchronous_commit on, whatever the server's default is.
  static Segment Write(std::string_view clinic_id) { return Segment(clinic_id, /*writes=*/true); }
  // Before the clinic is known (login): tables show no rows, only the lookup functions answer.
  static Segment WithoutClinic(bool writes) { return Segment("", writes); }

  Segment& Add(const Statement& statement, std::vector<Parameter> parameters) {
    commands_.push_back({&statement, std::move(parameters)});
    return *this;
  }

  struct Command {
    const Statement* statement;
    std::vector<Parameter> parameters;
  };
  const std::vector<Command>& commands() const { return commands_; }
  const std::string& clinic_id() const { return clinic_id_; }
  // True when a lost connection leaves the outcome unknown.
  bool writes() const { return writes_; }

 private:
  Segment(std::string_view clinic_id, bool writes) : clinic_id_(clinic_id), writes_(writes) {}

  std::string clinic_id_;
  bool writes_;
  std::vector<Command> commands_;
};

// Rows of one statement. Owns libpq's result; the views it hands out live as long as it does.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}

  int size() const { return PQntuples(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // The value as PostgreSQL prints it; "" for NULL.
  std::string_view Text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<size_t>(PQgetlength(result_.get(), row, column))};
  }
  // 0 for NULL and for what is not an integer: only for columns of an integer type.
  int64_t Integer(int row, int column) const;
  bool Boolean(int row, int column) const { return Text(row, column) == "t"; }
  // Rows changed by INSERT, UPDATE, DELETE; rows returned by SELECT.
  int64_t affected() const;

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

// One Rows for each Segment::Add, in that order.
class SegmentResult {
 public:
  void Append(Rows rows) { rows_.push_back(std::move(rows)); }
  size_t size() const { return rows_.size(); }
  const Rows& at(size_t index) const { return rows_.at(index); }

 private:
  std::vector<Rows> rows_;
};

}  // namespace server
