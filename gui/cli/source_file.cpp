#include "gui/cli/source_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <ostream>
#include <system_error>
#include <utility>

#include "gui/cli/arguments.h"
#include "trace/open_any.h"

namespace palloscope::gui::cli {

std::optional<trace::Timeline> open_source(std::string_view verb, const std::string& file, Streams io, int pg_major) {
  if (file == "-" && isatty(STDIN_FILENO) != 0)
    io.err << fmt::format("palloscope {}: paste what the server printed, and end it with Ctrl+D\n", verb);
  core::Result<trace::Timeline> timeline = trace::open_any(file, {}, pg_major);
  if (!timeline) {
    complain(verb, timeline.error(), io);
    return std::nullopt;
  }
  if (!timeline->problem().empty()) io.err << fmt::format("palloscope {}: {}: {}\n", verb, file, timeline->problem());
  return std::move(*timeline);
}

bool stand_at(std::string_view verb, const std::string& file, trace::Timeline& timeline,
              std::optional<core::EventNumber> at, Streams io) {
  if (at && *at > timeline.size()) {
    complain(verb, fmt::format("{}: there is no event {}, the last one is {}", file, *at, timeline.size()), io);
    return false;
  }
  timeline.seek(at.value_or(timeline.size()));
  return true;
}

Moment parse_moment(const std::string& text) {
  const std::size_t sign = text.rfind('@');
  std::error_code ignored;
  if (sign == std::string::npos || sign + 1 == text.size() || std::filesystem::exists(text, ignored)) return {text, {}};
  core::EventNumber number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + sign + 1, end, number);
  if (error != std::errc() || stop != end) return {text, {}};
  return {text.substr(0, sign), number};
}

}  // namespace palloscope::gui::cli
