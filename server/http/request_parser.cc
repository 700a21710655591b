#include "server/http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <new>
#include <string>

namespace server {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

Method FromVerb(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::put:
      return Method::kPut;
    case http::verb::patch:
      return Method::kPatch;
    case http::verb::delete_:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

class RequestParser::Impl final : public http::basic_parser<true> {
 public:
  explicit Impl(BodyLimit body_limit) : limit_for_(body_limit) {
    eager(true);
    header_limit(kMaxHeaderBytes);
  }

  const Request& request() const { return request_; }
  bool complete() const { return complete_; }

  void set_input(const char* data, size_t size) {
    begin_ = data;
    end_ = data + size;
  }
  // Fields that the parser keeps to itself until the header is complete.
  void FinishRequest() {
    request_.keep_alive = keep_alive();
    if (chunked()) request_.body = chunks_;
  }
  bool TakeExpectContinue() {
    const bool expects = expect_continue_ && !complete_ && request_.body.empty();
    if (expects) expect_continue_ = false;
    return expects;
  }

 private:
  void on_request_impl(http::verb method, beast::string_view, beast::string_view target,
                       int version, beast::error_code& ec) override {
    std::string_view path = View(target);
    if (path.starts_with("http://")) {  // absolute form: a proxy's way to ask
      const size_t slash = path.find('/', 7);
      path = slash == std::string_view::npos ? std::string_view("/") : path.substr(slash);
    }
    if (path.empty() || (path.front() != '/' && path != "*")) ec = http::error::bad_target;
    const size_t question = path.find('?');
    request_.method = FromVerb(method);
    request_.path = path.substr(0, question);
    if (question != std::string_view::npos) request_.query = path.substr(question + 1);
    host_required_ = version >= 11;
    const bool bodyless = request_.method == Method::kGet || request_.method == Method::kHead;
    body_limit(bodyless ? 0u : limit_for_(request_.method, request_.path));
  }
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  // A folded value lies in the parser's own memory: it is moved to where it can stay.
  std::string_view Keep(beast::string_view value) {
    if (value.data() >= begin_ && value.data() < end_) return View(value);
    folded_.append(value.data(), value.size());
    return {};
  }

  // Who asks and for which clinic must not depend on which of two values somebody looks at.
  void KeepOnce(beast::string_view value, std::string_view* kept, beast::error_code& ec) {
    if (kept->data() != nullptr) ec = http::error::bad_field;
    *kept = Keep(value);
  }

  void on_field_impl(http::field name, beast::string_view name_text, beast::string_view value,
                     beast::error_code& ec) override {
    switch (name) {
      case http::field::host:
        if (host_seen_) ec = http::error::bad_field;
        host_seen_ = true;
        break;
      case http::field::authorization:
        KeepOnce(value, &request_.authorization, ec);
        break;
      case http::field::content_type:
        request_.content_type = Keep(value);
        break;
      case http::field::user_agent:
        request_.user_agent = Keep(value);
        break;
      case http::field::expect:
        expect_continue_ = beast::iequals(value, "100-continue");
        break;
      case http::field::unknown:
        if (beast::iequals(name_text, "X-Request-ID")) request_.request_id = Keep(value);
        if (beast::iequals(name_text, "X-Clinic-ID")) {
          KeepOnce(value, &request_.clinic_id, ec);
        }
        break;
      default:
        break;
    }
    if (!folded_.empty()) ec = http::error::bad_value;  // obsolete folding: RFC 9112, 5.2
  }
  void on_header_impl(beast::error_code& ec) override {
    if (host_required_ && !host_seen_) ec = http::error::bad_field;
  }
  void on_body_init_impl(const boost::optional<uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
    if (request_.body.empty()) {
      request_.body = View(body);
    } else {  // the next piece lies right behind the last one
      request_.body = {request_.body.data(), request_.body.size() + body.size()};
    }
    return body.size();
  }
  void on_chunk_header_impl(uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(uint64_t, beast::string_view body, beast::error_code&) override {
    chunks_.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(beast::error_code&) override { complete_ = true; }

  BodyLimit limit_for_;
  Request request_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::string folded_;
  std::string chunks_;
  bool host_required_ = false;
  bool host_seen_ = false;
  bool expect_continue_ = false;
  bool complete_ = false;
};

RequestParser::RequestParser(BodyLimit body_limit) : body_limit_(body_limit) {
  static_assert(sizeof(Impl) <= kImplBytes && alignof(Impl) <= 16);
  new (storage_) Impl(body_limit_);
}

RequestParser::~RequestParser() { impl().~Impl(); }

void RequestParser::Reset() {
  impl().~Impl();
  new (storage_) Impl(body_limit_);
  consumed_ = 0;
}

const Request& RequestParser::request() const { return impl().request(); }

bool RequestParser::TakeExpectContinue() { return impl().TakeExpectContinue(); }

ParseResult RequestParser::Parse(const char* data, size_t size) {
  Impl& parser = impl();
  parser.set_input(data, size);
  while (!parser.complete()) {
    beast::error_code error;
    const size_t used =
        parser.put(boost::asio::const_buffer(data + consumed_, size - consumed_), error);
    consumed_ += used;
    if (error == http::error::need_more) return ParseResult::kNeedMore;
    if (error == http::error::header_limit) return ParseResult::kHeaderTooLarge;
    if (error == http::error::body_limit) return ParseResult::kBodyTooLarge;
    if (error) return ParseResult::kBadRequest;
    if (!parser.complete() && (used == 0 || consumed_ == size)) return ParseResult::kNeedMore;
  }
  parser.FinishRequest();
  return ParseResult::kComplete;
}

}  // namespace server
