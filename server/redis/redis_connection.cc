#include "server/redis/redis_connection.h"

#include <glog/logging.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace server {
namespace {

RedisConnection* Of(const redisAsyncContext* context) {
  return static_cast<RedisConnection*>(context->data);
}

}  // namespace

void RedisConnection::Command::Finish(absl::StatusOr<RedisReply> result) {
  if (!done) return;
  auto once = std::move(done);
  done = nullptr;
  once(std::move(result));
}

RedisConnection::RedisConnection(boost::asio::io_context& loop, const RedisOptions& options,
                                 std::string host, int port, std::function<void()> on_lost)
    : loop_(loop),
      options_(options),
      host_(std::move(host)),
      port_(port),
      on_lost_(std::move(on_lost)),
      socket_(loop),
      timer_(loop),
      backoff_(options.reconnect_first) {}

RedisConnection::~RedisConnection() {
  destroying_ = true;
  if (context_ != nullptr) redisAsyncFree(context_);
}

void RedisConnection::Connect() {
  redisAsyncContext* context = redisAsyncConnect(host_.c_str(), port_);
  if (context == nullptr || context->err != 0) {
    LOG_EVERY_N(WARNING, 50) << "Redis " << host_ << ":" << port_ << ": "
                             << (context == nullptr ? "out of memory" : context->errstr);
    if (context != nullptr) redisAsyncFree(context);
    ConnectLater();
    return;
  }
  context_ = context;
  context_->data = this;
  Attach();
  timer_.expires_after(options_.connect_timeout);
  timer_.async_wait([this, life = std::weak_ptr<int>(life_)](const auto& error) {
    if (error || life.expired() || up_ || context_ == nullptr) return;
    redisAsyncFree(context_);
  });
}

void RedisConnection::Attach() {
  life_ = std::make_shared<int>(0);
  boost::system::error_code ignored;
  socket_.assign(context_->c.fd, ignored);
  context_->ev.data = this;
  context_->ev.addRead = [](void* self) { static_cast<RedisConnection*>(self)->WatchReadable(); };
  context_->ev.delRead = [](void*) {};
  context_->ev.addWrite = [](void* data) {
    auto* self = static_cast<RedisConnection*>(data);
    self->write_wanted_ = true;
    if (self->write_scheduled_) return;
    // Still connecting: the socket becomes writable when that is over.
    if (!self->up_) return self->WatchWritable();
    self->write_scheduled_ = true;
    boost::asio::post(self->loop_, [self, life = std::weak_ptr<int>(self->life_)] {
      if (!life.expired()) self->HandleWrite();
    });
  };
  context_->ev.delWrite = [](void*) {};
  context_->ev.cleanup = [](void* self) { static_cast<RedisConnection*>(self)->OnClosed(); };
  redisAsyncSetConnectCallback(context_, [](const redisAsyncContext* context, int status) {
    if (status == REDIS_OK) Of(context)->up_ = true;
  });
  if (!options_.password.empty()) {
    const std::vector<std::string> auth = {"AUTH", options_.password};
    Send(auth, /*asking=*/false, std::chrono::steady_clock::now() + options_.connect_timeout,
         [this](const absl::StatusOr<RedisReply>& reply) {
           if (reply.ok() && reply->kind == RedisReply::Kind::kError) {
             LOG_EVERY_N(ERROR, 50) << "Redis " << host_ << ":" << port_ << ": " << reply->text;
           }
         });
  }
}

void RedisConnection::WatchReadable() {
  if (reading_) return;
  reading_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this, life = std::weak_ptr<int>(life_)](const auto& error) {
                       if (life.expired() || error == boost::asio::error::operation_aborted) return;
                       reading_ = false;
                       redisAsyncHandleRead(context_);
                       if (context_ != nullptr) WatchReadable();
                       Deliver();
                     });
}

void RedisConnection::WatchWritable() {
  write_scheduled_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [this, life = std::weak_ptr<int>(life_)](const auto& error) {
                       if (life.expired() || error == boost::asio::error::operation_aborted) return;
                       HandleWrite();
                     });
}

void RedisConnection::HandleWrite() {
  write_wanted_ = false;
  // Stays set while hiredis writes: what it wants then is to go on when the socket takes more.
  write_scheduled_ = true;
  redisAsyncHandleWrite(context_);
  write_scheduled_ = false;
  if (context_ != nullptr && write_wanted_) WatchWritable();
  Deliver();
}

void RedisConnection::Send(const std::vector<std::string>& arguments, bool asking,
                           TimePoint deadline, Done done) {
  auto command = std::make_shared<Command>();
  command->sent = std::chrono::steady_clock::now();
  command->deadline = deadline;
  command->done = std::move(done);
  const auto refuse = [&](absl::Status status) {
    boost::asio::post(loop_, [command, status] { command->Finish(status); });
  };
  if (context_ == nullptr) {
    return refuse(absl::UnavailableError(absl::StrCat("Redis ", host_, ":", port_, " is away")));
  }
  if (in_flight() >= options_.in_flight_limit) {
    return refuse(absl::ResourceExhaustedError("Redis: too many commands wait"));
  }
  if (asking) redisAsyncCommand(context_, nullptr, nullptr, "ASKING");
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  const int sent = redisAsyncCommandArgv(
      context_,
      [](redisAsyncContext* context, void* reply, void*) {
        Of(context)->OnAnswer(static_cast<redisReply*>(reply));
      },
      nullptr, static_cast<int>(texts.size()), texts.data(), lengths.data());
  if (sent != REDIS_OK) return refuse(absl::UnavailableError("Redis: connection is closing"));
  in_flight_.push_back(std::move(command));
}

void RedisConnection::OnAnswer(redisReply* reply) {
  // Answers come in the order of the commands; nullptr: the connection was lost.
  if (in_flight_.empty()) return;
  std::shared_ptr<Command> command = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (reply == nullptr) {
    answers_.push_back(
        {std::move(command),
         absl::UnavailableError(absl::StrCat("Redis ", host_, ":", port_, ": connection lost"))});
    return;
  }
  backoff_ = options_.reconnect_first;
  if (command->done) {
    answers_.push_back({std::move(command), CopyReply(*reply)});
  }
}

void RedisConnection::Deliver() {
  while (!answers_.empty()) {
    std::vector<Answer> answers = std::exchange(answers_, {});
    for (Answer& answer : answers) answer.command->Finish(std::move(answer.result));
  }
}

void RedisConnection::OnClosed() {
  const bool was_up = std::exchange(up_, false);
  life_ = std::make_shared<int>(0);
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.release();
  context_ = nullptr;
  reading_ = write_wanted_ = write_scheduled_ = false;
  timer_.cancel();
  if (destroying_) return;
  if (was_up) LOG(WARNING) << "Redis " << host_ << ":" << port_ << ": connection lost";
  ConnectLater();
}

void RedisConnection::ConnectLater() {
  // Whatever hiredis answered while closing is delivered from the loop.
  boost::asio::post(loop_, [this, life = std::weak_ptr<int>(life_)] {
    if (life.expired()) return;
    Deliver();
    on_lost_();
  });
  timer_.expires_after(backoff_);
  backoff_ = std::min(backoff_ * 2, options_.reconnect_most);
  timer_.async_wait([this, life = std::weak_ptr<int>(life_)](const auto& error) {
    if (error || life.expired()) return;
    Connect();
  });
}

void RedisConnection::CheckTime(TimePoint now) {
  if (in_flight_.empty()) return;
  if (context_ != nullptr && now - in_flight_.front()->sent > options_.stuck_after) {
    LOG(WARNING) << "Redis " << host_ << ":" << port_ << ": no answer for "
                 << options_.stuck_after.count() << " ms, closing";
    redisAsyncFree(context_);
    return;
  }
  std::vector<std::shared_ptr<Command>> late;
  for (const auto& command : in_flight_) {
    if (command->done && command->deadline <= now) late.push_back(command);
  }
  for (const auto& command : late) {
    command->Finish(absl::DeadlineExceededError("Redis: no answer in time"));
  }
}

}  // namespace server
