#include "trace/importers/log_prefix.h"

#include <algorithm>
#include <array>

#include "trace/importers/log_dumps.h"

namespace palloscope::trace {
namespace {

constexpr std::string_view kSeverities[] = {"DEBUG1", "DEBUG2",  "DEBUG3",    "DEBUG4",   "DEBUG5",   "LOG",    "INFO",
                                            "NOTICE", "WARNING", "ERROR",     "FATAL",    "PANIC",    "DETAIL", "HINT",
                                            "QUERY",  "CONTEXT", "STATEMENT", "LOCATION", "BACKTRACE"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alpha(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

std::string_view take_sqlstate(std::string_view& message) {
  const bool there =
      message.size() > 7 && message.substr(5, 2) == ": " &&
      std::all_of(message.begin(), message.begin() + 5, [](char c) { return is_digit(c) || is_upper(c); });
  if (!there) return {};
  const std::string_view sqlstate = message.substr(0, 5);
  message.remove_prefix(7);
  return sqlstate;
}

// The English severity that `text` ends with.
std::string_view severity_at_end(std::string_view text) {
  std::string_view longest;
  for (const std::string_view severity : kSeverities)
    if (severity.size() <= text.size() && text.substr(text.size() - severity.size()) == severity &&
        severity.size() > longest.size())
      longest = severity;
  return longest;
}

}  // namespace

std::optional<LogLine> split_log_line(std::string_view line) {
  constexpr std::string_view kMark = ":  ";
  std::optional<LogLine> first;
  // An application name may hold the mark too: the first place behind a known severity, or with a dump's line behind
  // it, counts; else simply the first.
  for (std::size_t at = line.find(kMark); at != std::string_view::npos; at = line.find(kMark, at + 1)) {
    LogLine candidate;
    candidate.severity = severity_at_end(line.substr(0, at));
    candidate.prefix = line.substr(0, at - candidate.severity.size());
    candidate.message = line.substr(at + kMark.size());
    candidate.sqlstate = take_sqlstate(candidate.message);
    if (!candidate.severity.empty() || is_dump_message(candidate.message)) return candidate;
    if (!first) first = candidate;
  }
  return first;
}

std::string_view time_in(std::string_view prefix) {
  constexpr std::string_view kShape = "0000-00-00 00:00:00";
  const auto fits = [&](std::size_t at) {
    for (std::size_t i = 0; i < kShape.size(); ++i)
      if (kShape[i] == '0' ? !is_digit(prefix[at + i]) : prefix[at + i] != kShape[i]) return false;
    return true;
  };
  for (std::size_t at = 0; at + kShape.size() <= prefix.size(); ++at) {
    if (!fits(at)) continue;
    std::size_t end = at + kShape.size();
    if (end < prefix.size() && prefix[end] == '.')
      for (++end; end < prefix.size() && is_digit(prefix[end]);) ++end;
    const auto in_zone = [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '/'; };
    if (end + 1 < prefix.size() && prefix[end] == ' ' &&
        (is_alpha(prefix[end + 1]) || prefix[end + 1] == '+' || prefix[end + 1] == '-')) {
      for (++end; end < prefix.size() && in_zone(prefix[end]);) ++end;
    }
    return prefix.substr(at, end - at);
  }
  return {};
}

}  // namespace palloscope::trace
