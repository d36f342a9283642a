#include "trace/live/stop_rule.h"

#include <fmt/format.h>

#include <cctype>

#include "core/shmem/shmem_settings.h"

namespace palloscope::trace {

core::Result<StopRule> parse_stop_rule(std::string_view text) {
  const auto mistake = [&] {
    return core::Error{core::ErrorCode::BadArgument,
                       fmt::format("\"{}\" is no limit of a context: write it as in ExecutorState > 64MB", text)};
  };
  const auto trimmed = [](std::string_view part) {
    while (!part.empty() && std::isspace(static_cast<unsigned char>(part.front())) != 0) part.remove_prefix(1);
    while (!part.empty() && std::isspace(static_cast<unsigned char>(part.back())) != 0) part.remove_suffix(1);
    return part;
  };
  const std::size_t sign = text.rfind('>');
  if (sign == std::string_view::npos) return mistake();
  std::string_view name = trimmed(text.substr(0, sign));
  if (name.size() >= 2 && name.front() == name.back() && (name.front() == '"' || name.front() == '\''))
    name = name.substr(1, name.size() - 2);
  const auto bytes = core::parse_bytes(trimmed(text.substr(sign + 1)), 1);
  if (name.empty() || !bytes || *bytes < 0) return mistake();
  return StopRule{std::string(name), static_cast<std::uint64_t>(*bytes)};
}

}  // namespace palloscope::trace
