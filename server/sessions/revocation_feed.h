#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "server/auth/revocations.h"
#include "server/postgres/database.h"

// RevocationFeed: keeps a worker's Revocations up to date from the database, once a second.
//
// Each fetch starts kOverlap before the newest row seen, because rows become visible in the order
// of their commits, which is not that of their times; a transaction is cut off by statement_timeout
// long before kOverlap. Pages of kPage rows bound the work per statement.
//
// Thread: the loop's.

namespace server {

class RevocationFeed {
 public:
  static constexpr int kPage = 5000;

  // All borrowed.
  RevocationFeed(boost::asio::io_context& loop, Database& database, Revocations& revocations,
                 const base::Clock& clock);
  RevocationFeed(const RevocationFeed&) = delete;
  RevocationFeed& operator=(const RevocationFeed&) = delete;

  void Start();
  // One fetch; for tests and Start.
  base::Task<absl::Status> Fetch();

 private:
  void Arm();

  Database& database_;
  Revocations& revocations_;
  const base::Clock& clock_;
  boost::asio::steady_timer timer_;
  std::string newest_;  // the latest revoked_at seen, as PostgreSQL prints it; "" before the first
};

}  // namespace server
