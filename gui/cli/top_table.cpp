#include "gui/cli/top_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "core/base/counted.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

// "812 B", "64.0 kB", "1.25 GB": three figures, so that columns stay narrow and are still compared at a glance.
std::string size_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, digits, kUnits[unit]);
}

std::string change_text(std::int64_t bytes) {
  if (bytes == 0) return "";
  const std::uint64_t size =
      bytes < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(bytes) : static_cast<std::uint64_t>(bytes);
  return (bytes < 0 ? "-" : "+") + size_text(size);
}

std::string per_second_text(const trace::GrowthRow& row) {
  return row.per_second ? change_text(static_cast<std::int64_t>(std::llround(*row.per_second))) : "";
}

// Bytes that begin a character are counted, so that a cut never divides one.
void append_line(std::string& text, std::string_view line, std::size_t width) {
  std::size_t at = 0, shown = 0;
  for (; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xC0) != 0x80;
    if (begins && width != 0 && shown == width) break;
    shown += begins ? 1 : 0;
  }
  text += line.substr(0, at);
  text += '\n';
}

// The end of a path tells contexts apart: what does not fit is left out in front.
std::string cut_front(std::string_view path, std::size_t width) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  auto left = static_cast<std::size_t>(std::count_if(path.begin(), path.end(), begins));
  if (left <= width) return std::string(path);
  std::size_t at = 0;
  for (; at < path.size() && (left >= width || !begins(path[at])); ++at) left -= begins(path[at]) ? 1 : 0;
  return "…" + std::string(path.substr(at));
}

std::string how_text(const trace::CaptureFacts& facts) {
  std::string text = facts.stopped ? fmt::format("stood still {:.2f} ms", static_cast<double>(facts.pause_ns) / 1e6)
                                   : std::string("read while it ran");
  if (facts.tries > 1) text += fmt::format(" ({})", core::counted(facts.tries, "try", "tries"));
  if (facts.torn) text += ", parts do not fit together";
  return text;
}

}  // namespace

std::string top_table(const trace::MomentHistory& history, const trace::CaptureFacts& facts,
                      const trace::ServerBuild& build, const TopShape& shape) {
  const auto& moments = history.moments();
  if (moments.empty()) return "";
  const trace::MomentUse& now = moments.back();
  std::vector<trace::GrowthRow> rows = growth_between(moments.size() > 1 ? &moments[moments.size() - 2] : nullptr, now);
  sort_growth(rows, shape.order);
  std::uint64_t contexts = 0;
  for (const trace::GrowthRow& row : rows) contexts += row.contexts;

  std::string text;
  const std::string version = build.version.empty() ? std::to_string(build.major) : build.version;
  append_line(text,
              fmt::format("PID {}  {}  PostgreSQL {}  {}", facts.pid, trace::printable(facts.title),
                          trace::printable(version), facts.time),
              shape.width);
  std::string held = fmt::format("{}: {}, {} used; {}", core::counted(contexts, "context"), size_text(now.total_bytes),
                                 size_text(now.used_bytes), how_text(facts));
  if (now.told)
    held += fmt::format("; RSS {}", size_text(now.told->rss_anon + now.told->rss_file + now.told->rss_shmem));
  append_line(text, held, shape.width);
  append_line(
      text,
      fmt::format("{:>9} {:>9} {:>10} {:>10} {:>8}  {}", "total", "used", "change", "per second", "contexts", "path"),
      shape.width);
  constexpr std::size_t kBeforePath = 52;
  const std::size_t path_width =
      shape.width == 0 ? std::string::npos : std::max(shape.width, kBeforePath + 10) - kBeforePath;
  std::size_t left = shape.rows;
  for (const trace::GrowthRow& row : rows) {
    if (left-- == 0) break;
    append_line(text,
                fmt::format("{:>9} {:>9} {:>10} {:>10} {:>8}  {}", size_text(row.total_bytes),
                            size_text(row.used_bytes), change_text(row.change_bytes), per_second_text(row),
                            row.contexts, cut_front(trace::printable(history.paths()[row.path]), path_width)),
                shape.width);
  }
  return text;
}

}  // namespace palloscope::gui::cli
