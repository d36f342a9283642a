#include "trace/exporters/chrome_trace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "core/version/version_profile.h"
#include "trace/analysis/context_counters.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"
#include "trace/file/block_summary.h"

namespace palloscope::trace {
namespace {

constexpr int kStatements = 1, kNarration = 2, kMarks = 3;  // threads, as the viewers call tracks
constexpr std::size_t kMostNameBytes = 200;

std::string json_text(std::string_view text) { return nlohmann::json(printable(text)).dump(); }

}  // namespace

ChromeTrace::ChromeTrace(const core::StreamDescription& description, EventNumber sample, std::ostream& out)
    : out_(out),
      profile_(core::find_profile(description.pg_major, description.checking)),
      every_(std::max<EventNumber>(sample, 1)) {
  out_ << "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"time\":\"1 us is 1 event\",\"title\":"
       << json_text(description.title) << ",\"origin\":" << json_text(description.origin)
       << ",\"pg_major\":" << description.pg_major << "},\"traceEvents\":[\n";
  const auto name = [&](std::string_view kind, int track, std::string_view text) {
    out_ << (std::exchange(is_first_, false) ? "" : ",\n")
         << fmt::format(R"({{"ph":"M","name":"{}","pid":1,"tid":{},"ts":0,"args":{{"name":{}}}}})", kind, track,
                        json_text(text));
  };
  name("process_name", 0, description.title.empty() ? "palloscope" : description.title);
  name("thread_name", kStatements, "statements");
  name("thread_name", kNarration, "narration");
  name("thread_name", kMarks, "marks");
}

void ChromeTrace::begin(char phase, std::string_view name, EventNumber at) {
  out_ << fmt::format(",\n{{\"ph\":\"{}\",\"name\":{},\"pid\":1,\"ts\":{}", phase,
                      json_text(printable_start(name, kMostNameBytes)), at);
}

void ChromeTrace::end_slice(Slice& slice, int track, EventNumber at) {
  if (slice.from != 0) {
    begin('X', slice.name, slice.from);
    out_ << fmt::format(",\"tid\":{},\"dur\":{},\"cat\":\"program\",\"args\":{{\"text\":{}}}}}", track, at - slice.from,
                        json_text(slice.name));
  }
  slice = {};
}

void ChromeTrace::open_slice(Slice& slice, int track, EventNumber at, std::string name) {
  end_slice(slice, track, at);
  slice = {at, std::move(name)};
}

void ChromeTrace::instant(EventNumber at, std::string_view name, std::string_view detail) {
  begin('i', name, at);
  out_ << fmt::format(",\"tid\":{},\"s\":\"p\",\"cat\":\"mark\",\"args\":{{\"event\":{},\"text\":{}}}}}", kMarks, at,
                      json_text(detail));
}

void ChromeTrace::recount(ContextSlot slot, const MemoryState& state) {
  if (slot.value >= counted_.size()) counted_.resize(std::size_t{slot.value} + 1);
  Counted& before = counted_[slot.value];
  Counted now;
  if (const ContextRecord* context = state.context(slot)) {
    const ReportedCounters c = context_counters(state, *context, profile_);
    now = {c.total_bytes, c.used_bytes, std::string(printed_name(*context))};
  }
  const auto change = [&](const Counted& counted, bool adds) {
    if (counted.name.empty()) return;
    const auto [found, is_new] = sums_.try_emplace(counted.name);
    Sums& sums = found->second;
    if (is_new && sums_.size() > kMostCounters) sums.left_out = true, ++left_out_;
    sums.total += adds ? counted.total : std::uint64_t{0} - counted.total;
    sums.used += adds ? counted.used : std::uint64_t{0} - counted.used;
    sums.changed = true;
  };
  change(before, false);
  change(now, true);
  before = std::move(now);
}

void ChromeTrace::sample(EventNumber at, const MemoryState& state) {
  for (const ContextSlot slot : touched_) {
    recount(slot, state);
    is_touched_[slot.value] = false;
  }
  touched_.clear();
  const auto tell = [&](std::string_view name, std::uint64_t used, std::uint64_t rest, std::string_view rest_name) {
    begin('C', name, at);
    out_ << fmt::format(",\"tid\":0,\"args\":{{\"used\":{},\"{}\":{}}}}}", used, rest_name, rest);
  };
  std::uint64_t used = 0, total = 0;
  for (auto& [name, sums] : sums_) {
    used += sums.used;
    total += sums.total;
    if (!std::exchange(sums.changed, false) || sums.left_out) continue;
    tell(name, sums.used, sums.total - sums.used, "free");
  }
  tell("all contexts", used, total - used, "free");
  begin('C', "malloc'ed", at);
  out_ << fmt::format(",\"tid\":0,\"args\":{{\"bytes\":{}}}}}", state.totals().malloc_bytes);
}

void ChromeTrace::take(EventNumber number, const core::EventBody& event, const MemoryState& after) {
  if (last_ == 0) {  // what is there already counts from here
    for (std::uint32_t i = 0; i < after.contexts().size(); ++i)
      if (after.context({i}) != nullptr) touched_.push_back({i});
    is_touched_.assign(after.contexts().size(), false);
    for (const ContextSlot slot : touched_) is_touched_[slot.value] = true;
    for (const BlockRecord& block : after.blocks()) owners_.push_back(block.born != 0 ? block.context : ContextSlot{});
    next_sample_ = number;
  }
  last_ = number;
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        const auto touch = [&](ContextSlot slot) {
          if (slot.value >= after.contexts().size()) return;
          if (slot.value >= is_touched_.size()) is_touched_.resize(after.contexts().size());
          if (is_touched_[slot.value]) return;
          is_touched_[slot.value] = true;
          touched_.push_back(slot);
        };
        for_each_touched(after, e, touch);
        if constexpr (std::is_same_v<E, core::ContextDeleted>) touch(e.context);
        // Whose a block was before it left, and whose it is now.
        const auto touch_owners = [&](BlockSlot slot) {
          if (!slot || slot.value >= after.blocks().size()) return;
          if (owners_.size() < after.blocks().size()) owners_.resize(after.blocks().size());
          ContextSlot& owner = owners_[slot.value];
          if (owner) touch(owner);
          const BlockRecord* block = after.block(slot);
          owner = block != nullptr ? block->context : ContextSlot{};
          if (owner) touch(owner);
        };
        if constexpr (requires { BlockSlot(e.block); })
          touch_owners(e.block);
        else if constexpr (requires { ChunkSlot(e.chunk); })
          if (e.chunk && e.chunk.value < after.chunks().size()) touch_owners(after.chunks()[e.chunk.value].block);
        if constexpr (std::is_same_v<E, core::Statement>) {
          open_slice(statement_, kStatements, number, e.text);
        } else if constexpr (std::is_same_v<E, core::Narration>) {
          open_slice(narration_, kNarration, number, e.en.empty() ? e.zh : e.en);
        } else if constexpr (std::is_same_v<E, core::OperationBegan>) {
          operations_[e.operation.value] = {number, e.name.empty() ? std::string(operation_kind_name(e.kind)) : e.name};
        } else if constexpr (std::is_same_v<E, core::OperationEnded>) {
          // Operations overlap: each has a track of its own.
          if (const auto found = operations_.find(e.operation.value); found != operations_.end()) {
            end_slice(found->second, kMarks + 1 + static_cast<int>(e.operation.value), number);
            operations_.erase(found);
          }
        } else if constexpr (std::is_same_v<E, core::ErrorReported> || std::is_same_v<E, core::AllocationFailed> ||
                             std::is_same_v<E, core::FaultFound> || std::is_same_v<E, core::SnapshotBegan>) {
          instant(number, event_kind_name(E::kTag), event_text(event, after));
        }
      },
      event);
  if (number < next_sample_) return;
  sample(number, after);
  next_sample_ = number + every_;
}

void ChromeTrace::finish() {
  end_slice(statement_, kStatements, last_);
  end_slice(narration_, kNarration, last_);
  for (auto& [operation, slice] : operations_) end_slice(slice, kMarks + 1 + static_cast<int>(operation), last_);
  out_ << "\n]}\n";
}

}  // namespace palloscope::trace
