// Comparison: one recorded stream and its contenders, run in step: whoever looks after any call sees all of them at the
// same call. The first row is the stream as it was recorded. Works in slices, so that a window goes on drawing; a
// contender that is added later is run from the start while the others stay.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trace/compare/call_stream.h"
#include "trace/compare/contender.h"

namespace palloscope::trace {

inline constexpr std::size_t kMostContenders = 12;

struct CompareBudget {
  std::uint64_t calls = 20'000'000;                   // of the stream; a mark of each is kept for each contender
  std::uint64_t held_bytes = std::uint64_t{1} << 30;  // by one contender's simulated heap
};

class Comparison {
 public:
  // The timeline must outlive it; it may grow.
  explicit Comparison(const Timeline& recorded, CompareBudget budget = {});

  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  // Refuses what can be told at once: a stream without calls, too many contenders.
  core::Status add(const ContenderSpec& spec);
  void remove(std::size_t contender);

  // Goes on for about so many events of the stream. True: there is more to do.
  bool advance(std::uint64_t events);
  bool done() const;
  double progress() const;  // 0..1

  // Why the stream of calls ends before the recording does; empty: it does not.
  const std::string& stopped() const { return reader_.stopped(); }
  std::uint64_t calls() const { return marks().size(); }
  const CallMarks& marks() const { return reader_.marks(); }  // of the recording
  const RunFigures& recorded_figures() const { return run_; }
  const Measure& recorded_measure() const { return measure_; }
  const Timeline& recorded() const { return recorded_; }
  const StreamSurvey& survey() const { return survey_; }

  struct Entry {
    ContenderSpec spec;
    std::unique_ptr<Contender> contender;  // null until the stream was surveyed, or if it was refused at once
    std::string refused;                   // "event 123 ..."; empty: it goes on
    std::uint64_t calls_done() const { return contender ? contender->marks().size() : 0; }
  };
  const std::vector<Entry>& entries() const { return entries_; }
  // What a contender has come to after so many calls; its timeline then stands there. None: it did not get that far.
  std::optional<Figures> figures_at(std::size_t contender, std::uint64_t call);

 private:
  // One reading of the stream, for the contenders that began with it.
  struct Pass {
    std::unique_ptr<CallStream> stream;
    std::vector<Contender*> contenders;
  };
  bool at_end(const CallStream& stream) const;
  void take(const ProgramCall& call);
  void commit_call();
  void read_slice(std::uint64_t events);
  void start_waiting();
  void run_pass(Pass& pass, std::uint64_t events);
  void join_passes();

  const Timeline& recorded_;
  CompareBudget budget_;
  Measure measure_;
  CallStream reader_;  // the survey, and the recording's own figures
  FigureKeeper keeper_;
  StreamSurvey survey_;
  RunFigures run_;
  std::optional<Figures> latest_;  // after the last event that belongs to the call under way
  std::uint64_t latest_call_ = 0;
  core::EventNumber latest_event_ = 0;
  std::vector<Entry> entries_;
  std::vector<Pass> passes_;
};

// What is worth a look beside this stream when nobody says what: another kind, malloc, a pool, another version.
std::vector<ContenderSpec> usual_contenders(const core::StreamDescription& recorded);

}  // namespace palloscope::trace
