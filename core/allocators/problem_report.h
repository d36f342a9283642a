// What the check methods of the four kinds report with (private to core/allocators): the WARNINGs of one check of one
// context, each beginning `problem in alloc set NAME: `.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/mcxt/memory_checking.h"

namespace palloscope::core {

inline std::uint64_t plain(Address at) { return at.value; }
template <class Number>
Number plain(Number number) {
  return number;
}

class ProblemReport {
 public:
  ProblemReport(MemoryChecking& checking, Address context, std::string_view kind)
      : checking_(checking),
        context_(context),
        head_(fmt::format("problem in {} {}: ", kind, checking.name_of(context))) {}

  // Addresses are given as such and written as {:#x}.
  template <class... Args>
  void operator()(fmt::format_string<decltype(plain(std::declval<Args>()))...> words, Args... args) {
    checking_.warn(context_, head_ + fmt::format(words, plain(args)...));
  }

 private:
  MemoryChecking& checking_;
  Address context_;
  std::string head_;
};

}  // namespace palloscope::core
