#include "trace/compare/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/explain/explain.h"

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kWindow = 4096;  // events that are visited at a time

}  // namespace

Comparison::Comparison(const Timeline& recorded, CompareBudget budget)
    : recorded_(recorded),
      budget_(budget),
      measure_{&profile_for(recorded.description()), false},
      reader_([this](const ProgramCall& call) { take(call); }, budget.calls),
      keeper_(measure_) {}

core::Status Comparison::add(const ContenderSpec& spec) {
  if (const core::Status has = check_has_calls(recorded_.description()); !has) return has.error();
  if (entries_.size() >= kMostContenders)
    return core::Error{core::ErrorCode::BadArgument, fmt::format("at most {} contenders", kMostContenders)};
  entries_.push_back({spec, nullptr, {}});
  return core::Done{};
}

void Comparison::remove(std::size_t contender) {
  Contender* gone = entries_[contender].contender.get();
  for (Pass& pass : passes_) std::erase(pass.contenders, gone);
  std::erase_if(passes_, [](const Pass& pass) { return pass.contenders.empty(); });
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(contender));
}

bool Comparison::at_end(const CallStream& stream) const {
  return stream.event_number() >= recorded_.size() || !stream.stopped().empty();
}

// --- the recording itself -------------------------------------------------------------------------------------

void Comparison::commit_call() {
  if (latest_) run_.add(latest_call_, latest_event_, *latest_);
}

void Comparison::take(const ProgramCall& call) {
  survey_.take(call);
  if (call.kind == CallKind::StartErrorContext) return;
  commit_call();
  latest_.reset();
  latest_call_ = reader_.marks().size();
  latest_event_ = call.event;
  // C's own malloc is known for one only with the event after it: the state is still the one after the malloc.
  if (call.kind == CallKind::Malloc) latest_ = keeper_.figures(reader_.requested_bytes());
}

void Comparison::read_slice(std::uint64_t events) {
  const core::EventNumber first = reader_.event_number() + 1;
  const core::EventNumber last = std::min(recorded_.size(), first + std::max<std::uint64_t>(1, events) - 1);
  for (core::EventNumber at = first; at <= last && !at_end(reader_); at += kWindow) {
    recorded_.visit(at, std::min(last, at + kWindow - 1),
                    [this](core::EventNumber, const core::EventBody& event, const MemoryState& after) {
                      if (!reader_.stopped().empty()) return;
                      const bool belongs = reader_.read(event, after);
                      keeper_.apply(event);
                      if (belongs) latest_ = keeper_.figures(reader_.requested_bytes());
                    });
  }
  if (!at_end(reader_)) return;
  reader_.flush();
  commit_call();
}

// --- the contenders -------------------------------------------------------------------------------------------

void Comparison::start_waiting() {
  Pass pass;
  for (Entry& entry : entries_) {
    if (entry.contender || !entry.refused.empty()) continue;
    auto made = make_contender(entry.spec, {recorded_.description(), &survey_});
    if (!made) {
      entry.refused = made.error().message;
      continue;
    }
    entry.contender = std::move(*made);
    entry.contender->set_most_held_bytes(budget_.held_bytes);
    pass.contenders.push_back(entry.contender.get());
  }
  if (!pass.contenders.empty()) passes_.push_back(std::move(pass));
}

void Comparison::run_pass(Pass& pass, std::uint64_t events) {
  if (!pass.stream) pass.stream = std::make_unique<CallStream>(CallStream::Taker(), budget_.calls);
  CallStream& stream = *pass.stream;
  stream.set_taker([&](const ProgramCall& call) {
    for (Contender* contender : pass.contenders) contender->take(call, stream.requested_bytes());
  });
  const core::EventNumber first = stream.event_number() + 1;
  const core::EventNumber last = std::min(recorded_.size(), first + std::max<std::uint64_t>(1, events) - 1);
  for (core::EventNumber at = first; at <= last && !at_end(stream); at += kWindow) {
    recorded_.visit(
        at, std::min(last, at + kWindow - 1),
        [&](core::EventNumber, const core::EventBody& event, const MemoryState& after) { stream.read(event, after); });
  }
  if (at_end(stream)) stream.flush();
  for (Entry& entry : entries_)
    if (entry.contender) entry.refused = entry.contender->refused();
}

// Passes that got equally far are one from then on.
void Comparison::join_passes() {
  for (std::size_t i = 1; i < passes_.size();) {
    Pass& first = passes_.front();
    if (!at_end(*first.stream) || !passes_[i].stream || !at_end(*passes_[i].stream)) {
      ++i;
      continue;
    }
    first.contenders.insert(first.contenders.end(), passes_[i].contenders.begin(), passes_[i].contenders.end());
    passes_.erase(passes_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::optional<Figures> Comparison::figures_at(std::size_t contender, std::uint64_t call) {
  Contender* const found = entries_[contender].contender.get();
  if (found == nullptr || call > found->marks().size()) return std::nullopt;
  found->timeline().seek(found->marks().event_of(call));
  return figures_of(found->timeline().state(), found->measure());
}

bool Comparison::advance(std::uint64_t events) {
  if (!at_end(reader_)) {
    read_slice(events);
    return !done();
  }
  start_waiting();
  for (Pass& pass : passes_)
    if (!pass.stream || !at_end(*pass.stream)) {
      run_pass(pass, events);
      break;
    }
  join_passes();
  return !done();
}

bool Comparison::done() const {
  if (!at_end(reader_)) return false;
  for (const Entry& entry : entries_)
    if (!entry.contender && entry.refused.empty()) return false;
  return std::all_of(passes_.begin(), passes_.end(),
                     [this](const Pass& pass) { return pass.stream && at_end(*pass.stream); });
}

double Comparison::progress() const {
  const auto share = [this](const CallStream* stream) {
    if (stream == nullptr) return 0.0;
    if (at_end(*stream)) return 1.0;
    return static_cast<double>(stream->event_number()) / static_cast<double>(recorded_.size());
  };
  double sum = share(&reader_), parts = 1;
  const bool waiting = std::any_of(entries_.begin(), entries_.end(),
                                   [](const Entry& entry) { return !entry.contender && entry.refused.empty(); });
  if (waiting) parts += 1;
  for (const Pass& pass : passes_) {
    sum += share(pass.stream.get());
    parts += 1;
  }
  return sum / parts;
}

std::vector<ContenderSpec> usual_contenders(const core::StreamDescription& recorded) {
  std::vector<ContenderSpec> specs(4);
  specs[0].kind = ContenderKind::Generation;
  specs[1].kind = ContenderKind::Malloc;
  specs[2].kind = ContenderKind::Pool;
  specs[3].pg_major = recorded.pg_major == 15 ? 17 : 15;
  return specs;
}

}  // namespace palloscope::trace
