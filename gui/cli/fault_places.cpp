#include "gui/cli/fault_places.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using core::FaultKind;

constexpr std::uint32_t kMostFiles = 1000;

// What the event in `ended` did.
const char* ended_word(FaultKind kind) {
  switch (kind) {
    case FaultKind::UseAfterReset:
      return "reset";
    case FaultKind::UseAfterDelete:
      return "deleted";
    case FaultKind::WrongContext:
    case FaultKind::ResetLivePointers:
      return "gone";
    default:
      return "freed";
  }
}

}  // namespace

void FaultPlaces::note(core::EventNumber number, const core::EventBody& event) {
  if (const auto* line = std::get_if<core::SourceLine>(&event)) {
    lines_.push_back({number, line->file, line->line});
  } else if (const auto* text = std::get_if<core::SourceText>(&event); text != nullptr && text->file < kMostFiles) {
    if (files_.size() <= text->file) files_.resize(text->file + std::size_t{1});
    files_[text->file] = text->name;
  }
}

std::string FaultPlaces::place(core::EventNumber number) const {
  auto after = std::upper_bound(lines_.begin(), lines_.end(), number,
                                [](core::EventNumber n, const Line& line) { return n < line.from; });
  if (after == lines_.begin()) return fmt::format("event {}", number);
  const Line& line = *std::prev(after);
  const std::string name = line.file < files_.size() ? files_[line.file] : std::string();
  return fmt::format("{}:{} (event {})", trace::printable(name), line.line, number);
}

std::string FaultPlaces::text(const core::FaultFound& fault, core::EventNumber number,
                              const trace::MemoryState& state) const {
  std::string text = fmt::format("{}: {}", place(number), trace::fault_kind_name(fault.kind));
  if (fault.bytes != 0) text += fmt::format(", {} bytes", fault.bytes);
  if (fault.at) text += fmt::format(" at {:#x}", fault.at.value);
  if (const trace::ContextRecord* context = state.context(fault.context))
    text += fmt::format(" in {}", trace::printable(context->name));
  if (fault.born != 0) {
    const bool change = fault.kind == FaultKind::SwitchForgotten;
    text += fmt::format("; {} {}", change ? "switched at" : "from", place(fault.born));
  }
  if (fault.ended != 0) text += fmt::format("; {} at {}", ended_word(fault.kind), place(fault.ended));
  return text;
}

}  // namespace palloscope::gui::cli
