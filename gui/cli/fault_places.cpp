#include "gui/cli/fault_places.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/counted.h"
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
    case FaultKind::HeapCorrupt:
      return "lost";
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
  } else if (const auto* variable = std::get_if<core::VariableSet>(&event)) {
    if (variable->value) {
      variables_.insert_or_assign(variable->name, variable->value);
    } else {
      variables_.erase(variable->name);
    }
  }
}

const FaultPlaces::Line* FaultPlaces::line_of(core::EventNumber number) const {
  auto after = std::upper_bound(lines_.begin(), lines_.end(), number,
                                [](core::EventNumber n, const Line& line) { return n < line.from; });
  return after == lines_.begin() ? nullptr : &*std::prev(after);
}

std::string FaultPlaces::place(core::EventNumber number) const {
  const Line* line = line_of(number);
  return line != nullptr ? fmt::format("line {} (#{})", line->line, number) : fmt::format("#{}", number);
}

std::string FaultPlaces::holders(core::Address at) const {
  std::string names;
  for (const auto& [name, value] : variables_)
    if (value == at) names += (names.empty() ? "" : ", ") + trace::printable(name);
  return names;
}

std::string FaultPlaces::text(const core::FaultFound& fault, core::EventNumber number,
                              const trace::MemoryState& state) const {
  const Line* line = line_of(number);
  std::string text = fmt::format("{}", trace::fault_kind_name(fault.kind));
  if (line != nullptr) {
    const std::string name = line->file < files_.size() ? files_[line->file] : std::string();
    text = fmt::format("{}:{}: {}", trace::printable(name), line->line, text);
  }
  if (fault.bytes != 0) text += fmt::format(", {}", core::counted(fault.bytes, "byte"));
  if (fault.at) text += fmt::format(" at {:#x}", fault.at.value);
  if (const trace::ContextRecord* context = state.context(fault.context))
    text += fmt::format(" in {}", trace::printable(context->name));
  if (fault.born != 0) {
    const bool change = fault.kind == FaultKind::SwitchForgotten;
    text += fmt::format("; {} {}", change ? "switched at" : "from", place(fault.born));
  }
  if (fault.kind == FaultKind::ResetLivePointers)
    if (const std::string names = holders(fault.at); !names.empty()) text += fmt::format("; held by {}", names);
  if (fault.ended != 0) text += fmt::format("; {} at {}", ended_word(fault.kind), place(fault.ended));
  return text;
}

}  // namespace palloscope::gui::cli
