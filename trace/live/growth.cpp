#include "trace/live/growth.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <variant>

#include "trace/analysis/path_table.h"
#include "trace/explain/explain.h"

namespace palloscope::trace {
namespace {

// Days from 1970 to this day of the Gregorian calendar: years begin with March, so that the leap day is the last.
std::int64_t days_of(int year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0), era = y / 400, in_era = y % 400;
  const std::int64_t in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  return era * 146'097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719'468;
}

// So many digits at the head of the text, which are taken from it.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take_one_of(std::string_view& text, std::string_view signs) {
  if (text.empty() || signs.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Names alone: an ident may come and go while it is the same context.
std::string names_of(const PathTable& table, std::uint32_t node) {
  std::string path = table.nodes()[node].omitted ? table.label(node) : table.nodes()[node].name;
  for (std::uint32_t at = table.nodes()[node].parent; at != PathNode::kNone; at = table.nodes()[at].parent)
    path.insert(0, table.nodes()[at].name + " > ");
  return path;
}

}  // namespace

std::optional<double> seconds_of_label(std::string_view label) {
  const auto year = take_digits(label, 4);
  if (!year || !take_one_of(label, "-")) return std::nullopt;
  const auto month = take_digits(label, 2);
  if (!month || *month < 1 || *month > 12 || !take_one_of(label, "-")) return std::nullopt;
  const auto day = take_digits(label, 2);
  if (!day || *day < 1 || *day > 31 || !take_one_of(label, "T ")) return std::nullopt;
  std::array<int, 3> clock{};
  for (std::size_t i = 0; i < clock.size(); ++i) {
    if (i > 0 && !take_one_of(label, ":")) return std::nullopt;
    const auto part = take_digits(label, 2);
    if (!part) return std::nullopt;
    clock[i] = *part;
  }
  double seconds =
      static_cast<double>(days_of(*year, *month, *day)) * 86'400 + clock[0] * 3600 + clock[1] * 60 + clock[2];
  if (take_one_of(label, "."))
    for (double share = 0.1; const auto digit = take_digits(label, 1); share /= 10) seconds += *digit * share;
  return seconds;
}

std::string clock_of(std::string_view label) {
  constexpr std::size_t kDate = 11, kClock = 10;
  return std::string(seconds_of_label(label) ? label.substr(kDate, kClock) : label);
}

std::uint32_t MomentHistory::path_number(const std::string& path) {
  const auto [found, is_new] = numbers_.try_emplace(path, static_cast<std::uint32_t>(paths_.size()));
  if (is_new) paths_.push_back(path);
  return found->second;
}

void MomentHistory::add(MomentUse moment, const MemoryState& state, const core::StreamDescription& description) {
  PathTable table;
  table.add(state, &profile_for(description));
  moment.uses.clear();
  for (std::uint32_t node = 0; node < table.nodes().size(); ++node) {
    const PathShare* share = table.share(node, 0);
    if (share == nullptr || share->own.contexts == 0) continue;
    const PathSums& own = share->own;
    moment.uses.push_back(
        {path_number(names_of(table, node)), share->first, own.contexts, own.total_bytes, own.used_bytes});
  }
  std::sort(moment.uses.begin(), moment.uses.end(),
            [](const PathHold& a, const PathHold& b) { return a.path < b.path; });
  const PathSums whole = table.whole(0);
  moment.total_bytes = whole.total_bytes;
  moment.used_bytes = whole.used_bytes;
  moment.at_s = seconds_of_label(moment.label);
  moments_.push_back(std::move(moment));
}

bool MomentHistory::follow(const Timeline& timeline, std::size_t most) {
  constexpr std::array<std::uint8_t, 1> kEnd = {core::SnapshotEnded::kTag};
  constexpr std::array<std::uint8_t, 1> kBegin = {core::SnapshotBegan::kTag}, kTold = {core::ProcessReported::kTag};
  for (; most > 0; --most) {
    const auto end = timeline.next_of(kEnd, followed_to_);
    if (!end) return true;
    MomentUse moment;
    moment.event = *end;
    if (const auto began = timeline.previous_of(kBegin, *end); began && *began > followed_to_) {
      const core::EventBody event = timeline.event(*began);
      moment.label = std::get<core::SnapshotBegan>(event).label;
      moment.pid = std::get<core::SnapshotBegan>(event).pid;
    }
    if (const auto told = timeline.previous_of(kTold, *end); told && *told > followed_to_)
      moment.told = std::get<core::ProcessReported>(timeline.event(*told));
    moment.problem = std::get<core::SnapshotEnded>(timeline.event(*end)).problem;
    // Where the cursor stands there already (a process that is followed), no second state is made.
    if (timeline.cursor() == *end)
      add(std::move(moment), timeline.state(), timeline.description());
    else
      timeline.visit(*end, *end, [&](EventNumber, const core::EventBody&, const MemoryState& state) {
        add(std::move(moment), state, timeline.description());
      });
    followed_to_ = *end;
  }
  return !timeline.next_of(kEnd, followed_to_);
}

void MomentHistory::keep_last(std::size_t count) {
  if (moments_.size() > count) moments_.erase(moments_.begin(), moments_.end() - static_cast<std::ptrdiff_t>(count));
}

std::optional<std::size_t> MomentHistory::at(EventNumber event) const {
  const auto after = std::upper_bound(moments_.begin(), moments_.end(), event,
                                      [](EventNumber n, const MomentUse& moment) { return n < moment.event; });
  if (after == moments_.begin()) return std::nullopt;
  return static_cast<std::size_t>(after - moments_.begin()) - 1;
}

std::vector<GrowthRow> growth_between(const MomentUse* before, const MomentUse& now) {
  std::optional<double> seconds;
  if (before != nullptr && before->at_s && now.at_s && *now.at_s > *before->at_s) seconds = *now.at_s - *before->at_s;
  std::vector<GrowthRow> rows;
  const auto add = [&](const PathHold* old, const PathHold* use) {
    GrowthRow row;
    row.path = use != nullptr ? use->path : old->path;
    row.first = use != nullptr ? use->first : old->first;
    if (use != nullptr) {
      row.contexts = use->contexts;
      row.total_bytes = use->total_bytes;
      row.used_bytes = use->used_bytes;
    }
    if (before != nullptr)
      row.change_bytes = static_cast<std::int64_t>(row.total_bytes - (old != nullptr ? old->total_bytes : 0));
    if (seconds) row.per_second = static_cast<double>(row.change_bytes) / *seconds;
    rows.push_back(row);
  };
  const std::vector<PathHold> none;
  const std::vector<PathHold>& olds = before != nullptr ? before->uses : none;
  auto old = olds.begin();
  for (const PathHold& use : now.uses) {
    for (; old != olds.end() && old->path < use.path; ++old) add(&*old, nullptr);
    const bool same = old != olds.end() && old->path == use.path;
    add(same ? &*old : nullptr, &use);
    if (same) ++old;
  }
  for (; old != olds.end(); ++old) add(&*old, nullptr);
  return rows;
}

void sort_growth(std::vector<GrowthRow>& rows, GrowthOrder order) {
  std::sort(rows.begin(), rows.end(), [order](const GrowthRow& a, const GrowthRow& b) {
    if (order == GrowthOrder::Growth && a.change_bytes != b.change_bytes) return a.change_bytes > b.change_bytes;
    if (a.total_bytes != b.total_bytes) return a.total_bytes > b.total_bytes;
    return a.path < b.path;
  });
}

}  // namespace palloscope::trace
