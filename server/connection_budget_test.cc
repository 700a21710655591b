#include "server/connection_budget.h"

#include <gtest/gtest.h>

#include <string>

namespace server {
namespace {

TEST(ConnectionBudgetTest, FitsExactly) {
  ConnectionBudget budget = {.pods = 1, .workers = 2, .connections_per_worker = 3};
  budget.max_connections = 12;
  budget.superuser_reserved = 3;
  EXPECT_TRUE(CheckBudget(budget).ok());
  budget.max_connections = 11;
  EXPECT_FALSE(CheckBudget(budget).ok());
}

TEST(ConnectionBudgetTest, ShowsTheArithmetic) {
  const ConnectionBudget budget = {.pods = 200,
                                   .workers = 2,
                                   .connections_per_worker = 3,
                                   .max_connections = 500,
                                   .superuser_reserved = 10};
  const std::string message(CheckBudget(budget).message());
  EXPECT_NE(message.find("200 pods x 2 workers x 3 connections = 1200 > 487 usable"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace server
