// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

// One way to fail. A fallible function returns Result<T>; a bug is not an error and asserts
// (asserts stay on in release). A kind says what the caller can do about it; the message is for
// people, in their terms: static words first, values last, with the fix where we know it. Vendor
// exceptions are caught at the vendor's room and become one Error there.
namespace bassline {

enum class ErrorKind {
    usage,        // the command line is wrong: show the hint
    config,       // the configuration is wrong: name key, file and line
    bad_data,     // a record or file is wrong: quarantine or refuse it, go on
    not_found,    // it is not there
    conflict,     // somebody else was first, or holds it
    unavailable,  // a dependency does not answer: wait, nothing is lost
    io,           // the disk or network failed: abandon what was being written
    sql,          // a model or query failed
    cancelled,    // the user stopped it
};

struct [[nodiscard]] Error {
    ErrorKind kind;
    std::string message;

    /// The same error, told from one floor up: "while <doing>: <message>".
    Error during(std::string_view doing) && {
        message = "while " + std::string(doing) + ": " + message;
        return std::move(*this);
    }
};

/// Makes an Error with a formatted message.
template <class... Args>
Error error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
    return Error{kind, fmt::format(format, std::forward<Args>(args)...)};
}

/// A value or an Error, with std::expected's names (C++23).
///
/// Reading `value()` of a failure or `error()` of a success is a bug and asserts.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & { return checked<0>(*this); }
    const T& value() const& { return checked<0>(*this); }
    T&& value() && { return std::move(checked<0>(*this)); }
    Error& error() & { return checked<1>(*this); }
    const Error& error() const& { return checked<1>(*this); }
    Error&& error() && { return std::move(checked<1>(*this)); }

private:
    template <std::size_t kIndex, class Self>
    static auto& checked(Self& self) {
        assert(self.state_.index() == kIndex);
        return *std::get_if<kIndex>(&self.state_);
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an Error. `return {};` succeeds.
template <>
class [[nodiscard]] Result<void> : public Result<std::monostate> {
public:
    Result() : Result<std::monostate>(std::monostate{}) {}
    Result(Error error) : Result<std::monostate>(std::move(error)) {}
};

}  // namespace bassline

// TRY(f()); returns f's error from the enclosing function. TRY_ASSIGN(auto x, f()); also names its
// value. NOLINTBEGIN(bugprone-macro-parentheses)
#define BASSLINE_CONCAT_(a, b) a##b
#define BASSLINE_CONCAT(a, b) BASSLINE_CONCAT_(a, b)
#define TRY(expression)                                                                        \
    do {                                                                                       \
        if (auto try_result = (expression); !try_result) return std::move(try_result).error(); \
    } while (false)
#define TRY_ASSIGN_(name, declaration, expression) \
    auto name = (expression);                      \
    if (!name) return std::move(name).error();     \
    declaration = std::move(name).value()
#define TRY_ASSIGN(declaration, expression) \
    TRY_ASSIGN_(BASSLINE_CONCAT(try_result_, __LINE__), declaration, expression)
// NOLINTEND(bugprone-macro-parentheses)
