// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

// A fixed crew of threads that does one piece of work at a time, all together. The caller is
// worker 0 and returns when all are done, so that one worker means no other thread at all. Used by
// one thread at a time.
namespace bassline::simulator {

class Workers {
public:
    explicit Workers(std::size_t count);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    std::size_t count() const { return threads_.size() + 1; }

    /// Calls work(worker) once for each worker, at the same time. The work must not throw.
    void run(const std::function<void(std::size_t)>& work);

    /// The worker's part of [0, size), the parts being in order.
    struct Range {
        std::size_t begin;
        std::size_t end;
    };
    Range part_of(std::size_t size, std::size_t worker) const {
        return {size * worker / count(), size * (worker + 1) / count()};
    }

private:
    void serve(std::size_t worker);

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable done_;
    const std::function<void(std::size_t)>* work_ = nullptr;
    std::size_t round_ = 0;
    std::size_t busy_ = 0;
    bool is_over_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace bassline::simulator
