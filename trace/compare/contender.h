// Contender: one allocator that answers the calls of a stream, in step with others. What it does is a stream of events
// of its own, with a Timeline, so that maps, seek and step back work on it; its marks say which of its events each call
// ended with. What it cannot do ends it, with words; it then stands where it got to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "trace/compare/call_marks.h"
#include "trace/compare/contender_spec.h"
#include "trace/compare/figures.h"
#include "trace/compare/held_curve.h"
#include "trace/compare/program_call.h"
#include "trace/compare/stream_survey.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// The figures of one row of a comparison, call by call.
struct RunFigures {
  Figures last;                 // after the last call
  Figures peak;                 // after the call at which most was held; of several, most asked for; the first such
  std::uint64_t peak_call = 0;  // its number
  core::EventNumber peak_event = 0;  // of the recording
  HeldCurve curve;                   // over the events of the recording

  void add(std::uint64_t call, core::EventNumber event, const Figures& figures) {
    last = figures;
    curve.add(event, figures.held_bytes);
    if (figures.held_bytes < peak.held_bytes) return;
    if (figures.held_bytes == peak.held_bytes && figures.requested_bytes <= peak.requested_bytes) return;
    peak = figures;
    peak_call = call;
    peak_event = event;
  }
};

// What stops a contender from inside carry_out(); in the words that follow "event N".
struct Refused {
  std::string what;
};

class Contender {
 public:
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  // The next call. `requested_bytes`: what the program has then asked for in all.
  void take(const ProgramCall& call, std::uint64_t requested_bytes);

  const ContenderSpec& spec() const { return spec_; }
  // "event 123 frees a chunk of ...": why it takes no further calls; empty: it goes on.
  const std::string& refused() const { return refused_; }
  // What one should know of it: "Slab in 2 of 5 contexts"; may be empty.
  const std::string& note() const { return note_; }
  const RunFigures& figures() const { return run_; }
  const CallMarks& marks() const { return marks_; }
  const Measure& measure() const { return measure_; }
  Timeline& timeline() { return timeline_; }
  const Timeline& timeline() const { return timeline_; }
  void set_most_held_bytes(std::uint64_t bytes) { most_held_bytes_ = bytes; }

 protected:
  Contender(ContenderSpec spec, core::StreamDescription description, Measure measure);
  virtual void carry_out(const ProgramCall& call) = 0;  // throws Refused, core::Ereport, core::Crash
  core::EventSink& sink() { return sink_; }
  std::string note_;
  // The next ChunkAllocated says this request instead of its own: a slab is asked for its own size whatever is needed.
  std::optional<std::uint64_t> true_request_;
  core::ChunkSlot last_allocated_;  // of its own stream

 private:
  class Sink final : public core::EventSink {
   public:
    explicit Sink(Contender& contender) : contender_(contender) {}
    void emit(const core::EventBody& event) override;

   private:
    void pass(const core::EventBody& event);
    Contender& contender_;
  };

  ContenderSpec spec_;
  Measure measure_;
  Timeline timeline_;
  Sink sink_;
  FigureKeeper keeper_;
  CallMarks marks_;
  RunFigures run_;
  std::string refused_;
  std::uint64_t most_held_bytes_ = std::uint64_t{1} << 30;
};

// What a contender is told of the recording.
struct ContenderSetting {
  core::StreamDescription recorded;
  const StreamSurvey* survey = nullptr;
};

// An Error says why this one cannot answer this stream: "event 123 frees a chunk of ..., and a Bump context cannot".
core::Result<std::unique_ptr<Contender>> make_contender(const ContenderSpec& spec, const ContenderSetting& setting);

}  // namespace palloscope::trace
