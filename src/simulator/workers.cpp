// SPDX-License-Identifier: Apache-2.0
#include "simulator/workers.hpp"

namespace bassline::simulator {

Workers::Workers(std::size_t count) {
    for (std::size_t worker = 1; worker < count; ++worker) {
        threads_.emplace_back([this, worker] { serve(worker); });
    }
}

Workers::~Workers() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    wake_.notify_all();
}

void Workers::run(const std::function<void(std::size_t)>& work) {
    if (!threads_.empty()) {
        const std::lock_guard lock(mutex_);
        work_ = &work;
        busy_ = threads_.size();
        ++round_;
    }
    wake_.notify_all();
    work(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
}

void Workers::serve(std::size_t worker) {
    std::size_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this, seen] { return is_over_ || round_ != seen; });
        if (is_over_) return;
        seen = round_;
        const auto& work = *work_;
        lock.unlock();
        work(worker);
        lock.lock();
        if (--busy_ == 0) done_.notify_one();
    }
}

}  // namespace bassline::simulator
