#include "trace/findings/growth.h"

#include <algorithm>
#include <array>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kLeast = RoundFinder::kLeastRounds - 1;  // rounds that count, and stretches of them
constexpr std::uint64_t kManyStretches = 16;                     // rising by chance: once in 2^15
constexpr std::uint64_t kFewStretches[] = {8, kLeast};
constexpr std::uint64_t kNeverFalls = 20;  // fewer stretches say enough where not one round in so many gave back
constexpr int kQuarters = 4;

}  // namespace

// --- one series -------------------------------------------------------------------------------------------------

void RoundSeries::restart(std::uint64_t round, EventNumber event, std::uint64_t value) {
  notes_.assign(1, {round, event, value});
  rises_ = falls_ = 0;
}

void RoundSeries::note(std::uint64_t round, EventNumber event, std::uint64_t value) {
  if (notes_.empty()) return restart(round, event, value);
  const std::uint64_t old = notes_.back().value;
  if (value == old) return;
  ++(value > old ? rises_ : falls_);
  if (notes_.size() == kMost) {
    for (std::size_t i = 0; i < kMost / 2; ++i) notes_[i] = notes_[2 * i];
    notes_.resize(kMost / 2);
  }
  notes_.push_back({round, event, value});
}

const RoundNote& RoundSeries::at(std::uint64_t round) const {
  const auto next =
      std::partition_point(notes_.begin(), notes_.end(), [&](const RoundNote& note) { return note.round <= round; });
  return next == notes_.begin() ? notes_.front() : *(next - 1);
}

std::vector<RoundNote> RoundSeries::curve_until(std::uint64_t round, std::size_t most) const {
  std::vector<RoundNote> curve;
  if (notes_.empty() || round < first_round()) return curve;
  const std::uint64_t rounds = round - first_round(), steps = std::min<std::uint64_t>(rounds, most - 1);
  for (std::uint64_t i = 0; i <= steps; ++i) {
    const std::uint64_t one = first_round() + (steps == 0 ? 0 : rounds * i / steps);
    const RoundNote& note = at(one);
    curve.push_back({one, note.event, note.value});
  }
  return curve;
}

std::uint64_t RoundSeries::least(std::uint64_t first, std::uint64_t last) const {
  std::uint64_t least = at(first).value;
  auto note =
      std::partition_point(notes_.begin(), notes_.end(), [&](const RoundNote& one) { return one.round <= first; });
  for (; note != notes_.end() && note->round <= last; ++note) least = std::min(least, note->value);
  return least;
}

// The last round after which there was no more than that.
std::uint64_t RoundSeries::last_at_most(std::uint64_t value) const {
  for (std::size_t i = notes_.size(); i-- > 0;)
    if (notes_[i].value <= value) return i + 1 < notes_.size() ? notes_[i + 1].round - 1 : notes_[i].round;
  return 0;
}

bool RoundSeries::rises_in(std::uint64_t first, std::uint64_t last, std::uint64_t stretches) const {
  const std::uint64_t rounds = last - first + 1;
  if (rounds < stretches) return false;
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < stretches; ++i) {
    const std::uint64_t now = least(first + rounds * i / stretches, first + rounds * (i + 1) / stretches - 1);
    if (i > 0 && now <= before) return false;
    before = now;
  }
  return true;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> RoundSeries::grows_until(std::uint64_t round) const {
  if (notes_.empty() || round < first_round() + kLeast) return std::nullopt;
  std::uint64_t first = first_round() + std::max<std::uint64_t>(1, (round - first_round()) / 8);
  // It may begin later, if it has gone on for a quarter of the rounds or more.
  const std::uint64_t start = last_at_most(at(first).value);
  if (start > first && start < round && (round - start) * 4 >= round - first) first = start;
  if (round < first + kLeast || at(round).value <= at(first).value) return std::nullopt;
  const bool few_do = falls_ * kNeverFalls <= round - first;
  const bool rises = rises_in(first, round, kManyStretches) ||
                     (few_do && std::any_of(std::begin(kFewStretches), std::end(kFewStretches),
                                            [&](std::uint64_t few) { return rises_in(first, round, few); }));
  if (!rises) return std::nullopt;
  const std::uint64_t middle = first + (round - first) / 2;
  const auto grown = [&](std::uint64_t from, std::uint64_t to) {
    const std::uint64_t a = at(from).value, b = at(to).value;
    return b > a ? static_cast<double>(b - a) / static_cast<double>(to - from) : 0.0;
  };
  if (2 * grown(middle, round) < grown(first, middle)) return std::nullopt;
  return std::pair(first, round);
}

// --- all paths --------------------------------------------------------------------------------------------------

void GrowthWatch::created(EventNumber n, ContextSlot slot) {
  if (slot.value >= life_began_.size()) life_began_.resize(std::size_t{slot.value} + 1);
  life_began_[slot.value] = n;
}

void GrowthWatch::end_round(EventNumber n, const MemoryState& state, ContextPaths& paths) {
  accounts_.settle(state, paths, [&](PathNumber path) {
    if (std::exchange(room(path).changed, true)) return;
    changed_.push_back(path);
  });
  for (const PathNumber path : changed_) {
    Path& seen = room(path);
    seen.changed = false;
    const PathTotals totals = accounts_.totals(path);
    seen.bytes.note(round_, n, totals.requested_bytes);
    seen.contexts.note(round_, n, totals.contexts);
  }
  changed_.clear();
  if (round_++ == 0) first_end_ = n;
  last_end_ = n;
}

// What grew in a context until it was reset or deleted; if others of its path live on, the path's growth is theirs.
void GrowthWatch::life_ends(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  const ContextRecord* context = state.context(slot);
  if (context == nullptr) return;
  const PathNumber path = paths.of(state, slot);
  Path& seen = room(path);
  if (slot.value >= life_began_.size()) life_began_.resize(std::size_t{slot.value} + 1);
  if (context->live_chunk_count != 0 || context->block_count > 1) {
    ++seen.ends;
    seen.lived_events += n - std::exchange(life_began_[slot.value], n);
    if (seen.last_round_with_end != round_) ++seen.rounds_with_end;
    seen.last_round_with_end = round_;
  }
  if (seen.bytes.empty() || round_ < seen.bytes.first_round() + kLeast) return;
  if (context->live_chunk_count == 0 || accounts_.totals(path).contexts > 1) return;
  look(path, state, paths, slot);
  seen.bytes.restart(round_, n, 0);
}

void GrowthWatch::finish(const MemoryState& state, ContextPaths& paths) {
  if (round_ != 0)
    for (PathNumber path = 0; path < paths_.size(); ++path) look(path, state, paths, {});
  // What lies in contexts that pile up is told with them, and so are contexts below those.
  const auto piles = [&](PathNumber path) {
    return std::any_of(growths_.begin(), growths_.end(),
                       [&](const Growth& growth) { return growth.of_contexts && growth.path == path; });
  };
  std::vector<Growth> kept;
  for (Growth& growth : growths_) {
    bool told_above = !growth.of_contexts && piles(growth.path);
    for (PathNumber up = paths.parent(growth.path); up != kNoPath && !told_above; up = paths.parent(up))
      told_above = piles(up);
    if (!told_above) kept.push_back(growth);
  }
  growths_ = std::move(kept);
}

void GrowthWatch::look(PathNumber path, const MemoryState& state, ContextPaths& paths, ContextSlot only) {
  const Path& seen = paths_[path];
  const std::uint64_t round = round_ - 1;
  for (const bool of_contexts : {false, true}) {
    if (of_contexts && only) continue;
    const RoundSeries& series = of_contexts ? seen.contexts : seen.bytes;
    const auto span = round_ == 0 ? std::nullopt : series.grows_until(round);
    if (!span) continue;
    Growth growth;
    growth.path = path;
    growth.of_contexts = of_contexts;
    growth.first_round = span->first;
    growth.last_round = span->second;
    growth.rounds = span->second - span->first;
    growth.from = series.at(span->first).event;
    growth.until = last_end_;
    growth.before = series.at(span->first).value;
    growth.after = series.at(span->second).value;
    growth.rises = series.rises();
    growth.falls = series.falls();
    growth.curve = series.curve_until(round, kCurvePoints);
    if (!of_contexts) growth.bytes = growth.after - growth.before;
    if (survive(growth, series, state, paths, only) && growth.bytes >= kLeastBytes) keep(growth);
  }
}

// Is what was born in each quarter of those rounds still there, for a good part? Notes the first of it.
bool GrowthWatch::survive(Growth& growth, const RoundSeries& series, const MemoryState& state, ContextPaths& paths,
                          ContextSlot only) const {
  std::array<EventNumber, kQuarters> begins{};
  for (int i = 0; i < kQuarters; ++i)
    begins[static_cast<std::size_t>(i)] =
        series.at(growth.first_round + growth.rounds * static_cast<std::uint64_t>(i) / kQuarters).event;
  std::array<std::uint64_t, kQuarters> born{};
  const auto count = [&](EventNumber event, std::uint64_t amount, ContextSlot context) {
    if (event <= begins[0] || event > growth.until) return;
    const auto quarter =
        std::partition_point(begins.begin(), begins.end(), [&](EventNumber begin) { return begin < event; });
    born[static_cast<std::size_t>(quarter - begins.begin() - 1)] += amount;
    ++growth.survivors;
    if (growth.first_survivor != 0 && growth.first_survivor <= event) return;
    growth.first_survivor = event;
    growth.example = context;
    growth.example_born = state.contexts()[context.value].born;
  };
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    const ContextRecord& context = state.contexts()[i];
    if (context.born == 0 || (only && only.value != i) || paths.of(state, {i}) != growth.path) continue;
    if (growth.of_contexts) {
      count(context.born, 1, {i});
      if (context.born > begins[0] && context.born <= growth.until) growth.bytes += context.mem_allocated_bytes;
      continue;
    }
    for (BlockSlot at = context.first_block; at; at = state.blocks()[at.value].next) {
      ChunkSlot chunk = state.blocks()[at.value].first_chunk;
      for (std::uint32_t left = state.blocks()[at.value].chunk_count; left != 0; --left) {
        const ChunkRecord& record = state.chunks()[chunk.value];
        if (record.state == ChunkState::Live) count(record.born, record.requested_bytes, {i});
        chunk = record.next_in_block;
      }
    }
  }
  std::uint64_t all = 0;
  for (const std::uint64_t one : born) all += one;
  const std::uint64_t grown = growth.after - growth.before;
  if (2 * all < grown) return false;
  // Half of what would be even.
  return std::all_of(born.begin(), born.end(),
                     [&](std::uint64_t one) { return one * 2 * kQuarters >= all && one > 0; });
}

void GrowthWatch::keep(Growth growth) {
  for (Growth& known : growths_) {
    if (known.path != growth.path || known.of_contexts != growth.of_contexts) continue;
    growth.times = known.times + 1;
    if (growth.bytes > known.bytes)
      known = growth;
    else
      known.times = growth.times;
    return;
  }
  growths_.push_back(growth);
}

PathNumber GrowthWatch::cure_for(PathNumber path, const ContextPaths& paths) const {
  PathNumber best = kNoPath;
  double best_ends = 0, best_life = 0;
  for (PathNumber other = 0; other < paths_.size(); ++other) {
    const Path& seen = paths_[other];
    if (seen.rounds_with_end * 10 < round_ * 9 || seen.ends == 0) continue;
    if (paths.is_within(path, other)) continue;
    const double ends = static_cast<double>(seen.ends) / static_cast<double>(round_);
    const double life = static_cast<double>(seen.lived_events) / static_cast<double>(seen.ends);
    // About once a round is better than more often; of those the longest life.
    const bool once = ends < 1.5, best_once = best_ends < 1.5;
    if (best != kNoPath && (once != best_once ? best_once : life <= best_life)) continue;
    best = other;
    best_ends = ends;
    best_life = life;
  }
  return best;
}

}  // namespace palloscope::trace
