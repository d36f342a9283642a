#include "gui/replayed_bytes.h"

#include <algorithm>
#include <array>

#include "core/walk/process_source.h"

namespace palloscope::gui {
namespace {

constexpr std::uint64_t kSliceInstructions = 100'000;  // of one call: some milliseconds
constexpr std::uint64_t kMostCopied = 16ull << 20;     // bytes of one copy: a larger heap is known between calls only
constexpr std::size_t kMostCopies = 64;

using Bytes = std::shared_ptr<const std::vector<std::uint8_t>>;

// The malloc'ed regions as they were after one event; what did not change is shared with the copy before.
struct Copy final : core::MemorySource {
  std::map<std::uint64_t, Bytes> regions;

  bool read(core::Address at, std::span<std::uint8_t> into) const override {
    auto found = regions.upper_bound(at.value);
    if (found == regions.begin()) return false;
    --found;
    const std::uint64_t offset = at.value - found->first;
    if (offset > found->second->size() || found->second->size() - offset < into.size()) return false;
    std::copy_n(found->second->begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return true;
  }
};

// Passes a source on: what is handed out is owned apart from what it shows.
struct View final : core::MemorySource {
  explicit View(const core::MemorySource& shown) : source(shown) {}
  bool read(core::Address at, std::span<std::uint8_t> into) const override { return source.read(at, into); }
  const core::MemorySource& source;
};

// Counts the private run's events, holds them against the recorded ones, and copies the bytes where that is wanted.
class Follower final : public core::EventSink {
 public:
  explicit Follower(const trace::Timeline& recorded) : recorded_(recorded) {}

  void emit(const core::EventBody& event) override {
    ++number;
    if (number > recorded_.size() || !(recorded_.event(number) == event)) diverged = true;
    if (const auto* made = std::get_if<core::Malloc>(&event)) regions_[made->block.value] = {made->at, made->bytes};
    if (const auto* moved = std::get_if<core::Realloc>(&event))
      regions_[moved->block.value] = {moved->at, moved->bytes};
    if (const auto* gone = std::get_if<core::Free>(&event)) regions_.erase(gone->block.value);
    if (process != nullptr && copy_from != 0 && number >= copy_from && copies.size() < kMostCopies) copy();
  }
  core::EventNumber last_event() const override { return number; }

  core::EventNumber number = 0;     // of the last event
  core::EventNumber copy_from = 0;  // 0: nothing is copied
  bool diverged = false;
  const core::Process* process = nullptr;
  std::map<core::EventNumber, Copy> copies;

 private:
  void copy() {
    std::uint64_t bytes = 0;
    for (const auto& [slot, region] : regions_) bytes += region.second;
    if (bytes > kMostCopied) return;
    const Copy* last = copies.empty() ? nullptr : &copies.rbegin()->second;
    Copy next;
    for (const auto& [slot, region] : regions_) {
      auto now = std::make_shared<std::vector<std::uint8_t>>(region.second);
      if (!process->read(region.first, *now)) continue;
      if (last != nullptr) {
        const auto same = last->regions.find(region.first.value);
        if (same != last->regions.end() && *same->second == *now) {
          next.regions[region.first.value] = same->second;
          continue;
        }
      }
      next.regions[region.first.value] = std::move(now);
    }
    copies[number] = std::move(next);
  }

  const trace::Timeline& recorded_;
  std::map<std::uint32_t, std::pair<core::Address, std::uint64_t>> regions_;
};

}  // namespace

struct ReplayedBytes::Run {
  explicit Run(const trace::Timeline& timeline) : follower(timeline) {}
  Follower follower;
  std::optional<core::ScenarioRun> run;
  std::size_t console_lines = 0;  // repeated so far
};

ReplayedBytes::ReplayedBytes() = default;
ReplayedBytes::~ReplayedBytes() = default;

bool ReplayedBytes::begin(const Document& document) {
  run_.reset();
  run_ = std::make_unique<Run>(document.timeline);
  core::ScenarioOptions options;
  options.pg_major = document.timeline.description().pg_major;
  options.checking = document.timeline.description().checking;
  auto started = core::ScenarioRun::start(document.scenario_name, document.script, options, run_->follower);
  if (!started) return false;
  run_->run.emplace(std::move(*started));
  run_->follower.process = &run_->run->process();
  first_ = run_->follower.number;
  return !run_->follower.diverged;
}

// One slice; true if the run stands at `wanted` or behind it in the same call.
bool ReplayedBytes::go_on(const Document& document, EventNumber wanted) {
  Follower& follower = run_->follower;
  follower.copies.clear();
  follower.copy_from = wanted;
  // A console line stands in the stream as the text that it made the console's source.
  const std::array<std::uint8_t, 1> texts = {core::SourceText::kTag};
  EventNumber stop = wanted;
  std::optional<EventNumber> line = document.timeline.next_of(texts, follower.number);
  while (line && std::get<core::SourceText>(document.timeline.event(*line)).name != "console")
    line = document.timeline.next_of(texts, *line);
  const bool line_first = line && *line <= wanted;
  if (line_first) stop = *line - 1;
  if (follower.number < stop)
    run_->run->advance({.instructions = kSliceInstructions, .events = stop - follower.number});
  if (line_first && follower.number == stop && run_->console_lines < document.console.size())
    run_->run->execute(document.console[run_->console_lines++].line);
  return follower.number >= wanted;
}

const core::MemorySource* ReplayedBytes::at_cursor(const Session& session) {
  working_ = false;
  source_.reset();
  if (!session.document || session.cursor() == 0) return nullptr;
  const Document& document = *session.document;
  if (session.at_live_end()) {
    source_ = std::make_unique<core::ProcessSource>(document.run->process());
    return source_.get();
  }
  if (document.script.empty() && document.scenario_name.empty()) return nullptr;
  // The host tells a line when its first effect is done already: the bytes at the line are those before it.
  EventNumber wanted = session.cursor();
  while (wanted > 1 && std::holds_alternative<core::SourceLine>(document.timeline.event(wanted))) --wanted;
  if (serial_ != document.serial) {
    serial_ = document.serial;
    failed_ = false;
    first_ = unreachable_ = 0;
    run_.reset();
  }
  if (failed_ || wanted < first_ || wanted == unreachable_) return nullptr;
  const auto here = [&]() -> const core::MemorySource* {
    Follower& follower = run_->follower;
    if (follower.number == wanted) {
      source_ = std::make_unique<core::ProcessSource>(run_->run->process());
      return source_.get();
    }
    const auto copy = follower.copies.find(wanted);
    if (copy == follower.copies.end()) return nullptr;
    source_ = std::make_unique<View>(copy->second);
    return source_.get();
  };
  if (run_ && here() != nullptr) return source_.get();
  if ((!run_ || run_->follower.number > wanted) && !begin(document)) {
    failed_ = true;
    return nullptr;
  }
  if (run_->follower.number > wanted) return nullptr;  // before the script began
  const EventNumber before = run_->follower.number;
  const bool arrived = go_on(document, wanted);
  if (run_->follower.diverged ||
      (!arrived && run_->follower.number == before && run_->run->state() != core::RunState::Paused)) {
    failed_ = true;
    return nullptr;
  }
  if (!arrived) {
    working_ = true;
    return nullptr;
  }
  if (here() == nullptr) unreachable_ = wanted;
  return source_.get();
}

}  // namespace palloscope::gui
