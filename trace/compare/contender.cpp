#include "trace/compare/contender.h"

#include <fmt/format.h>

#include "core/mcxt/errors.h"
#include "trace/compare/malloc_contender.h"
#include "trace/compare/pool_contender.h"
#include "trace/compare/process_contender.h"

namespace palloscope::trace {

Contender::Contender(ContenderSpec spec, core::StreamDescription description, Measure measure)
    : spec_(std::move(spec)),
      measure_(measure),
      timeline_(Timeline::recording(std::move(description))),
      sink_(*this),
      keeper_(measure) {}

void Contender::Sink::emit(const core::EventBody& event) {
  const auto* allocated = std::get_if<core::ChunkAllocated>(&event);
  if (allocated != nullptr) contender_.last_allocated_ = allocated->chunk;
  if (allocated == nullptr || !contender_.true_request_) return pass(event);
  core::ChunkAllocated changed = *allocated;
  changed.requested_bytes = *contender_.true_request_;
  pass(changed);
}

void Contender::Sink::pass(const core::EventBody& event) {
  contender_.timeline_.sink().emit(event);
  contender_.keeper_.apply(event);
}

void Contender::take(const ProgramCall& call, std::uint64_t requested_bytes) {
  if (!refused_.empty()) return;
  const auto refuse = [&](std::string_view why) { refused_ = fmt::format("event {} {}", call.event, why); };
  try {
    carry_out(call);
  } catch (const Refused& reason) {
    refuse(reason.what);
  } catch (const core::Ereport& error) {
    refuse(fmt::format("ends in an error here: {}", error.message));
  } catch (const core::Crash& crash) {
    refuse(fmt::format("ends the process here: {}", crash.message));
  }
  true_request_.reset();
  if (!refused_.empty()) return;
  if (call.kind == CallKind::StartErrorContext) {
    marks_.extend(timeline_.size());
  } else {
    marks_.add(timeline_.size());
  }
  run_.add(marks_.size(), call.event, keeper_.figures(requested_bytes));
  if (keeper_.held_bytes() > most_held_bytes_)
    refuse(fmt::format("takes the memory held beyond {} MB; comparisons stop there", most_held_bytes_ >> 20));
  if (timeline_.size() > CallMarks::kMostEvents) refuse("is too far: comparisons end after 4,294,967,295 events");
}

core::Result<std::unique_ptr<Contender>> make_contender(const ContenderSpec& spec, const ContenderSetting& setting) {
  switch (spec.kind) {
    case ContenderKind::Malloc:
      return std::unique_ptr<Contender>(std::make_unique<MallocContender>(spec, setting));
    case ContenderKind::Pool:
      return std::unique_ptr<Contender>(std::make_unique<PoolContender>(spec, setting));
    default:
      break;
  }
  if (const core::Status possible = ProcessContender::check(spec, setting); !possible) return possible.error();
  return std::unique_ptr<Contender>(std::make_unique<ProcessContender>(spec, setting));
}

}  // namespace palloscope::trace
