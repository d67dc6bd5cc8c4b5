// SPDX-License-Identifier: Apache-2.0
#include "ingest/interner.hpp"

#include <algorithm>
#include <string>

#include "event/text.hpp"

namespace bassline::ingest {
namespace {

constexpr std::size_t kSlotsMin = 64;
constexpr std::size_t kBlockBytesMin = 1 << 10;
constexpr std::size_t kBlockBytesMax = 1 << 18;
constexpr std::size_t kPadding = 16;

}  // namespace

Interner::Interner() {
    clear();
}

void Interner::clear() {
    slots_ = std::vector<Slot>(kSlotsMin, Slot{});
    values_ = {};
    blocks_.clear();
    used_ = 0;
    free_ = nullptr;
    free_bytes_ = 0;
    bytes_ = slots_.size() * sizeof(Slot);
}

std::uint32_t Interner::add(const event::Text& text, std::uint64_t hash) {
    const std::string_view spelling = keep(text.view());
    std::uint32_t code = 0;
    if (text.escaped) {
        std::string value = event::unescape(spelling);
        const auto size = static_cast<std::uint32_t>(value.size());
        value.append(kPadding, '\0');
        code = this->code({value.data(), size, false});
    } else {
        code = static_cast<std::uint32_t>(values_.size());
        if (values_.size() == values_.capacity()) {
            const std::size_t before = values_.capacity();
            values_.reserve(std::max<std::size_t>(16, before * 2));
            bytes_ += (values_.capacity() - before) * sizeof(std::string_view);
        }
        values_.push_back(spelling);
    }
    slot_for(hash) = {hash, spelling.data(),
                      text.size | static_cast<std::uint32_t>(text.escaped) << 31, code};
    if (++used_ * 2 > slots_.size()) grow();
    return code;
}

Interner::Slot& Interner::slot_for(std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].spelling != nullptr) i = (i + 1) & mask;
    return slots_[i];
}

// A copy that lives until clear(), padded with zeros.
std::string_view Interner::keep(std::string_view bytes) {
    const std::size_t need = bytes.size() + kPadding;
    if (need > free_bytes_) {
        const std::size_t doubled = std::clamp(bytes_, kBlockBytesMin, kBlockBytesMax);
        free_bytes_ = std::max(doubled, need);
        blocks_.push_back(std::make_unique<char[]>(free_bytes_));
        free_ = blocks_.back().get();
        bytes_ += free_bytes_;
    }
    char* const copy = free_;
    std::memcpy(copy, bytes.data(), bytes.size());
    free_ += bytes.size();
    free_bytes_ -= bytes.size();
    if (free_bytes_ < kPadding) free_bytes_ = 0;
    return {copy, bytes.size()};
}

void Interner::grow() {
    std::vector<Slot> old(slots_.size() * 2, Slot{});
    old.swap(slots_);
    bytes_ += old.size() * sizeof(Slot);
    for (const Slot& slot : old) {
        if (slot.spelling != nullptr) slot_for(slot.hash) = slot;
    }
}

}  // namespace bassline::ingest
