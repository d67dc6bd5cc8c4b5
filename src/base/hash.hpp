// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

// Hashes of content. XXH64 finds damage and recognises files; SHA-256 links the entries of a log.
namespace bassline {

/// XXH64 over bytes that arrive in pieces; seed 0.
class Xxh64 {
public:
    Xxh64();
    ~Xxh64();
    Xxh64(const Xxh64& other);
    Xxh64& operator=(const Xxh64& other);
    Xxh64(Xxh64&&) noexcept;
    Xxh64& operator=(Xxh64&&) noexcept;

    void update(std::string_view bytes);
    /// 16 lower-case hex digits of all bytes so far; more may follow.
    std::string hex() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// 16 lower-case hex digits.
std::string xxh64_hex(std::string_view bytes);

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace bassline
