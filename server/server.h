#pragma once

#include "absl/status/status.h"
#include "server/options.h"

// RunServer: the supervisor's life. Claims the port, starts what no URL was given for, migrates,
// seeds, checks the connection budget, forks the workers and watches them until it is told to stop.
//
// Prints "listening on http://HOST:PORT" and writes <data_dir>/server.json when every worker is
// ready for the first time; the file is removed at the end.

namespace server {

absl::Status RunServer(const ServerOptions& options);

}  // namespace server
