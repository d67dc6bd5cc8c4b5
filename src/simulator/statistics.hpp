// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// The few tests of statistics that tell whether counts and means are what they should be. Pure.
namespace bassline::simulator {

/// The probability that a chi-squared variable of so many degrees of freedom is above `value`.
double chi_squared_tail(double value, double degrees_of_freedom);

/// The probability that a standard normal variable is further from 0 than `z`.
double normal_two_tails(double z);

/// Mean and its standard error, of independent values.
class Sample {
public:
    void add(double value) {
        ++count_;
        const double from_mean = value - mean_;
        mean_ += from_mean / static_cast<double>(count_);
        squares_ += from_mean * (value - mean_);
    }
    std::uint64_t count() const { return count_; }
    double mean() const { return mean_; }
    double standard_deviation() const;
    double standard_error() const;

private:
    std::uint64_t count_ = 0;
    double mean_ = 0;
    double squares_ = 0;
};

/// Pearson's test of counts against expected counts, summed over independent tables.
class ChiSquared {
public:
    /// Adds one table whose expected counts sum to the observed ones. Cells that expect fewer than
    /// five are taken together.
    void add_table(const std::vector<double>& observed, const std::vector<double>& expected);

    double value() const { return value_; }
    double degrees_of_freedom() const { return degrees_of_freedom_; }
    double observed() const { return observed_; }
    /// Half the sum of the differences in shares: 0 the same, 1 nothing in common.
    double distance() const { return observed_ > 0 ? differences_ / (2 * observed_) : 0; }
    /// `overdispersion`: how much more counts vary than if all were independent.
    double p(double overdispersion = 1) const {
        return chi_squared_tail(value_ / overdispersion, degrees_of_freedom_);
    }

private:
    double value_ = 0;
    double degrees_of_freedom_ = 0;
    double observed_ = 0;
    double differences_ = 0;
};

}  // namespace bassline::simulator
