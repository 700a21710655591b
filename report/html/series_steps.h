#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/result.pb.h"

// Series of a Result as points of a plot: at most 720 of them, each the mean of a bucket of
// neighbouring steps.

namespace report {

// Null when the Result has none of that name.
const model::Series* FindSeries(const model::Result& result, const std::string& name);
// Whether any step holds a figure.
bool Says(const model::Series& series);
// Steps that become one point.
size_t BucketOf(const model::Result& result);
// Means of the buckets, times `factor`; NaN where a bucket holds no figure.
std::vector<double> Bucketed(const model::Series& series, size_t bucket, double factor);
// Seconds at the end of each (bucket of) step.
std::vector<double> TimesOf(const model::Result& result);

}  // namespace report
