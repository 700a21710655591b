#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "base/cpu_account.h"

// Task<T>: a lazy coroutine that runs on one event loop.
//
//   Task<absl::StatusOr<int>> Count(Database& db) {
//     auto rows = co_await db.Query(...);      // suspends, the loop goes on
//     co_return rows->size();
//   }
//   Spawn(Count(db), [](absl::StatusOr<int> n) { ... });   // from ordinary code
//
// Contract
// - Lazy: nothing runs before it is awaited or spawned. Awaiting starts it on the spot; finishing
//   resumes the awaiter on the spot (symmetric transfer: no recursion, no allocation but the
//   frame).
// - Owned: a Task owns its frame; destroying an unfinished Task destroys the frame and everything
// it
//   awaits. Await a Task once.
// - One thread: no locks. Results from other threads must be posted to the loop first
//   (server/blocking_pool does).
// - Errors travel as absl::Status values in T. An exception that leaves a coroutine is a
// programming
//   error and ends the process.
//
// Callback<T> joins callback code with coroutines: `co_await Callback<int>([&](auto done) { ... })`
// hands a `done(int)` to call exactly once, at once or later, on the same thread. The CPU account
// that was current at the suspension (cpu_account.h) is current again after it.

namespace base {

template <typename T>
class [[nodiscard]] Task;

namespace internal {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
      return handle.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void Take() const noexcept {}
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        handle.promise().continuation = awaiting;
        return handle;
      }
      T await_resume() const { return handle.promise().Take(); }
    };
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

namespace internal {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// A coroutine that owns itself: starts at once, frees its frame when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

template <typename T, typename Done>
Detached RunDetached(Task<T> task, Done done) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    done();
  } else {
    done(co_await std::move(task));
  }
}

}  // namespace internal

// Starts `task` now and calls `done(result)` when it ends. The frame frees itself; whoever spawns
// must keep alive whatever the coroutine refers to until `done` is called.
template <typename T, typename Done>
void Spawn(Task<T> task, Done done) {
  internal::RunDetached(std::move(task), std::move(done));
}

template <typename T>
void Spawn(Task<T> task) {
  Spawn(std::move(task), [](auto&&...) {});
}

// Awaitable over a function that takes a completion callback. `start` runs when awaited; it must
// call `done` exactly once, synchronously or later on the same thread.
template <typename T, typename Start>
class [[nodiscard]] CallbackAwaitable {
 public:
  explicit CallbackAwaitable(Start start) : start_(std::move(start)) {}
  bool await_ready() const noexcept { return false; }
  // False (do not suspend) when `done` was called before `start` returned.
  bool await_suspend(std::coroutine_handle<> awaiting) {
    start_([this, awaiting](T value) {
      value_.emplace(std::move(value));
      if (!suspended_) return;
      CpuScope scope(account_);  // on the stack: resuming may destroy *this
      awaiting.resume();
    });
    if (value_) return false;
    suspended_ = true;
    account_ = CpuMeter::current();
    return true;
  }
  T await_resume() { return std::move(*value_); }

 private:
  Start start_;
  std::optional<T> value_;
  bool suspended_ = false;
  CpuAccount* account_ = nullptr;
};

template <typename T, typename Start>
auto Callback(Start start) {
  return CallbackAwaitable<T, Start>(std::move(start));
}

}  // namespace base
