#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

// A small HTTP/1.1 server on a loopback port for tests: real sockets, one thread, answers after a
// delay that the test chooses, counts what it saw. Can stand still, as a server does that is
// stopped or collects garbage.
namespace loadgen {

struct TestRequest {
  std::string method;
  std::string path;
  std::string authorization;
  std::string body;
  uint64_t number = 0;  // of the request, from 0
};

struct TestResponse {
  int status = 200;
  std::string body = "{\"success\":true,\"data\":{}}";
  int64_t delay_ns = 0;
  bool close = false;    // answers with Connection: close and closes
  bool drop = false;     // closes without an answer
  bool chunked = false;  // body in two chunks
  bool byte_by_byte = false;
};

class TestServer {
 public:
  using Handle = std::function<TestResponse(const TestRequest& request)>;

  // Aborts when it cannot listen: there is no test without it.
  explicit TestServer(Handle handle);
  ~TestServer();

  int port() const { return port_; }
  std::string url(const std::string& path = "/") const;
  uint64_t requests() const { return requests_; }
  uint64_t responses() const { return responses_; }
  uint64_t connections() const { return connections_; }
  std::map<std::string, uint64_t> requests_by_path() const;

  // Nothing is read or written from `from` after the first request for `length`.
  void StandStill(int64_t from_ns, int64_t length_ns) {
    pause_from_ = from_ns;
    pause_length_ = length_ns;
  }

 private:
  struct Connection {
    std::string in, out;
    bool close_after = false;
  };
  struct Due {
    int fd;
    uint64_t generation;
    TestResponse response;
  };

  void Loop();
  void Accept();
  void Read(int fd);
  void Answer(int fd, const TestResponse& response);
  void Flush(int fd);
  void Close(int fd);

  const Handle handle_;
  int listener_ = -1, epoll_ = -1, port_ = 0;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> requests_ = 0, responses_ = 0, connections_ = 0;
  std::atomic<int64_t> pause_from_ = -1, pause_length_ = 0;
  int64_t first_request_ns_ = 0;
  std::map<int, Connection> open_;
  std::map<int, uint64_t> generations_;
  std::multimap<int64_t, Due> due_;
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> by_path_;
};

}  // namespace loadgen
