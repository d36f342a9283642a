#include "trace/compare/stream_survey.h"

#include <algorithm>

namespace palloscope::trace {

void StreamSurvey::created(const ProgramCall& call) {
  if (call.context.value >= ordinal_.size()) ordinal_.resize(std::size_t{call.context.value} + 1);
  ordinal_[call.context.value] = call.ordinal;
  contexts_.resize(std::max<std::size_t>(contexts_.size(), std::size_t{call.ordinal} + 1));
  SurveyedContext& context = contexts_[call.ordinal];
  context.fixed = call.kind != CallKind::CreateContext;
  if (call.created != nullptr) {
    context.name = call.created->name;
    context.kind = call.created->kind;
  } else {
    context.name = "ErrorContext";
  }
}

void StreamSurvey::take(const ProgramCall& call) {
  calls_ += call.kind == CallKind::StartErrorContext ? 0 : 1;
  switch (call.kind) {
    case CallKind::StartProcess:
    case CallKind::StartErrorContext:
    case CallKind::CreateContext:
      created(call);
      break;
    case CallKind::Palloc:
    case CallKind::Repalloc: {
      SurveyedContext& context = of(call.context);
      ++context.requests;
      if (context.largest_at == 0 || call.bytes > context.largest_request) {
        context.largest_request = call.bytes;
        context.largest_at = call.event;
      }
      if (call.kind == CallKind::Repalloc && context.first_repalloc == 0) context.first_repalloc = call.event;
      break;
    }
    case CallKind::Pfree:
      if (SurveyedContext& context = of(call.context); context.first_pfree == 0) context.first_pfree = call.event;
      break;
    default:
      break;
  }
}

}  // namespace palloscope::trace
