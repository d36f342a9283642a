// The settings of the worst case by their names in postgresql.conf.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "core/shmem/shmem_settings.h"
#include "core/workmem/worst_case.h"

namespace palloscope::core {
namespace {

constexpr std::int64_t kMostKb = 2147483647, kMostPages = 1073741823, kMostProcesses = 262143;

struct SettingRow {
  std::string_view name;
  std::int64_t unit = 1;  // bytes that a bare number counts, and in which it is kept; 1: a count
  std::int64_t least = 0, most = 0;
  void (*set)(ServerSettings&, std::int64_t) = nullptr;
};

constexpr std::array kSettings{
    SettingRow{"work_mem", 1024, 64, kMostKb,
               [](ServerSettings& s, std::int64_t v) { s.work.work_mem_kb = static_cast<std::uint64_t>(v); }},
    SettingRow{
        "maintenance_work_mem", 1024, 64, kMostKb,
        [](ServerSettings& s, std::int64_t v) { s.work.maintenance_work_mem_kb = static_cast<std::uint64_t>(v); }},
    SettingRow{"autovacuum_work_mem", 1024, -1, kMostKb,
               [](ServerSettings& s, std::int64_t v) { s.autovacuum_work_mem_kb = v; }},
    SettingRow{"temp_buffers", 8192, 100, kMostPages,
               [](ServerSettings& s, std::int64_t v) { s.temp_buffers = static_cast<std::uint64_t>(v); }},
    SettingRow{"max_connections", 1, 1, kMostProcesses,
               [](ServerSettings& s, std::int64_t v) { s.max_connections = static_cast<std::uint32_t>(v); }},
    SettingRow{"autovacuum_max_workers", 1, 1, kMostProcesses,
               [](ServerSettings& s, std::int64_t v) { s.autovacuum_max_workers = static_cast<std::uint32_t>(v); }},
};
constexpr std::string_view kMultiplier = "hash_mem_multiplier";

Error bad(std::string_view name, std::string_view value, std::string_view takes) {
  return {ErrorCode::BadArgument, fmt::format("{} = \"{}\": it takes {}", name, value, takes)};
}

Status set_multiplier(ServerSettings& settings, std::string_view value) {
  const std::string text(value);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(number >= 1 && number <= 1000))
    return bad(kMultiplier, value, "a number from 1 to 1000");
  settings.work.hash_mem_multiplier = number;
  return Done{};
}

}  // namespace

std::span<const std::string_view> server_setting_names() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kSettings.size() + 1> names{};
    std::size_t at = 0;
    for (const SettingRow& row : kSettings) names[at++] = row.name;
    names[at] = kMultiplier;
    return names;
  }();
  return kNames;
}

Status set_server_setting(ServerSettings& settings, std::string_view name, std::string_view value) {
  if (name == kMultiplier) return set_multiplier(settings, value);
  const auto* row =
      std::find_if(kSettings.begin(), kSettings.end(), [&](const SettingRow& r) { return r.name == name; });
  if (row == kSettings.end())
    return Error{ErrorCode::NotFound, fmt::format("\"{}\" is no setting that this knows", name)};
  const std::string range =
      fmt::format("{} to {}{}", row->least, row->most,
                  row->unit == 1      ? ""
                  : row->unit == 1024 ? " kB, or a number with a unit (kB, MB, GB, TB)"
                                      : " pages of 8 kB, or a number with a unit (kB, MB, GB, TB)");
  std::int64_t amount = -1;
  if (value != "-1") {
    const auto parsed = parse_bytes(value, row->unit);
    const bool count = row->unit == 1 && value.find_first_not_of("0123456789") != std::string_view::npos;
    if (!parsed || count) return bad(name, value, range);
    amount = *parsed / row->unit;
  }
  if (amount < row->least || amount > row->most) return bad(name, value, range);
  row->set(settings, amount);
  return Done{};
}

}  // namespace palloscope::core
