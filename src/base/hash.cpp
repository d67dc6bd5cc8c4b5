// SPDX-License-Identifier: Apache-2.0
#include "base/hash.hpp"

#include <fmt/format.h>

// The streaming state is public only under this name; we build against one pinned release.
#define XXH_STATIC_LINKING_ONLY
#include <openssl/sha.h>
#include <xxhash.h>

namespace bassline {

struct Xxh64::State {
    XXH64_state_t hash;
};

Xxh64::Xxh64() : state_(std::make_unique<State>()) {
    XXH64_reset(&state_->hash, 0);
}
Xxh64::~Xxh64() = default;
Xxh64::Xxh64(const Xxh64& other) : state_(std::make_unique<State>(*other.state_)) {}
Xxh64& Xxh64::operator=(const Xxh64& other) {
    *state_ = *other.state_;
    return *this;
}
Xxh64::Xxh64(Xxh64&&) noexcept = default;
Xxh64& Xxh64::operator=(Xxh64&&) noexcept = default;

void Xxh64::update(std::string_view bytes) {
    XXH64_update(&state_->hash, bytes.data(), bytes.size());
}

std::string Xxh64::hex() const {
    return fmt::format("{:016x}", XXH64_digest(&state_->hash));
}

std::string xxh64_hex(std::string_view bytes) {
    return fmt::format("{:016x}", XXH64(bytes.data(), bytes.size(), 0));
}

std::string sha256_hex(std::string_view bytes) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
    std::string hex;
    for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
    return hex;
}

}  // namespace bassline
