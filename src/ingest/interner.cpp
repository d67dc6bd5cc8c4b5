// SPDX-License-Identifier: Apache-2.0
#include "ingest/interner.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "event/text.hpp"

namespace bassline::ingest {
namespace {

constexpr std::size_t kSlotsMin = 64;
constexpr std::size_t kBlockBytesMin = 1 << 10;
constexpr std::size_t kBlockBytesMax = 1 << 18;

}  // namespace

Interner::Interner() {
    clear();
}

void Interner::clear() {
    slots_ = std::vector<Slot>(kSlotsMin, Slot{});
    mask_ = slots_.size() - 1;
    values_ = {};
    blocks_.clear();
    used_ = 0;
    free_ = nullptr;
    free_bytes_ = 0;
    bytes_ = slots_.size() * sizeof(Slot);
}

// A new text, or one whose hash another text has too.
std::uint32_t Interner::find_or_add(const event::Text& text, std::uint64_t hash) {
    for (std::size_t i = hash & mask_; slots_[i].candidate != nullptr; i = (i + 1) & mask_) {
        if (slots_[i].hash == hash && slots_[i].candidate->is(text)) {
            return slots_[i].candidate->code;
        }
    }
    return add(text, hash);
}

std::uint32_t Interner::add(const event::Text& text, std::uint64_t hash) {
    Candidate* const kept = keep(text);
    if (text.escaped) {
        std::string value = event::unescape(text.view());
        const auto size = static_cast<std::uint32_t>(value.size());
        value.append(event::kTextPadding, '\0');
        kept->code = code({value.data(), size, false});
    } else {
        kept->code = static_cast<std::uint32_t>(values_.size());
        const std::size_t before = values_.capacity();
        values_.emplace_back(kept->spelling(), text.size);
        bytes_ += (values_.capacity() - before) * sizeof(std::string_view);
    }
    free_slot(hash) = {hash, kept};
    if (++used_ * 2 > slots_.size()) grow();
    return kept->code;
}

Interner::Slot& Interner::free_slot(std::uint64_t hash) {
    std::size_t i = hash & mask_;
    while (slots_[i].candidate != nullptr) i = (i + 1) & mask_;
    return slots_[i];
}

// A copy that lives until clear(). What is read behind it may belong to the next one.
Interner::Candidate* Interner::keep(const event::Text& text) {
    const std::size_t bytes = (sizeof(Candidate) + text.size + 7) / 8 * 8;
    if (bytes + event::kTextPadding > free_bytes_) {
        const std::size_t block = std::clamp(bytes_, kBlockBytesMin, kBlockBytesMax);
        free_bytes_ = std::max(block, bytes + event::kTextPadding);
        blocks_.push_back(std::make_unique<char[]>(free_bytes_));
        free_ = blocks_.back().get();
        bytes_ += free_bytes_;
    }
    auto* const kept = new (free_) Candidate{Candidate::size_of(text), 0};
    std::memcpy(free_ + sizeof(Candidate), text.data, text.size);
    free_ += bytes;
    free_bytes_ -= bytes;
    return kept;
}

void Interner::grow() {
    std::vector<Slot> old(slots_.size() * 2, Slot{});
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    bytes_ += old.size() * sizeof(Slot);
    for (const Slot& slot : old) {
        if (slot.candidate != nullptr) free_slot(slot.hash) = slot;
    }
}

}  // namespace bassline::ingest
