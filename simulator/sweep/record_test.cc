#include "simulator/sweep/record.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>

#include "gtest/gtest.h"

namespace simulator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A value of its own in every field, set by name and type only.
class Filler {
 public:
  void Fill(Message* message) {
    const Reflection& reflection = *message->GetReflection();
    for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message->GetDescriptor()->field(i);
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (field.is_repeated()) continue;  // of a fixed size each: the test sets them
      ++value_;
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_UINT32:
          reflection.SetUInt32(message, &field, value_);
          break;
        case FieldDescriptor::CPPTYPE_UINT64:
          reflection.SetUInt64(message, &field, (uint64_t{1} << 60) + value_);
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          reflection.SetInt64(message, &field, (int64_t{1} << 60) + value_);
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          reflection.SetDouble(message, &field, 1.0 / value_);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          reflection.SetString(message, &field, std::to_string(value_));
          break;
        default:
          ADD_FAILURE() << field.full_name() << ": a type that this test does not know";
      }
    }
  }

 private:
  uint32_t value_ = 0;
};

ReplicationRecord Full() {
  Filler filler;
  ReplicationRecord record;
  filler.Fill(&record);
  model::Histogram histogram;
  for (int64_t nanos : {1, 1000, 123456789}) histogram.Record(nanos);
  OperationRecord& operation = *record.add_operations();
  for (uint64_t i = 0; i < kOutcomes; ++i) operation.add_outcomes(i + 1);
  *operation.mutable_response() = histogram.ToProto();
  for (size_t i = 0; i < kSeriesCount; ++i) {
    SeriesRecord& series = *record.add_series();
    for (size_t k = 0; k < i; ++k) series.add_value(0.1 * static_cast<double>(i + k));
  }
  record.add_shard_series()->add_value(0.3);
  filler.Fill(record.add_events());
  filler.Fill(record.add_uses());
  for (double cores : {0.1, 0.2, 0.3}) record.add_vertical_cores(cores);
  return record;
}

TEST(RecordTest, EveryFieldComesBack) {
  ReplicationRecord record = Full();
  const auto result = FromRecord(record);
  ASSERT_TRUE(result.ok()) << result.status();
  record.clear_point();  // where it belongs, not what was found
  record.clear_replication();
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(record, ToRecord(*result))) << difference;
}

// The test above fills what the message has: nothing of it may be empty, or it would say nothing.
TEST(RecordTest, TheTestFillsEveryField) {
  const ReplicationRecord record = Full();
  std::vector<const FieldDescriptor*> filled;
  record.GetReflection()->ListFields(record, &filled);
  EXPECT_EQ(filled.size(), static_cast<size_t>(record.GetDescriptor()->field_count()));
}

TEST(RecordTest, AnotherBuildsRecordIsAnError) {
  ReplicationRecord record = Full();
  record.add_series();
  EXPECT_NE(FromRecord(record).status().message().find("series, found"), std::string::npos);
  record = Full();
  record.mutable_operations(0)->add_outcomes(1);
  EXPECT_NE(FromRecord(record).status().message().find("outcomes, found"), std::string::npos);
}

}  // namespace
}  // namespace simulator
