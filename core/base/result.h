// Result<T>: what a function answers when the outside world (files, arguments, processes, GL) may fail it.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace palloscope::core {

enum class ErrorCode { BadArgument, NotFound, Io, BadFormat, Truncated, Unsupported, Cancelled, ScriptFailed };

// The message says what, where (file, byte offset, event number) and what to do; one or two lines.
struct Error {
  ErrorCode code = ErrorCode::BadArgument;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& value() {
    check(held_.index() == 0, "a Result's value is only taken when there is one");
    return *std::get_if<0>(&held_);
  }
  const T& value() const {
    check(held_.index() == 0, "a Result's value is only taken when there is one");
    return *std::get_if<0>(&held_);
  }
  const Error& error() const {
    check(held_.index() == 1, "a Result's error is only taken when there is one");
    return *std::get_if<1>(&held_);
  }

 private:
  std::variant<T, Error> held_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace palloscope::core
