#pragma once

#include <cstddef>

#include "model/distribution.pb.h"

// Arithmetic that the laws and their sampler share. Internal to model/distribution*.

namespace model {

// The s of a lognormal law: ln(p95 / median) over the normal law's 95 % quantile.
double LognormalSigma(const Distribution::Lognormal& law);

// The piecewise linear quantile function through `n` points at q in [0, 1].
double EmpiricalQuantile(const double* quantiles, const double* values, size_t n, double q);

}  // namespace model
