#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "base/task.h"

// Runs coroutines to their end on a test's own loop. A task that does not end within 30 s fails the
// test and ends the program: its frame would refer to what is about to be destroyed.

namespace server {

inline std::chrono::steady_clock::time_point In(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// Starts all at once, gives the results in the tasks' order.
template <typename T>
std::vector<T> RunAll(boost::asio::io_context& loop, std::vector<base::Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  size_t left = tasks.size();
  for (size_t i = 0; i < tasks.size(); ++i) {
    base::Spawn(std::move(tasks[i]), [&results, &left, i](T value) {
      results[i].emplace(std::move(value));
      --left;
    });
  }
  const auto deadline = In(std::chrono::seconds(30));
  while (left > 0) {
    loop.restart();
    if (loop.run_one_until(deadline) == 0 && std::chrono::steady_clock::now() >= deadline) {
      ADD_FAILURE() << left << " tasks did not end";
      std::abort();
    }
  }
  std::vector<T> values;
  for (auto& result : results) values.push_back(std::move(*result));
  return values;
}

template <typename T>
T RunTask(boost::asio::io_context& loop, base::Task<T> task) {
  std::vector<base::Task<T>> tasks;
  tasks.push_back(std::move(task));
  std::vector<T> values = RunAll(loop, std::move(tasks));
  return std::move(values.front());
}

inline void RunFor(boost::asio::io_context& loop, std::chrono::milliseconds time) {
  loop.restart();
  loop.run_for(time);
}

}  // namespace server
