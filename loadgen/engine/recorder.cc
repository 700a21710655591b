#include "loadgen/engine/recorder.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace loadgen {
namespace {

void SetOutcomes(const std::array<uint64_t, kOutcomes>& counts, model::OperationResult* result) {
  for (int i = 0; i < kOutcomes; ++i) {
    if (counts[i] == 0) continue;
    (*result->mutable_outcomes())[std::string(OutcomeName(static_cast<Outcome>(i)))] = counts[i];
  }
}

void SetQuantity(std::string name, double value, model::Result* result) {
  model::Quantity* quantity = result->add_quantities();
  quantity->set_name(std::move(name));
  quantity->set_value(value);
}

bool HasTimes(Outcome outcome) {
  return IsAnswered(outcome) || outcome == Outcome::kTimeout || outcome == Outcome::kUnfinished;
}

}  // namespace

Recorder::Recorder(std::vector<std::string> operations, int64_t window_from_ns,
                   int64_t window_to_ns)
    : window_from_ns_(window_from_ns), window_to_ns_(window_to_ns) {
  for (std::string& name : operations) {
    operations_.push_back(std::make_unique<Operation>());
    operations_.back()->name = std::move(name);
  }
}

void Recorder::Finished(const FinishedRequest& request) {
  Operation& operation = *operations_[request.operation];
  const int64_t response = request.done_ns - request.intended_ns;
  const int64_t lateness = request.released_ns - request.intended_ns;
  const bool timed = HasTimes(request.outcome);
  ++second_finished_;
  ++second_outcomes_[static_cast<int>(request.outcome)];
  if (timed) second_response_.Record(response);
  second_lateness_.Record(lateness);
  ++(IsAnswered(request.outcome) ? operation.whole_run : operation.whole_run_unanswered);

  if (request.intended_ns < window_from_ns_ || request.intended_ns >= window_to_ns_) return;
  ++operation.requests;
  ++operation.outcomes[static_cast<int>(request.outcome)];
  if (request.status > 0 && request.status < kStatuses) ++operation.statuses[request.status];
  if (timed) operation.response.Record(response);
  if (timed && request.sent_ns != 0) operation.service.Record(request.done_ns - request.sent_ns);
  operation.lateness.Record(lateness);
  operation.bytes_sent += request.bytes_sent;
  operation.bytes_received += request.bytes_received;
}

void Recorder::AddQuantity(std::string name, double value) {
  quantities_.emplace_back(std::move(name), value);
}

model::Result Recorder::TakeSecond(int64_t second, uint64_t users, uint64_t connections) {
  model::Result result;
  result.set_measured_from_seconds(static_cast<double>(second));
  result.set_users(users);
  model::OperationResult* total = result.mutable_total();
  total->set_requests(second_finished_);
  SetOutcomes(second_outcomes_, total);
  *total->mutable_response_time() = second_response_.ToProto();
  *total->mutable_release_lateness() = second_lateness_.ToProto();
  SetQuantity(kStarted, static_cast<double>(second_started_), &result);
  SetQuantity(kConnections, static_cast<double>(connections), &result);
  second_started_ = second_finished_ = 0;
  second_outcomes_ = {};
  second_response_.Clear();
  second_lateness_.Clear();
  return result;
}

model::Result Recorder::TakeFinal() {
  model::Result result;
  for (const auto& [name, value] : quantities_) SetQuantity(name, value, &result);
  for (const std::unique_ptr<Operation>& operation : operations_) {
    model::OperationResult* out = result.add_operations();
    out->set_operation(operation->name);
    out->set_requests(operation->requests);
    SetOutcomes(operation->outcomes, out);
    for (int status = 0; status < kStatuses; ++status) {
      if (operation->statuses[status] == 0) continue;
      (*out->mutable_statuses())[absl::StrCat(status)] = operation->statuses[status];
    }
    *out->mutable_response_time() = operation->response.ToProto();
    *out->mutable_service_time() = operation->service.ToProto();
    *out->mutable_release_lateness() = operation->lateness.ToProto();
    out->set_bytes_sent(operation->bytes_sent);
    out->set_bytes_received(operation->bytes_received);
    SetQuantity(absl::StrCat(kWholeRun, ".", operation->name),
                static_cast<double>(operation->whole_run), &result);
    SetQuantity(absl::StrCat(kWholeRunUnanswered, ".", operation->name),
                static_cast<double>(operation->whole_run_unanswered), &result);
  }
  return result;
}

}  // namespace loadgen
